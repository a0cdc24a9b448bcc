"""Fifty customers at once, few copies, a budget for some of them, and SIGKILL at any moment."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import Limits
from bookhunt.model.money import Money
from tests.crash.cases import CELLS, SETTLE_S
from tests.crash.clock import FastClock
from tests.crash.definitions import impatient
from tests.crash.life import Lived, Wish, World, live
from tests.crash.oracle import OurLedger, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.crash.single import Bench

CUSTOMERS = 50
_FACTOR = 50.0  # fifty hunts at once take real seconds: they must not look like hours
_LONGEST_S = 0.5  # a life is killed at a moment before that
_REST_WITHIN_S = 120.0
_MOST_LATE_S = 0.2
_DRAINED_S = 0.3  # after the last order
_MOST_AGAIN = 3
_MOST_LIVES = 4  # for each death that is wanted
_SELLERS = ("amberside", "brightwater", "mossbridge", "dovetail", "orchardend", "elmcourt")
_UNPROVABLE = frozenset(cell.seller for cell in CELLS if not cell.can_prove)
_ISBNS = ("9780141439518", "9780135957059", "9780132350884")
_MAX_MINOR = 6000
# What any seller may do to any order, and how likely it is.
_MISDEEDS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("reset_after", 0.10, {}),
    ("reset_before", 0.06, {}),
    ("delayed", 0.05, {"ms": 100}),
    ("delay", 0.05, {"ms": 80}),
    ("hang_after", 0.03, {}),
    ("status_after", 0.05, {"status": 500}),
    ("garbage", 0.04, {}),
    ("sold_out", 0.04, {}),
    ("declined", 0.03, {}),
)


@dataclass(slots=True)
class Round:
    """One crowd, killed so many times and then left in peace until everybody rests."""

    seed: str
    kills: int
    verdict: Verdict
    lives: list[Lived] = field(default_factory=list)
    customers: int = 0

    def told(self) -> dict[str, Any]:
        """As JSON, for the report."""
        return {
            "level": "random",
            "scene": f"crowd/{self.seed}",
            "capability": "crowd",
            "person": True,
            "ordeal": {"kills": self.kills},
            "customers": self.customers,
            "deaths": sum(life.died for life in self.lives),
            "killed_at": [life.points[-1] for life in self.lives if life.died and life.points],
            "states": self.verdict.states,
            "faults": self.verdict.faults,
            "notes": self.verdict.notes,
            "recovery_s": self.lives[-1].rest_s,
        }


def crowd(bench: Bench, *, seed: str, kills: int) -> Round:
    """Run one round; again where the street itself was too late to prove anything."""
    for _ in range(_MOST_AGAIN):
        tried = _round(bench, seed, kills)
        if bench.ledger.latest_execution_s() <= _MOST_LATE_S:
            break
    return tried


def _round(bench: Bench, seed: str, kills: int) -> Round:
    dice = random.Random(seed)
    tried = Round(seed, kills, Verdict())
    with bench.folder(keep=lambda: not tried.verdict.is_clean) as folder:
        copies = _stock(bench, dice)
        bench.ledger.mark()
        for behaviour, probability, options in _MISDEEDS:
            bench.street.fault(
                "any", "commit", behaviour, count=None, probability=probability, **options
            )
        most = Money(_most_minor(dice), "USD")
        world = World(
            folder=folder,
            sellers=impatient(bench.street, _SELLERS, settle_s=SETTLE_S * _FACTOR / 200),
            secret=bench.secret,
            clock=FastClock(factor=_FACTOR, origin=time.monotonic()),
            wishes=_more_wishes(0, dice),
            limits={"USD": Limits(purchase=None, day=None, month=most)},
        )
        deaths = 0
        while deaths < kills and len(tried.lives) < _MOST_LIVES * kills:
            tried.lives.append(live(world, kill_after_s=dice.uniform(0.0, _LONGEST_S)))
            deaths += tried.lives[-1].died
            if not tried.lives[-1].died:
                # Everybody rests already: on a quick machine the next fifty come before it dies.
                more = _more_wishes(len(world.wishes), dice)
                world = replace(world, wishes=[*world.wishes, *more])
        tried.customers = len(world.wishes)
        tried.lives.append(live(world, within_s=_REST_WITHIN_S))
        _drain(bench, copies)
        tried.verdict = judge(
            bench.ledger,
            ours := OurLedger.read(folder / "ledger.db"),
            secret=bench.secret,
            copies=copies,
            most_minor=most.minor,
        )
        _judge_crowd(tried, ours)
    return tried


def _more_wishes(known: int, dice: random.Random) -> list[Wish]:
    """What the next customers want; `known` came before them."""
    most = Money(_MAX_MINOR, "USD")
    return [
        Wish(f"wish-{known + n}", dice.choice(_ISBNS), most, frozenset(_SELLERS))
        for n in range(CUSTOMERS)
    ]


def _stock(bench: Bench, dice: random.Random) -> dict[tuple[str, str], int]:
    """A few copies of each book at each seller; how many there are."""
    copies = {}
    bench.street.clear()
    for seller in _SELLERS:
        for n, isbn in enumerate(_ISBNS):
            item, inventory = f"CROWD-{n}", dice.randint(0, 4)
            price_minor = dice.randint(800, 3000)
            bench.put(seller, price_minor=price_minor, inventory=inventory, isbn=isbn, item=item)
            copies[seller, item] = inventory
    return copies


def _most_minor(dice: random.Random) -> int:
    """Enough for some of them in some rounds, for all of them in others."""
    return dice.choice((25_000, 60_000, 500_000))


def _drain(bench: Bench, copies: Mapping[tuple[str, str], int]) -> None:
    """Wait until everything that a seller may still execute was executed; clear the shelves."""
    bench.street.clear()
    bench.ledger.read()
    time.sleep(max(0.0, _DRAINED_S - bench.ledger.last_commit_age_s()))
    for seller, item in copies:
        bench.street.set_offer(seller, item, inventory=0)
    bench.ledger.read()


def _judge_crowd(tried: Round, ours: OurLedger) -> None:
    verdict = tried.verdict
    for life in tried.lives:
        if life.trouble:
            verdict.blame("stuck", life.trouble)
    if len(ours.requests) != tried.customers:
        verdict.blame("stuck", f"{len(ours.requests)} requests of {tried.customers}")
    for request in ours.requests:
        if request["state"] != "NEEDS_ATTENTION":
            continue
        sellers = {a["seller"] for a in ours.attempts[request["id"]] if a["finished_us"] is None}
        if not sellers <= _UNPROVABLE:
            verdict.blame("missed", f"{request['idempotency_key']} waits for a person at {sellers}")
