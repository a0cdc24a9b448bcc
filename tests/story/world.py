"""A home, its daemon and a street, as a person at a terminal has them: through the command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookhunt.cli.sandbox import USUAL_SELLERS, furnish, move_in, open_street
from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonError
from bookhunt.simulated import Street

_PROGRAM = [sys.executable, "-c", "from bookhunt.cli.main import run; run()"]
_ENDS_WITHIN_S = 50.0


def program_environment(home: Path | None, **more: str) -> dict[str, str]:
    """The environment of the program: this checkout, and a home that is not the person's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOOKHUNT_")}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    if home is not None:
        kept["BOOKHUNT_HOME"] = str(home)
    return kept | more


def run_program(
    *arguments: str, home: Path | None = None, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*_PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_ENDS_WITHIN_S,
        env=program_environment(home, **more),
    )


def start_program(
    *arguments: str, home: Path, stdout: int = subprocess.PIPE, **more: str
) -> subprocess.Popen[str]:
    """Start one command and leave it running."""
    return subprocess.Popen(
        [*_PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=program_environment(home, **more),
    )


def wait_until(holds: Callable[[], object], *, within_s: float = 30.0) -> None:
    """Wait for a condition, never for a time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@dataclass(slots=True)
class World:
    """One person's home in one street."""

    home: Home
    street: Street
    _used: set[str] = field(default_factory=set)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        seed: int = 7,
        sellers: int = USUAL_SELLERS,
        latency_scale: float = 0.0,
        **shelves: int,
    ) -> "World":
        home = Home.at(root)
        street = open_street(
            home,
            seed=seed,
            sellers=sellers,
            latency_scale=latency_scale,
            parent_pid=os.getpid(),
            **shelves,
        )
        furnish(home, street, idle_exit_min=5)
        move_in(DaemonClient(home))
        return cls(home=home, street=street)

    def close(self) -> None:
        with contextlib.suppress(DaemonError):
            DaemonClient(self.home).stop()
        wait_until_gone(self.home)
        self.street.stop()

    @property
    def root(self) -> Path:
        assert self.home.root is not None
        return self.home.root

    @property
    def client(self) -> DaemonClient:
        return DaemonClient(self.home)

    def run(
        self, *arguments: str, stdin: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        return run_program(*arguments, home=self.root, stdin=stdin, **more)

    def objects(self, *arguments: str, stdin: str = "") -> list[dict[str, Any]]:
        """The objects a command prints with --json, whatever it ends with."""
        shown = self.run(*arguments, "--json", stdin=stdin)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def object(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        [found] = self.objects(*arguments, stdin=stdin)
        return found

    def start(self, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
        return start_program(*arguments, home=self.root, stdout=stdout)

    def kill_daemon(self) -> None:
        os.kill(self.client.health()["pid"], signal.SIGKILL)
        wait_until_gone(self.home)

    def book(self, *, orders_at: int = 3, one_of: frozenset[str] = frozenset()) -> str:
        """An ISBN that nobody of this test used yet, in stock in dollars at several sellers.

        One of them is of `one_of`, where that names any.
        """
        sellers: dict[str, set[str]] = {}
        for offer in self.street.offers():
            if offer["sells"] and offer["currency"] == "USD" and offer["inventory"] > 2:
                sellers.setdefault(offer["isbn"], set()).add(offer["seller"])
        isbn = next(
            isbn
            for isbn, at in sorted(sellers.items())
            if len(at) >= orders_at and isbn not in self._used and (not one_of or at & one_of)
        )
        self._used.add(isbn)
        return isbn

    def offers(self, isbn: str) -> list[dict[str, Any]]:
        """What can be bought in dollars, cheapest first, by the street's own word."""
        found = [
            offer
            for offer in self.street.offers(isbn=isbn)
            if offer["sells"] and offer["currency"] == "USD" and offer["inventory"]
        ]
        return sorted(found, key=lambda offer: offer["total_minor"])

    def orders(self, isbn: str | None = None) -> list[dict[str, Any]]:
        """The orders that stand, by the street's own ledger."""
        return [
            order
            for order in self.street.orders()
            if not order["cancelled"] and isbn in (None, order["isbn"])
        ]
