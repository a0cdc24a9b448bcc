"""Mail, desktop and chat: what an apprise address names (https://github.com/caronc/apprise).

apprise is an extra, for its size: 20 MB on disk with what it brings (measured: apprise 2.3).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bookhunt
from bookhunt.notify.announcing import FAILED, NOT_INSTALLED, NOT_UNDERSTOOD, TOLD
from bookhunt.notify.programs import run_program
from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.notify.target import Message

WITHIN_S = 60.0
_PROGRAM = (sys.executable, "-m", "bookhunt.notify.announcing")
_WORDS = {
    FAILED: "the service did not take it",
    NOT_INSTALLED: "apprise is not installed: pip install 'bookhunt[notify]'",
    NOT_UNDERSTOOD: "its secret is no address that apprise knows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """One address, or several with spaces between them: all of them are told, or none counts."""

    title: str
    address: Callable[[], Awaitable[str]]
    within_s: float = WITHIN_S

    async def tell(self, message: Message) -> None:
        """As `Target.tell`."""
        said = {"address": await self.address(), "title": message.title, "text": message.text}
        ended = await run_program(
            _PROGRAM,
            json.dumps(said).encode(),
            within_s=self.within_s,
            environment=_path_of_this_package(),
        )
        if ended.code != TOLD:
            raise NotTold(_WORDS.get(ended.code, f"the messenger ended with code {ended.code}"))


def _path_of_this_package() -> dict[str, str]:
    """What lets the process import the same package, where it is not installed."""
    root = str(Path(bookhunt.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{others}" if others else root}
