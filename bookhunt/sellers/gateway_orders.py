"""Orders, from the first step to the last look-up.

Between `prepare` and `send` lies a durable write, and between `send` and `look_up` may lie a crash
and a week. So `send` and `look_up` work from what is on disk (`plan_frozen`) and from nothing else;
what is kept in memory of an attempt is only what makes cancelling, and following an order that was
just placed, possible while the process lives.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import Order, Prepared, Sent, Stopped
from bookhunt.model.errors import SetupMissing
from bookhunt.model.purchase import Answer, Frozen
from bookhunt.model.seller import PurchaseMode, SellerState
from bookhunt.sellers.auth_sessions import Lending
from bookhunt.sellers.gateway_restored import Restored
from bookhunt.sellers.plan import Ended, Patience, Run
from bookhunt.sellers.plan_frozen import BadFrozen, FrozenOrder
from bookhunt.sellers.plan_login import Door, Opened, login_key, session_of
from bookhunt.sellers.plan_lookup import cancel, look_up
from bookhunt.sellers.plan_purchase import Halted, Ready, commit, finish, halted, prepare
from bookhunt.sellers.scope import Asked, asked_by, order_scope, person
from bookhunt.sellers.template_sealed import CannotRender, Sealed

if TYPE_CHECKING:
    from bookhunt.model.money import Money
    from bookhunt.sellers.auth import Credential
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.plan_cookies import CookieJar

_log = logging.getLogger(__name__)
_REPEATS = 2  # of a step that may be repeated (seller language: "at most twice")
_TRIES = 2  # of all steps before the commit: a lost answer begins the attempt afresh once
_LENDING_WAIT_S = 60.0
# Purchase safety: a commit waits three times its p99.9 and 20 s at least.
_COMMIT_AT_LEAST_S = 20.0
_COMMIT_AT_MOST_S = 120.0
_COMMIT_FACTOR = 3.0
_COMMITS_REMEMBERED = 1000
_CONFIRM_WITHIN_S = 5.0  # of looking up what an order cost: it stands, and a customer waits
_MOST_ATTEMPTS = 5_000
_STANDS = frozenset({Answer.BOUGHT, Answer.PLACED})


@dataclass(slots=True)
class _UnderWay:
    """What is known of an attempt while this process lives."""

    seller: CompiledSeller
    asked: Asked
    credentials: tuple[Credential, ...]
    cookies: CookieJar
    captured: dict[str, Any]
    total: Money | None
    number: str | None = None  # of the order, where an answer to the commit step said it


@dataclass(slots=True)
class _Pace:
    """How long commit steps of one seller took; the slowest of the last thousand is the p99.9."""

    seconds: list[float] = field(default_factory=list)

    def keep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        del self.seconds[:-_COMMITS_REMEMBERED]

    @property
    def patience_s(self) -> float:
        slowest = max(self.seconds, default=0.0)
        return min(max(_COMMIT_AT_LEAST_S, _COMMIT_FACTOR * slowest), _COMMIT_AT_MOST_S)


class OrderDesk:
    """Prepares, sends, looks up and cancels orders."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clock = door.tools.clock
        self._lending = Lending(self._clock)
        self._restored = Restored()
        self._under_way: OrderedDict[str, _UnderWay] = OrderedDict()
        self._paces: dict[str, _Pace] = {}

    # ------------------------------------------------------------------------------- prepare
    async def prepare(self, seller: CompiledSeller, order: Order) -> Prepared | Stopped:
        """See `Sellers.prepare`."""
        refusal = await self._cannot_order(seller, order)
        if refusal is not None:
            return refusal
        attempt_id = order.attempt.id
        if session_of(seller) is not None and not await self._lending.borrow(
            seller.id, attempt_id, within_s=_LENDING_WAIT_S
        ):
            detail = "another order uses the login of this seller"
            return Stopped(answer=Answer.REFUSED, detail=detail)
        try:
            prepared = await self._prepare(seller, order)
        except BaseException:
            self._lending.give_back(seller.id, attempt_id)
            raise
        # A stopped attempt is cancelled next, with its cookies; that gives the login back.
        return prepared

    async def _cannot_order(self, seller: CompiledSeller, order: Order) -> Stopped | None:
        purchase = seller.definition.purchase
        if (
            purchase is None
            or seller.purchase is None
            or seller.seller.purchase_mode is not PurchaseMode.AUTO
        ):
            return Stopped(answer=Answer.REFUSED, detail="bookhunt cannot order here")
        if seller.seller.state is not SellerState.READY or seller.hosts is None:
            return Stopped(answer=Answer.NEEDS_SETUP, detail=seller.seller.cause)
        if order.attempt.definition_hash != seller.hash:
            detail = "its definition changed since the offer was read"
            return Stopped(answer=Answer.PRICE_CHANGED, detail=detail)
        known = person(order.buyer.ship)
        lacking = [name for name in purchase.profile_needs if not known.get(name)]
        if lacking:
            detail = f"the profile {order.buyer.profile} lacks {', '.join(lacking)}"
            return Stopped(answer=Answer.NEEDS_SETUP, detail=detail)
        return None

    async def _prepare(self, seller: CompiledSeller, order: Order) -> Prepared | Stopped:
        asked = asked_by(seller, order.book)
        if asked is None:
            return Stopped(answer=Answer.REFUSED, detail="the book has no name it knows")
        ready: Ready | Halted = Halted(answer=Answer.REFUSED, detail="nothing was tried")
        for tries_left in range(_TRIES - 1, -1, -1):
            opened = await self._open(seller, order, asked)
            if isinstance(opened, Ended):
                ready = halted(opened)
                break
            ready = await prepare(opened.run, order)
            self._remember(order, opened.run, asked)
            if isinstance(ready, Ready):
                return await self._freeze(opened.run, asked, ready)
            renewed = ready.unauthorised and opened.refuse_login()
            if not tries_left or not (ready.afresh or renewed):
                break
        assert isinstance(ready, Halted)  # a Ready one has returned
        return Stopped(answer=ready.answer, detail=ready.detail, total=ready.total)

    async def _open(self, seller: CompiledSeller, order: Order, asked: Asked) -> Opened | Ended:
        opened = await self._door.run(
            seller,
            order_scope(seller, order, asked, total=None),
            _patience(seller),
            block="purchase",
            orders=True,
        )
        if isinstance(opened, Opened):
            opened.run.points = "prepare"
        return opened

    async def _freeze(self, run: Run, asked: Asked, ready: Ready) -> Prepared | Stopped:
        exchange = run.exchange
        assert exchange.cookies is not None  # an attempt has a jar of its own
        stored = FrozenOrder(
            seller=run.seller.id,
            definition_hash=run.seller.hash,
            definition=self._restored.content_of(run.seller),
            settings=run.seller.settings,
            base_url=run.base_url,
            asked=asked,
            request=ready.rendered,
            credentials=exchange.credentials,
            cookies=exchange.cookies,
            captured=run.captured,
            total=ready.total,
        )
        try:
            document = stored.document()
            secrets = self._door.tools.secrets
            await secrets.load(sorted(ready.rendered.secrets))
            body_hash = ready.rendered.hashed(secrets.of)
        except SetupMissing as missing:
            return Stopped(answer=Answer.NEEDS_SETUP, detail=missing.message)
        except (BadFrozen, CannotRender) as bad:
            return Stopped(answer=Answer.REFUSED, detail=str(bad))
        if secrets.stand_in(_said_by_the_seller(stored), _secrets_of(stored)):
            detail = "the seller repeats a secret of ours, which cannot be stored"
            return Stopped(answer=Answer.REFUSED, detail=detail)
        frozen = Frozen(document=document, body_hash=body_hash, total=ready.total)
        return Prepared(frozen=frozen, total_checked=ready.total_checked)

    def _remember(self, order: Order, run: Run, asked: Asked, number: str | None = None) -> None:
        exchange = run.exchange
        assert exchange.cookies is not None  # an attempt has a jar of its own
        self._under_way[order.attempt.id] = _UnderWay(
            run.seller,
            asked,
            exchange.credentials,
            exchange.cookies,
            run.captured,
            run.total,
            number,
        )
        if len(self._under_way) > _MOST_ATTEMPTS:
            self._under_way.popitem(last=False)

    # ---------------------------------------------------------------------------------- send
    async def send(self, order: Order) -> Sent:
        """See `Sellers.send`."""
        try:
            return await self._send(order)
        finally:
            self._lending.give_back(order.attempt.seller, order.attempt.id)

    async def _send(self, order: Order) -> Sent:
        attempt = order.attempt
        first = attempt.sends <= 1
        nothing_left = Answer.NOT_SENT if first else Answer.UNKNOWN
        restored = self._restore(order, "purchase")
        if isinstance(restored, str):
            return Sent(answer=nothing_left, detail=restored)
        run, stored = restored
        refusal = await self._changed(order, stored)
        if refusal is not None:
            return Sent(answer=nothing_left, detail=refusal)
        assert run.seller.purchase is not None and run.seller.commit_index is not None  # noqa: PT018 - it was ordered by them
        step = run.seller.purchase.steps[run.seller.commit_index]
        pace = self._paces.setdefault(run.seller.id, _Pace())
        run.patience = replace(run.patience, timeout_s=pace.patience_s)
        began_s = self._clock.monotonic()
        sent = await commit(run, step, stored.request, first=first)
        if sent.answer is Answer.UNAUTHORISED:
            self._forget_login(run.seller)
        elif sent.answer not in {Answer.UNKNOWN, Answer.NOT_SENT}:
            pace.keep(self._clock.monotonic() - began_s)
        if sent.answer not in _STANDS:
            return sent
        self._remember(order, run, stored.asked, sent.order_id)
        return await self._finish(run, order, sent) if first else sent

    async def _changed(self, order: Order, stored: FrozenOrder) -> str | None:
        """Why the bytes on disk would not be the ones that were agreed to; None: they are."""
        frozen = order.attempt.frozen
        assert frozen is not None  # `_restore` has looked
        secrets = self._door.tools.secrets
        try:
            await secrets.load(sorted(stored.request.secrets))
            same = stored.request.hashed(secrets.of) == frozen.body_hash
        except SetupMissing as missing:
            return missing.message
        except CannotRender as cannot:
            return str(cannot)
        return None if same else "a secret in the order changed since it was frozen"

    async def _finish(self, run: Run, order: Order, sent: Sent) -> Sent:
        """The steps after the commit; an order that cannot be finished needs a person."""
        attempt = replace(order.attempt, order_id=sent.order_id)
        run.scope = {
            **run.scope,
            "order": {**run.scope["order"], "id": sent.order_id},
        }
        run.patience, run.points = _patience(run.seller), "finish"
        ended = await finish(run)
        if ended is None:
            return sent
        agreed = await self.cancel(replace(order, attempt=attempt))
        told = "it was cancelled" if agreed else "it could not be cancelled"
        detail = f"order {sent.order_id} was taken and could not be finished ({ended.detail})"
        return replace(sent, answer=Answer.NEEDS_PERSON, detail=f"{detail}; {told}")

    async def confirmed(self, order: Order, sent: Sent) -> Sent:
        """The same word, with what was charged where only a look-up says that. No exception.

        Whatever else it finds changes nothing: the seller has said that the order stands.
        """
        if sent.answer is not Answer.BOUGHT or sent.charged is not None:
            return sent
        attempt = replace(order.attempt, order_id=sent.order_id)
        try:
            restored = self._restore(order, "find_order")
            if isinstance(restored, str) or not restored[0].seller.tells_charge_later:
                return sent
            async with asyncio.timeout(_CONFIRM_WITHIN_S):
                found = await self.look_up(replace(order, attempt=attempt))
        except TimeoutError:
            return sent
        except Exception:  # noqa: BLE001 - a bug of ours is logged, the order is not lost
            _log.exception("what an order cost could not be looked up")
            return sent
        if found.answer is not Answer.BOUGHT:
            return sent
        return replace(sent, charged=found.charged, delivery=sent.delivery or found.delivery)

    def _forget_login(self, seller: CompiledSeller) -> None:
        """The next attempt logs in anew."""
        self._door.logins.forget(login_key(seller))

    # ------------------------------------------------------------------- look up and cancel
    async def look_up(self, order: Order) -> Sent:
        """See `Sellers.look_up`."""
        restored = self._restore(order, "find_order")
        if isinstance(restored, str):
            return Sent(answer=Answer.UNKNOWN, detail=restored)
        run, _ = restored
        if run.seller.find_order is None:
            return Sent(answer=Answer.PASSED_OVER, detail="its orders cannot be looked up")
        known = self._under_way.get(order.attempt.id)
        if known is not None:
            # An answer that was not lost may have named what the look-up needs.
            run.captured = {**known.captured, **run.captured}
            number = order.attempt.order_id or known.number
            run.scope = {**run.scope, "order": {**run.scope["order"], "id": number}}
        found = await look_up(run, order.attempt.reference)
        if not run.unauthorised or session_of(run.seller) is None:
            return found
        # The login that the order was sent with has ended; the account is still the same.
        self._forget_login(run.seller)
        opened = await self._door.run(
            run.seller, run.scope, run.patience, block="find_order", orders=True
        )
        if isinstance(opened, Ended):
            return replace(found, detail=opened.detail)
        opened.run.captured = {**run.captured, **opened.run.captured}
        opened.run.points = run.points
        return await look_up(opened.run, order.attempt.reference)

    async def cancel(self, order: Order) -> bool:
        """See `Sellers.cancel`."""
        try:
            run = self._run_to_cancel(order)
            return False if run is None else await cancel(run)
        finally:
            self._under_way.pop(order.attempt.id, None)
            self._lending.give_back(order.attempt.seller, order.attempt.id)

    def ended(self, order: Order) -> None:
        """It was bought: nothing will be asked about this attempt any more."""
        self._under_way.pop(order.attempt.id, None)

    def _run_to_cancel(self, order: Order) -> Run | None:
        known = self._under_way.get(order.attempt.id)
        if known is None:
            restored = self._restore(order, "cancel")
            return None if isinstance(restored, str) else restored[0]
        seller = known.seller
        scope = order_scope(seller, order, known.asked, total=known.total)
        exchange = self._door.exchange(
            seller, credentials=known.credentials, cookies=known.cookies, orders=True
        )
        run = self._door.run_with(seller, exchange, scope, _once(seller), block="cancel")
        run.captured, run.points = known.captured, "cancel"
        return run

    def _restore(self, order: Order, block: str) -> tuple[Run, FrozenOrder] | str:
        """A run of what is on disk; or why there is none."""
        frozen = order.attempt.frozen
        if frozen is None:
            return "nothing of the order was stored"
        try:
            stored = FrozenOrder.read(frozen.document)
            seller = self._restored.seller_of(stored)
        except BadFrozen as bad:
            return str(bad)
        scope = order_scope(seller, order, stored.asked, total=stored.total)
        exchange = self._door.exchange(
            seller, credentials=stored.credentials, cookies=stored.cookies, orders=True
        )
        patience = _once(seller) if block == "cancel" else _patience(seller)
        run = self._door.run_with(seller, exchange, scope, patience, block=block)
        run.captured, run.total = dict(stored.captured), stored.total
        run.points = {"find_order": "look_up"}.get(block, block)
        return run, stored


def _secrets_of(stored: FrozenOrder) -> set[str]:
    """The secrets in an order; a user's name is told to people and is none."""
    names = set(stored.request.secrets)
    for credential in stored.credentials:
        if isinstance(credential.value, Sealed):
            names.update(credential.value.secrets)
    return names


def _said_by_the_seller(stored: FrozenOrder) -> str:
    """What is stored in the seller's own words."""
    return "".join(map(str, (stored.captured, stored.cookies.to_json())))


def _patience(seller: CompiledSeller) -> Patience:
    return Patience(
        timeout_s=seller.limits.timeout_ms / 1000, lost=_REPEATS, after_timeout=True, later=1
    )


def _once(seller: CompiledSeller) -> Patience:
    return Patience(timeout_s=seller.limits.timeout_ms / 1000)
