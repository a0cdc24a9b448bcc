"""One person's bookhunt: a home set up through the command line for one shop, and its daemon."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonError
from tests.story.world import run_program

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.shops.shop import Facts

UNPAID = "unpaid"  # the same shop, and nobody said how it is paid there
_HOME = {
    "name": "Ada Reader",
    "street": "1 Main St",
    "city": "Springfield",
    "region": "IL",
    "postcode": "62701",
    "country": "US",
    "email": "ada@example.test",
}
# By profile: the payment token, and what is another than at home.
_PROFILES: dict[str, tuple[str, dict[str, str]]] = {
    "home": ("tok_good", {}),
    "broke": ("tok_declined", {}),
    "abroad": ("tok_good", {"country": "DE", "region": "BE", "city": "Berlin"}),
}


class Refused(Exception):
    """A command that had to work did not; with what it said."""


@dataclass(frozen=True, slots=True)
class Household:
    """What a person at a terminal has; every call is a command of its own process."""

    home: Home
    seller: str

    @classmethod
    def furnish(cls, root: Path, seller: str, definition: str, facts: Facts) -> Household:
        """Set a home up as the manual says: definition, settings, profiles, tokens and secrets."""
        home = Home.at(root)
        home.prepare()
        home.sellers_dir.mkdir(mode=0o700, exist_ok=True)
        home.config_file.write_text(json.dumps(_configuration(seller, facts)))  # JSON is YAML
        home.config_file.chmod(0o600)
        made = cls(home, seller)
        for name in (seller, UNPAID):
            own = definition.replace(f"id: {seller}\n", f"id: {name}\n", 1)
            (home.sellers_dir / f"{name}.yaml").write_text(own)
        for profile, (token, other) in _PROFILES.items():
            made.do("profile", "add", profile, "--from", "-", stdin=json.dumps(_HOME | other))
            for name in (seller, UNPAID):
                login = ("sellers", "login", name, "--profile", profile, "--stdin")
                given = facts.secrets | {"payment": token}
                made.do(*login, stdin="".join(f"{key}={each}\n" for key, each in given.items()))
        return made

    def say(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command to its end, whatever that is."""
        return run_program(*arguments, home=self.home.root, stdin=stdin)

    def do(self, *arguments: str, stdin: str = "") -> str:
        """Run one command that must work; what it printed.

        Raises:
            Refused: it did not.
        """
        said = self.say(*arguments, stdin=stdin)
        if said.returncode:
            raise Refused(f"bookhunt {' '.join(arguments)}: {said.stderr or said.stdout}")
        return said.stdout

    def buy(self, isbn: str, most: str, *, profile: str = "home") -> dict[str, Any]:
        """Ask for one more copy and wait; the request, as `--json` prints it."""
        return self._request(
            "buy",
            isbn,
            "--max-price",
            most,
            "--profile",
            profile,
            "--again",
            "--sellers",
            self.seller,
        )

    def try_out(self, seller: str, isbn: str, *, profile: str) -> dict[str, Any]:
        """What `sellers test --live --checkout` says of it, as `--json` prints it."""
        said = self.say(
            "sellers", "test", seller, "--live", isbn, "--checkout", "--profile", profile, "--json"
        )
        return dict(json.loads(said.stdout.splitlines()[-1]))

    def request(self, request_id: str) -> dict[str, Any]:
        """How a request stands."""
        return self._request("status", request_id)

    def reason(self, request_id: str) -> str:
        """Why the shop gave this request nothing, in bookhunt's word."""
        [shop] = self._request("status", request_id, "--why")["sellers"]
        return str(shop["reason"])

    def _request(self, *arguments: str) -> dict[str, Any]:
        said = self.say(*arguments, "--json")
        try:
            [line] = said.stdout.splitlines()
        except ValueError:
            raise Refused(f"bookhunt {' '.join(arguments)}: {said.stderr}") from None
        return dict(json.loads(line))

    def kill_daemon(self) -> None:
        """End the daemon as a power cut would."""
        os.kill(DaemonClient(self.home, autostart=False).health()["pid"], signal.SIGKILL)
        wait_until_gone(self.home)

    def leave(self) -> None:
        """Stop the daemon, if one runs."""
        with suppress(DaemonError):
            DaemonClient(self.home, autostart=False).stop()
        wait_until_gone(self.home)


def _configuration(seller: str, facts: Facts) -> dict[str, Any]:
    unpaid = {name: value for name, value in facts.settings.items() if name != facts.paid_by}
    return {
        "network": {"allow_loopback": "true"},
        "secrets": {"backend": "file"},
        "defaults": {"profile": "home", "currency": "USD", "country": "US"},
        "sellers": {seller: facts.settings, UNPAID: unpaid},
    }
