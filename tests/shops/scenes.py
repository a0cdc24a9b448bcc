"""Purchases at a real shop, each judged by what the shop's own database says of it afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.shops.household import Household, Refused
from tests.support.faulty_proxy import Passage, reset_after_delivery

if TYPE_CHECKING:
    from tests.shops.shop import Shop, ShopOrder
    from tests.support.faulty_proxy import Fault, FaultyProxy

# What each shop is filled with; net prices, 8 % tax is added; the cheaper delivery is 3.99 net.
PLENTY = "9781402894626"  # 12.50
LAST = "9780141439518"  # 9.99, one copy
GONE = "9780132350884"  # 30.00, none
UNHEARD_OF = "9780306406157"
_SETTLES_WITHIN_S = 60.0


@dataclass(slots=True)
class Stand:
    """A shop, the proxy before it, and somebody who buys there."""

    shop: Shop
    proxy: FaultyProxy
    household: Household
    counted: int = 0  # of the shop's orders, when the scene began

    def begin(self) -> None:
        """Count what is there before the scene."""
        self.counted = len(self.shop.orders())
        self.proxy.break_next("")

    def new_orders(self) -> list[ShopOrder]:
        """The orders and carts of this scene, by the shop's word."""
        return self.shop.orders()[self.counted :]

    def break_payment(self, fault: Fault) -> None:
        """The next message that pays meets the fault; all others pass."""

        async def watched(passage: Passage) -> None:
            if self.shop.facts.commit in passage.request:
                await fault(passage)
                return
            passage.proxy.faults.append(watched)
            await passage.say(await passage.forward())

        self.proxy.break_next(self.shop.facts.path, watched)

    async def buy(self, isbn: str, most: str, **more: str) -> dict[str, Any]:
        """As `Household.buy`, while the proxy goes on."""
        return await asyncio.to_thread(self.household.buy, isbn, most, **more)

    async def settled(self, request_id: str) -> dict[str, Any]:
        """The request, once nothing of it is in doubt or under way."""
        ends_at = time.monotonic() + _SETTLES_WITHIN_S
        while True:
            found = await asyncio.to_thread(self.household.request, request_id)
            if found["status"] not in {"PENDING", "PROCESSING", "RESOLVED", "IN_DOUBT"}:
                return found
            if time.monotonic() > ends_at:
                return found
            await asyncio.sleep(0.2)


@dataclass(slots=True)
class Shown:
    """What came of one scene: bookhunt's words, the shop's orders, and where they differ."""

    words: list[dict[str, Any]]
    orders: list[ShopOrder]
    wrong: list[str] = field(default_factory=list)

    @property
    def placed(self) -> list[ShopOrder]:
        """The orders that stand: carts are none."""
        return [order for order in self.orders if order.placed or order.payments]


Scene: TypeAlias = Callable[[Stand], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Promise:
    """A scene, and how each of its requests may end: `SUCCESS`, or a state with its reason."""

    name: str
    play: Scene
    ends: tuple[frozenset[str], ...]
    needs_declines: bool = False  # only where a shop has a card that it declines


async def shown(stand: Stand, promise: Promise) -> Shown:
    """Play one scene and hold bookhunt's word against the shop's ledger."""
    stand.begin()
    words: list[dict[str, Any]] = []
    wrong: list[str] = []
    try:
        words = await promise.play(stand)
    except (Refused, TimeoutError) as failed:
        wrong.append(f"it could not be played: {failed or 'in time'}")
    await stand.proxy.drain()
    came = Shown(words, stand.new_orders(), wrong)
    for word, promised in zip(words, promise.ends, strict=not wrong):
        word["ended"] = await asyncio.to_thread(_end, stand.household, word)
        if word["ended"] not in promised:
            came.wrong.append(f"{word['ended']} instead of {' or '.join(sorted(promised))}")
    came.wrong += differences(words, came.placed)
    return came


def _end(household: Household, word: dict[str, Any]) -> str:
    """How a request ended, with the reason that counts: of the attempt, or of the question."""
    if word["status"] == "SUCCESS":
        return "SUCCESS"
    reasons = [each["reason"] for each in word["attempts"]]
    return f"{word['status']} {reasons[-1] if reasons else household.reason(word['request_id'])}"


def differences(words: list[dict[str, Any]], placed: list[ShopOrder]) -> list[str]:
    """Where the two ledgers differ; exactly one order for each that was bought, none for others."""
    bought = {word["order_id"]: word for word in words if word["status"] == "SUCCESS"}
    wrong = []
    if sorted(bought) != sorted(order.code for order in placed):
        wrong.append(f"bookhunt says {sorted(bought)}, the shop {[o.code for o in placed]}")
    if len({order.reference for order in placed} - {None}) != len(placed):
        wrong.append("a payment without a reference of its own")
    for order in placed:
        word = bought.get(order.code)
        if word is None:
            continue
        said = word["resolved_price"] or {"amount": None, "currency": None}
        kept = f"{order.total_minor // 100}.{order.total_minor % 100:02}"
        if (said["amount"], said["currency"]) != (kept, order.currency):
            wrong.append(f"{order.code}: {said} instead of {kept} {order.currency}")
        if (order.payments, order.paid_minor) != (1, order.total_minor):
            wrong.append(f"{order.code}: paid {order.paid_minor} in {order.payments}")
        if order.lines != f"{word['book']['isbn13']} x1":
            wrong.append(f"{order.code} is {order.lines}")
    return wrong


# ------------------------------------------------------------------------------------- the scenes
async def _bought(stand: Stand) -> list[dict[str, Any]]:
    return [await stand.buy(PLENTY, "30")]


async def _over_at_the_till(stand: Stand) -> list[dict[str, Any]]:
    """The price fits, and delivery and tax do not: only the checkout says so."""
    return [await stand.buy(PLENTY, "15")]


async def _over_on_the_shelf(stand: Stand) -> list[dict[str, Any]]:
    return [await stand.buy(PLENTY, "13")]


async def _out_of_stock(stand: Stand) -> list[dict[str, Any]]:
    return [await stand.buy(GONE, "80")]


async def _unheard_of(stand: Stand) -> list[dict[str, Any]]:
    return [await stand.buy(UNHEARD_OF, "80")]


async def _declined(stand: Stand) -> list[dict[str, Any]]:
    return [await stand.buy(PLENTY, "30", profile="broke")]


async def _last_copy_for_two(stand: Stand) -> list[dict[str, Any]]:
    """Two who want the one copy at once: whoever comes first has it."""
    both = await asyncio.gather(stand.buy(LAST, "30"), stand.buy(LAST, "31"))
    return sorted(both, key=lambda word: word["status"] != "SUCCESS")


async def _lost_after(stand: Stand) -> list[dict[str, Any]]:
    """The shop took the order, and nobody hears of it: the connection is reset."""
    stand.break_payment(reset_after_delivery)
    return [await stand.settled((await stand.buy(PLENTY, "30"))["request_id"])]


async def _killed_after(stand: Stand) -> list[dict[str, Any]]:
    """The shop took the order, and bookhunt was killed before it heard; the next life finds it."""
    arrived = asyncio.Event()

    async def taken(passage: Passage) -> None:
        await passage.forward()
        arrived.set()  # and nothing is said

    stand.break_payment(taken)
    buying = asyncio.create_task(stand.buy(PLENTY, "30"))
    await asyncio.wait_for(arrived.wait(), _SETTLES_WITHIN_S)
    await asyncio.to_thread(stand.household.kill_daemon)
    word = await buying  # the command starts the next daemon, and waits on
    return [await stand.settled(word["request_id"])]


def _promise(name: str, play: Scene, *ends: str) -> Promise:
    """Each of `ends` is one request's; `a | b` is either."""
    return Promise(name, play, tuple(frozenset(end.split(" | ")) for end in ends))


_SOLD_OUT = "NOT_AVAILABLE sold_out"
_PROMISES = (
    _promise("bought", _bought, "SUCCESS"),
    _promise("delivery and tax go over the maximum", _over_at_the_till, "NOT_AVAILABLE over_max"),
    _promise("the price is over the maximum", _over_on_the_shelf, "NOT_AVAILABLE over_max"),
    _promise("out of stock", _out_of_stock, _SOLD_OUT),
    _promise("never heard of", _unheard_of, "NOT_AVAILABLE not_stocked"),
    replace(
        _promise("the card is declined", _declined, "PURCHASE_FAILED declined"), needs_declines=True
    ),
    _promise(
        "the last copy, for two at once",
        _last_copy_for_two,
        "SUCCESS",
        # By the shop's word, or, where it told how many there are, by bookhunt's own count.
        f"{_SOLD_OUT} | PURCHASE_FAILED sold_out | NOT_AVAILABLE skipped_limit",
    ),
    _promise("the answer is lost after the commit", _lost_after, "SUCCESS"),
    _promise("killed after the commit", _killed_after, "SUCCESS"),
)


def promises(shop: Shop) -> list[Promise]:
    """The scenes that this shop can play."""
    return [each for each in _PROMISES if shop.facts.declines or not each.needs_declines]
