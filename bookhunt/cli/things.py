"""A single object as people read it: a name and its value on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.cli.output import flat, one_line

if TYPE_CHECKING:
    from bookhunt.cli.output import Terminal


def print_thing(terminal: Terminal, thing: dict[str, Any], *, title: str | None = None) -> None:
    """Print an object: as JSON, as picked fields, or a line for each thing it says."""
    known = [name for name in thing if name != "schema_version"]
    if terminal.wants_objects:
        terminal.thing(thing, [*known, "schema_version"])
        return
    if title is not None:
        terminal.line(terminal.styled(title, "bold"))
    width = max((len(name) for name in known), default=0)
    for name in known:
        value = thing[name]
        if value is None:
            continue
        if terminal.is_plain:
            terminal.line(f"{name}\t{flat(value)}")
        else:
            told = _told(value)
            terminal.line(f"{terminal.styled(name.ljust(width), 'dim')}  {told}")


def _told(value: Any) -> str:
    """Nested values without JSON's punctuation, as far as that stays clear."""
    if isinstance(value, list):
        return "; ".join(_told(each) for each in value) or "-"
    if isinstance(value, dict) and value.keys() != {"amount", "currency"}:
        pairs = (f"{name} {_told(each)}" for name, each in value.items() if each is not None)
        return ", ".join(pairs) or "-"
    return one_line(flat(value)) or "-"
