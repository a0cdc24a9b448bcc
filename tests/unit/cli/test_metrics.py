"""`bookhunt metrics`: the page as it is, a sample a line, and the files that go with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from bookhunt.cli import metrics as module
from bookhunt.cli.metrics import metrics
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = """\
# HELP bookhunt_paused Whether buying is paused.
# TYPE bookhunt_paused gauge
bookhunt_paused 0.0
bookhunt_seller_calls_total{result="offers",seller="al\\"pha"} 3.0
bookhunt_request_seconds_bucket{le="+Inf",state="SUCCESS"} 1.0
"""


class Daemon:
    def metrics(self) -> str:
        return PAGE


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "connect", lambda _: Daemon())


Capture = pytest.CaptureFixture[str]


def test_the_page_is_printed_as_it_is(capsys: Capture) -> None:
    metrics(Terminal())
    assert capsys.readouterr().out == PAGE


def test_with_json_a_sample_is_a_line(capsys: Capture) -> None:
    metrics(Terminal(json=True))
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["name"], each["labels"], each["value"]) for each in found] == [
        ("bookhunt_paused", {}, "0.0"),
        ("bookhunt_seller_calls_total", {"result": "offers", "seller": 'al\\"pha'}, "3.0"),
        ("bookhunt_request_seconds_bucket", {"le": "+Inf", "state": "SUCCESS"}, "1.0"),
    ]
    assert all(each["schema_version"] == 1 for each in found)


def test_the_dashboard_and_the_rules_are_printed_without_a_daemon(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: Terminal) -> Callable[[], None]:
        raise AssertionError("no daemon is asked")

    monkeypatch.setattr(module, "connect", nobody)
    metrics(Terminal(), dashboard=True)
    assert json.loads(capsys.readouterr().out)["title"] == "bookhunt"
    metrics(Terminal(), alerts=True)
    assert yaml.safe_load(capsys.readouterr().out)["groups"][0]["name"] == "bookhunt"
    with pytest.raises(InputError):
        metrics(Terminal(), dashboard=True, alerts=True)
