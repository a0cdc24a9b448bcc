"""`bookhunt config`: what is set, where it is from, and where everything lies."""

import json
from typing import Annotated

import typer

from bookhunt.cli.output import Terminal
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.home.paths import Home

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
    definitions; it lies in the file that `bookhunt config path` calls `overrides`.
    """
    from bookhunt.home.config import load_config
    from bookhunt.home.overrides import SellerOverrides, overridden

    terminal.picked(SETTING_FIELDS)
    home = Home.find()
    settings = overridden(load_config(home).effective(), SellerOverrides(home))
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
    if terminal.wants_objects:
        print_thing(terminal, {"file": str(home.config_file), "ok": True, "restart": waiting})
        return
    terminal.notice(f"{home.config_file} is right")
    terminal.notice(f"a running daemon takes changes up at once, but for: {', '.join(waiting)}")


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
