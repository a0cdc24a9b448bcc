"""`bookhunt watch`: what is asked of the daemon, what is shown, and what a line of a file means."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli import reboot, watch
from bookhunt.cli.output import Terminal
from bookhunt.cli.watch_lines import read_lines
from bookhunt.cli.zones import zone_of_machine
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError, StateConflict
from bookhunt.wire.watches import WATCH_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def _watch(**fields: Any) -> dict[str, Any]:
    return (
        dict.fromkeys(WATCH_FIELDS)
        | {
            "id": "3f9a00c1d2e3",
            "book": {"title": "The Hobbit", "isbn13": None},
            "max_price": {"amount": "12.00", "currency": "USD"},
            "schedule": "0 7 * * *",
            "timezone": "Europe/Berlin",
            "next_runs": ["2026-03-03T07:00:00+01:00"],
            "bought": 0,
            "copies": 1,
            "state": "active",
            "quote_only": False,
            "schema_version": 1,
        }
        | fields
    )


@dataclass
class ScriptedDaemon:
    """Stands for the daemon's client: it keeps what it is told."""

    added: list[dict[str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)

    def add_watch(self, said: Mapping[str, Any]) -> dict[str, Any]:
        if said["id"] in {each["id"] for each in self.added}:
            raise StateConflict(f"there is a watch {said['id']} already")
        self.added.append(dict(said))
        return _watch(id=said["id"], schedule=said["schedule"], timezone=said["timezone"])

    def edit_watch(self, watch_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self.edits.append(dict(changes))
        return _watch(id=watch_id)

    def pause_watch(self, watch_id: str) -> dict[str, Any]:
        self.paused.append(watch_id)
        return _watch(id=watch_id, state="paused", next_runs=[])

    def run_watch(self, watch_id: str) -> dict[str, Any]:
        return _watch(id=watch_id, outcome="ordered", request_id="r-1")

    def watches(self, *, states: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
        yield from self.known


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> ScriptedDaemon:
    scripted = ScriptedDaemon()
    monkeypatch.setattr(watch, "connect", lambda _: scripted)
    monkeypatch.setattr(watch, "zone_of_machine", lambda: "Europe/Berlin")
    monkeypatch.setattr(watch, "is_started_by_itself", lambda: False)
    return scripted


def test_a_watch_is_asked_for_with_an_id_of_its_own(daemon: ScriptedDaemon) -> None:
    """So that the call can be made again where its answer was lost."""
    watch.add(Terminal(), "The Hobbit", max_price="12", cron="0 7 * * *")
    watch.add(
        Terminal(),
        "The Hobbit",
        max_price="12 EUR",
        at=["2026-12-01T07:00", "2026-12-08T07:00"],
        timezone="UTC",
        until="2026-12-31",
        times=2,
        quote_only=True,
        no_first_run=True,
        sellers="a,b",
    )
    first, second = daemon.added
    assert re.fullmatch(r"[0-9a-f]{12}", first.pop("id"))
    assert first == {
        "book_name": "The Hobbit",
        "max_price": "12",
        "schedule": "0 7 * * *",
        "timezone": "Europe/Berlin",
    }
    del second["id"]
    assert second == {
        "book_name": "The Hobbit",
        "max_price": {"amount": "12", "currency": "EUR"},
        "schedule": "at 2026-12-01T07:00, 2026-12-08T07:00",
        "timezone": "UTC",
        "until": "2026-12-31",
        "copies": 2,
        "quote_only": True,
        "first_run": False,
        "sellers": ["a", "b"],
    }


@pytest.mark.parametrize(
    "said",
    [
        {"cron": "0 7 * * *"},
        {"max_price": "12"},
        {"max_price": "12", "cron": "0 7 * * *", "every": "6h"},
        {"max_price": "12", "every": "6h", "at": ["2026-12-01T07:00"]},
        {"max_price": "cheap", "every": "6h"},
    ],
)
def test_a_watch_needs_a_price_and_one_schedule(
    daemon: ScriptedDaemon, said: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        watch.add(Terminal(), "The Hobbit", **said)
    assert daemon.added == []


def test_it_is_said_that_nothing_starts_the_daemon_after_a_reboot(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.add(Terminal(), "The Hobbit", max_price="12", every="6h")
    assert "bookhunt daemon install" in capsys.readouterr().err
    monkeypatch.setattr(watch, "is_started_by_itself", lambda: True)
    watch.add(Terminal(), "The Hobbit", max_price="12", every="6h")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("file", "starts"),
    [
        (".config/systemd/user/default.target.wants/bookhunt.service", True),
        (".config/systemd/user/bookhunt.service", False),
        (".config/systemd/user/sockets.target.wants/bookhunt.socket", False),
        (".config/systemd/user/default.target.wants/bookhunt-0123abcd.service", False),
        ("Library/LaunchAgents/org.bookhunt.plist", True),
        ("Library/LaunchAgents/other.plist", False),
    ],
)
def test_only_what_is_enabled_for_this_home_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, *, starts: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "BOOKHUNT_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert not reboot.is_started_by_itself()
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    assert reboot.is_started_by_itself(Home.find()) is starts


def test_the_list_shows_the_next_run_in_the_zone_of_the_watch(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.known = [_watch(), _watch(state="done", bought=1, next_runs=[])]
    watch.list_watches(Terminal())
    first, second = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert first[4:7] == ["Tue 2026-03-03 07:00 +01:00", "0/1", "active"]
    assert second[4:7] == ["-", "1/1", "done"]
    watch.list_watches(Terminal(json=True))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == daemon.known
    daemon.known = []
    watch.list_watches(Terminal())
    assert "watch add" in capsys.readouterr().err


def test_an_edit_says_what_changes_and_nothing_else(daemon: ScriptedDaemon) -> None:
    watch.edit(Terminal(), "3f9a", max_price="20", quote_only=False)
    watch.edit(Terminal(), "3f9a", until="none", sellers="all", note="x", every="6h")
    assert daemon.edits == [
        {"max_price": "20", "quote_only": False},
        {"until": None, "sellers": None, "note": "x", "schedule": "every 6h"},
    ]


def test_a_run_that_orders_names_what_to_wait_for(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    watch.run(Terminal(), "3f9a")
    assert "bookhunt wait r-1" in capsys.readouterr().err


def test_what_is_exported_can_be_imported_and_buys_what_is_left(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A watch that bought one of three buys two elsewhere; one that is done buys none."""
    daemon.known = [
        _watch(id="some", copies=3, bought=1, sellers=["a"], until="2026-12-31T23:00:00.000Z"),
        _watch(id="rest", state="paused"),
        _watch(id="done", state="done", bought=1),
    ]
    watch.export(Terminal())
    lines = tmp_path / "watches.jsonl"
    lines.write_text(capsys.readouterr().out)
    assert watch.import_watches(Terminal(), str(lines)) == 0
    some, rest = daemon.added
    assert (some["id"], some["copies"], some["sellers"]) == ("some", 2, ["a"])
    assert (some["schedule"], some["timezone"]) == ("0 7 * * *", "Europe/Berlin")
    assert some["max_price"] == {"amount": "12.00", "currency": "USD"}
    assert (rest["first_run"], daemon.paused) == (False, ["rest"])
    assert "line 3" in capsys.readouterr().err
    assert watch.import_watches(Terminal(), str(lines)) == 1
    assert len(daemon.added) == 2


def test_plain_lines_take_what_the_options_say(
    daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = b'The Hobbit\n\nEmma\t9.50\n{"isbn": "9781449373320", "every": "1d", "times": 2}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text + b"{oops\n")))
    code = watch.import_watches(Terminal(), "-", max_price="15", cron="@daily", times=3)
    assert code == 2
    assert "line 5" in capsys.readouterr().err
    told = [
        (a.get("book_name"), a.get("isbn"), a["max_price"], a["schedule"], a["copies"])
        for a in daemon.added
    ]
    assert told == [
        ("The Hobbit", None, "15", "@daily", 3),
        ("Emma", None, "9.50", "@daily", 3),
        (None, "9781449373320", "15", "every 1d", 2),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"The Hobbit",
        b'{"book": "Emma", "max_price": "9"}',
        b'{"book": "Emma", "max_price": "9", "every": "1d", "cron": "@daily"}',
        b'{"book": "Emma", "max_price": "9", "every": "1d", "often": true}',
        b'{"max_price": "9", "every": "1d"}',
        b'{"book": "Emma", "max_price": "much", "every": "1d"}',
        b'{"book": "Emma", "max_price": "9", "every": "1d", "times": "two"}',
        b"\xff\xfe",
        b"x" * 20_000,
    ],
)
def test_a_line_that_is_no_watch_says_why_and_stops_no_other(line: bytes) -> None:
    good = b'{"book": "Emma", "max_price": "9", "every": "1d"}'
    first, second = read_lines([line, good], {})
    assert first.error is not None
    assert second.body is not None
    assert second.body["schedule"] == "every 1d"


def test_the_zone_of_the_machine_has_a_name_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, named = tmp_path / "localtime", tmp_path / "timezone"
    monkeypatch.delenv("TZ", raising=False)
    assert zone_of_machine(link=link, named=named) is None
    named.write_text("America/New_York\n")
    assert zone_of_machine(link=link, named=named) == "America/New_York"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert zone_of_machine(link=link, named=named) == "Europe/Berlin"
    monkeypatch.setenv("TZ", ":/usr/share/zoneinfo/Asia/Tokyo")
    assert zone_of_machine(link=link, named=named) == "Asia/Tokyo"
    monkeypatch.setenv("TZ", "UTC")
    assert zone_of_machine(link=link, named=named) == "UTC"
