"""One request, one misbehaving seller and a dearer one, killed at chosen points of its lives."""

from __future__ import annotations

import math
import random
import shutil
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.model.money import Money
from tests.crash.cases import CELLS, FALLBACK, Ordeal, Scene
from tests.crash.clock import FastClock
from tests.crash.definitions import impatient, secrets_of
from tests.crash.life import Lived, Wish, World, import_all, live
from tests.crash.oracle import OurLedger, StreetLedger, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.simulated import Street

ISBN = "9780141439518"
ITEM = "CRASH"
_PRICE_MINOR, _DEARER_MINOR = 1000, 2500
MAX_PRICE = Money(6000, "USD")
_DRAINED_S = 0.15  # after the last late execution that is due
# A street that had no CPU for so long executes an order after the time that its definition allows
# for: such a case says nothing and is run again.
_MOST_LATE_S = 0.2
_MOST_AGAIN = 5
_ERRORS = ("ENOSPC", "EIO", "EDQUOT")
_HOUR_S = 3600.0
_LEAPS_S = (-_HOUR_S, _HOUR_S, -24 * 30 * _HOUR_S, 24 * 400 * _HOUR_S)
_MOST_POINTS = 30  # of one scene: hundreds of them are the same round of asking again


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of each scene is run."""

    share: float = 0.0  # of its points: killed there
    doubles: int = 0  # pairs of points
    cancels: int = 0
    errors: int = 0
    leaps: int = 0


@dataclass(slots=True)
class Tried:
    """A case that was run."""

    scene: Scene
    ordeal: Ordeal
    verdict: Verdict
    lives: list[Lived] = field(default_factory=list)
    recovery_s: float | None = None  # real seconds from the last opening to the rest

    @property
    def deaths(self) -> int:
        return sum(life.died for life in self.lives)

    @property
    def killed_at(self) -> list[str]:
        return [life.points[-1] for life in self.lives if life.died and life.points]

    @property
    def level(self) -> str:
        """The level of the report: that of the scene where it has one of its own."""
        if self.scene.level:
            return self.scene.level
        return self.ordeal.kind or ("calm", "single", "double")[min(self.deaths, 2)]

    @property
    def may_need_a_person(self) -> bool:
        """Whether nobody but a person may be able to say what became of the order.

        After a jump of the time of day nobody knows how old a key is, and it counts as forgotten.
        """
        only_key = bool(self.verdict.waits_at) and self.verdict.waits_at <= self.scene.only_by_key
        return self.scene.may_need_a_person or (only_key and self.ordeal.leap_s != 0)

    def told(self) -> dict[str, Any]:
        """As JSON, for the report."""
        return {
            "level": self.level,
            "scene": self.scene.name,
            "ordeal": asdict(self.ordeal),
            "capability": self.scene.cell.capability,
            "person": self.may_need_a_person,
            "deaths": self.deaths,
            "killed_at": self.killed_at,
            "states": self.verdict.states,
            "faults": self.verdict.faults,
            "notes": self.verdict.notes,
            "recovery_s": self.recovery_s,
        }


class Bench:
    """A street of its own, and everything that all cases of a worker share."""

    def __init__(self, street: Street, root: Path) -> None:
        self.street = street
        self.root = root
        self.ledger = StreetLedger(street)
        self.secret: Callable[[str], str] = secrets_of(street)
        names = {cell.seller for cell in CELLS} | set(FALLBACK.values())
        self.sellers: Mapping[str, CompiledSeller] = impatient(street, sorted(names))
        self._number = 0
        for offer in street.offers():
            if offer["seller"] in names and offer["inventory"]:
                street.set_offer(offer["seller"], offer["item"], inventory=0)

    def put(
        self,
        seller: str,
        *,
        price_minor: int,
        inventory: int,
        isbn: str = ISBN,
        item: str = ITEM,
    ) -> None:
        """Have a seller offer a book."""
        flat = {"copperlane": 0, "amberside": 399, "junipergate": 299, "elmcourt": 250}
        self.street.set_offer(
            seller,
            item,
            isbn=isbn,
            price_minor=price_minor,
            fee_minor=flat.get(seller, 350),
            inventory=inventory,
            condition="used" if seller == "elmcourt" else "new",
        )

    @contextmanager
    def folder(self, *, keep: Callable[[], bool]) -> Iterator[Path]:
        """A place for one case; kept where something was wrong."""
        self._number += 1
        folder = self.root / f"{self._number:05}"
        folder.mkdir()
        try:
            yield folder
        finally:
            if not keep():
                shutil.rmtree(folder)

    # ----------------------------------------------------------------------------------- cases
    def case(self, scene: Scene, ordeal: Ordeal) -> Tried:
        """Run one case; again where a machine without CPU made it prove nothing."""
        for _ in range(_MOST_AGAIN):
            tried = self._case(scene, ordeal)
            played = not ordeal.is_calm or self._was_played(scene)
            if played and self.ledger.latest_execution_s() <= _MOST_LATE_S:
                return tried
        if not played:
            tried.verdict.blame("missed", f"{scene.name} is never played")
        return tried

    def _case(self, scene: Scene, ordeal: Ordeal) -> Tried:
        tried = Tried(scene, ordeal, Verdict())
        with self.folder(keep=lambda: not tried.verdict.is_clean) as folder:
            self._set_the_scene(scene)
            world = self._world(scene, folder)
            self._lead_lives(tried, world)
            self._drain(scene)
            tried.verdict = judge(
                self.ledger,
                OurLedger.read(folder / "ledger.db"),
                secret=self.secret,
                copies=self._copies(world),
                # Else it may rightly end without a book: a key that nobody trusts any more, and a
                # look-up that finds nothing, leave no seller to try.
                must_succeed=not ordeal.kind,
            )
            self._judge_lives(tried)
        return tried

    @staticmethod
    def _lead_lives(tried: Tried, world: World) -> None:
        """One life after the other, until one comes to its end in peace."""
        ordeal = tried.ordeal
        first: dict[str, str] = {"cancel_at": ordeal.cancel_at, "break_at": ordeal.break_at}
        for kill_at in (*(ordeal.kills or (None,)), None):
            life = live(world, kill_at=kill_at, **first)
            tried.lives.append(life)
            if not life.died or life.trouble:
                break
            first = {}
            world = replace(world, clock=world.clock.leapt(ordeal.leap_s))
        tried.recovery_s = tried.lives[-1].rest_s if len(tried.lives) > 1 else None

    def warm_up(self) -> None:
        """Have everything imported that lives need."""
        self.import_for(Scene.named("lanternrow/none"))

    def import_for(self, scene: Scene) -> None:
        """Have everything imported that lives of this scene need."""
        with self.folder(keep=lambda: False) as folder:
            self._set_the_scene(scene)
            import_all(self._world(scene, folder))
            self._drain(scene)

    def _world(self, scene: Scene, folder: Path) -> World:
        sellers = scene.cell.seller, FALLBACK[scene.cell.seller]
        return World(
            folder=folder,
            sellers={name: self.sellers[name] for name in sellers},
            secret=self.secret,
            clock=FastClock(factor=scene.misdeed.factor, origin=time.monotonic()),
            wishes=(Wish("one", ISBN, MAX_PRICE, frozenset(sellers)),),
        )

    def _copies(self, world: World) -> dict[tuple[str, str], int]:
        """How many there are of each item."""
        return {(name, ITEM): 1 for name in world.sellers}

    def _set_the_scene(self, scene: Scene) -> None:
        fallback = FALLBACK[scene.cell.seller]
        self.street.clear()
        self.put(scene.cell.seller, price_minor=_PRICE_MINOR, inventory=1)
        self.put(fallback, price_minor=_DEARER_MINOR, inventory=1)
        self.ledger.mark()
        for rule in scene.misdeed.rules:
            self.street.fault(
                scene.cell.seller,
                rule.operation,
                rule.behaviour,
                count=rule.count,
                **rule.options,
            )

    def _drain(self, scene: Scene) -> None:
        """Wait until everything that a seller may still execute was executed, and written down."""
        self.street.clear()
        late_ms = max((rule.options.get("ms", 0) for rule in scene.misdeed.rules), default=0)
        self._clear_shelves(scene)
        left_s = late_ms / 1000 + _DRAINED_S - self.ledger.last_commit_age_s()
        if late_ms and left_s > 0:
            time.sleep(left_s)
            self._clear_shelves(scene)

    def _clear_shelves(self, scene: Scene) -> None:
        """Nothing is left to be bought; the street writes down what it has not yet."""
        for seller in (scene.cell.seller, FALLBACK[scene.cell.seller]):
            self.street.set_offer(seller, ITEM, inventory=0)
        self.ledger.read()

    @staticmethod
    def _judge_lives(tried: Tried) -> None:
        last, verdict = tried.lives[-1], tried.verdict
        for life in tried.lives:
            if life.trouble:
                verdict.blame("stuck", life.trouble)
        if not verdict.states:
            verdict.blame("stuck", "the request is not in the ledger")
        if last.died and not last.trouble:
            verdict.blame("stuck", "the last life was killed by somebody")
        if verdict.attention and not tried.may_need_a_person:
            verdict.blame("missed", "a person is needed where the seller can prove it")

    def _was_played(self, scene: Scene) -> bool:
        """Whether the cheap seller was asked to do what the scene is about."""
        met = {
            line["operation"]
            for line in self.ledger.kind("arrival")
            if line["seller"] == scene.cell.seller
        }
        wanted = {rule.operation for rule in scene.misdeed.rules} - {"any"}
        return wanted <= met

    # ---------------------------------------------------------------------------------- groups
    def group(self, scene: Scene, size: Size, seed: int) -> Iterator[Tried]:
        """Watch a scene undisturbed, then let befall us what befalls at its points, by seed."""
        dice = random.Random(f"{seed}:{scene.name}")
        calm = self.case(scene, Ordeal())
        yield calm
        names = calm.lives[0].points
        points = range(1, len(names) + 1)
        most = min(math.ceil(size.share * len(points)), _MOST_POINTS)
        then: list[tuple[int, ...]] = []
        for k in sorted(dice.sample(points, most)):
            tried = self.case(scene, Ordeal(kills=(k,)))
            yield tried
            if tried.deaths:
                then += [(k, j) for j in range(1, len(tried.lives[-1].points) + 1)]
        for kills in sorted(dice.sample(then, min(size.doubles, len(then)))):
            yield self.case(scene, Ordeal(kills=kills))
        for ordeal in _others(names, size, dice):
            yield self.case(scene, ordeal)


def _others(names: tuple[str, ...], size: Size, dice: random.Random) -> Iterator[Ordeal]:
    """Cancellations, every second one with a death after it; errors; jumps of the clock."""
    accepted = names.index("ledger.submit.after_commit") + 1
    first = dice.randrange(2)
    for n in range(first, first + size.cancels):
        k = dice.randrange(accepted, len(names))
        kills = (dice.randrange(k + 2, len(names) + 10),) if n % 2 else ()
        yield Ordeal(kills=kills, cancel_at=_point(names, k))
    for _ in range(size.errors):
        error = dice.choice(_ERRORS)
        yield Ordeal(break_at=f"{_point(names, dice.randrange(len(names)))}={error}")
    for _ in range(size.leaps):
        k = dice.randrange(accepted, len(names))
        yield Ordeal(kills=(k + 1,), leap_s=dice.choice(_LEAPS_S))


def _point(names: tuple[str, ...], k: int) -> str:
    """The k-th point as a plan names it, counted from 0: `NAME*2` where it is the second time."""
    return f"{names[k]}*{names[: k + 1].count(names[k])}"
