"""Where copies of the ledger lie until whoever asked for one has moved it away.

A caller takes its copy at once. What is left of one that was killed, or of a copy whose daemon was,
is removed later: each is as large as the ledger.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.paths import Home

LEFT_BEHIND_S = 3600.0


def new_place(home: Home) -> Path:
    """A name for a new copy; there is no such file. Blocks on the disk."""
    folder = _folder(home)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{uuid.uuid4().hex}.db"


def sweep(home: Home) -> int:
    """Remove copies that nobody has taken for an hour; how many. Blocks on the disk."""
    removed = 0
    for file in _folder(home).glob("*.db*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > LEFT_BEHIND_S:
                file.unlink()
                removed += 1
    return removed


def _folder(home: Home) -> Path:
    return home.data_dir / "snapshots"
