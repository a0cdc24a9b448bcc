"""The errors a person may meet, each with a stable code, by who can do something about it.

A failure of one seller is not here: it is a value, a `Reason`. These errors end a command or a
request, and each says what happened and, where there is one, the next thing to type.
"""

from __future__ import annotations

from typing import ClassVar


class BookhuntError(Exception):
    """The root of every error that may reach a person.

    `code` is stable and scripts may rely on it; `message` says what and why; `hint` is the next
    command or edit, or None where nothing helps.
    """

    code: ClassVar[str] = "internal"
    # The call was made before and its answer lost: this says nothing about the first time.
    of_a_repeat = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(BookhuntError):
    """What was given cannot be used as it stands."""

    code = "bad_input"


class BadBook(InputError):
    """The book's name or ISBN cannot be read."""

    code = "bad_book"


class BadMoney(InputError):
    """An amount or a currency cannot be read."""

    code = "bad_money"


class BadSchedule(InputError):
    """When a watch is to run cannot be read, or never comes."""

    code = "bad_schedule"


class CurrencyMismatch(BookhuntError):
    """Two amounts in different currencies were compared or added: a bug, never converted."""

    code = "currency_mismatch"


class CardNumber(InputError):
    """A payment card's number was given: bookhunt takes a seller's payment token, never a card."""

    code = "card_number"


class BadDocument(InputError):
    """A YAML document (a definition, the configuration) has mistakes; all of them are told."""

    code = "bad_document"


class SetupMissing(BookhuntError):
    """A profile, a credential or a setting is missing."""

    code = "setup_missing"


class ProfileMissing(SetupMissing):
    """The shipping profile named does not exist."""

    code = "profile_missing"


class SecretMissing(SetupMissing):
    """A secret is named by a definition or the configuration and is stored nowhere."""

    code = "secret_missing"


class SecretStoreUnavailable(SetupMissing):
    """The secret store cannot be opened: no keyring, or a locked one."""

    code = "secret_store_unavailable"


class UnsafePath(SetupMissing):
    """A directory or file that must be private is another user's, or open to others."""

    code = "unsafe_path"


class NotFound(InputError):
    """No such request, seller or profile."""

    code = "not_found"


class IdempotencyKeyReused(InputError):
    """The same idempotency key came with another body."""

    code = "idempotency_key_reused"


class PossibleDuplicate(BookhuntError):
    """The same customer asked for the same book a moment ago and did not say `--again`."""

    code = "possible_duplicate"

    def __init__(self, message: str, *, older_id: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.older_id = older_id


class SpendingRefused(BookhuntError):
    """A spending limit or `pause` refuses the purchase."""

    code = "spending_limit"


class SpendingPaused(SpendingRefused):
    """`bookhunt pause` is on: nothing new is bought."""

    code = "paused"


class TryLater(BookhuntError):
    """The daemon has more work than it can take; `retry_after_s` says when to come back."""

    code = "try_later"

    def __init__(self, message: str, *, retry_after_s: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class TooLate(BookhuntError):
    """The order was already sent: it can no longer be cancelled here."""

    code = "too_late"


class StateConflict(BookhuntError):
    """The thing asked for is not possible in the state the request is in."""

    code = "state_conflict"


class DaemonError(BookhuntError):
    """The daemon cannot be used."""

    code = "daemon"


class DaemonNotRunning(DaemonError):
    """Nobody listens on the socket, and starting the daemon was not allowed or failed."""

    code = "daemon_not_running"


class DaemonForbidden(DaemonError):
    """The socket belongs to another user."""

    code = "daemon_forbidden"


class DaemonNotAnswering(DaemonError):
    """The socket is there and no answer came in time."""

    code = "daemon_not_answering"


class DaemonStopping(DaemonError):
    """The daemon takes no new work: it is being stopped."""

    code = "daemon_stopping"


class DaemonAlreadyRunning(DaemonError):
    """Another daemon holds the lock of this home."""

    code = "daemon_already_running"


class DaemonVersion(DaemonError):
    """The daemon that runs speaks another version of the contract: it has to be restarted."""

    code = "daemon_version"


class LedgerUnusable(BookhuntError):
    """The ledger is damaged, newer than this version, or held by another process."""

    code = "ledger_unusable"


class IllegalTransition(BookhuntError):
    """A state was asked to become what its table forbids: a bug in this program."""

    code = "illegal_transition"
