"""`doctor --bundle`: what a bug report needs, and nothing that is somebody's.

What goes in is decided by lists of what may, never by looking for what must not: settings that are
numbers, truths or words of a closed list; log lines by the log's own list of fields; definitions by
id and hash; figures without money. Sentences of findings stay out, since a mistake in a document
quotes the document. So do names of customers, books, profiles, paths and hosts.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import zipfile
from collections import deque
from typing import TYPE_CHECKING, Any

import bookhunt
from bookhunt.home.config import load_config
from bookhunt.model.errors import BookhuntError, DaemonError, InputError
from bookhunt.telemetry.logs import FIELDS, LONGEST_TEXT
from bookhunt.wire.contract import API_VERSION, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bookhunt.cli.findings import Finding
    from bookhunt.client import DaemonClient
    from bookhunt.home.effective import Setting
    from bookhunt.home.paths import Home

LOG_LINES = 1000
_SET = "(set)"  # a value that is not shown
_LIBRARIES = (
    "fastapi httptools httpx jmespath keyring lxml orjson platformdirs pydantic python-stdnum "
    "selectolax starlette typer uvicorn uvloop"
).split()
# Settings whose values are words of a closed list, codes of a standard, or amounts.
_WORDS = (
    ("defaults", "currency"),
    ("defaults", "country"),
    ("defaults", "condition"),
    ("defaults", "format"),
    ("defaults", "strategy"),
    ("throttle", "when_full"),
    ("secrets", "backend"),
    ("telemetry", "log_level"),
    ("storage", "ledger"),
    ("storage", "shared"),
    ("limits",),
    ("fx", "rates"),
)
# Sections whose keys are the user's own words: they are counted.
_OWN_KEYS = (
    ("throttle", "customers"),
    ("throttle", "classes"),
    ("throttle", "regions"),
    ("telemetry", "otlp_headers"),
    ("sellers",),
)
_HEALTH = (
    "status version api paused epoch interrupted sellers unfinished load schema_version"
).split()
_LINE = ("time", "level", "logger", "message")
_WITHOUT_MONEY = ("spent", "average")


def write_bundle(to: Path, home: Home, client: DaemonClient, findings: list[Finding]) -> None:
    """Write the bundle as a zip of mode 0600.

    Raises:
        InputError: there is such a file already.
        BookhuntError: it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(to, flags, 0o600)
    except FileExistsError:
        raise InputError(f"{to} exists", hint="name a file that does not") from None
    except OSError as error:
        raise BookhuntError(f"{to} cannot be written: {error.strerror}") from error
    with (
        open(descriptor, "wb") as file,  # noqa: PTH123 - a descriptor
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, content in _contents(home, client, findings):
            archive.writestr(f"bookhunt/{name}", content)


def _contents(
    home: Home, client: DaemonClient, findings: list[Finding]
) -> Iterable[tuple[str, str]]:
    yield "about.json", _json(_about())
    yield (
        "findings.json",
        _json([{"check": each.check, "level": each.level.value} for each in findings]),
    )
    yield "config.json", _json(_settings(home))
    yield "definitions.json", _json(_definitions(home))
    yield "log.jsonl", "".join(_log_lines(home.log_file))
    yield "files.json", _json(_sizes(home))
    with contextlib.suppress(DaemonError):  # the findings say that there is none
        health = client.health()
        yield "health.json", _json({name: health.get(name) for name in _HEALTH})
        if health.get("api") == API_VERSION:
            facts = client.facts()
            yield "schema.sql", ";\n\n".join(facts.pop("statements")) + ";\n"
            yield "ledger.json", _json(facts)
            yield "figures.json", _json(_without_money(client.stats()))


def _about() -> dict[str, Any]:
    return {
        "version": bookhunt.__version__,
        "api_version": API_VERSION,
        "schema_version": SCHEMA_VERSION,
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "libraries": {name: _version_of(name) for name in _LIBRARIES},
    }


def _version_of(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _settings(home: Home) -> dict[str, Any]:
    try:
        effective = load_config(home).effective()
    except BookhuntError as error:
        return {"error": error.code}
    shown: list[dict[str, Any]] = []
    counted: dict[str, int] = {}
    for setting in effective:
        own = next((each for each in _OWN_KEYS if setting.path[: len(each)] == each), None)
        if own is not None:
            counted[".".join(own)] = counted.get(".".join(own), 0) + bool(setting.value)
            continue
        value = setting.value if _may_be_shown(setting) else _SET
        shown.append({"name": setting.name, "value": value, "origin": setting.origin.kind.value})
    return {"settings": shown, "counted": counted}


def _may_be_shown(setting: Setting) -> bool:
    if any(setting.path[: len(each)] == each for each in _WORDS):
        return True
    values = setting.value if isinstance(setting.value, list) else [setting.value]
    return all(each is None or isinstance(each, (bool, int, float)) for each in values)


def _definitions(home: Home) -> dict[str, Any]:
    """Which definitions there are; of those with mistakes, how many mistakes."""
    from bookhunt.sellers.loading import DefinitionShelf
    from bookhunt.sellers.loading_files import Origin

    found = DefinitionShelf(home.sellers_dir, demo=True).read()
    return {
        "definitions": [
            {
                "id": loaded.id,
                "hash": loaded.hash,
                "own": loaded.file.origin is Origin.USER,
                "replaces": loaded.replaces is not None,
                "stale": loaded.stale,
            }
            for loaded in found.by_id.values()
        ],
        "mistakes": len(found.mistakes),
    }


def _sizes(home: Home) -> dict[str, int | None]:
    """How large the files of the home are, by the names bookhunt gives them."""
    files = {
        "ledger.db": home.ledger_file,
        "cache.db": home.cache_file,
        "daemon.log": home.log_file,
        "daemon.err": home.crash_file,
        "config.yaml": home.config_file,
    }
    return {name: file.stat().st_size if file.is_file() else None for name, file in files.items()}


def _log_lines(log: Path) -> Iterable[str]:
    """The end of the log, each line once more by the list of what a line may hold."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            last = deque(file, maxlen=LOG_LINES)
    except OSError:
        return
    for text in last:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict):
                yield json.dumps(_kept(line)) + "\n"


def _kept(line: dict[str, Any]) -> dict[str, Any]:
    allowed = (FIELDS | set(_LINE)) - {"file"}
    kept: dict[str, Any] = {
        name: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for name, value in line.items()
        if name in allowed and isinstance(value, (bool, int, float, str))
    }
    error = line.get("error")
    if isinstance(error, dict):
        told = {name: error.get(name) for name in ("type", "code", "errno", "at")}
        kept["error"] = {name: value for name, value in told.items() if value is not None}
    return kept


def _without_money(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures as they are, but for what was paid."""
    return {
        name: [_without_money(each) for each in value] if name.startswith("by_") else value
        for name, value in figures.items()
        if name not in _WITHOUT_MONEY
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
