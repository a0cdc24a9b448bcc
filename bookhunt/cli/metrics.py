"""`bookhunt metrics`: what is measured, in Prometheus' text format."""

import re
from importlib.resources import files
from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError

SAMPLE_FIELDS = ("name", "labels", "value", "schema_version")
_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(?P<name>[a-zA-Z_]\w*)="(?P<value>(?:[^"\\]|\\.)*)"')


def metrics(
    terminal: Terminal,
    *,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Print a dashboard for Grafana instead.")
    ] = False,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Print alert rules for Prometheus instead.")
    ] = False,
) -> None:
    """Print the daemon's metrics as a scraper reads them; with --json a sample a line.

    With telemetry.metrics_port in the configuration they can be scraped at 127.0.0.1 as well.
    """
    terminal.picked(SAMPLE_FIELDS)
    if dashboard and alerts:
        raise InputError("--dashboard and --alerts are two files", hint="one at a time")
    if dashboard or alerts:
        for line in _shipped("dashboard.json" if dashboard else "alerts.yaml").splitlines():
            terminal.line(line)
        return
    terminal.no_autostart = True
    page = connect(terminal).metrics()
    if not terminal.wants_objects:
        for line in page.splitlines():
            terminal.line(line)
        return
    for line in page.splitlines():
        found = _SAMPLE.fullmatch(line)
        if found is not None:
            labels = {
                each["name"]: each["value"] for each in _LABEL.finditer(found["labels"] or "")
            }
            sample = {"name": found["name"], "labels": labels, "value": found["value"]}
            terminal.thing(sample, SAMPLE_FIELDS)


def _shipped(name: str) -> str:
    return files("bookhunt.telemetry").joinpath("prometheus", name).read_text("utf-8")
