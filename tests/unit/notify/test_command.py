"""A program is told by its arguments and its stdin, without a shell, and is ended in time."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.notice import Event, Notice
from bookhunt.notify.command import Command, filled_in
from bookhunt.notify.programs import MOST_BYTES, run_program
from bookhunt.notify.target import Message, NotTold
from tests.support.builders import NOON, an_id
from tests.support.notices import a_message, some_news

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "$(touch x) `id`; 'a' \"b\" {message} -e"


def read(file: Path) -> bytes:
    return file.read_bytes()


def a_command(code: str, *more: str, within_s: float = 30.0) -> Command:
    return Command(title="python", argv=(sys.executable, "-c", code, *more), within_s=within_s)


def a_hostile_message() -> Message:
    news = some_news(title=HOSTILE, message="b")
    return Message.of(Notice(id=an_id(), event=Event.PRICE, at=NOON, news=news))


async def test_it_gets_the_notice_as_json_on_its_stdin(tmp_path: Path) -> None:
    message = a_message()
    file = tmp_path / "said"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    await a_command(code, str(file)).tell(message)
    assert read(file) == message.document
    assert json.loads(read(file))["id"] == message.id


async def test_arguments_are_passed_as_they_are(tmp_path: Path) -> None:
    """No shell reads them, and what stands in a title is not filled in once more."""
    file = tmp_path / "said"
    code = "import sys, json, pathlib; pathlib.Path(sys.argv[1]).write_text(json.dumps(sys.argv))"
    await a_command(code, str(file), "{event}: {title}", "{unknown}").tell(a_hostile_message())
    said = json.loads(read(file))
    assert said[2:] == [f"price: {HOSTILE}", "{unknown}"]


def test_a_nul_cannot_stand_in_an_argument() -> None:
    news = some_news(title="a\0b")
    message = Message.of(Notice(id=an_id(), event=Event.PRICE, at=NOON, news=news))
    assert filled_in("{title}", message) == "a b"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit('no display')", "code 1: no display"),
        ("import sys; sys.exit(3)", "code 3$"),
        ("import os; os.kill(os.getpid(), 15)", "signal 15"),
    ],
)
async def test_what_does_not_end_with_0_is_not_told(code: str, why: str) -> None:
    with pytest.raises(NotTold, match=why):
        await a_command(code).tell(a_message())


async def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(NotTold, match="cannot be started: No such file"):
        await Command(title="x", argv=("/nowhere/program",)).tell(a_message())


async def test_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """Its children too: the pipe that they hold open is closed when they are gone."""
    held = tmp_path / "held"
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(held)!r}, 'w').close()\n"
        "time.sleep(600)"
    )
    with pytest.raises(NotTold, match="did not end within"):
        await a_command(code, within_s=1.0).tell(a_message())


async def test_one_that_prints_without_end_is_ended() -> None:
    code = "while True: print('x' * 1000)"
    with pytest.raises(NotTold, match=f"more than {MOST_BYTES // 1024} KB"):
        await a_command(code).tell(a_message())


async def test_what_nobody_read_of_it_does_not_hold_its_end_up() -> None:
    """Its output fills every buffer on the way, and is never read to its end.

    Whether a buffer is full when the program is ended is chance: several times shows it.
    """
    code = "import sys; sys.stdout.write('x' * 50_000_000); sys.stderr.write('y' * 50_000_000)"
    for _ in range(10):
        with pytest.raises(NotTold, match="printed more"):
            async with asyncio.timeout(30):
                await a_command(code).tell(a_message())


async def test_one_that_does_not_listen_is_told_all_the_same() -> None:
    """It may close its stdin at once, also where there is more to say than a pipe holds."""
    ended = await run_program(
        (sys.executable, "-c", "import os; os.close(0)"), b"x" * 1_000_000, within_s=30.0
    )
    assert ended.code == 0


async def test_the_environment_names_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKHUNT_SECRET_NOTIFY_MAIL_FILE", "/somewhere")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/somewhere")
    monkeypatch.setenv("DISPLAY", ":7")
    code = (
        "import os, sys\n"
        "sys.exit(os.environ['DISPLAY'] != ':7' or 'SECRET' in str(os.environ) "
        "or 'CREDENTIALS_DIRECTORY' in os.environ)"
    )
    await a_command(code).tell(a_message())
