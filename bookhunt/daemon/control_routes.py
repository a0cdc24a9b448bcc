"""Routes of the whole: limits, pause, health, stop."""

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

import bookhunt
from bookhunt.daemon.bodies import LimitsBody
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.exporting import told_of
from bookhunt.daemon.table import add
from bookhunt.model.errors import InputError
from bookhunt.model.money import Money, exponent_of
from bookhunt.wire.contract import API_VERSION, SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, time_text

_log = logging.getLogger(__name__)
_MOST_COUNTED = 500


@dataclass(frozen=True, slots=True)
class ControlRoutes:
    """What holds for all requests."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["control"])
        add(router, "limits.show", self.limits)
        add(router, "limits.set", self.set_limits)
        add(router, "limits.reset", self.reset_limits)
        add(router, "pause", self.pause)
        add(router, "resume", self.resume)
        add(router, "resume.reconciled", self.reconciled)
        add(router, "health", self.health)
        add(router, "stop", self.stop, status=202)
        return router

    async def limits(self) -> JSONResponse:
        """The limits in force and what is spent or reserved, per currency in use."""
        config = self.daemon.config_file.config
        used = await self.daemon.ledger.currencies()
        currencies = dict.fromkeys([config.defaults.currency, *config.limits, *used])
        return JSONResponse([await self._limits_object(currency) for currency in currencies])

    async def set_limits(self, currency: str, body: LimitsBody) -> JSONResponse:
        """Set what is said, keep the rest; null is no limit."""
        limits = await self.daemon.ledger.limits(currency)
        said: dict[str, Money | None] = {}
        for name in sorted(body.model_fields_set):
            amount = getattr(body, name)
            said[name] = None if amount is None else Money.of(amount, currency)
        if not said:
            raise InputError(
                "no limit is named", hint="bookhunt limits set --day 200 --currency USD"
            )
        await self.daemon.ledger.set_limits(currency, replace(limits, **said))
        return JSONResponse(await self._limits_object(currency))

    async def reset_limits(self, currency: str) -> JSONResponse:
        """Forget what was set by command: the configured limits are in force again."""
        exponent_of(currency)
        await self.daemon.ledger.set_limits(currency, None)
        return JSONResponse(await self._limits_object(currency))

    async def _limits_object(self, currency: str) -> dict[str, Any]:
        limits = await self.daemon.ledger.limits(currency)
        day, month = await self.daemon.ledger.spent(currency, at=self.daemon.clock.now())
        return {
            "currency": currency,
            "purchase": money_object(limits.purchase),
            "day": money_object(limits.day),
            "month": money_object(limits.month),
            "spent_day": money_object(day),
            "spent_month": money_object(month),
            "schema_version": SCHEMA_VERSION,
        }

    async def pause(self) -> JSONResponse:
        """Stop everything that would spend, at once; searches go on."""
        await self.daemon.ledger.set_paused(paused=True)
        return JSONResponse({"paused": True})

    async def resume(self) -> JSONResponse:
        """Allow buying again; in safe mode nothing is bought all the same."""
        await self.daemon.ledger.set_paused(paused=False)
        return JSONResponse({"paused": False, "safe_mode": await self.daemon.ledger.safe_mode()})

    async def reconciled(self) -> JSONResponse:
        """Leave safe mode, too: a person has compared the ledger with the sellers' orders."""
        await self.daemon.ledger.leave_safe_mode()
        _log.warning("safe mode was left by a person's word")
        return await self.resume()

    async def health(self) -> JSONResponse:
        """Who this is and how it does."""
        daemon = self.daemon
        recovered = daemon.recovered
        return JSONResponse(
            {
                "status": "stopping" if daemon.closing.is_set() else "ready",
                "pid": os.getpid(),
                "version": bookhunt.__version__,
                "api": API_VERSION,
                "home": str(daemon.home.data_dir),
                "started_at": time_text(daemon.started_at),
                "paused": await daemon.ledger.paused(),
                "safe_mode": await daemon.ledger.safe_mode(),
                "epoch": recovered.epoch,
                "interrupted": recovered.interrupted,
                "sellers": len(daemon.sellers.all()),
                "unfinished": await daemon.unfinished(most=_MOST_COUNTED),
                "load": self._load(),
                "trouble": dict(daemon.trouble),
                "mistakes": list(daemon.catalogue.mistakes()),
                "export": None if daemon.export is None else told_of(daemon.export),
                "schema_version": SCHEMA_VERSION,
            }
        )

    def _load(self) -> dict[str, Any]:
        """How full it is, and how wide searches are for it."""
        load, fan_out = self.daemon.service.load(), self.daemon.service.fan_out
        return {
            "waiting": load.waiting,
            "hunting": load.hunting,
            "at_the_door": load.at_the_door,
            "hunt_ms": round(load.hunt_s * 1000, 1),
            "lag_ms": round(fan_out.lag_s * 1000, 1),
            "fan_out": fan_out.share,
            "tasks": len(asyncio.all_tasks()),  # of the loop: what grows at rest is left behind
        }

    async def stop(self) -> JSONResponse:
        """Take no new work, let orders under way end, and go."""
        self.daemon.closing.set()
        return JSONResponse({"stopping": True, "pid": os.getpid()}, status_code=202)
