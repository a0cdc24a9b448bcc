"""`bookhunt limits`: how much may be spent."""

from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal, flat
from bookhunt.cli.table import print_table
from bookhunt.client import DaemonClient
from bookhunt.model.errors import InputError

LIMIT_FIELDS = (
    "currency",
    "purchase",
    "day",
    "month",
    "spent_day",
    "spent_month",
    "schema_version",
)
_NO_LIMIT = "none"
_Currency = Annotated[
    str | None,
    typer.Option(metavar="CUR", help="Of the amounts; else the default currency of config.yaml."),
]


def show(terminal: Terminal) -> None:
    """Show the limits of each currency, and what is spent and reserved of them."""
    terminal.picked(LIMIT_FIELDS)
    _print(terminal, connect(terminal).limits())


def set_limits(
    terminal: Terminal,
    *,
    currency: _Currency = None,
    purchase: Annotated[
        str | None, typer.Option(metavar="AMOUNT|none", help="The most for one purchase.")
    ] = None,
    day: Annotated[
        str | None, typer.Option(metavar="AMOUNT|none", help="The most in a day.")
    ] = None,
    month: Annotated[
        str | None, typer.Option(metavar="AMOUNT|none", help="The most in a month.")
    ] = None,
) -> None:
    """Change the limits of one currency; what is not named stays, `none` is no limit.

    They go before those of config.yaml until `bookhunt limits reset`.
    """
    given = {"purchase": purchase, "day": day, "month": month}
    wanted = {
        name: None if value.lower() == _NO_LIMIT else value
        for name, value in given.items()
        if value is not None
    }
    if not wanted:
        raise InputError("no limit is named", hint="bookhunt limits set --purchase 50 --day 150")
    terminal.picked(LIMIT_FIELDS)
    client = connect(terminal)
    _print(terminal, [client.set_limits(_named(client, currency), wanted)])


def reset_limits(terminal: Terminal, *, currency: _Currency = None) -> None:
    """Forget what `bookhunt limits set` set for one currency: config.yaml counts again."""
    terminal.picked(LIMIT_FIELDS)
    client = connect(terminal)
    _print(terminal, [client.reset_limits(_named(client, currency))])


def _named(client: DaemonClient, currency: str | None) -> str:
    """The currency that is meant; that of the configuration where none is said."""
    return client.limits()[0]["currency"] if currency is None else currency.upper()


def _print(terminal: Terminal, limits: list[dict[str, Any]]) -> None:
    if terminal.wants_objects:
        for limit in limits:
            terminal.thing(limit, LIMIT_FIELDS)
        return
    headers = [name for name in LIMIT_FIELDS if name != "schema_version"]
    rows = [[flat(limit.get(name)) or "none" for name in headers] for limit in limits]
    print_table(terminal, [name.replace("_", " ") for name in headers], rows)
