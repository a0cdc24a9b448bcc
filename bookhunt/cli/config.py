"""`bookhunt config`: what is set, where it is from, and where everything lies."""

import json
from typing import Annotated, Any

import typer

from bookhunt.cli.output import Terminal
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.client import DaemonClient
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonError

SETTING_FIELDS = ("name", "value", "origin", "after_restart", "schema_version")


def show(
    terminal: Terminal,
    *,
    origin: Annotated[
        bool,
        typer.Option(
            "--origin", help="Also where each is from: default, file, environment, command."
        ),
    ] = False,
) -> None:
    """Print every setting in force.

    What `bookhunt sellers pin | enable | disable | block` set goes before config.yaml and the
    definitions; it lies in the file that `bookhunt config path` calls `overrides`. What `bookhunt
    limits set` set lies in the ledger, and is shown while a daemon runs.
    """
    from bookhunt.home.config import load_config
    from bookhunt.home.effective import with_limits_set
    from bookhunt.home.overrides import SellerOverrides, overridden

    terminal.picked(SETTING_FIELDS)
    home = Home.find()
    settings = overridden(load_config(home).effective(), SellerOverrides(home))
    settings = with_limits_set(settings, _limits_in_force(home))
    if terminal.wants_objects:
        for each in settings:
            told = {"name": each.name, "value": each.value, "origin": str(each.origin)}
            terminal.thing(told | {"after_restart": each.after_restart}, SETTING_FIELDS)
        return
    headers = ("setting", "value", "from") if origin else ("setting", "value")
    rows = [
        [each.name, _value(each.value), *([str(each.origin)] if origin else [])]
        for each in settings
    ]
    print_table(terminal, headers, rows, flexible=1)


def path(terminal: Terminal) -> None:
    """Print where the configuration and everything else lies."""
    home = Home.find()
    print_thing(
        terminal,
        {
            "config": str(home.config_file),
            "sellers": str(home.sellers_dir),
            "overrides": str(home.overrides_file),
            "profiles": str(home.profiles_file),
            "secrets": str(home.secrets_file),
            "ledger": str(home.ledger_file),
            "cache": str(home.cache_file),
            "log": str(home.log_file),
            "socket": str(home.socket_file),
        },
    )


def check(terminal: Terminal) -> None:
    """Find every mistake in the configuration, with file, line and column."""
    from bookhunt.home.config import load_config

    home = Home.find()
    config = load_config(home)
    waiting = [each.name for each in config.effective() if each.after_restart]
    unknown = _not_taken_up(home)
    if terminal.wants_objects:
        told = {"file": str(home.config_file), "ok": True, "restart": waiting, "pending": unknown}
        print_thing(terminal, told)
        return
    terminal.notice(f"{home.config_file} is right")
    terminal.notice(f"a running daemon takes changes up at once, but for: {', '.join(waiting)}")
    if unknown:
        terminal.notice(
            f"the daemon that runs does not know yet: {', '.join(unknown)}; bookhunt daemon restart"
        )


def _limits_in_force(home: Home) -> list[dict[str, Any]]:
    """The limits as the daemon holds them; none where none runs."""
    try:
        return DaemonClient(home, autostart=False).limits()
    except DaemonError:
        return []


def _not_taken_up(home: Home) -> list[str]:
    """The keys that a running daemon will know after a restart."""
    try:
        waiting = DaemonClient(home, autostart=False).health()["trouble"].get("needs_restart", "")
    except DaemonError:
        return []
    return [name for name in waiting.split(", ") if name]


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
