"""The log: JSON Lines in a file that is rotated, and a readable form of them for a terminal.

What a log may hold is decided by an allow-list, never by looking for what it must not hold:

- the sentence of a message is the constant in the code. Of its arguments numbers are shown, and of
  an exception its type and stable code; any other is shown as three dots;
- of `extra`, the fields in `FIELDS` are kept, and of those numbers, truths and short texts;
- of an exception, its type, its stable code and the places it passed; its text may quote an
  address, an answer or a header and is left out;
- every line that a request's own task says, or that names a request, carries its trace's id;
- of other libraries' records, who spoke and how loudly: their sentences are put together from
  whatever they had in hand. Theirs below WARNING are not kept at all.

Nothing here waits for a disk: a thread writes, through a bounded queue. When the queue is full,
lines are dropped and counted, and the next line that fits says how many.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from bookhunt.telemetry.spans import current_request
from bookhunt.telemetry.trace_ids import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

FIELDS = frozenset(
    (
        "request_id attempt_id watch_id seller region tier stage state reason answer code status "
        "method route count calls latency_ms ms within_s after_s every_s version api epoch pid uid "
        "signal safe_mode interrupted abandoned requeued open unfinished late file line column "
        "schema bytes hash operation step dropped changed sellers python sqlite"
    ).split()
)
LONGEST_TEXT = 200
LARGEST_FILE = 5_000_000
FILES_KEPT = 4  # beside the one that is written
_WAITING = 10_000
_FLUSHES_WITHIN_S = 1.0
_FRAMES = 12
_OURS = "bookhunt"
# A line to write, an event to set when everything before it is written, or the end.
_Waiting: TypeAlias = "queue.Queue[dict[str, Any] | threading.Event | None]"
# The order of the standard fields in a line; the allowed ones of `extra` follow.
_FIRST = ("time", "level", "logger", "message")


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    """What may be kept of a log record."""
    ours = _is_ours(record)
    moment = datetime.fromtimestamp(record.created, UTC)
    line: dict[str, Any] = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _sentence(record) if ours else "a library says something",
    }
    if ours:
        line |= {
            name: _kept(value)
            for name, value in vars(record).items()
            if name in FIELDS and value is not None
        }
    trace_id = _trace_id(line.get("request_id"))
    if trace_id is not None:
        line["trace_id"] = trace_id
    if record.exc_info and record.exc_info[1] is not None:
        line["error"] = _told(record.exc_info[1])
    return line


def _trace_id(request_id: object) -> str | None:
    """The trace a line belongs to: its request's, or that of the task that says it."""
    if request_id is not None:
        return trace_id_of(str(request_id))
    own = current_request()
    return None if own is None else trace_id_of(own)


def _sentence(record: logging.LogRecord) -> str:
    given = record.args if isinstance(record.args, tuple) else (record.args,)
    shown = tuple(each if isinstance(each, (int, float)) else _Hidden(each) for each in given)
    try:
        return str(record.msg) % shown if record.args else str(record.msg)
    except (TypeError, ValueError):
        return str(record.msg)


class _Hidden:
    """An argument of a sentence, as much of it as may be shown."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __str__(self) -> str:
        if isinstance(self._value, BaseException):
            code = getattr(type(self._value), "code", None)
            return code if isinstance(code, str) else type(self._value).__name__
        return "..."

    __repr__ = __str__


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == _OURS


def _kept(value: object) -> bool | int | float | str:
    if isinstance(value, (bool, int, float)):
        return value
    text = str(value)[:LONGEST_TEXT]
    return "".join(c if c.isprintable() else " " for c in text)


def _told(error: BaseException) -> dict[str, Any]:
    """An exception by its type, its code and its places, and what caused it."""
    told: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    code = getattr(type(error), "code", None)
    if isinstance(code, str):
        told["code"] = code
    if isinstance(error, OSError) and error.errno is not None:
        told["errno"] = error.errno
    told["at"] = _places(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        told["errors"] = [_told(each) for each in error.exceptions[:3]]
    if error.__cause__ is not None:
        told["cause"] = {"type": type(error.__cause__).__qualname__}
    return told


def _places(traceback: TracebackType | None) -> list[str]:
    places: list[str] = []
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__", "?")
        places.append(f"{module}.{frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places[-_FRAMES:]


def readable(line: dict[str, Any]) -> str:
    """One line of the log for a person: time, level, sentence, then `field=value`."""
    time = str(line.get("time", ""))[11:23]
    rest = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in line.items()
        if name not in {*_FIRST, "error"}
    )
    text = f"{time} {str(line.get('level', '')).upper():7} {line.get('message', '')}"
    text += f"  ({line.get('logger', '')})" + (f"  {rest}" if rest else "")
    error = line.get("error")
    if isinstance(error, dict):
        text += f"\n    {error.get('type')} {error.get('code', '')}".rstrip()
        text += "".join(f"\n    at {place}" for place in error.get("at", []))
    return text


class _Queued(logging.Handler):
    """Hands each record, as it may be kept, to the thread that writes."""

    def __init__(self, waiting: _Waiting) -> None:
        super().__init__()
        self._waiting = waiting
        self._dropped = 0
        self.is_read = True  # a thread takes out what is put in

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING and not _is_ours(record):
            return
        line = line_of(record)
        if self._dropped:
            line["dropped"] = self._dropped
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def flush(self) -> None:
        """Wait, for a moment at most, until what was logged is written: the process may end."""
        if not self.is_read:
            return
        written = threading.Event()
        with contextlib.suppress(queue.Full):
            self._waiting.put(written, timeout=_FLUSHES_WITHIN_S)
            written.wait(_FLUSHES_WITHIN_S)


class _PrivateFile(RotatingFileHandler):
    """A rotated file that only its owner can read, and that is never reached through a link."""

    def _open(self) -> Any:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        return open(  # noqa: PTH123 - the handler keeps and closes it
            os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8"
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A line that cannot be written is lost; the crash file is not filled with reasons."""


class Logs:
    """The log of this process, from `set_up_logs` until `close`."""

    def __init__(self, write: list[Callable[[dict[str, Any]], None]], *, level: str) -> None:
        self._write = write
        self._waiting: _Waiting = queue.Queue(_WAITING)
        self._handler = _Queued(self._waiting)
        self._closers: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        root = logging.getLogger()
        self._before = (root.level, list(root.handlers))
        root.handlers = [self._handler]
        self.level(level)
        self._thread.start()

    def level(self, level: str) -> None:
        """Keep records of this level and above: debug, info, warning, error."""
        logging.getLogger().setLevel(level.upper())

    def then(self, closer: Callable[[], None]) -> None:
        """Do this when the log is closed and everything is written."""
        self._closers.append(closer)

    def close(self) -> None:
        """Write what waits, and give the root logger back as it was found."""
        root = logging.getLogger()
        root.setLevel(self._before[0])
        root.handlers = self._before[1]
        self._handler.is_read = False
        self._waiting.put(None)
        self._thread.join()
        for closer in self._closers:
            closer()

    def _work(self) -> None:
        while (line := self._waiting.get()) is not None:
            if isinstance(line, threading.Event):
                line.set()
                continue
            for write in self._write:
                write(line)


def set_up_logs(file: Path | None, *, level: str = "info", terminal: TextIO | None = None) -> Logs:
    """Send every log record of this process to the file as JSON Lines, to the terminal readably.

    The file is created with mode 0600 and rotated at 5 MB; four older ones are kept. A full disk
    never stops the program: what cannot be written is lost.
    """
    write: list[Callable[[dict[str, Any]], None]] = []
    closer: Callable[[], None] | None = None
    if file is not None:
        rotated = _PrivateFile(file, maxBytes=LARGEST_FILE, backupCount=FILES_KEPT)
        rotated.setFormatter(logging.Formatter("%(message)s"))
        write.append(lambda line: rotated.emit(_as_record(line)))
        closer = rotated.close
    if terminal is not None:
        write.append(lambda line: _show(line, terminal))
    logs = Logs(write, level=level)
    if closer is not None:
        logs.then(closer)
    return logs


def _as_record(line: dict[str, Any]) -> logging.LogRecord:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)
    return logging.LogRecord("log", logging.INFO, "", 0, text, None, None)


def _show(line: dict[str, Any], terminal: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal is gone; the file has the line
        print(readable(line), file=terminal, flush=True)
