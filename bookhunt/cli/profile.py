"""`bookhunt profile`: where books are sent."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import PROFILE_FIELDS

STDIN = "-"
_LARGEST_BYTES = 64 * 1024
_HEADERS = ("profile", "default", "name", "street", "city", "postcode", "country")
_QUESTIONS = (
    ("name", "Name", True),
    ("street", "Street and number", True),
    ("street2", "Second line of the address", False),
    ("city", "City", True),
    ("region", "State or region", False),
    ("postcode", "Postcode", True),
    ("country", "Country (two letters, for example US)", True),
    ("phone", "Phone", False),
    ("email", "Email", False),
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the profile.")]


def add(
    terminal: Terminal,
    name: _Name,
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE|-", help="YAML or JSON; - reads stdin."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the one there is.")] = False,
) -> None:
    """Add a shipping profile; with --replace in the place of the one of that name.

    Fields: name, street, street2, city, region, postcode, country (ISO 3166), phone, email; and
    bill, with the same fields, where the bill goes elsewhere. The first profile is the default.
    """
    text = _asked_for(terminal, name) if source is None else _read(source)
    stored = connect(terminal).put_profile(name, text, replace=replace)
    if terminal.wants_objects:
        terminal.thing(stored, PROFILE_FIELDS)
    else:
        terminal.notice(
            f"profile {name} is stored"
            + (" and is the default" if stored.get("default") else "")
            + "; bookhunt sellers login ID stores its payment token at a seller"
        )


def list_profiles(terminal: Terminal) -> None:
    """List the shipping profiles."""
    terminal.picked(PROFILE_FIELDS)
    found = connect(terminal).profiles()
    if not found:
        terminal.notice("there is no profile yet; bookhunt profile add home")
    if terminal.wants_objects:
        for profile in found:
            terminal.thing(profile, PROFILE_FIELDS)
        return
    rows = [["yes" if p.get(h) is True else str(p.get(h) or "-") for h in _HEADERS] for p in found]
    print_table(terminal, _HEADERS, rows, flexible=3)


def show(terminal: Terminal, name: _Name) -> None:
    """Show one profile."""
    print_thing(terminal, connect(terminal).profile(name))


def remove(terminal: Terminal, name: _Name) -> None:
    """Remove a profile; requests that were made for it keep going."""
    connect(terminal).remove_profile(name)
    terminal.notice(f"profile {name} is removed")


def default(terminal: Terminal, name: _Name) -> None:
    """Use this profile where none is named."""
    connect(terminal).default_profile(name)
    terminal.notice(f"profile {name} is the default")


def _read(source: str) -> str:
    """The text of a profile as it is; the daemon reads it and tells every mistake with its line."""
    shown = "stdin" if source == STDIN else source
    try:
        if source == STDIN:
            content = sys.stdin.buffer.read(_LARGEST_BYTES + 1)
        else:
            with Path(source).expanduser().open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{shown} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{shown} is not UTF-8", hint="iconv -t utf-8 < FILE") from error
    if len(content) > _LARGEST_BYTES:
        raise InputError(f"{shown} has more than {_LARGEST_BYTES} bytes")
    return text


def _asked_for(terminal: Terminal, name: str) -> str:
    if not terminal.may_ask():
        raise InputError(
            "an address is asked for on a terminal, and stdin is none",
            hint=f"bookhunt profile add {name} --from address.yaml",
        )
    sys.stderr.write(f"Where books for profile {name} are sent. Enter leaves out what may be.\n")
    address: dict[str, str] = {}
    for field, question, needed in _QUESTIONS:
        value = ""
        while not value:
            sys.stderr.write(f"{question}: ")
            sys.stderr.flush()
            line = sys.stdin.readline()
            if not line:
                raise InputError("the address ended in the middle")
            value = line.strip()
            if not needed:
                break
        if value:
            address[field] = value.upper() if field == "country" else value
    return json.dumps(address)
