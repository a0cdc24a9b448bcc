"""`bookhunt top`: rates between looks, a screen that fits, and keys that do what they say."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from bookhunt.cli import top as module
from bookhunt.cli.output import Terminal
from bookhunt.cli.table import width_of
from bookhunt.cli.top import obey, top
from bookhunt.cli.top_figures import Change, Looks
from bookhunt.cli.top_view import COLUMNS, Wish, screen
from bookhunt.model.errors import InputError

EDGES = [0.1, 1.0, 10.0]


def a_look(at: float, *, bought: int = 0, calls: int = 0, uptime: float = 0.0) -> dict[str, Any]:
    """The daemon at a monotonic time, after so many purchases of half a second each."""
    sellers = [
        {
            "id": f"seller-{n:02}", "tier": 1 + n % 3, "state": "suspended" if n == 7 else "ready",
            "cause": "timed_out" if n == 7 else None, "p95_ms": 100.0 * n, "success": 0.99,
            "stock": None, "orders": None, "in_flight": n, "limit": 50.0, "calls": calls * n,
            "offers": 0,
        }
        for n in range(60)
    ]  # fmt: skip
    return {
        "at": "2026-03-02T12:00:00.000Z", "uptime_s": uptime or 1000.0 + at, "monotonic_s": at,
        "paused": False, "safe_mode": None, "schema_version": 1,
        "load": {"waiting": 3, "hunting": 12, "at_the_door": 0, "workers": 256, "queue": 1000,
                 "lag_ms": 3.2, "fan_out": 0.5},
        "requests": {
            "accepted": bought, "refused": {"try_later": bought}, "states": {"SUCCESS": bought},
            "edges_s": EDGES, "seconds": {"SUCCESS": [0, bought, 0, 0]},
            "stages": {"search": [bought, 0, 0, 0]},
        },
        "calls": {"made": calls, "searches": bought, "of_searches": 8 * bought, "saved": 0,
                  "cached": calls, "shared": 0, "refused": {"skipped_limit": calls}, "delayed": 0},
        "money": [
            {"currency": "USD", "spent_day": {"amount": "190.00", "currency": "USD"},
             "day": {"amount": "200.00", "currency": "USD"}},
            {"currency": "EUR", "spent_day": {"amount": "1.00", "currency": "EUR"}, "day": None},
        ],
        "sellers": sellers,
    }  # fmt: skip


def shown(looks: Looks, wish: Wish, *, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(screen(looks, wish, width=width, height=height), end="")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture
def looks() -> Looks:
    made = Looks()
    made.add(a_look(0.0))
    made.add(a_look(10.0, bought=50, calls=400))
    return made


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (40, 10)])
def test_the_screen_fits_its_terminal(looks: Looks, width: int, height: int) -> None:
    """No line is wider, and there are no more of them; the last one names the keys."""
    lines = shown(looks, Wish(), width=width, height=height)
    assert max(map(width_of, lines)) <= width
    assert len(lines) <= max(height, 14)
    assert "q quit" in lines[-1]


def test_rates_and_times_lie_between_two_looks(looks: Looks) -> None:
    screen_of = "\n".join(shown(looks, Wish(), width=140, height=40))
    assert "5.0/s" in screen_of  # 50 in ten seconds
    assert "bought 5.0/s" in screen_of
    assert "8.0 a request" in screen_of
    assert "cached 50%" in screen_of
    assert "skipped_limit 40.0/s" in screen_of
    assert "p50 550 ms" in screen_of  # in the middle of the bucket
    assert "190.00 USD of 200.00" in screen_of
    assert "no limit" in screen_of


def test_a_daemon_that_was_restarted_counts_from_nought(looks: Looks) -> None:
    """No rate is below nought."""
    looks.add(a_look(3.0, bought=2, uptime=2.0))
    change = Change(looks.last or {}, looks.since(10.0))
    assert change.rate("requests", "accepted") == 1.0


def test_old_looks_are_forgotten() -> None:
    made = Looks()
    for at in range(200):
        made.add(a_look(float(at)))
    oldest = made.since(1e9)
    assert oldest is not None
    assert oldest["monotonic_s"] >= 199 - 61


def names(looks: Looks, wish: Wish) -> list[str]:
    lines = shown(looks, wish, width=140, height=100)
    return [line.split()[0] for line in lines if line.startswith("seller-")]


def test_keys_sort_turn_round_and_filter(looks: Looks) -> None:
    wish = Wish()
    assert names(looks, wish)[0] == "seller-59"  # most calls
    assert obey("r", wish)
    assert names(looks, wish)[0] == "seller-00"
    assert obey("r", wish)
    for _ in range(len(COLUMNS) - 1):
        obey("s", wish)
    assert wish.sort == 0
    assert names(looks, wish)[:2] == ["seller-00", "seller-01"]
    for one in ("/", "t", "i", "m", "e", "x", "\x7f", "\r"):
        assert obey(one, wish)
    assert (wish.words, wish.typing) == ("time", False)
    assert names(looks, wish) == ["seller-07"]  # by its state
    assert obey("\x1b", wish)
    assert wish.words == "time"
    obey("/", wish)
    assert "show sellers with" in shown(looks, wish, width=80, height=24)[-1]
    obey("\x1b", wish)
    assert (wish.words, wish.typing) == ("", False)


def test_whatever_is_sorted_by_is_marked(looks: Looks) -> None:
    """Its head has room for the mark, at eighty columns too where it is shown at all."""
    assert all(column.width > len(column.head) for column in COLUMNS)
    for sort, column in enumerate(COLUMNS[:8]):
        head = shown(looks, Wish(sort=sort), width=80, height=24)
        assert any(f"{column.head}▼" in line for line in head), column.head


def test_a_q_ends_it_unless_it_is_typed() -> None:
    wish = Wish()
    assert obey("p", wish)
    assert wish.paused
    assert obey("/q", wish)
    assert wish.words == "q"
    assert obey("\r", wish)
    assert not obey("q", wish)


def test_what_is_in_the_way_is_said(looks: Looks) -> None:
    wish = Wish(trouble="no daemon listens", paused=True)
    title = shown(looks, wish, width=80, height=24)[0]
    assert "no daemon listens" in title
    assert "paused" in title


class Daemon:
    def top(self) -> dict[str, Any]:
        return a_look(1.0)


def test_without_a_terminal_one_look_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "connect", lambda _: Daemon())
    top(Terminal(json=True))
    assert json.loads(capsys.readouterr().out)["load"]["hunting"] == 12
    top(Terminal())
    assert "hunting=12" in capsys.readouterr().out


def test_it_does_not_look_all_the_time() -> None:
    with pytest.raises(InputError):
        top(Terminal(), every="50ms")
