"""What can go wrong while an answer is read, and while an expression is compiled."""

from __future__ import annotations

import reprlib


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
_FEW = 4
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 3
_BRIEF.maxlist = _BRIEF.maxtuple = _BRIEF.maxdict = _FEW
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 40


def shown(raw: object) -> str:
    """A value as it is quoted in a message: its repr, shortened; costs little however large it is.

    A number of JSON is shown in the digits it was written in.
    """
    if isinstance(raw, (str, bytes)):
        text = repr(raw[: _SHOWN + 1])
    elif isinstance(raw, float):
        text = repr(getattr(raw, "text", str(raw)))
    else:
        text = _BRIEF.repr(raw)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
