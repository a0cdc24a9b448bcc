"""A program of the user's: parts of the notice in its arguments, the whole as JSON on its stdin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.notify.programs import run_program
from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    from bookhunt.notify.target import Message

WITHIN_S = 30.0
_PART = re.compile(r"\{(title|message|event|id|request_id)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program; each argument is passed as it is, whatever stands in it."""

    title: str
    argv: tuple[str, ...]
    within_s: float = WITHIN_S

    async def tell(self, message: Message) -> None:
        """As `Target.tell`; told is what ends with 0."""
        filled = [filled_in(each, message) for each in self.argv]
        ended = await run_program(filled, message.document, within_s=self.within_s)
        if ended.code != 0:
            how = f"signal {-ended.code}" if ended.code < 0 else f"code {ended.code}"
            words = f": {ended.words}" if ended.words else ""
            raise NotTold(f"the program ended with {how}{words}")


def filled_in(argument: str, message: Message) -> str:
    """An argument with the parts of the message in it; a NUL cannot stand in one."""
    parts = {
        "title": message.title,
        "message": message.text,
        "event": message.event.value,
        "id": message.id,
        "request_id": message.request_id or "",
    }
    return _PART.sub(lambda found: parts[found[1]].replace("\0", " "), argument)
