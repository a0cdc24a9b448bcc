"""Errors survive the wire: what was raised on one side is raised on the other."""

from __future__ import annotations

import pytest

from bookhunt.model import errors
from bookhunt.wire import problems
from bookhunt.wire.routes import ANY_VERSION, ROUTES


def every_error() -> list[type[errors.BookhuntError]]:
    found = [errors.BookhuntError]
    for each in found:
        found.extend(each.__subclasses__())
    return [each for each in found if each.__module__ == errors.__name__]


def an_error(kind: type[errors.BookhuntError]) -> errors.BookhuntError:
    if kind is errors.PossibleDuplicate:
        return errors.PossibleDuplicate("again?", older_id="older", hint="--again")
    if kind is errors.TryLater:
        return errors.TryLater("full", retry_after_s=2.5)
    return kind("what and why", hint="what to type")


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_every_error_comes_back_as_itself(kind: type[errors.BookhuntError]) -> None:
    raised = an_error(kind)
    problem = problems.problem_of(raised)
    back = problems.error_of(problem, status=problem["status"])
    assert type(back) is kind
    assert (back.message, back.hint) == (raised.message, raised.hint)


def test_the_older_request_and_the_time_to_wait_travel_too() -> None:
    older = problems.problem_of(an_error(errors.PossibleDuplicate))
    back = problems.error_of(older, status=409)
    assert isinstance(back, errors.PossibleDuplicate)
    assert back.older_id == "older"
    later = problems.error_of(problems.problem_of(an_error(errors.TryLater)), status=429)
    assert isinstance(later, errors.TryLater)
    assert later.retry_after_s == 2.5


def test_a_problem_is_rfc_9457() -> None:
    problem = problems.problem_of(errors.BadBook("no such ISBN", hint="did you mean ...?"))
    assert problem == {
        "type": "urn:bookhunt:bad_book",
        "title": "bad book",
        "status": 400,
        "detail": "no such ISBN",
        "code": "bad_book",
        "hint": "did you mean ...?",
    }


@pytest.mark.parametrize(
    "problem", [{}, {"code": "from_the_future"}, {"code": "try_later"}, {"code": []}]
)
def test_what_cannot_be_read_is_internal_and_never_a_crash(problem: dict[str, object]) -> None:
    back = problems.error_of(problem, status=502)
    assert isinstance(back, errors.BookhuntError)
    assert "502" in back.message


def test_a_reused_key_is_422_and_a_duplicate_409() -> None:
    """Idempotent submission as the IETF's draft and purchase-safety say it."""
    assert problems.KINDS["idempotency_key_reused"].status == 422
    assert problems.KINDS["possible_duplicate"].status == 409
    assert problems.KINDS["possible_duplicate"].exit_code == 1
    assert problems.KINDS["try_later"].status == 429
    assert problems.KINDS["try_later"].exit_code == 75


def test_routes_do_not_hide_each_other() -> None:
    """One method and path, one route; what any version may call is there."""
    assert len({(route.method, route.path) for route in ROUTES.values()}) == len(ROUTES)
    assert set(ROUTES) >= ANY_VERSION


def test_parts_of_a_path_are_encoded() -> None:
    assert ROUTES["cancel"].at(request_id="a/b ?") == "/requests/a%2Fb%20%3F/cancel"
