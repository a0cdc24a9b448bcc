"""`bookhunt sandbox`: a street of simulated sellers, and a home that is set up for it.

The street is a process of its own with a ledger of its own. The home it is opened for is written
whole (configuration, secrets, definitions of the street's variants), allows sellers on this machine
and switches all other sellers off; so it is refused where somebody has a configuration already.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bookhunt import simulated
from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal  # noqa: TC001 - Typer reads the annotations
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.client import DaemonClient, start_daemon, wait_until_gone
from bookhunt.home.durable import write_durably
from bookhunt.home.names import payment_secret
from bookhunt.home.paths import Home
from bookhunt.model.errors import (
    BookhuntError,
    DaemonNotRunning,
    InputError,
    NotFound,
    SetupMissing,
)
from bookhunt.model.money import Money

if TYPE_CHECKING:
    from pathlib import Path

USUAL_SELLERS = len(simulated.HAND_MADE)  # each another dialect, login or checkout
PROFILE = "home"
BUYER = {
    "name": "Ada Reader",
    "street": "1 Main St",
    "city": "Springfield",
    "region": "IL",
    "postcode": "62701",
    "country": "US",
    "email": "ada@example.test",
}
_MARK = "# Written by `bookhunt sandbox` for simulated sellers; every start writes it anew.\n"
ORDER_FIELDS = (
    "order_id",
    "seller",
    "item",
    "isbn",
    "quantity",
    "total",
    "reference",
    "cancelled",
    "schema_version",
)


def start(
    terminal: Terminal,
    *,
    sellers: Annotated[
        int, typer.Option(metavar="N", help="How many sellers, 1 to 200.")
    ] = USUAL_SELLERS,
    seed: Annotated[int, typer.Option(metavar="N", help="Of stock, prices and latencies.")] = 1,
    latency_scale: Annotated[
        float, typer.Option(metavar="X", help="Multiplies every latency; 0 answers at once.")
    ] = 1.0,
) -> None:
    """Open a street for the home that BOOKHUNT_HOME names, and set that home up for it."""
    home = _sandbox_home()
    street = simulated.running(street_dir(home))
    if street is None:
        street = open_street(home, seed=seed, sellers=sellers, latency_scale=latency_scale)
    else:
        terminal.notice("the street is open already; bookhunt sandbox stop closes it")
    furnish(home, street)
    client = connect(terminal, home)
    _restart(client, home)
    move_in(client)
    told = {"home": str(home.root), "street": street.control_address, "pid": street.pid}
    if terminal.wants_objects:
        print_thing(terminal, told | {"sellers": len(street.sellers)})
        return
    terminal.notice(f"{len(street.sellers)} simulated sellers are open for {home.root}")
    terminal.notice("try: bookhunt quote 9781449373320; bookhunt buy 9781449373320 --max-price 60")


def stop(terminal: Terminal) -> None:
    """Close the street. Its ledger stays, and a street that is opened again remembers it."""
    street = simulated.running(street_dir(Home.find()))
    if street is None:
        terminal.notice("no street is open")
        return
    street.stop()
    terminal.notice("the street is closed")


def ledger(terminal: Terminal) -> None:
    """Print the orders that the street itself executed, whatever bookhunt says of them."""
    home = Home.find()
    street = simulated.running(street_dir(home))
    if street is None:
        raise NotFound("no street is open for this home", hint="bookhunt sandbox start")
    terminal.picked(ORDER_FIELDS)
    orders = [_told(order) for order in street.orders()]
    if terminal.wants_objects:
        for order in orders:
            terminal.thing(order, ORDER_FIELDS)
        return
    headers = ("order", "seller", "item", "isbn", "total", "cancelled")
    rows = [
        [
            order["order_id"],
            order["seller"],
            order["item"],
            order["isbn"],
            f"{order['total']['amount']} {order['total']['currency']}",
            "yes" if order["cancelled"] else "no",
        ]
        for order in orders
    ]
    print_table(terminal, headers, rows)


def street_dir(home: Home) -> Path:
    """Where the street of a home keeps its ledger."""
    return home.data_dir / "street"


def open_street(
    home: Home,
    *,
    seed: int,
    sellers: int,
    latency_scale: float = 1.0,
    parent_pid: int | None = None,
    **shelves: Any,
) -> simulated.Street:
    """Open a street for a home; `shelves`: `made_up_books`, `copies`, `count_quotes_only`.

    Raises:
        InputError: no street is like that.
        BookhuntError: it did not open.
    """
    if not 1 <= sellers <= simulated.MOST_SELLERS:
        raise InputError(f"a street has 1 to {simulated.MOST_SELLERS} sellers", hint="--sellers 50")
    home.prepare()
    try:
        return simulated.start(
            street_dir(home),
            seed=seed,
            sellers=sellers,
            latency_scale=latency_scale,
            parent_pid=parent_pid,
            **shelves,
        )
    except simulated.StreetError as error:
        raise BookhuntError(str(error)) from error


def furnish(home: Home, street: simulated.Street, *, idle_exit_min: int | None = None) -> None:
    """Write the files that let a daemon of this home buy in the street, and nowhere else."""
    home.prepare()
    home.sellers_dir.mkdir(mode=0o700, exist_ok=True)
    for seller, text in simulated.definitions(street).items():
        write_durably(home.sellers_dir / f"{seller}.yaml", text.encode())
    write_durably(home.secrets_file, json.dumps(_secrets(street), indent=1).encode())
    config: dict[str, Any] = {
        "network": {"allow_loopback": "true"},
        # Simulated money: the street is there to be bought from, a whole catalogue at a time.
        "limits": {"USD": {"purchase": "1000", "day": "1000000"}},
        "secrets": {"backend": "file"},
        "defaults": {"profile": PROFILE},
        "sellers": _switched_off(street) | simulated.settings(street),
    }
    if idle_exit_min is not None:
        config["daemon"] = {"idle_exit_min": str(idle_exit_min)}
    # JSON is YAML: nothing here needs a library to write it.
    write_durably(home.config_file, (_MARK + json.dumps(config, indent=1) + "\n").encode())


def move_in(client: DaemonClient) -> None:
    """Give the home the profile that books of the street are sent to, if it has none."""
    if all(profile["profile"] != PROFILE for profile in client.profiles()):
        client.put_profile(PROFILE, json.dumps(BUYER))


def _secrets(street: simulated.Street) -> dict[str, str]:
    """What `sellers login` would store: each seller's credentials, and the profile's tokens."""
    kept = {
        f"{seller}/{name}": value
        for seller, values in simulated.credentials(street).items()
        for name, value in values.items()
    }
    for seller, token in simulated.payment_tokens(street, PROFILE).items():
        kept[payment_secret(PROFILE, seller)] = token
    return kept


def _switched_off(street: simulated.Street) -> dict[str, dict[str, str]]:
    """Every seller that is not of this street: a sandbox is not to be heard outside."""
    from bookhunt.sellers.loading_files import Origin, files_in, shipped_folder

    shipped = shipped_folder()
    found = [*files_in(shipped, Origin.SHIPPED), *files_in(shipped / "demo", Origin.DEMO)]
    return {file.id: {"enabled": "false"} for file in found if file.id not in street.sellers}


def _sandbox_home() -> Home:
    home = Home.find()
    if home.root is None:
        raise SetupMissing(
            "a sandbox has a home of its own, and BOOKHUNT_HOME names none",
            hint="export BOOKHUNT_HOME=~/bookhunt-sandbox",
        )
    try:
        written = home.config_file.read_text("utf-8")
    except FileNotFoundError:
        return home
    if not written.startswith(_MARK):
        raise SetupMissing(
            f"{home.config_file} is not a sandbox's: it would be overwritten",
            hint=f"export BOOKHUNT_HOME={shlex.quote(str(home.root) + '-sandbox')}",
        )
    return home


def _restart(client: DaemonClient, home: Home) -> None:
    """A daemon that runs already has read its configuration once and for all."""
    try:
        client.stop()
    except DaemonNotRunning:
        pass
    else:
        wait_until_gone(home)
    start_daemon(home)


def _told(order: dict[str, Any]) -> dict[str, Any]:
    total = Money(order["total_minor"], order["currency"])
    told = {name: order[name] for name in ORDER_FIELDS if name in order}
    return told | {"total": {"amount": total.amount, "currency": total.currency}}
