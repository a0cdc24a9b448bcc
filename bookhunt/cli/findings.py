"""What `doctor` finds: one thing each, how bad it is, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.cli import exit_codes
from bookhunt.model.errors import BookhuntError, SetupMissing
from bookhunt.wire.contract import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

FINDING_FIELDS = "check level found hint schema_version".split()


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and somebody should know
    ERROR = "error"  # it keeps bookhunt from buying, or from being safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `is_setup`: nothing is broken, something was never set up."""

    check: str
    level: Level
    found: str
    hint: str | None = None
    is_setup: bool = False

    def told(self) -> dict[str, Any]:
        """The object `doctor --json` prints."""
        return {
            "check": self.check,
            "level": self.level.value,
            "found": self.found,
            "hint": self.hint,
            "schema_version": SCHEMA_VERSION,
        }


def ok(check: str, found: str) -> Finding:
    """All is well there."""
    return Finding(check=check, level=Level.OK, found=found)


def warning(check: str, found: str, hint: str | None = None) -> Finding:
    """It works, and somebody should know."""
    return Finding(check=check, level=Level.WARNING, found=found, hint=hint)


def error(check: str, found: str, hint: str | None = None, *, is_setup: bool = False) -> Finding:
    """It keeps bookhunt from buying, or from being safe."""
    return Finding(check=check, level=Level.ERROR, found=found, hint=hint, is_setup=is_setup)


def failed(check: str, trouble: BookhuntError) -> Finding:
    """What an error says, as a finding."""
    return error(check, trouble.message, trouble.hint, is_setup=isinstance(trouble, SetupMissing))


def guarded(check: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check finds; where it fails itself, that is the finding, and the next one goes on."""
    try:
        yield from look()
    except BookhuntError as trouble:
        yield failed(check, trouble)
    except OSError as trouble:
        yield error(check, f"cannot be looked at: {trouble.strerror or trouble}")


def exit_code_of(findings: Iterable[Finding]) -> int:
    """1 where something is broken, 4 where something is only not set up, else 0."""
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    if any(not finding.is_setup for finding in errors):
        return exit_codes.ERROR
    return exit_codes.SETUP_MISSING if errors else exit_codes.DONE
