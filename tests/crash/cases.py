"""Which cases there are: a seller by what it can prove, and a misdeed of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SETTLE_S = 60.0  # of every seller that finds: 0.3 s at the usual factor
FACTOR = 200.0
LATE_MS = 100  # so much later a `delayed` order is executed: well within what SETTLE_S allows


@dataclass(frozen=True, slots=True)
class Cell:
    """A seller of the street that stands for one capability and one number of steps."""

    seller: str
    capability: str
    steps: int

    @property
    def can_prove(self) -> bool:
        """Whether a lost answer can be cleared up without a person."""
        return self.capability != "none"


CELLS = (
    Cell("amberside", "key+look-up", 1),
    Cell("lanternrow", "key+look-up", 3),
    Cell("brightwater", "key", 1),
    Cell("mossbridge", "key", 3),
    Cell("dovetail", "look-up", 1),
    Cell("orchardend", "look-up", 3),
    Cell("elmcourt", "none", 1),
    Cell("pennyroyal", "none", 3),
)
CAPABILITIES = tuple(dict.fromkeys(cell.capability for cell in CELLS))
# Where the book can be had for more: failing over to another seller is how doubles happen.
FALLBACK = {cell.seller: "amberside" for cell in CELLS} | {"amberside": "junipergate"}
# Of all these sellers, those that prove an order by its key and by nothing else.
ONLY_KEY = frozenset({c.seller for c in CELLS if c.capability == "key"} | {"junipergate"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault that is put in force at the seller before a case begins."""

    operation: str
    behaviour: str
    count: int | None = 1
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misdeed:
    """How the seller misbehaves.

    `needs`: a word that the capability must have, or an operation that its checkout must have.
    `only`: sellers that may be met like that without lying; none named: all.
    `only_a_person`: capabilities that cannot clear it up by anything they can do.
    """

    name: str
    rules: tuple[Rule, ...]
    needs: str = ""
    only: frozenset[str] = frozenset()
    only_a_person: frozenset[str] = frozenset()
    factor: float = FACTOR

    def fits(self, cell: Cell) -> bool:
        """Whether this seller can misbehave like that."""
        if self.only and cell.seller not in self.only:
            return False
        if self.needs in {"cart", "price"}:
            return cell.steps == 3
        return self.needs in cell.capability


def _at(operation: str, behaviour: str, count: int | None = 1, **options: Any) -> Rule:
    return Rule(operation, behaviour, count, options)


def _commit(name: str, behaviour: str, count: int = 1, **options: Any) -> Misdeed:
    return Misdeed(name, (_at("commit", behaviour, count, **options),))


def _late(name: str, **options: Any) -> Misdeed:
    return Misdeed(name, (_at("commit", "delayed", ms=LATE_MS, **options),))


_AT_THE_COMMIT = (
    Misdeed("none", ()),
    _commit("hang", "hang"),
    _commit("hang_after", "hang_after"),
    _commit("delay", "delay", ms=60),
    _commit("500", "status", status=500),
    _commit("500_after", "status_after", status=500),
    # Stripe's first API: the key repeats the error for ever; the faster clock lets it be forgotten.
    Misdeed(
        "500_kept",
        (_at("commit", "status_after", status=500, kept=True),),
        needs="key",
        only_a_person=frozenset({"key"}),
        factor=5 * FACTOR,
    ),
    _commit("503_twice", "status", 2, status=503, retry_after_s=1),
    _commit("429", "status", status=429, retry_after_s=2),
    Misdeed("reset_unread", (_at("any", "reset_unread"),)),
    _commit("reset_before", "reset_before"),
    _commit("reset_after", "reset_after"),
    _commit("reset_after_twice", "reset_after", 2),
    _late("delayed"),
    _late("delayed_hang", hang=True),
    _commit("redirect", "redirect", status=307),
    _commit("unauthorised", "unauthorised"),
    _commit("sold_out", "sold_out"),
    _commit("price_changed", "price_changed"),
    _commit("declined", "declined"),
    _commit("price_raised", "price_raised", minor=150),
    _commit("garbage", "garbage"),
    _commit("truncated", "truncated"),
    _commit("empty", "empty"),
    _commit("wrong_type", "wrong_type"),
    _commit("html_page", "html_page"),
    _commit("duplicate", "duplicate"),
)
# What the second send is answered says nothing about the first. (A seller that promises the first
# answer again, and gives another refusal, lies: that cannot be helped.)
_SECOND_THOUGHTS = tuple(
    Misdeed(
        f"{first}+{name}",
        (_at("commit", first), _at("commit", behaviour, 1, **options)),
        needs="key",
        only=only,
    )
    for first in ("reset_after", "reset_before")
    for name, behaviour, options, only in (
        ("401", "unauthorised", {}, frozenset[str]()),
        ("429", "status", {"status": 429, "retry_after_s": 1}, frozenset[str]()),
        ("402", "status", {"status": 402}, frozenset({"mossbridge"})),
    )
)
# Until the key is forgotten; then there is the look-up, or nothing.
_FOR_EVER = tuple(
    Misdeed(
        name,
        (_at("commit", behaviour, None, status=500),),
        needs="key",
        only_a_person=frozenset({"key"}),
        factor=5 * FACTOR,
    )
    for name, behaviour in (("500_always", "status"), ("500_after_always", "status_after"))
)
_AT_THE_LOOK_UP = tuple(
    Misdeed(
        f"{first}+find_{name}",
        (_at("commit", first), _at("find", behaviour, 2, **options)),
        needs="look-up",
    )
    for first in ("reset_after", "reset_before")
    for name, behaviour, options in (
        ("500", "status", {"status": 500}),
        ("empty", "empty", {}),
        ("html_page", "html_page", {}),
    )
)
_BEFORE_A_COMMIT = tuple(
    Misdeed(f"{operation}_{name}", (_at(operation, behaviour, count, **options),), needs=operation)
    for operation in ("cart", "price")
    for name, behaviour, count, options in (
        ("hang", "hang", 1, {}),
        ("500", "status", 1, {"status": 500}),
        ("500_always", "status", None, {"status": 500}),
        ("429", "status", 1, {"status": 429, "retry_after_s": 1}),
        ("reset_after", "reset_after", 1, {}),
        ("redirect", "redirect", 1, {"status": 307}),
        ("garbage", "garbage", 1, {}),
        ("html_page", "html_page", 1, {}),
    )
)
_PRICES = (
    Misdeed("price_up", (_at("price", "price_raised", minor=150),), needs="price"),
    Misdeed("price_up_too_far", (_at("price", "price_raised", None, minor=3000),), needs="price"),
)
MISDEEDS = (
    *_AT_THE_COMMIT,
    *_SECOND_THOUGHTS,
    *_FOR_EVER,
    *_AT_THE_LOOK_UP,
    *_BEFORE_A_COMMIT,
    *_PRICES,
)
BY_NAME = {misdeed.name: misdeed for misdeed in MISDEEDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    """What befalls us in a case; points are named as in a plan of failure points: `NAME*2`."""

    kills: tuple[int, ...] = ()  # the number of the point at which each life is killed
    cancel_at: str = ""  # the customer cancels when the first life gets there
    break_at: str = ""  # the first life meets an error of the system there: `NAME*2=ENOSPC`
    leap_s: float = 0.0  # so far the time of day jumps between the first life and the second

    @property
    def is_calm(self) -> bool:
        return self == Ordeal()

    @property
    def kind(self) -> str:
        """The level of the report that it belongs to, if it is not told by the deaths."""
        if self.cancel_at:
            return "cancel"
        if self.break_at:
            return "error"
        return "clock" if self.leap_s else ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A seller and what it does; the points at which we can be killed are found by watching."""

    cell: Cell
    misdeed: Misdeed
    level: str = ""  # of the report; none: it is told by what befalls us
    only_by_key: frozenset[str] = ONLY_KEY

    @property
    def name(self) -> str:
        return f"{self.cell.seller}/{self.misdeed.name}"

    @property
    def may_need_a_person(self) -> bool:
        """Whether nobody but a person may be able to say what became of the order."""
        return not self.cell.can_prove or self.cell.capability in self.misdeed.only_a_person

    @classmethod
    def named(cls, name: str) -> Scene:
        """The scene of that name."""
        seller, _, misdeed = name.partition("/")
        return cls(next(cell for cell in CELLS if cell.seller == seller), BY_NAME[misdeed])


SCENES = tuple(Scene(cell, misdeed) for cell in CELLS for misdeed in MISDEEDS if misdeed.fits(cell))
