"""Everything that can be typed, as plain values: completions and man pages are made from it.

It is read off the table of commands and the parameters that Typer itself parses, so what is written
about a command cannot say anything else than what the command takes.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.cli.command import SHARED_NAMES
from bookhunt.cli.commands import COMMANDS, Entry, Group
from bookhunt.cli.suggestions import kind_of
from bookhunt.cli.tree import ABOUT, FIRST_STEPS, command_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One option: every way to spell it, what follows it, and what it is for."""

    names: tuple[str, ...]  # those that say no, as --no-wait, included
    metavar: str  # what follows; empty: nothing does
    says: str
    repeats: bool
    shared: bool  # every command has it
    kind: str  # what completes its value; see `suggestions`


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """One argument that is not an option."""

    metavar: str
    says: str
    repeats: bool
    needed: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One command, or a word that others stand under; the program itself has no words."""

    words: tuple[str, ...]
    does: str
    examples: tuple[str, ...]
    text: tuple[str, ...] = ()  # paragraphs
    flags: tuple[Flag, ...] = ()
    operands: tuple[Operand, ...] = ()
    below: tuple[tuple[str, str], ...] = ()  # of a group: each word, and what it does
    entry: Entry | None = None  # of a command

    @property
    def name(self) -> str:
        """The name of its man page: `bookhunt-sellers-list`."""
        return "-".join(("bookhunt", *self.words))

    @property
    def is_group(self) -> bool:
        """Whether commands stand under it."""
        return self.entry is None


_HELP = Flag(
    names=("--help",),
    metavar="",
    says="Show the help and exit.",
    repeats=False,
    shared=True,
    kind="",
)


def pages() -> tuple[Page, ...]:
    """The program, then each command and group in the order of the table; imports all of them."""
    return tuple(_walked())


def leaves() -> tuple[tuple[tuple[str, ...], Entry], ...]:
    """The words of each command, and its entry; imports none of them."""
    found: list[tuple[tuple[str, ...], Entry]] = []
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            found += [((name, word), each) for word, each in entry.commands.items()]
        else:
            found.append(((name,), entry))
    return tuple(found)


def _walked() -> Iterator[Page]:
    yield Page(
        words=(),
        does=ABOUT.partition("\n")[0],
        examples=FIRST_STEPS,
        flags=(_HELP,),
        below=tuple((name, entry.does) for name, entry in COMMANDS.items()),
    )
    for name, entry in COMMANDS.items():
        if isinstance(entry, Entry):
            yield _page((name,), entry)
            continue
        yield Page(
            words=(name,),
            does=entry.does,
            examples=tuple(each.examples[0] for each in entry.commands.values()),
            flags=(_HELP,),
            below=tuple((word, each.does) for word, each in entry.commands.items()),
        )
        for word, each in entry.commands.items():
            yield _page((name, word), each)


def _page(words: tuple[str, ...], entry: Entry) -> Page:
    command: Any = command_of(words[-1], entry)
    given = [p for p in command.params if not getattr(p, "hidden", False)]
    told = inspect.cleandoc(command.help or "").replace("\f", "\n\n").split("\n\n")
    return Page(
        words=words,
        does=entry.does,
        examples=entry.examples,
        text=tuple(paragraph for paragraph in told if paragraph.strip()),
        flags=(*(_flag(words, entry, p) for p in given if p.param_type_name == "option"), _HELP),
        operands=tuple(_operand(words, entry, p) for p in given if p.param_type_name == "argument"),
        entry=entry,
    )


def _flag(words: tuple[str, ...], entry: Entry, option: Any) -> Flag:
    metavar = "" if option.is_flag else str(option.metavar)
    says = str(option.help or "")
    if metavar and isinstance(option.default, (str, int, float)):
        says += f" Without it: {option.default}."
    names = (*sorted(option.opts, key=len), *option.secondary_opts)
    return Flag(
        names=names,
        metavar=metavar,
        says=says,
        repeats=bool(option.multiple),
        shared=option.name in SHARED_NAMES,
        kind=kind_of(words, entry, metavar, flag=names[-1]) if metavar else "",
    )


def _operand(words: tuple[str, ...], entry: Entry, argument: Any) -> Operand:
    metavar = str(argument.metavar or argument.name.upper())
    return Operand(
        metavar=metavar,
        says=str(argument.help or ""),
        repeats=argument.nargs == -1,
        needed=bool(argument.required),
        kind=kind_of(words, entry, metavar),
    )
