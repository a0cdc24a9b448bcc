"""Spending limits and what is held or spent of them, as the ledger in memory counts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import IntentRefusal, Limits
from bookhunt.model.errors import InputError
from bookhunt.model.money import Money
from bookhunt.model.purchase import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.model.purchase import Attempt

_Periods = tuple[tuple[str, str], tuple[str, str]]


@dataclass(slots=True)
class _Held:
    """What an attempt holds of the day and the month of its intent."""

    periods: _Periods
    minor: int


@dataclass(slots=True)
class Budgets:
    """The budgets of every currency: limits set by hand, else the defaults, else 100 and 200."""

    _defaults: Mapping[str, Limits]
    _limits: dict[str, Limits] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)
    _used: dict[tuple[str, str], int] = field(default_factory=dict)

    def limits(self, currency: str) -> Limits:
        standard = Limits(
            purchase=Money.of("100", currency), day=Money.of("200", currency), month=None
        )
        return self._limits.get(currency) or self._defaults.get(currency) or standard

    def set_limits(self, currency: str, limits: Limits | None) -> None:
        if limits is None:
            self._limits.pop(currency, None)
            return
        for limit in (limits.purchase, limits.day, limits.month):
            if limit is not None and limit < Money(0, currency):
                raise InputError(f"a limit of {limit} is below zero")
        self._limits[currency] = limits

    def currencies(self) -> list[str]:
        return sorted({*self._limits, *(currency for currency, _ in self._used)})

    def used(self, currency: str, *, at: datetime) -> tuple[Money, Money]:
        day, month = _periods(currency, at)
        return Money(self._of(day), currency), Money(self._of(month), currency)

    def refuses(self, amount: Money, *, at: datetime) -> IntentRefusal | None:
        return self._over(amount, _periods(amount.currency, at))

    def hold(self, attempt_id: str, amount: Money, *, at: datetime) -> None:
        self._hold(attempt_id, _Held(_periods(amount.currency, at), amount.minor))

    def change(self, attempt_id: str, amount: Money) -> IntentRefusal | None:
        """Hold another amount from now on, or say why not and hold what was held."""
        held = self._release(attempt_id)
        refusal = self._over(amount, held.periods)
        self._hold(attempt_id, held if refusal else _Held(held.periods, amount.minor))
        return refusal

    def end(self, settled: Attempt) -> None:
        """Spent, at what was charged where that can be compared, or given back."""
        held = self._release(settled.id)
        if settled.stage is not Stage.CONFIRMED:
            return
        charged = settled.charged and settled.as_it_costs(settled.charged)
        minor = held.minor if charged is None else charged.minor
        for period in held.periods:
            self._used[period] += max(minor, 0)

    def _over(self, amount: Money, periods: _Periods) -> IntentRefusal | None:
        limits, (day, month) = self.limits(amount.currency), periods
        if limits.purchase is not None and amount > limits.purchase:
            return IntentRefusal.PURCHASE_LIMIT
        if limits.day is not None and self._of(day) + amount.minor > limits.day.minor:
            return IntentRefusal.DAY_LIMIT
        if limits.month is not None and self._of(month) + amount.minor > limits.month.minor:
            return IntentRefusal.MONTH_LIMIT
        return None

    def _of(self, period: tuple[str, str]) -> int:
        return self._used.get(period, 0)

    def _hold(self, attempt_id: str, held: _Held) -> None:
        self._held[attempt_id] = held
        for period in held.periods:
            self._used[period] = self._of(period) + held.minor

    def _release(self, attempt_id: str) -> _Held:
        held = self._held.pop(attempt_id)
        for period in held.periods:
            self._used[period] -= held.minor
        return held


def _periods(currency: str, at: datetime) -> _Periods:
    day = at.astimezone(UTC).date().isoformat()
    return (currency, day), (currency, day[:7])
