"""Errors on the wire: RFC 9457 problem details, and what each code means on both sides.

A problem is `{"type", "title", "status", "detail", "code", "hint"}`; `code` is the stable word of
`model.errors`, `hint` the next thing to type or null. Some codes carry one member more:
`possible_duplicate` has `older_id`, `try_later` has `retry_after_s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bookhunt.model import errors

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_SETUP = 4
EXIT_UNREACHABLE = 5
EXIT_LIMIT = 7
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h


@dataclass(frozen=True, slots=True)
class Kind:
    """One error code: the class it is raised as, its HTTP status and its exit code."""

    error: type[errors.BookhuntError]
    status: int
    exit_code: int


_KINDS = (
    Kind(errors.BookhuntError, 500, EXIT_ERROR),
    Kind(errors.InputError, 400, EXIT_USAGE),
    Kind(errors.BadBook, 400, EXIT_USAGE),
    Kind(errors.BadMoney, 400, EXIT_USAGE),
    Kind(errors.BadSchedule, 400, EXIT_USAGE),
    Kind(errors.CurrencyMismatch, 500, EXIT_ERROR),
    Kind(errors.CardNumber, 400, EXIT_USAGE),
    Kind(errors.BadDocument, 400, EXIT_ERROR),
    Kind(errors.SetupMissing, 409, EXIT_SETUP),
    Kind(errors.ProfileMissing, 409, EXIT_SETUP),
    Kind(errors.SecretMissing, 409, EXIT_SETUP),
    Kind(errors.SecretStoreUnavailable, 409, EXIT_SETUP),
    Kind(errors.UnsafePath, 409, EXIT_SETUP),
    Kind(errors.NotFound, 404, EXIT_USAGE),
    Kind(errors.IdempotencyKeyReused, 422, EXIT_USAGE),
    Kind(errors.PossibleDuplicate, 409, EXIT_ERROR),
    Kind(errors.SpendingRefused, 409, EXIT_LIMIT),
    Kind(errors.SpendingPaused, 409, EXIT_LIMIT),
    Kind(errors.TryLater, 429, EXIT_TRY_LATER),
    Kind(errors.TooLate, 409, EXIT_ERROR),
    Kind(errors.StateConflict, 409, EXIT_ERROR),
    Kind(errors.DaemonError, 500, EXIT_UNREACHABLE),
    Kind(errors.DaemonNotRunning, 503, EXIT_UNREACHABLE),
    Kind(errors.DaemonForbidden, 403, EXIT_UNREACHABLE),
    Kind(errors.DaemonNotAnswering, 504, EXIT_UNREACHABLE),
    Kind(errors.DaemonStopping, 503, EXIT_UNREACHABLE),
    Kind(errors.DaemonAlreadyRunning, 409, EXIT_TRY_LATER),
    Kind(errors.DaemonVersion, 426, EXIT_UNREACHABLE),
    Kind(errors.LedgerUnusable, 500, EXIT_ERROR),
    Kind(errors.IllegalTransition, 500, EXIT_ERROR),
)
KINDS = {kind.error.code: kind for kind in _KINDS}


def kind_of(error: errors.BookhuntError) -> Kind:
    """What an error means on the wire; one whose code is not in the table is `internal`."""
    return KINDS.get(error.code, KINDS["internal"])


def exit_code_of(error: errors.BookhuntError) -> int:
    """The exit code of a command that ends with this error."""
    return kind_of(error).exit_code


def problem_of(error: errors.BookhuntError) -> dict[str, Any]:
    """The problem details of an error."""
    problem: dict[str, Any] = {
        "type": f"urn:bookhunt:{error.code}",
        "title": error.code.replace("_", " "),
        "status": kind_of(error).status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
    }
    if isinstance(error, errors.PossibleDuplicate):
        problem["older_id"] = error.older_id
    if isinstance(error, errors.TryLater):
        problem["retry_after_s"] = error.retry_after_s
    return problem


def error_of(problem: dict[str, Any], *, status: int) -> errors.BookhuntError:
    """The error that a problem stands for.

    A code this version does not know, or one without the members it must have, is `internal`.
    """
    message = str(problem.get("detail") or f"the daemon answered with status {status}")
    hint = problem.get("hint")
    hint = None if hint is None else str(hint)
    kind = KINDS.get(str(problem.get("code")), KINDS["internal"])
    try:
        if kind.error is errors.PossibleDuplicate:
            return errors.PossibleDuplicate(message, older_id=str(problem["older_id"]), hint=hint)
        if kind.error is errors.TryLater:
            later_s = float(problem["retry_after_s"])
            return errors.TryLater(message, retry_after_s=later_s, hint=hint)
    except (KeyError, TypeError, ValueError):
        return errors.BookhuntError(message, hint=hint)
    return kind.error(message, hint=hint)
