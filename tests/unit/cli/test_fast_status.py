"""`status` has a way of its own. It may be quick; it may not know anything differently."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bookhunt.cli import exit_codes, fast_status, status
from bookhunt.home.paths import Home
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.routes import HEADER_API, HEADER_VERSION, ROUTES

# Each costs as much as the rest of the command, or more.
_DEAR = {
    "typing",
    "dataclasses",
    "inspect",
    "pathlib",
    "http.client",
    "email",
    "ssl",
    "asyncio",
    "typer",
    "rich",
    "pydantic",
    "yaml",
    "platformdirs",
    "bookhunt.client",
    "bookhunt.wire.contract",
    "bookhunt.model.errors",
}


def test_it_imports_nothing_dear() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import bookhunt.cli.main, bookhunt.cli.fast_status\n"
        "print(*(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert not _DEAR & set(shown.stdout.split())


def test_it_says_what_the_contract_says() -> None:
    assert fast_status.API_VERSION == API_VERSION
    assert fast_status.SHOWN == status._SHOWN
    assert fast_status.LIST.startswith(ROUTES["requests"].path + "?")
    assert ROUTES["status"].path + "?request_id=" == fast_status.ONE
    assert fast_status._READER_GONE == exit_codes.READER_GONE
    source = Path(fast_status.__file__).read_text("utf-8")
    for header in (HEADER_API, HEADER_VERSION):
        assert f'"{header.lower()}"' in source


@pytest.mark.parametrize(
    "environment",
    [
        {"BOOKHUNT_HOME": "/tmp/x"},
        {"BOOKHUNT_HOME": "x/../y"},
        {"BOOKHUNT_HOME": "~/x"},
        {"XDG_DATA_HOME": "/data/of/ada"},
        {"BOOKHUNT_HOME": "", "XDG_DATA_HOME": "/data/of/ada"},
        {},
    ],
)
def test_it_looks_where_the_daemon_is_or_leaves_it_to_the_command(
    environment: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOOKHUNT_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = fast_status.socket_path()
    if found is not None:
        assert os.path.normpath(Home.find().socket_file) == os.path.normpath(found)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["a", "b"], ["--why"], ["@last", "--why"], ["--limit", "3"], ["a b"], ["%41"]],
)
def test_other_forms_are_left_to_the_command(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_status, "ask", lambda *_: pytest.fail("it asked the daemon"))
    monkeypatch.setenv("BOOKHUNT_HOME", "/tmp/x")
    assert fast_status.fast_status(arguments) is None


def test_without_a_daemon_it_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path))
    assert fast_status.fast_status([]) is None
    assert capsys.readouterr().out == ""
