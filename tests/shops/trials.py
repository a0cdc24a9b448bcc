"""`sellers test --live --checkout` at a real shop: it misses what is not there and buys nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.shops.household import UNPAID
from tests.shops.scenes import GONE, PLENTY, UNHEARD_OF

if TYPE_CHECKING:
    from tests.shops.scenes import Stand
    from tests.shops.shop import Shop


@dataclass(frozen=True, slots=True)
class Trial:
    """One try, and of each part that counts its state and some words of it."""

    name: str
    isbn: str
    parts: dict[str, tuple[bool | None, str]]
    profile: str = "home"
    seller: str | None = None  # the household's, where None


def trials(shop: Shop) -> tuple[Trial, ...]:
    """What is tried at a shop."""
    facts = shop.facts
    return (
        Trial(
            "all that is needed is there",
            PLENTY,
            {
                "address": (True, "http://"),
                "look-up": (True, facts.on_the_shelf),
                "profile": (True, "home"),
                "payment": (True, "home"),
                "checkout": (True, facts.landed),
            },
        ),
        Trial(
            "the payment method is not the shop's",
            PLENTY,
            {"look-up": (True, ""), "payment": (True, ""), "checkout": (False, "")},
            seller=UNPAID,
        ),
        Trial(
            "the shop does not deliver there",
            PLENTY,
            {"profile": (True, "abroad"), "checkout": (False, "")},
            profile="abroad",
        ),
        Trial(
            "there is no such profile",
            PLENTY,
            {"profile": (False, "nobody"), "payment": (False, "nobody"), "checkout": (None, "")},
            profile="nobody",
        ),
        Trial("out of stock", GONE, {"look-up": (None, "sold out"), "checkout": (None, "")}),
        Trial("never heard of", UNHEARD_OF, {"look-up": (False, "not_stocked")}),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a trial."""

    lines: list[str]
    wrong: list[str]


async def told(stand: Stand, trial: Trial) -> Told:
    """Make one trial and hold it against the shop's ledger, where no order may be."""
    stand.begin()
    seller = trial.seller or stand.household.seller
    said = await asyncio.to_thread(
        stand.household.try_out, seller, trial.isbn, profile=trial.profile
    )
    parts = {each["part"]: each for each in said["parts"] or ()}
    wrong = [
        f"{name}: {parts.get(name)}"
        for name, (state, words) in trial.parts.items()
        if name not in parts
        or parts[name]["ok"] is not state
        or words.lower() not in parts[name]["told"].lower()
    ]
    wrong += [
        f"the shop has an order {order.code}" for order in stand.new_orders() if order.payments
    ]
    return Told([_line(parts[name]) for name in trial.parts if name in parts], wrong)


def _line(part: dict[str, Any]) -> str:
    verdict = {True: "ok", False: "MISSING", None: "-"}[part["ok"]]
    return f"{verdict}  {part['part']}: {part['told']}"
