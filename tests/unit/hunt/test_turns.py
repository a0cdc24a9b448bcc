"""Whose turn is next: by class in proportion, by priority, by price, by age; and nobody starves."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.allowance import CustomerClass
from bookhunt.hunt.easing import Ease
from bookhunt.hunt.turns import Turns, Waiting
from tests.support.builders import a_record, a_request, usd

GOLD, SILVER, FREE = CustomerClass("gold", 3), CustomerClass("silver", 2), CustomerClass("free", 1)


def one(
    of: CustomerClass = FREE,
    *,
    price: str = "30",
    at: float = 0.0,
    within: float = 5.0,
    **fields: Any,
) -> Waiting:
    request = a_request(max_price=usd(price), **fields)
    return Waiting(
        record=a_record(request=request),
        ease=Ease.WHOLE,
        of=of,
        worth=float(request.max_price.minor),
        since_s=at,
        within_s=within,
    )


def order(turns: Turns, *, now: float = 0.0) -> list[Waiting]:
    return [turns.take(now) for _ in range(len(turns))]


def names(waiting: list[Waiting]) -> list[str]:
    return [each.of.name for each in waiting]


def test_the_heavier_class_goes_first() -> None:
    """Whatever came first, as far as the weights reach."""
    turns = Turns()
    for of in (FREE, FREE, SILVER, SILVER, GOLD, GOLD):
        turns.add(one(of))
    assert names(order(turns)) == ["gold", "silver", "gold", "silver", "free", "free"]


def test_turns_are_shared_in_proportion_to_the_weights() -> None:
    turns = Turns()
    for _ in range(60):
        for of in (FREE, SILVER, GOLD):
            turns.add(one(of))
    first = Counter(names([turns.take(0.0) for _ in range(60)]))
    assert first == {"gold": 30, "silver": 20, "free": 10}


def test_a_class_that_was_away_saves_up_no_turns() -> None:
    """And one that was busy alone has not used up its share."""
    turns = Turns()
    for _ in range(30):
        turns.add(one(GOLD))
    for _ in range(20):
        turns.take(0.0)
    for _ in range(10):
        turns.add(one(FREE))
    assert Counter(names([turns.take(0.0) for _ in range(12)])) == {"gold": 9, "free": 3}


def test_within_a_class_priority_then_price_then_age() -> None:
    turns = Turns()
    old, dear, urgent, young = one(), one(price="40"), one(priority=5, price="1"), one()
    for each in (old, dear, urgent, young):
        turns.add(each)
    assert order(turns) == [urgent, dear, old, young]


def test_who_waited_longer_than_it_was_promised_goes_before_everybody() -> None:
    """A flood of better ones delays a request, and never buries it."""
    turns = Turns()
    patient = one(FREE, price="1", at=0.0, within=60.0)
    hurried = one(FREE, price="1", at=1.0, within=5.0)
    turns.add(patient)
    turns.add(hurried)
    for _ in range(10):
        turns.add(one(GOLD, price="90", at=58.0, priority=9))
    assert turns.take(5.9) is not hurried
    assert turns.take(6.0) is hurried
    assert turns.take(59.9) is not patient
    assert turns.take(60.0) is patient


def test_who_is_overdue_is_ahead_of_everybody() -> None:
    """Of whatever class and priority: the estimated wait of a better one counts them."""
    turns = Turns()
    for _ in range(10):
        turns.add(one(FREE, within=1.0))
    for _ in range(4):
        turns.add(one(GOLD, priority=1, within=9.0))
    assert turns.ahead_of(GOLD, priority=5, now=0.5) == 1, "a turn of the others' class"
    assert turns.ahead_of(GOLD, priority=5, now=1.5) == 10
    assert turns.ahead_of(FREE, priority=5, now=0.5) == 3
    assert turns.ahead_of(FREE, priority=5, now=1.5) == 14, "the most it may be"
    newcomer = one(GOLD, priority=5, at=1.5)
    turns.add(newcomer)
    assert order(turns, now=1.5).index(newcomer) == 10


def test_one_alone_has_nobody_ahead() -> None:
    assert Turns().ahead_of(FREE, priority=0, now=0.0) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from([GOLD, SILVER, FREE]), st.integers(-2, 2), st.integers(1, 4)),
        max_size=40,
    ),
    st.tuples(st.sampled_from([GOLD, SILVER, FREE]), st.integers(-2, 2), st.integers(1, 4)),
)
def test_as_many_go_before_a_newcomer_as_was_said(
    waiting: list[tuple[CustomerClass, int, int]], new: tuple[CustomerClass, int, int]
) -> None:
    """What the estimated wait stands on: within a turn or two of each other class.

    A dearer one may go earlier than was said, and never later.
    """
    turns = Turns()
    for of, priority, price in waiting:
        turns.add(one(of, priority=priority, price=str(price)))
    of, priority, price = new
    newcomer = one(of, priority=priority, price=str(price))
    said = turns.ahead_of(of, priority=priority, now=0.0)
    turns.add(newcomer)
    went = order(turns).index(newcomer)
    assert went <= said + 3
    if price == 1:
        assert went >= said - 3


@given(st.lists(st.tuples(st.sampled_from([GOLD, SILVER, FREE]), st.integers(0, 1)), max_size=400))
def test_everybody_gets_a_turn_and_nothing_is_left_behind(
    moves: list[tuple[CustomerClass, int]],
) -> None:
    turns, inside = Turns(), 0
    seen: list[Waiting] = []
    for n, (of, takes) in enumerate(moves):
        turns.add(one(of, at=float(n)))
        inside += 1
        if takes:
            seen.append(turns.take(float(n)))
            inside -= 1
        assert len(turns) == inside
    seen += order(turns, now=float(len(moves)))
    assert len(set(map(id, seen))) == len(moves)
    assert len(turns._overdue) <= 2 * len(moves) + 100
