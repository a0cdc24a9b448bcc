"""The keys of submissions that were not answered yet, on disk before they are sent.

A submission whose answer is lost must be sent again with the same key, also by the next command
after this one was killed. So the key lies in a file named after the body, locked while its
submission is under way, and removed when the daemon has answered: the same command typed again
finds the key of the submission nobody knows the end of, and one that is merely typed twice at the
same time does not.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.home.durable import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.paths import Home

# The daemon refuses the same book twice within a day by itself; an older key would answer with a
# purchase of long ago, which is not what somebody means who types the command today.
_KEPT_S = 24 * 3600
_MOST_ALIKE = 1000


@dataclass(slots=True)
class SpooledKey:
    """The key of one submission, held until it is answered."""

    key: str
    found: bool  # an earlier command sent it and never heard what became of it
    _path: Path
    _file: int

    def answered(self) -> None:
        """The daemon has said what became of it: forget the key.

        A power cut may bring it back. Then the same command, typed again, is answered with what
        was bought: the safe mistake, and not worth a wait for the disk in each purchase. The next
        key that is made durable makes this removal durable too.
        """
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def keep(self) -> None:
        """Nobody knows what became of it: leave the key for the next command."""
        os.close(self._file)


def spooled_key(home: Home, body: dict[str, Any], *, now: float | None = None) -> SpooledKey:
    """The key to submit this body with: durable when this returns.

    Raises:
        OSError: it cannot be written; then nothing may be sent.
    """
    home.prepare()
    home.spool_dir.mkdir(mode=0o700, exist_ok=True)
    moment = time.time() if now is None else now
    name = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
    for copy in range(_MOST_ALIKE):
        path = home.spool_dir / f"{name}-{copy}.json"
        file = _locked(path)
        if file is None:
            continue
        key = _key_in(file, moment)
        if key is not None:
            return SpooledKey(key=key, found=True, _path=path, _file=file)
        key = str(uuid.uuid4())
        _write(file, {"key": key, "made_at": moment, "body": body})
        sync_directory(path.parent)
        return SpooledKey(key=key, found=False, _path=path, _file=file)
    raise OSError(f"{_MOST_ALIKE} equal submissions are under way")


def _locked(path: Path) -> int | None:
    """An open, locked file; None: another command works with it, or has just removed it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_ino == path.stat().st_ino:
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(file)
    return None


def _key_in(file: int, moment: float) -> str | None:
    """The key of an earlier submission. A torn file is one whose key was never sent."""
    try:
        found = json.loads(os.pread(file, 1024 * 1024, 0))
        key, made_at = str(found["key"]), float(found["made_at"])
    except (ValueError, KeyError, TypeError):
        return None
    return key if 0 <= moment - made_at <= _KEPT_S else None


def _write(file: int, value: dict[str, Any]) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(value).encode(), 0)
    os.fsync(file)
