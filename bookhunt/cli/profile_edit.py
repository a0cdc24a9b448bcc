"""`bookhunt profile edit`: an address in an editor; the daemon checks it before it replaces."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.editing import edit
from bookhunt.cli.output import Terminal
from bookhunt.home.paths import Home

_FIELDS = "name street street2 city region postcode country phone email".split()


def edit_profile(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the profile.")],
) -> None:
    """Edit a shipping profile in $VISUAL or $EDITOR. It is replaced only by one without a mistake.

    One with mistakes can be edited again; given up, it is kept, and the error says where.
    """
    home = Home.find()
    client = connect(terminal, home)

    def use(typed: str, _: Path) -> None:
        client.put_profile(name, typed, replace=True)

    if edit(terminal, home, text_of(client.profile(name)), name=f"profile-{name}", use=use):
        terminal.notice(f"profile {name} is replaced")
    else:
        terminal.notice("nothing was changed")


def text_of(profile: dict[str, Any]) -> str:
    """A profile's object as YAML to edit: what is not said is there, commented out."""
    text = (
        f"# Profile {profile['profile']}: where books are sent. `country` is a two-letter code.\n"
    )
    text += _lines(profile, "")
    if profile["bill"] is None:
        return text + "# bill: the same fields, where the bill goes elsewhere\n"
    return text + "bill:\n" + _lines(profile["bill"], "  ")


def _lines(address: dict[str, Any], indent: str) -> str:
    lines = []
    for field in _FIELDS:
        value = address.get(field)
        said = json.dumps(value, ensure_ascii=False) if value is not None else ""
        lines.append(f"{indent}{'' if said else '# '}{field}: {said}".rstrip() + "\n")
    return "".join(lines)
