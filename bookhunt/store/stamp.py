"""The side file `ledger.stamp`: how far the ledger had come, so that an older one is noticed.

A ledger that went back in time (a restored backup, a disk that forgot a write) knows nothing of
orders that were sent since, and would send them again. Nothing inside the file can tell. So the
number of its last journal entry is written beside it about once a second: a ledger that stands
before its stamp, another ledger, or none at all beside a stamp, is opened in safe mode.

What is left: entries of the last second are not covered, and whoever restores both files together
is not noticed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from bookhunt.home.durable import write_durably
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The ledger's own name, and the number of its last journal entry."""

    ledger: str
    seq: int


class UnreadableStamp(Exception):
    """There is a side file, and it says nothing."""


def stamp_path(ledger: Path) -> Path:
    """Where the side file of a ledger lies."""
    return ledger.with_suffix(".stamp")


def read_stamp(path: Path) -> Stamp | None:
    """What the side file says; None: there is none.

    Raises:
        UnreadableStamp: it is there and cannot be read.
    """
    try:
        document = orjson.loads(path.read_bytes())
        return Stamp(ledger=str(document["ledger"]), seq=int(document["seq"]))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UnreadableStamp(str(error)) from error


def write_stamp(path: Path, stamp: Stamp) -> bool:
    """Write the side file durably; whether that went well. A full disk only makes it older."""
    document = {"ledger": stamp.ledger, "seq": stamp.seq}
    try:
        fp("ledger.stamp.before")
        write_durably(path, orjson.dumps(document) + b"\n")
        fp("ledger.stamp.after")
    except OSError as error:
        _log.warning("the side file of the ledger could not be written: %s", error)
        return False
    return True
