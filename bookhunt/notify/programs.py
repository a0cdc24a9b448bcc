"""A program that is started, given a text, and ended: no shell, a deadline, bounded output.

It is started in a group of its own, and the whole group is ended when its time is over or it
prints too much. It inherits the environment without what names secrets.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES = 64 * 1024
_LONGEST_WORDS = 200
_CHUNK = 8192
_ENDS_WITHIN_S = 5.0  # after SIGKILL
_SECRET_PLACES = ("BOOKHUNT_SECRET_", "CREDENTIALS_DIRECTORY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended: its code, negative for a signal, and the first line of its stderr."""

    code: int
    words: str


async def run_program(
    argv: Sequence[str],
    given: bytes,
    *,
    within_s: float,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Start a program, write `given` to its stdin, and wait for its end.

    Raises:
        NotTold: it cannot be started, takes too long, or prints too much.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**_harmless(os.environ), **(environment or {})},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its arguments cannot be passed on"
        raise NotTold(f"the program cannot be started: {why}") from None
    writing = asyncio.create_task(_write(process, given))
    reading = [asyncio.create_task(_read(each)) for each in (process.stdout, process.stderr)]
    try:
        async with asyncio.timeout(within_s):
            _, (_, words) = await asyncio.gather(writing, asyncio.gather(*reading))
            code = await process.wait()
    except TimeoutError:
        raise NotTold(f"the program did not end within {within_s:.0f} s") from None
    finally:
        for task in (writing, *reading):
            task.cancel()
        await asyncio.gather(writing, *reading, return_exceptions=True)
        await asyncio.shield(_end(process))
    return Ended(code=code, words=_first_line(words))


async def _write(process: asyncio.subprocess.Process, given: bytes) -> None:
    assert process.stdin is not None
    # Whoever does not want to read it may close it.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    read = b""
    while more := await stream.read(_CHUNK):
        read += more
        if len(read) > MOST_BYTES:
            raise NotTold(f"the program printed more than {MOST_BYTES // 1024} KB")
    return read


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of it, and of what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # What nobody read holds a pipe open, and asyncio tells of the end when all pipes are at theirs.
    # A program that left the group may hold them for ever: it is not waited for.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await asyncio.gather(_discard(process.stdout), _discard(process.stderr), process.wait())


async def _discard(stream: asyncio.StreamReader | None) -> None:
    while stream is not None and await stream.read(_CHUNK):
        pass


def _harmless(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if not name.startswith(_SECRET_PLACES)
    }


def _first_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    first = lines[0] if lines else ""
    return "".join(c if c.isprintable() else " " for c in first)[:_LONGEST_WORDS]
