"""apprise speaks in a process of its own, and is an extra that need not be there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bookhunt.notify import announcer
from bookhunt.notify.announcer import Announcer
from bookhunt.notify.target import NotTold
from tests.support.notices import a_message, says

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "mailto://user:T0PSECRET@example.com"
# An apprise that writes down what it is told, and prints what it should not.
FAKE = """
import json, pathlib
class Apprise:
    def add(self, address):
        self.address = address
        return "://" in address
    def notify(self, body, title):
        print("chatter", self.address)
        said = json.dumps([self.address, title, body])
        pathlib.Path({file!r}).write_text(said)
        return "broken" not in self.address
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an apprise that stands before any other writes what it is told."""
    file = tmp_path / "said"
    (tmp_path / "apprise.py").write_text(FAKE.format(file=str(file)), "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return file


def read(file: Path) -> list[str]:
    return list(json.loads(file.read_text("utf-8")))


def an_announcer(address: str, within_s: float = 60.0) -> Announcer:
    return Announcer(title="secret:notify/mail", address=says(address), within_s=within_s)


async def test_title_and_text_go_to_the_address(said: Path) -> None:
    message = a_message()
    await an_announcer(ADDRESS).tell(message)
    assert read(said) == [ADDRESS, message.title, message.text]


async def test_a_service_that_refuses_is_not_told(said: Path) -> None:
    with pytest.raises(NotTold, match="did not take it") as refused:
        await an_announcer("broken://T0PSECRET").tell(a_message())
    assert "T0PSECRET" not in refused.value.detail
    assert read(said)[0] == "broken://T0PSECRET"


@pytest.mark.usefixtures("said")
async def test_an_address_that_is_none_is_said_without_it() -> None:
    with pytest.raises(NotTold, match="no address that apprise knows") as refused:
        await an_announcer("T0PSECRET").tell(a_message())
    assert "T0PSECRET" not in refused.value.detail


async def test_without_apprise_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotTold, match=r"pip install 'bookhunt\[notify\]'"):
        await an_announcer(ADDRESS).tell(a_message())


async def test_a_service_that_hangs_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text("import time; time.sleep(600)", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotTold, match="did not end within"):
        await an_announcer(ADDRESS, within_s=0.5).tell(a_message())


def test_the_address_is_on_no_command_line() -> None:
    """The process is started the same way for every address."""
    assert all("{" not in word and "://" not in word for word in announcer._PROGRAM)
