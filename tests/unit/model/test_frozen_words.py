"""Words and numbers that stand in ledgers, traces and other people's scripts never change.

A new one is added here too; one that is here is never taken away and never means something else.
"""

from __future__ import annotations

import pytest

from bookhunt.model import errors
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.request import RequestState

REASONS = {
    "not_stocked": 1,
    "sold_out": 2,
    "over_max": 3,
    "wrong_book": 4,
    "wrong_format": 5,
    "wrong_condition": 6,
    "wrong_currency": 7,
    "does_not_ship": 8,
    "too_cheap": 9,
    "unknown_total": 10,
    "unreadable": 20,
    "blocked": 21,
    "rate_limited": 22,
    "timed_out": 23,
    "unreachable": 24,
    "server_error": 25,
    "unauthorised": 26,
    "needs_setup": 40,
    "cannot_ask": 41,
    "only_by_link": 42,
    "order_refused": 43,
    "skipped_blocked": 60,
    "skipped_open_breaker": 61,
    "skipped_limit": 62,
    "skipped_tier": 63,
    "skipped_early_exit": 64,
    "skipped_shadow": 65,
}
SAID_SOMETHING = (
    "not_stocked sold_out over_max wrong_book wrong_format wrong_condition wrong_currency "
    "does_not_ship too_cheap needs_setup cannot_ask only_by_link order_refused skipped_blocked "
    "skipped_shadow"
)
REQUEST_STATES = (
    "PENDING PROCESSING RESOLVED IN_DOUBT NEEDS_ATTENTION SUCCESS NOT_AVAILABLE PURCHASE_FAILED "
    "CANCELLED EXPIRED DRY_RUN"
)
STAGES = "prepared sending placed unknown manual confirmed refused not_sent absent abandoned"
ANSWERS = (
    "bought placed in_flight already_done sold_out declined price_changed refused unauthorised "
    "rate_limited needs_person over_max does_not_ship not_stocked needs_setup not_sent not_found "
    "passed_over unknown"
)
CODES = (
    "internal bad_input bad_book bad_money bad_schedule currency_mismatch card_number "
    "bad_document setup_missing profile_missing secret_missing secret_store_unavailable "
    "unsafe_path not_found idempotency_key_reused possible_duplicate spending_limit paused "
    "try_later too_late state_conflict daemon daemon_not_running daemon_forbidden "
    "daemon_not_answering daemon_stopping daemon_already_running daemon_version "
    "ledger_unusable illegal_transition"
).split()


def test_the_numbers_of_reasons_are_kept_for_ever() -> None:
    assert {reason.value: reason.number for reason in Reason} == REASONS


def test_no_two_reasons_have_one_number() -> None:
    assert len({reason.number for reason in Reason}) == len(Reason)


def test_silence_and_skipping_prove_nothing() -> None:
    """A seller that was not asked, or did not say, may have had the book."""
    words = set(SAID_SOMETHING.split())
    assert {reason.value for reason in Reason} - words == {reason.value for reason in UNPROVEN}


def every_error(
    root: type[errors.BookhuntError] = errors.BookhuntError,
) -> list[type[errors.BookhuntError]]:
    return [root, *(each for child in root.__subclasses__() for each in every_error(child))]


def test_codes_of_errors_are_kept_for_ever() -> None:
    codes = {each.code for each in every_error() if each.__module__ == errors.__name__}
    assert codes >= set(CODES)


def test_every_error_has_a_code_of_its_own() -> None:
    """A subclass that forgets its code would be taken for its parent by every script."""
    in_model = [each for each in every_error() if each.__module__ == errors.__name__]
    codes = [each.code for each in in_model]
    assert len(set(codes)) == len(codes)
    assert all("code" in vars(each) for each in in_model)


def test_an_error_says_what_and_what_next() -> None:
    error = errors.TryLater("too much to do", retry_after_s=2.0, hint="wait")
    assert (str(error), error.message, error.hint, error.retry_after_s) == (
        "too much to do",
        "too much to do",
        "wait",
        2.0,
    )
    duplicate = errors.PossibleDuplicate("again?", older_id="r1")
    assert (duplicate.older_id, duplicate.hint) == ("r1", None)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (REQUEST_STATES, RequestState),
        (STAGES, Stage),
        (ANSWERS, Answer),
        ("complete partial", ProofOfAbsence),
    ],
)
def test_words_in_the_ledger_are_kept_for_ever(words: str, kind: type) -> None:
    assert {each.value for each in kind} == set(words.split())  # type: ignore[attr-defined]
