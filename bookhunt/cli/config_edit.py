"""`bookhunt config edit`: config.yaml in an editor, checked before it replaces the file."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from bookhunt.cli.editing import edit
from bookhunt.cli.output import Terminal  # noqa: TC001 - Typer reads the annotations
from bookhunt.home.durable import stamp_of
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.config import Config
    from bookhunt.home.effective import Change

_HEAD = """\
# The configuration of bookhunt. Every line below is a default: take the # away and change it.
# An absent line stays as it is. `bookhunt config show --origin` says what is in force.

"""


def edit_config(terminal: Terminal) -> None:
    """Edit config.yaml in $VISUAL or $EDITOR. It is replaced only by one without a mistake.

    A file with mistakes can be edited again; given up, it is kept, and the error says where. What
    changed is told, and what of it a running daemon takes up only after a restart.
    """
    from bookhunt.home.config import read_config, replace_config

    home = Home.find()
    stamp = stamp_of(home.config_file)
    text = _HEAD + _defaults() if stamp is None else _text_of(home.config_file)
    before = _before(home)
    after: list[Config] = []

    def use(typed: str, file: Path) -> None:
        config = read_config(typed, file=str(file))
        replace_config(home, typed, before=stamp)
        after.append(config)

    if not edit(terminal, home, text, name="config", use=use):
        terminal.notice("nothing was changed")
        return
    terminal.notice(f"{home.config_file} is replaced")
    for change in after[-1].changes_since(before) if before is not None else ():
        _tell(terminal, change)


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error


def _before(home: Home) -> Config | None:
    """What was in force; None where the file had mistakes, and nothing can be compared."""
    from bookhunt.home.config import load_config

    with contextlib.suppress(BookhuntError):
        return load_config(home)
    return None


def _defaults() -> str:
    """Each section on a line, commented out."""
    from bookhunt.home.config import Config

    sections: dict[str, Any] = {}
    for setting in Config().effective():
        inner = sections
        for step in setting.path[:-1]:
            inner = inner.setdefault(str(step), {})
        inner[str(setting.path[-1])] = setting.value
    return "".join(f"# {name}: {_flow(value)}\n" for name, value in sections.items())


def _flow(value: Any) -> str:
    """A value as YAML on one line; JSON is YAML, and keys need no quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _tell(terminal: Terminal, change: Change) -> None:
    later = "; after `bookhunt daemon restart`" if change.after_restart else ""
    was, now = (json.dumps(each, ensure_ascii=False) for each in (change.before, change.after))
    terminal.notice(f"  {change.name}: {was} -> {now}{later}")
