"""The street's own record of what happened: the word that safety tests take against the buyer's.

One line of JSON each, in the order in which things happened, numbered by `seq`:

- `arrival`: a request was read: time, seller, operation, method, path, key, reference, body_hash;
- `order`: a seller executed an order: everything about it, `arrival` says which request did it;
- `replay`: a key was used again and got the order it had made; no second order;
- `refusal`: a commit was refused and the refusal is kept under its key;
- `cancel`: an order was taken back;
- `answer`: what became of the answer to an arrival: `sent` or `lost`;
- `reset`: the street was emptied; what stands before no longer counts.

The file is only ever appended to. Arrivals and answers may wait in memory for a moment; every line
that says something about an order is handed to the system, with all before it, before the answer
leaves. A street that is started again in the same directory reads it and remembers its orders.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_HOLD_LINES = 256


class Ledger:
    """Appends to one file; the only writer of it."""

    def __init__(self, path: Path, seq: int = 0) -> None:
        self.path = path
        self.seq = seq  # of the last line
        self._lines: list[bytes] = []
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)

    def note(self, kind: str, fields: dict[str, Any]) -> int:
        """Add a line that may wait a moment; returns its number."""
        self.seq += 1
        line = {"seq": self.seq, "kind": kind, "time": time.time(), **fields}
        self._lines.append(orjson.dumps(line))
        if len(self._lines) >= _HOLD_LINES:
            self.flush()
        return self.seq

    def keep(self, kind: str, fields: dict[str, Any]) -> int:
        """Add a line and hand it to the system with all before it; returns its number."""
        seq = self.note(kind, fields)
        self.flush()
        return seq

    def flush(self) -> None:
        """Hand every waiting line to the system."""
        if not self._lines:
            return
        data = memoryview(b"\n".join(self._lines) + b"\n")
        self._lines.clear()
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        os.close(self._file)


def read_ledger(path: Path) -> Iterator[dict[str, Any]]:
    """Every line since the last `reset`, oldest first; nothing where there is no file.

    Raises:
        ValueError: if a line is not JSON: an oracle that skips lines is none.
    """
    if not path.exists():
        return
    lines = path.read_bytes().splitlines()
    start = 0
    for number, line in enumerate(lines):
        if b'"kind":"reset"' in line:
            start = number + 1
    for number, line in enumerate(lines[start:], start + 1):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ValueError(
                f"{path}:{number}: not a line of a street's ledger: {error}"
            ) from error


def last_seq(path: Path) -> int:
    """The number of the last line ever written, a `reset` included; 0 where there is none."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return int(orjson.loads(lines[-1])["seq"]) if lines else 0
