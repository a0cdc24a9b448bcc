"""The shipped definitions of shop systems under the same kills, at the suite's own merchants.

What the street shows of one protocol after the other is shown here of files that users have: each
flow of orders in `sellers.d`, with every fault that its merchant can play, killed at points of its
lives. A dearer shop stands beside it, because going on to another is how doubles happen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.crash.cases import FACTOR, LATE_MS, SETTLE_S
from tests.crash.clock import FastClock
from tests.crash.life import Wish, World
from tests.crash.oracle import StreetLedger
from tests.crash.single import MAX_PRICE, Bench
from tests.merchants.definitions import any_secret, shops
from tests.merchants.merchant import Book
from tests.merchants.roster import MERCHANTS
from tests.merchants.shopping import ADA, ISBN

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.model.seller import Capability
    from tests.merchants.merchant import Merchant
    from tests.merchants.running import Arcade, OpenMerchant

_PRICE_MINOR, _DEARER_MINOR = 1000, 2500
_READ_MS, _COMMIT_MS = 1500, 400  # only an order is ever met with silence
_DRAINED_S = 0.15
_FALLBACK, _FALLBACK_OF_IT = "zinc", "ucp"
KINDS: dict[str, type[Merchant]] = {kind.system: kind for kind in MERCHANTS}


@dataclass(frozen=True, slots=True)
class ShopFault:
    """One fault that is put in force; `once` it is over, `every` time else."""

    name: str
    operation: str
    count: int | None = 1
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShopMisdeed:
    """What a merchant does; `name` is that of its faults, in their order."""

    faults: tuple[ShopFault, ...]
    factor: float = FACTOR

    @property
    def name(self) -> str:
        told = [
            f"{fault.name}@{fault.operation}" + ("" if fault.count == 1 else "*")
            for fault in self.faults
        ]
        return "+".join(told) or "none"


@dataclass(frozen=True, slots=True)
class ShopCell:
    """A definition, and what it can prove."""

    seller: str
    capability: str


@dataclass(frozen=True, slots=True)
class ShopScene:
    """A definition's flow, and what its merchant does."""

    cell: ShopCell
    misdeed: ShopMisdeed
    level: str = "shops"  # of the report
    # Its orders are found by a number in the answer: where that was lost, only the key proves them.
    only_by_key: frozenset[str] = frozenset({"zinc"})

    @property
    def name(self) -> str:
        return f"{self.cell.seller}/{self.misdeed.name}"

    @property
    def may_need_a_person(self) -> bool:
        """Whether the system itself cannot say what became of the order then."""
        kind = KINDS[self.cell.seller]
        return any(fault.name in kind.only_a_person for fault in self.misdeed.faults)


def misdeeds_of(kind: type[Merchant]) -> list[ShopMisdeed]:
    """Everything that a merchant of this system can do, as scenes of one or two faults."""
    at_commit = [
        ShopFault("lost_before", "commit"),
        ShopFault("lost_after", "commit"),
        ShopFault("late", "commit", options={"ms": LATE_MS}),
        ShopFault("hang_after", "commit"),
        *(ShopFault(f"{name}_after", "commit") for name in ("status", "garbage", "empty", "html")),
        ShopFault("status_before", "commit"),
    ]
    lost = ShopFault("lost_after", "commit")
    scenes: list[tuple[ShopFault, ...]] = [(), *((fault,) for fault in at_commit)]
    scenes += [(lost, ShopFault(name, "find", 2)) for name in ("status_after", "html_after")]
    scenes += [(ShopFault("lost_after", step),) for step in kind.steps]
    scenes += [(ShopFault("status_before", step, None),) for step in kind.steps]
    scenes += [(ShopFault(twist, step, count),) for twist, step, count in kind.played]
    scenes += [
        (lost, ShopFault(twist, step, count)) for twist, step, count in kind.played_when_lost
    ]
    return [ShopMisdeed(faults) for faults in scenes]


def shop_scenes() -> list[ShopScene]:
    """Every scene of every definition."""
    return [
        ShopScene(ShopCell(kind.system, ""), misdeed)
        for kind in MERCHANTS
        for misdeed in misdeeds_of(kind)
    ]


# Of each definition these are run in a quick run: what a lost answer is about, both ways.
QUICK_MISDEEDS = ("lost_after@commit", "late@commit")


class ShopBench(Bench):
    """Merchants in a process of their own, and the shipped definitions pointed at them."""

    def __init__(self, arcade: Arcade, root: Path) -> None:
        self.arcade = arcade
        self.root = root
        self.ledger = StreetLedger(arcade)
        self.secret = any_secret
        self.sellers = shops(arcade, settle_s=SETTLE_S, read_ms=_READ_MS, commit_ms=_COMMIT_MS)
        self._number = 0

    def named(self, name: str) -> ShopScene:
        """The scene of that name."""
        seller, _, misdeed = name.partition("/")
        found = next(each for each in misdeeds_of(KINDS[seller]) if each.name == misdeed)
        capability: Capability = self.sellers[seller].seller.proof.capability
        return ShopScene(ShopCell(seller, str(capability)), found)

    def warm_up(self) -> None:
        """Have everything imported that lives need."""
        self.import_for(self.named(f"{MERCHANTS[0].system}/none"))

    def _fallback(self, scene: ShopScene) -> str:
        """A dearer shop that can prove its orders by their keys, and is not the one in question."""
        return _FALLBACK if scene.cell.seller != _FALLBACK else _FALLBACK_OF_IT

    def _both(self, scene: ShopScene) -> tuple[OpenMerchant, OpenMerchant]:
        return self.arcade[scene.cell.seller], self.arcade[self._fallback(scene)]

    def _world(self, scene: Any, folder: Path) -> World:
        names = scene.cell.seller, self._fallback(scene)
        return World(
            folder=folder,
            sellers={name: self.sellers[name] for name in names},
            secret=self.secret,
            clock=FastClock(factor=scene.misdeed.factor, origin=time.monotonic()),
            wishes=(Wish("one", ISBN, MAX_PRICE, frozenset(names)),),
            buyer=ADA,
        )

    def _copies(self, world: World) -> dict[tuple[str, str], int]:
        return {(name, ISBN): 1 for name in world.sellers}

    def _set_the_scene(self, scene: Any) -> None:
        cheap, dear = self._both(scene)
        for merchant, price in ((cheap, _PRICE_MINOR), (dear, _DEARER_MINOR)):
            merchant.clear()
            merchant.put(Book(isbn=ISBN, price_minor=price, stock=1))
        self.ledger.mark()
        for fault in scene.misdeed.faults:
            cheap.fault(fault.name, fault.operation, count=fault.count, **fault.options)

    def _drain(self, scene: Any) -> None:
        """Wait until everything that a merchant may still execute was executed."""
        late_ms = max((x.options.get("ms", 0) for x in scene.misdeed.faults), default=0)
        self.ledger.read()
        left_s = late_ms / 1000 + _DRAINED_S - self.ledger.last_commit_age_s()
        if late_ms and left_s > 0:
            time.sleep(left_s)
        for merchant in self._both(scene):
            merchant.clear()
        self.ledger.read()

    def _was_played(self, scene: Any) -> bool:
        met = {
            line["operation"]
            for line in self.ledger.kind("arrival")
            if line["seller"] == scene.cell.seller
        }
        return {fault.operation for fault in scene.misdeed.faults} <= met
