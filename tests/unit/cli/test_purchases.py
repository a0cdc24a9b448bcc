"""Many purchases at once: bounded, in order, each answered once, none stopped by another."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bookhunt.cli import exit_codes
from bookhunt.cli.buy import _in_order
from bookhunt.cli.purchases import MOST_AT_ONCE, Done, Purchases
from bookhunt.cli.wishes import Terms, Wishes
from bookhunt.client.connection import ConnectionBroke
from bookhunt.home.paths import Home
from bookhunt.model.errors import (
    BookhuntError,
    DaemonStopping,
    InputError,
    PossibleDuplicate,
    ProfileMissing,
    SpendingPaused,
    TryLater,
)
from bookhunt.wire.contract import PurchaseRequest

_TERMS = Terms(max_price="20")


@dataclass
class ScriptedDaemon:
    """Stands for the daemon's client: what a book's submission and wait lead to, and who called."""

    refuses: dict[str, BookhuntError] = field(default_factory=dict)
    loses: dict[str, BookhuntError] = field(default_factory=dict)  # once submitted
    gate: threading.Event | None = None
    at_gate: threading.Barrier | None = None
    keys: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def buy(self, request: PurchaseRequest, *, idempotency_key: str, traced: bool = False) -> dict:
        book = request.book_name
        with self.lock:
            self.keys.append((book, idempotency_key))
        if book in self.refuses:
            raise self.refuses[book]
        return {"request_id": f"id-{book}", "status": "PENDING"}

    def wait(self, request_id: str, *, within_s: float) -> dict:
        book = request_id.removeprefix("id-")
        if book in self.loses:
            raise self.loses[book]
        with self.lock:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
        if self.gate is not None and book != "first":
            self.gate.wait()
        with self.lock:
            self.waiting -= 1
        return {"request_id": request_id, "status": "SUCCESS"}

    def status(self, request_id: str) -> dict:
        return {"request_id": request_id, "status": "PENDING"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


def _purchases(home: Home, daemon: ScriptedDaemon, **options: object) -> Purchases:
    values = {"wait_s": 60.0, "told": lambda _: None, **options}
    return Purchases(home=home, client=lambda: daemon, **values)


def _run(purchases: Purchases, *books: str, key: str | None = None) -> list[Done]:
    wishes = Wishes(terms=_TERMS, key=key, several=len(books) > 1)
    return list(purchases.run(wishes.of(books, []), idle=lambda: None))


def _spooled(home: Home) -> list[Path]:
    return list(home.spool_dir.iterdir())


def test_no_wish_is_no_work(home: Home) -> None:
    assert _run(_purchases(home, ScriptedDaemon())) == []


def test_many_are_in_flight_and_never_more_than_the_bound(home: Home) -> None:
    daemon = ScriptedDaemon(gate=threading.Event())
    purchases = _purchases(home, daemon)
    books = [f"book {number}" for number in range(3 * MOST_AT_ONCE)]
    wishes = Wishes(terms=_TERMS, several=True).of(books, [])

    def open_when_full() -> None:
        if daemon.waiting == MOST_AT_ONCE:
            daemon.gate.set()

    ends = list(purchases.run(wishes, idle=open_when_full))
    assert {end.place for end in ends} == set(range(len(books)))
    assert daemon.most_waiting == MOST_AT_ONCE


def test_output_is_in_the_order_of_the_wishes(home: Home) -> None:
    ends = [Done(place=place, label=str(place)) for place in (2, 0, 3, 1)]
    assert [end.place for end in _in_order(iter(ends))] == [0, 1, 2, 3]


def test_what_is_done_early_is_handed_back_before_the_slow_ones_end(home: Home) -> None:
    daemon = ScriptedDaemon(gate=threading.Event())
    wishes = Wishes(terms=_TERMS, several=True).of(["slow", "first"], [])
    ends = _purchases(home, daemon).run(wishes, idle=lambda: None)
    assert next(ends).label == "first"
    daemon.gate.set()
    assert next(ends).label == "slow"


def test_an_error_of_one_book_is_its_own(home: Home) -> None:
    older = PossibleDuplicate("asked for already", older_id="id-old")
    daemon = ScriptedDaemon(refuses={"b": older, "d": SpendingPaused("paused")})
    ends = sorted(_run(_purchases(home, daemon), "a", "b", "c", "d"), key=lambda end: end.place)
    assert [end.exit_code for end in ends] == [0, 1, 0, 7]
    assert exit_codes.of_several(end.exit_code for end in ends) == 1
    assert _spooled(home) == [], "a refusal is an answer"


def test_every_book_has_a_key_of_its_own(home: Home) -> None:
    daemon = ScriptedDaemon()
    _run(_purchases(home, daemon), "a", "b", "c")
    keys = [key for _, key in daemon.keys]
    assert len(set(keys)) == 3


def test_a_book_that_is_said_twice_is_submitted_once(home: Home) -> None:
    """Both lines are told of the one purchase; a failed submission is told on both, too."""
    daemon, told = ScriptedDaemon(), []
    ends = _run(_purchases(home, daemon, told=told.append), "a", "b", "a")
    assert sorted(label for label, _ in daemon.keys) == ["a", "b"]
    assert len({str(end.request) for end in ends if end.label == "a"}) == 1
    assert len(ends) == 3
    assert any("stands in the list twice" in line for line in told)


def test_a_key_that_was_given_is_sent_as_it_is(home: Home) -> None:
    daemon = ScriptedDaemon()
    _run(_purchases(home, daemon), "a", key="K")
    assert daemon.keys == [("a", "K")]
    assert not home.spool_dir.exists()


def test_after_a_lost_answer_the_next_command_sends_the_same_key(home: Home) -> None:
    """And says so; when it is answered the key is forgotten."""
    lost = ConnectionBroke("the daemon ended before it answered")
    [end] = _run(_purchases(home, broken := ScriptedDaemon(refuses={"a": lost})), "a")
    assert end.exit_code == exit_codes.UNREACHABLE
    assert "cannot be bought twice" in (end.error.hint or "")
    assert len(_spooled(home)) == 1

    told: list[str] = []
    daemon = ScriptedDaemon()
    [end] = _run(_purchases(home, daemon, told=told.append), "a")
    assert end.exit_code == exit_codes.DONE
    assert daemon.keys == broken.keys
    assert "never answered" in told[0]
    assert _spooled(home) == []


@pytest.mark.parametrize(
    "refusal",
    [
        TryLater("2000 calls are under way already", retry_after_s=1.0),
        DaemonStopping("the daemon is stopping and takes no new request"),
        ProfileMissing("there is no profile 'home'"),
    ],
    ids=lambda error: error.code,
)
def test_a_refusal_says_nothing_of_a_submission_that_went_before_it(
    home: Home, refusal: BookhuntError
) -> None:
    """The first may have been written down: its key is kept until the ledger has been asked."""
    lost = ConnectionBroke("the daemon ended before it answered")
    first = ScriptedDaemon(refuses={"a": lost})
    _run(_purchases(home, first), "a")
    [end] = _run(_purchases(home, ScriptedDaemon(refuses={"a": refusal})), "a")
    assert "cannot be bought twice" in (end.error.hint or "")
    assert len(_spooled(home)) == 1
    third = ScriptedDaemon()
    _run(_purchases(home, third), "a")
    assert third.keys == first.keys
    assert _spooled(home) == []


def test_the_ledgers_own_word_ends_a_key_that_was_sent_before(home: Home) -> None:
    """It looks for the key first: a duplicate is another request, and this one is in no ledger."""
    _run(_purchases(home, ScriptedDaemon(refuses={"a": ConnectionBroke("gone")})), "a")
    older = PossibleDuplicate("asked for already", older_id="id-old")
    _run(_purchases(home, ScriptedDaemon(refuses={"a": older})), "a")
    assert _spooled(home) == []


def test_the_daemons_own_failure_keeps_the_key_too(home: Home) -> None:
    """It may have failed after it had written the request down."""
    daemon = ScriptedDaemon(refuses={"a": BookhuntError("bookhunt failed; its log says how")})
    _run(_purchases(home, daemon), "a")
    assert len(_spooled(home)) == 1


def test_a_wait_that_breaks_says_that_the_request_goes_on(home: Home) -> None:
    daemon = ScriptedDaemon(loses={"a": ConnectionBroke("gone")})
    [end] = _run(_purchases(home, daemon), "a")
    assert end.exit_code == exit_codes.UNREACHABLE
    assert "bookhunt wait id-a" in (end.error.hint or "")
    assert _spooled(home) == []


def test_without_waiting_a_submission_is_done(home: Home) -> None:
    [end] = _run(_purchases(home, ScriptedDaemon(), wait_s=None), "a")
    assert (end.request["status"], end.exit_code) == ("PENDING", 0)


def test_a_line_that_cannot_be_read_does_not_stop_the_next(home: Home) -> None:
    wishes = Wishes(terms=Terms(), several=True).of(["-"], [b"no price\n", b"a\t5\n"])
    ends = sorted(
        _purchases(home, ScriptedDaemon()).run(wishes, idle=lambda: None), key=lambda e: e.place
    )
    assert isinstance(ends[0].error, InputError)
    assert [end.exit_code for end in ends] == [2, 0]


def test_a_bug_in_a_thread_is_raised_where_somebody_sees_it(home: Home) -> None:
    class Bug(Exception):
        pass

    daemon = ScriptedDaemon()
    daemon.buy = lambda *_, **__: (_ for _ in ()).throw(Bug)
    with pytest.raises(Bug):
        _run(_purchases(home, daemon), "a")
