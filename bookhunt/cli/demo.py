"""`bookhunt demo`: a whole purchase, end to end, in a home and on a street made for it.

Everything is real but the sellers: a daemon of its own, its ledger on disk, HTTP over loopback. The
last word is the street's own ledger's: what bookhunt says was bought is held against it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.output import Terminal  # noqa: TC001 - Typer reads the annotations
from bookhunt.cli.render import outcome_lines
from bookhunt.cli.sandbox import USUAL_SELLERS, furnish, move_in, open_street
from bookhunt.cli.waterfall import print_course
from bookhunt.cli.why import explained, print_notes
from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError, DaemonNotRunning
from bookhunt.wire.contract import REQUEST_FIELDS, PurchaseRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.simulated import Street

_ISBN = "9781449373320"
_MOST = {"amount": "60", "currency": "USD"}
_WITHIN_S = 60.0
# Should the demo be killed, its daemon ends by itself.
_IDLE_EXIT_MIN = 5
DEMO_FIELDS = (*REQUEST_FIELDS, "ledger", "home", "street")


def demo(
    terminal: Terminal,
    *,
    sellers: Annotated[
        int, typer.Option(metavar="N", help="How many sellers, 1 to 200.")
    ] = USUAL_SELLERS,
    seed: Annotated[int, typer.Option(metavar="N", help="Of stock, prices and latencies.")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the street and the daemon running.")
    ] = False,
) -> int:
    """Open a street of simulated sellers, buy a book there, and show who was asked.

    Nothing of yours is touched: home, street and daemon are made for this and removed after it.
    """
    terminal.picked(DEMO_FIELDS)
    with _home(keep=keep) as home:
        terminal.progress(f"opening a street of {sellers} sellers ...")
        street = open_street(
            home, seed=seed, sellers=sellers, parent_pid=None if keep else os.getpid()
        )
        try:
            furnish(home, street, idle_exit_min=None if keep else _IDLE_EXIT_MIN)
            return _buy(terminal, home, street, keep=keep)
        finally:
            if not keep:
                _close(home, street)


def _buy(terminal: Terminal, home: Home, street: Street, *, keep: bool) -> int:
    client = DaemonClient(home, notice=terminal.notice)
    terminal.progress("starting a daemon ...")
    move_in(client)
    terminal.progress("hunting ...")
    wish = PurchaseRequest(isbn=_ISBN, max_price=_MOST)
    submitted = client.buy(wish, idempotency_key=f"demo-{os.getpid()}", traced=True)
    request = client.wait(submitted["request_id"], within_s=_WITHIN_S)
    orders = [order for order in street.orders() if not order["cancelled"]]
    told: dict[str, Any] = {
        **request,
        "ledger": {"orders": len(orders), "copies": sum(order["quantity"] for order in orders)},
        "home": str(home.root),
        "street": street.control_address,
    }
    if terminal.wants_objects:
        terminal.thing(told, DEMO_FIELDS)
    else:
        _show(terminal, client, told)
    if keep:
        _say_where(terminal, home)
    return exit_codes.of_request(request)


def _show(terminal: Terminal, client: DaemonClient, told: dict[str, Any]) -> None:
    for line in outcome_lines(told, terminal):
        terminal.line(line)
    copies = told["ledger"]["copies"]
    word = f"the street's own ledger: {told['ledger']['orders']} order, {copies} copy"
    if terminal.is_plain:
        asked = f"{told['sellers_asked']} of {told['sellers_total']} sellers"
        terminal.line(f"asked\t{asked}\t{told['latency_ms']:.0f} ms\t{word}")
        print_notes(terminal, told, client.why(told["request_id"]))
    else:
        terminal.line(f"  {terminal.styled('ledger   ', 'dim')}{word}")
        seen = explained(told, client.why(told["request_id"]))
        print_course(terminal, seen, client.trace(told["request_id"]))


def _say_where(terminal: Terminal, home: Home) -> None:
    """The line that makes the next commands use this home; on stdout unless that holds JSON."""
    line = f"export BOOKHUNT_HOME={shlex.quote(str(home.root))}"
    if terminal.wants_objects:
        terminal.notice(line)
    else:
        terminal.line(line)
    terminal.notice("to end it: bookhunt daemon stop; bookhunt sandbox stop")


@contextlib.contextmanager
def _home(*, keep: bool) -> Iterator[Home]:
    """A home for this demo alone; mkdtemp makes its folder 0700."""
    root = Path(tempfile.mkdtemp(prefix="bookhunt-demo-"))
    try:
        yield Home.at(root)
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def _close(home: Home, street: Street) -> None:
    try:
        with contextlib.suppress(DaemonNotRunning):
            DaemonClient(home).stop()
        wait_until_gone(home)
    except BookhuntError:
        # It ends by itself when it has been idle; the demo's own outcome is what matters here.
        pass
    finally:
        street.stop()
