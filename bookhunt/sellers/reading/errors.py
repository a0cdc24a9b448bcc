"""What can go wrong while an answer is read, and while an expression is compiled."""

from __future__ import annotations


class BadExpression(Exception):
    """An expression or pattern of a definition cannot be compiled; the message says why."""


class Unreadable(Exception):
    """An answer, or one value of it, is not what the definition says it is.

    `raw` is what stood there, shortened, for `sellers test` and traces.
    """

    def __init__(self, message: str, *, raw: object = None) -> None:
        super().__init__(message)
        self.raw = raw


_SHOWN = 120


def shown(raw: object) -> str:
    """A value as it is quoted in a message: its repr, shortened."""
    text = repr(str(raw)) if isinstance(raw, float) else repr(raw)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
