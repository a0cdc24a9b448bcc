"""`bookhunt trace`: what was done for a request, when, and why: a waterfall, or a file of it."""

import contextlib
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.waterfall import print_waterfall
from bookhunt.cli.why import WHY_FIELDS, explained
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import TRACE_FIELDS

_OF_THE_REQUEST = (
    "status strategy sellers_asked sellers_total calls cached coalesced early_exit stopped_because"
).split()
SHOWN_FIELDS = (*TRACE_FIELDS[:-1], *_OF_THE_REQUEST, *WHY_FIELDS, "schema_version")
_FORMATS = ("otlp", "chrome")


def trace(
    terminal: Terminal,
    request: Annotated[str, typer.Argument(metavar="REQ", help="An id, its beginning, or @last.")],
    *,
    export: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write it there; - is stdout.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="otlp|chrome", help="Of the file; its name says it too."),
    ] = None,
) -> None:
    """Show what was done for a request: who was asked and when, each decision, each step.

    Kept are failures, purchases, what `buy` submitted from a terminal, and a share of the rest.
    With telemetry.otlp_endpoint in the configuration they are sent to a collector as well.
    """
    terminal.picked(SHOWN_FIELDS)
    if form is not None and export is None:
        raise InputError("--format is of a file", hint="bookhunt trace @last --export trace.json")
    made = None if export is None else _format(export, form)
    client = connect(terminal)
    found = client.status(request)
    told = client.trace(found["request_id"])
    if export is not None and made is not None:
        _write(terminal, export, made, told)
        return
    seen = explained(found, client.why(found["request_id"]))
    if terminal.wants_objects:
        whole = {**told, **{name: seen.get(name) for name in (*_OF_THE_REQUEST, *WHY_FIELDS)}}
        terminal.thing({name: whole.get(name) for name in SHOWN_FIELDS}, SHOWN_FIELDS)
        return
    print_waterfall(terminal, seen, told)


def _format(export: str, form: str | None) -> str:
    """What is said, else what the name of the file says, else Chrome's for a `.json`."""
    if form is not None:
        if form not in _FORMATS:
            raise InputError(f"there is no format {form!r}", hint="--format otlp or chrome")
        return form
    name = Path(export).name.lower()
    for known in _FORMATS:
        if known in name:
            return known
    if name.endswith(".json"):
        return "chrome"
    raise InputError(
        f"the name {export!r} does not say a format",
        hint="--format otlp or chrome; or call it trace.otlp.json or trace.chrome.json",
    )


def _write(terminal: Terminal, export: str, form: str, told: dict[str, Any]) -> None:
    from bookhunt.telemetry.export import chrome, otlp

    text = json.dumps(otlp(told) if form == "otlp" else chrome(told), separators=(",", ":"))
    if export == "-":
        terminal.line(text)
        return
    try:
        # What somebody bought is nobody else's business.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        file = os.open(export, flags, 0o600)
        with contextlib.closing(os.fdopen(file, "w", encoding="utf-8")) as out:
            out.write(text + "\n")
    except OSError as error:
        raise InputError(f"{export} cannot be written: {error.strerror}") from error
    terminal.notice(f"written to {export} ({form})")
