"""`bookhunt sellers list | show | login | logout`."""

import sys
from collections import Counter
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import SELLER_HEADERS, SELLER_SPARE, seller_row
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.model.errors import InputError, SecretStoreUnavailable
from bookhunt.wire.contract import SELLER_FIELDS

PAYMENT = "payment"
_LONGEST_SECRET = 8192
_STATES = ("ready", "suspended", "needs_setup", "disabled", "blocked")
_Id = Annotated[str, typer.Argument(metavar="ID", help="Of the seller.")]


def list_sellers(terminal: Terminal) -> None:
    """List every seller that is defined, with what is known of it."""
    terminal.picked(SELLER_FIELDS)
    found = connect(terminal).sellers()
    if not found:
        terminal.notice("no seller is defined; bookhunt sellers new ID writes a definition")
    if terminal.wants_objects:
        for seller in found:
            terminal.thing(seller, SELLER_FIELDS)
        return
    if not terminal.is_plain:
        found.sort(key=_by_state)
    rows = [seller_row(seller) for seller in found]
    print_table(terminal, SELLER_HEADERS, rows, flexible=9, spare=SELLER_SPARE)
    if found and not terminal.is_plain:
        terminal.notice(_summed_up(found))


def _by_state(seller: dict[str, Any]) -> int:
    """Those that work now first, then those that something can be done about."""
    state = seller["state"]
    return _STATES.index(state) if state in _STATES else len(_STATES)


def _summed_up(found: list[dict[str, Any]]) -> str:
    """How many work now, and how the others come to."""
    count = Counter(seller["state"] for seller in found)
    ordering = sum(1 for each in found if each["state"] == "ready" and each["mode"] == "auto")
    told = f"{count['ready']} of {len(found)} sellers work now, {ordering} of them take orders"
    if count["needs_setup"]:
        told += f"; {count['needs_setup']} need what `cause` says: bookhunt sellers login ID"
    return told


def show(terminal: Terminal, seller_id: _Id) -> None:
    """Show one seller: its state, and which secrets it needs."""
    seller = connect(terminal).seller(seller_id)
    closed = seller.get("secret_store")
    if terminal.wants_objects or closed is None:
        print_thing(terminal, seller)
        return
    print_thing(terminal, {name: seller[name] for name in seller if name != "secret_store"})
    hint = f"; {closed['hint']}" if closed["hint"] else ""
    terminal.notice(f"whether its secrets are stored is not known: {closed['message']}{hint}")


def login(
    terminal: Terminal,
    seller_id: _Id,
    *,
    profile: Annotated[
        str | None, typer.Option(help="Whose payment token; the default profile's without it.")
    ] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read name=value lines; `payment` is the token.")
    ] = False,
) -> None:
    """Store the secrets that a seller's definition names, and the payment token there.

    They are asked for on a terminal, or read from stdin, never given on the command line.
    """
    client = connect(terminal)
    seller = client.seller(seller_id, profile=profile)
    closed = seller.get("secret_store")
    if closed is not None:  # before anybody types what could not be kept
        raise SecretStoreUnavailable(closed["message"], hint=closed["hint"])
    given = _from_stdin() if stdin else _asked_for(terminal, seller)
    payment = None
    if PAYMENT in given and PAYMENT not in {each["name"] for each in seller["secrets"]}:
        payment = given.pop(PAYMENT)
    stored = client.login(seller["id"], given, payment=payment, profile=profile)
    if terminal.wants_objects:
        print_thing(terminal, stored)
        return
    names = [*given, *([PAYMENT] if payment else [])]
    terminal.notice(f"stored for {seller['id']}: {', '.join(names)}")
    if stored["state"] != "ready":
        terminal.notice(f"{seller['id']} is still {stored['state']}: {stored['cause'] or '?'}")


def logout(terminal: Terminal, seller_id: _Id) -> None:
    """Forget every secret of a seller, the payment tokens of all profiles there included."""
    client = connect(terminal)
    left = client.logout(client.seller(seller_id)["id"])
    if terminal.wants_objects:
        print_thing(terminal, left)
    else:
        terminal.notice(f"the secrets of {seller_id} are forgotten")


def _from_stdin() -> dict[str, str]:
    given: dict[str, str] = {}
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        name, sign, value = line.rstrip("\r\n").partition("=")
        # The line is not repeated in a message: it may hold a secret.
        if not sign or not name.strip() or not value:
            raise InputError(f"line {number} is not name=value")
        if len(value) > _LONGEST_SECRET:
            raise InputError(f"line {number} has more than {_LONGEST_SECRET} characters")
        given[name.strip()] = value
    if not given:
        raise InputError("stdin holds no secret", hint="one line each: api_key=...")
    return given


def _asked_for(terminal: Terminal, seller: dict[str, Any]) -> dict[str, str]:
    if not terminal.may_ask():
        raise InputError(
            "secrets are asked for on a terminal, and stdin is none",
            hint=f"bookhunt sellers login {seller['id']} --stdin < secrets.txt",
        )
    import getpass

    wanted = list(seller["secrets"])
    if seller["payment"] is not None:
        prompt = f"{seller['payment']['prompt']} of profile {seller['payment']['profile']}"
        wanted.append({**seller["payment"], "name": PAYMENT, "prompt": prompt})
    if not wanted:
        raise InputError(f"{seller['id']} needs no secret and no payment token")
    given: dict[str, str] = {}
    for each in wanted:
        stored = " (stored; Enter keeps it)" if each["stored"] else ""
        value = getpass.getpass(f"{each['prompt'] or each['name']}{stored}: ")
        if value:
            given[each["name"]] = value
    if not given:
        raise InputError(f"nothing was given for {seller['id']}")
    return given
