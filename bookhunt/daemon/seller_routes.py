"""Routes of the sellers: who there is, what each needs, and its secrets, which only go in."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from bookhunt.daemon.bodies import LoginBody
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.logins import stored_names
from bookhunt.daemon.standing import seller_told
from bookhunt.daemon.table import add
from bookhunt.home.names import payment_secret
from bookhunt.model.errors import NotFound, SecretStoreUnavailable
from bookhunt.model.seller import Seller


@dataclass(frozen=True, slots=True)
class SellerRoutes:
    """What can be done with sellers."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["sellers"])
        add(router, "sellers.list", self.list)
        add(router, "sellers.show", self.show)
        add(router, "sellers.login", self.login)
        add(router, "sellers.logout", self.logout)
        return router

    async def list(self) -> JSONResponse:
        """Every seller that is defined, by its id, with its figures as they are now."""
        sellers = sorted(self.daemon.sellers.all(), key=lambda seller: seller.id)
        return JSONResponse([seller_told(self.daemon, seller) for seller in sellers])

    async def show(
        self, seller_id: str, profile: Annotated[str | None, Query(max_length=80)] = None
    ) -> JSONResponse:
        """One seller, and what it needs: each secret with its prompt and whether it is stored."""
        seller = self._seller(seller_id)
        return JSONResponse(await self._object(seller, profile or self.daemon.default_profile))

    async def login(self, seller_id: str, body: LoginBody) -> JSONResponse:
        """Keep secrets in the secret store; nothing is said about their value ever again."""
        seller = self._seller(seller_id)
        profile = body.profile or self.daemon.default_profile
        if body.payment is not None:
            self.daemon.buyers.buyer(profile)
        stored = stored_names(
            seller_id,
            self.daemon.catalogue.login_needs(seller_id),
            secrets=body.secrets,
            payment=body.payment,
            profile=profile,
        )
        for name, value in stored.items():
            await asyncio.to_thread(self.daemon.secrets.put, name, value)
        await self.daemon.catalogue.secrets_changed()
        return JSONResponse(await self._object(self._seller(seller.id), profile))

    async def logout(self, seller_id: str) -> JSONResponse:
        """Forget the seller's secrets, and every profile's payment token there."""
        seller = self._seller(seller_id)
        names = [
            f"{seller_id}/{name}" for name in self.daemon.catalogue.login_needs(seller_id).secrets
        ]
        names += [payment_secret(name, seller_id) for name in self.daemon.profiles.names()]
        for name in names:
            await asyncio.to_thread(self.daemon.secrets.remove, name)
        await self.daemon.catalogue.secrets_changed()
        return JSONResponse(await self._object(seller, self.daemon.default_profile))

    def _seller(self, seller_id: str) -> Seller:
        seller = self.daemon.sellers.get(seller_id)
        if seller is None:
            raise NotFound(f"no seller {seller_id}", hint="bookhunt sellers list")
        return seller

    async def _object(self, seller: Seller, profile: str) -> dict[str, Any]:
        """A seller with its needs; whether each is stored is null where nobody can say."""
        needs = self.daemon.catalogue.login_needs(seller.id)
        asked = [f"{seller.id}/{name}" for name in needs.secrets]
        if needs.payment is not None:
            asked.append(payment_secret(profile, seller.id))
        stored, trouble = await asyncio.to_thread(self._stored, tuple(asked))
        secrets = [
            {"name": name, "prompt": prompt, "stored": stored.get(f"{seller.id}/{name}")}
            for name, prompt in needs.secrets.items()
        ]
        payment = None
        if needs.payment is not None:
            kept = stored.get(payment_secret(profile, seller.id))
            payment = {"profile": profile, "prompt": needs.payment, "stored": kept}
        store = None
        if trouble is not None:
            store = {"code": trouble.code, "message": trouble.message, "hint": trouble.hint}
        needed = {"secrets": secrets, "payment": payment, "secret_store": store}
        return seller_told(self.daemon, seller) | needed

    def _stored(
        self, names: tuple[str, ...]
    ) -> tuple[dict[str, bool], SecretStoreUnavailable | None]:
        """Which of these are stored, as far as the store can be opened, and why it cannot."""
        found: dict[str, bool] = {}
        try:
            for name in names:
                found[name] = self.daemon.secrets.has(name)
        except SecretStoreUnavailable as error:
            return found, error  # each further question may take as long
        return found, None
