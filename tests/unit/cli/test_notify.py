"""`bookhunt notify`: what waits, who was told in a test, and how secrets get in."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from bookhunt.cli import notify
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import DELIVERY_FIELDS, NOTIFY_TEST_FIELDS

AT = "2026-03-02T12:00:00.000Z"


def a_delivery(**fields: Any) -> dict[str, Any]:
    standard = {"title": "Bought: Emma", "target": "command x", "state": "given_up", "tries": 10}
    return dict.fromkeys(DELIVERY_FIELDS) | standard | {"error": "code 1", "at": AT} | fields


def tried(number: int, error: str | None = None) -> dict[str, Any]:
    said = {"number": number, "target": f"command {number}", "told": error is None, "error": error}
    return dict.fromkeys(NOTIFY_TEST_FIELDS) | said


@dataclass
class ScriptedDaemon:
    """Stands for the daemon's client."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    tested: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str | None] = field(default_factory=dict)

    def undelivered(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        return self.waiting[:limit]

    def test_notify(self, to: int | None = None) -> list[dict[str, Any]]:
        return [each for each in self.tested if to in (None, each["number"])]

    def notify_login(self, name: str, value: str | None) -> dict[str, Any]:
        self.secrets[name] = value
        return {"secret": f"secret:notify/{name}", "stored": value and "keyring"}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> ScriptedDaemon:
    scripted = ScriptedDaemon()
    monkeypatch.setattr(notify, "connect", lambda _: scripted)
    return scripted


def test_what_was_given_up_says_why(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.waiting = [a_delivery()]
    notify.list_notices(Terminal(), limit=9)
    cells = capsys.readouterr().out.rstrip("\n").split("\t")
    assert cells[:6] == ["Bought: Emma", "command x", "given up", "10", "-", "code 1"]
    notify.list_notices(Terminal(json=True), limit=9)
    assert json.loads(capsys.readouterr().out)["error"] == "code 1"


@pytest.mark.usefixtures("daemon")
def test_nothing_waiting_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    notify.list_notices(Terminal(), limit=9)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "nothing waits to be told\n")


def test_a_test_ends_with_1_where_one_was_not_told(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.tested = [tried(1), tried(2, "status 500")]
    assert notify.try_out(Terminal()) == 1
    assert capsys.readouterr().out == ("1\tcommand 1\ttold\n2\tcommand 2\tnot told: status 500\n")
    assert notify.try_out(Terminal(), to=1) == 0


def test_a_secret_comes_by_stdin(
    daemon: ScriptedDaemon,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("mailto://a:T0PSECRET@b\n"))
    notify.login(Terminal(), "mail", stdin=True)
    assert daemon.secrets == {"mail": "mailto://a:T0PSECRET@b"}
    shown = capsys.readouterr()
    assert shown.err == "secret:notify/mail is stored (keyring)\n"
    notify.login(Terminal(), "mail", remove=True)
    assert daemon.secrets == {"mail": None}


@pytest.mark.parametrize("said", ["", "  \n", "x" * 8001])
def test_what_is_no_secret_is_refused(
    daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    with pytest.raises(InputError, match="1 to 8000"):
        notify.login(Terminal(), "mail", stdin=True)
    assert daemon.secrets == {}


@pytest.mark.usefixtures("daemon")
def test_nobody_is_asked_who_cannot_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x"))
    with pytest.raises(InputError, match="on a terminal"):
        notify.login(Terminal(), "mail")
    with pytest.raises(InputError, match="takes no secret"):
        notify.login(Terminal(), "mail", stdin=True, remove=True)
