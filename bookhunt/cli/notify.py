"""`bookhunt notify`: who is told of what becomes of requests, and whether that works."""

from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import short_time
from bookhunt.cli.table import print_table
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import DELIVERY_FIELDS, NOTIFY_SECRET_FIELDS, NOTIFY_TEST_FIELDS

_LONGEST_SECRET = 8000
_HEADERS = ("title", "to", "state", "tries", "next", "why", "at")


def list_notices(
    terminal: Terminal,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
) -> None:
    """List the notices that wait to be told, or that were given up after ten tries.

    Given up ones are kept for a week. What was told is not listed.
    """
    terminal.picked(DELIVERY_FIELDS)
    found = connect(terminal).undelivered(limit=limit)
    if not found:
        terminal.notice("nothing waits to be told")
    if terminal.wants_objects:
        for delivery in found:
            terminal.thing(delivery, DELIVERY_FIELDS)
        return
    print_table(terminal, _HEADERS, [_row(delivery) for delivery in found])


def try_out(
    terminal: Terminal,
    *,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="N", min=1, help="Only the N-th target of config.yaml."),
    ] = None,
) -> int:
    """Tell each target something now, and say how that went; code 1 where one was not told.

    Targets stand in config.yaml under `notify`, each with the events it is told `on`: bought,
    overcharged, not_available, failed, in_doubt, needs_attention, expired, price (a watched book
    costs less than ever seen), seller_suspended. Without `on`: bought, not_available, failed,
    needs_attention, price.

    A webhook is signed by the Standard Webhooks specification, with the secret that it names. A
    command gets the notice as JSON on its stdin. Mail, desktop and chat are apprise addresses, in a
    secret; they need pip install 'bookhunt[notify]'.
    """
    terminal.picked(NOTIFY_TEST_FIELDS)
    tried = connect(terminal).test_notify(to)
    for each in tried:
        if terminal.wants_objects:
            terminal.thing(each, NOTIFY_TEST_FIELDS)
        elif terminal.is_plain:
            terminal.line("\t".join((str(each["number"]), each["target"], _word(each))))
        else:
            style = "green" if each["told"] else "red"
            terminal.line(
                f"{each['number']}  {terminal.styled(_word(each), style)}  {each['target']}"
            )
    return 0 if all(each["told"] for each in tried) else 1


def login(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What config.yaml calls it.")],
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from stdin.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Forget it.")] = False,
) -> None:
    """Store the secret that a target of `notify` names: NAME stands for secret:notify/NAME.

    For mail, desktop and chat it is an apprise address (mailto://user:password@example.com); for a
    webhook its signing secret (whsec_ and base64, or any text), or its whole address. It is asked
    for on a terminal, or read from stdin, never given on the command line.
    """
    terminal.picked(NOTIFY_SECRET_FIELDS)
    if stdin and remove:
        raise InputError("--remove takes no secret", hint=f"bookhunt notify login {name} --remove")
    value = None if remove else _secret(terminal, name, stdin=stdin)
    stored = connect(terminal).notify_login(name, value)
    if terminal.wants_objects:
        terminal.thing(stored, NOTIFY_SECRET_FIELDS)
    elif stored["stored"] is None:
        terminal.notice(f"{stored['secret']} is forgotten")
    else:
        terminal.notice(f"{stored['secret']} is stored ({stored['stored']})")


def _secret(terminal: Terminal, name: str, *, stdin: bool) -> str:
    import sys

    if stdin:
        value = sys.stdin.read(_LONGEST_SECRET + 1).strip()
    elif terminal.may_ask():
        import getpass

        value = getpass.getpass(f"secret:notify/{name.removeprefix('notify/')}: ").strip()
    else:
        raise InputError(
            "secrets are asked for on a terminal, and stdin is none",
            hint=f"bookhunt notify login {name} --stdin < secret.txt",
        )
    if not value or len(value) > _LONGEST_SECRET:
        raise InputError(f"a secret has 1 to {_LONGEST_SECRET} characters")
    return value


def _word(tried: dict[str, Any]) -> str:
    return "told" if tried["told"] else f"not told: {tried['error']}"


def _row(delivery: dict[str, Any]) -> list[str]:
    return [
        str(delivery["title"]),
        str(delivery["target"]),
        str(delivery["state"]).replace("_", " "),
        str(delivery["tries"]),
        short_time(delivery.get("due_at")),
        str(delivery.get("error") or "-"),
        short_time(delivery.get("at")),
    ]
