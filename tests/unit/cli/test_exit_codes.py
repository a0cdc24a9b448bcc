"""Exit codes are a contract: one outcome, one number, and one order among several books."""

import itertools

import pytest

from bookhunt.cli import exit_codes
from bookhunt.cli.help import topic_text
from bookhunt.model.request import RequestState
from bookhunt.wire.problems import KINDS

_ORDER = [6, 1, 2, 10, 7, 4, 75, 9, 8, 11, 3, 0]


def _request(status: str, **fields: object) -> dict:
    return {"status": status, "reason": None, "proof": None, **fields}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (_request("SUCCESS"), 0),
        (_request("SUCCESS", overcharged=True), 0),
        (_request("DRY_RUN"), 0),
        (_request("NOT_AVAILABLE", proof="complete", reason="over_max"), 3),
        (_request("NOT_AVAILABLE", proof="partial", reason="not_stocked"), 9),
        (_request("NOT_AVAILABLE", proof="complete", reason="spending_limit"), 7),
        (_request("PURCHASE_FAILED", reason="declined"), 10),
        (_request("PURCHASE_FAILED", reason="internal"), 10),
        (_request("PURCHASE_FAILED", reason="spending_limit"), 7),
        (_request("PURCHASE_FAILED", reason="paused"), 7),
        (_request("PURCHASE_FAILED", reason="profile_missing"), 4),
        (_request("PURCHASE_FAILED", reason="secret_missing"), 4),
        (_request("CANCELLED"), 11),
        (_request("EXPIRED", reason="expired"), 8),
        (_request("PENDING"), 8),
        (_request("PROCESSING"), 8),
        (_request("RESOLVED"), 8),
        (_request("IN_DOUBT"), 6),
        (_request("NEEDS_ATTENTION"), 6),
        (_request("A_WORD_OF_TOMORROW"), 1),
    ],
)
def test_an_outcome_has_its_number(request_: dict, code: int) -> None:
    assert exit_codes.of_request(request_) == code


def test_every_state_has_a_number() -> None:
    """A state without one would end as an error that nobody can tell from a bug."""
    codes = {state: exit_codes.of_request(_request(state.value)) for state in RequestState}
    assert all(code != exit_codes.ERROR for code in codes.values())


def test_of_several_books_the_first_in_the_order_counts() -> None:
    for first, second in itertools.combinations(_ORDER, 2):
        assert exit_codes.of_several([second, first]) == first
        assert exit_codes.of_several([first, second, second]) == first


def test_an_unreachable_daemon_and_an_interruption_go_before_all() -> None:
    assert exit_codes.of_several([6, 5, 0]) == 5
    assert exit_codes.of_several([6, 5, 130]) == 130
    assert exit_codes.of_several([]) == 0


def test_help_tells_every_number_that_can_occur() -> None:
    told = topic_text("exit-codes")
    numbers = {kind.exit_code for kind in KINDS.values()} | set(_ORDER) | {5, 130}
    for number in numbers:
        assert f"\n  {number:3}  " in told
    assert ", ".join(map(str, _ORDER)) in told
