"""Man pages, one for each command and group: what `--help` says, in the order of man(7).

Roff by hand: the few requests used here (.TH .SH .PP .TP .RS .nf) are read alike by groff and
mandoc. A page holds nothing of its own, so nothing in it can be untrue alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt import __version__
from bookhunt.cli import exit_codes
from bookhunt.cli.help import topic_text
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.objects import OBJECTS, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.cli.surface import Flag, Operand, Page

_TOPIC_TITLES = {"json": "JSON"}


def man_page(page: Page) -> str:
    """The source of one page of section 1."""
    if not page.words:
        return _program(page)
    return _group(page) if page.is_group else _command(page)


def _program(page: Page) -> str:
    parts = [
        *_head(page),
        _bold("bookhunt") + r" \fICOMMAND\fR [\fIARGUMENT\fR]...",
        *_section("DESCRIPTION", prose(page.does)),
        *_examples(page.examples),
        *_section("COMMANDS", *_below(page)),
    ]
    for topic in TOPICS:
        _, _, text = topic_text(topic).partition("\n")
        title = _TOPIC_TITLES.get(topic, topic.replace("-", " ")).upper()
        parts += _section(title, *verbatim(text.strip("\n")))
    parts += _section("SEE ALSO", _references([*_names_below(page), "bookhunt-sellers(5)"]))
    return _whole(parts)


def _group(page: Page) -> str:
    word = _bold(f"bookhunt {' '.join(page.words)}")
    also = ["bookhunt(1)", *_names_below(page)]
    if page.words == ("sellers",):
        also.append("bookhunt-sellers(5)")
    return _whole(
        [
            *_head(page),
            word + r" \fICOMMAND\fR [\fIARGUMENT\fR]...",
            *_section("DESCRIPTION", prose(page.does)),
            *_section("COMMANDS", *_below(page)),
            *_examples(page.examples),
            *_section("SEE ALSO", _references(also)),
        ]
    )


def _command(page: Page) -> str:
    own = [flag for flag in page.flags if not flag.shared]
    shared = [flag for flag in page.flags if flag.shared]
    parts = [*_head(page), _synopsis(page)]
    parts += _section("DESCRIPTION", *_paragraphs(page.text))
    parts += _examples(page.examples)
    if page.operands:
        parts += _section("ARGUMENTS", *(line for o in page.operands for line in _operand(o)))
    if own:
        parts += _section("OPTIONS", *(line for flag in own for line in _flag(flag)))
    parts += _section("SHARED OPTIONS", *(line for flag in shared for line in _flag(flag)))
    parts += _json(page)
    parts += _exit_status(page)
    also = ["bookhunt(1)"]
    if len(page.words) > 1:
        also.append(f"bookhunt-{page.words[0]}(1)")
    if page.words[0] == "sellers":
        also.append("bookhunt-sellers(5)")
    return _whole([*parts, *_section("SEE ALSO", _references(also))])


# ---------------------------------------------------------------------------------------- parts
def heading(name: str, section: int, does: str) -> list[str]:
    """The first lines of any page. The version is its date: the same source is the same page."""
    return [
        f'.TH {name.upper()} {section} "" "bookhunt {__version__}" "bookhunt manual"',
        ".nh",  # a command that is cut at a hyphen cannot be copied
        ".ad l",
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(does.rstrip('.'))}",
    ]


def _head(page: Page) -> list[str]:
    return [*heading(page.name, 1, page.does), ".SH SYNOPSIS"]


def _synopsis(page: Page) -> str:
    words = [_bold(f"bookhunt {' '.join(page.words)}")]
    words.append(r"[\fIOPTION\fR]...")
    words += [f"\\fI{escaped(operand.metavar)}\\fR" for operand in page.operands]
    return " ".join(words)


def _section(title: str, *lines: str) -> list[str]:
    return [f".SH {title}", *lines]


def _paragraphs(text: Sequence[str]) -> Iterator[str]:
    for place, paragraph in enumerate(text):
        if place:
            yield ".PP"
        yield prose(paragraph)


def _examples(examples: Sequence[str]) -> list[str]:
    return _section("EXAMPLES", *verbatim("\n".join(examples)))


def _below(page: Page) -> Iterator[str]:
    for word, does in page.below:
        yield ".TP"
        yield _bold(" ".join((*page.words, word)))
        yield prose(does)


def _operand(operand: Operand) -> Iterator[str]:
    yield ".TP"
    yield f"\\fI{escaped(operand.metavar)}\\fR"
    yield prose(operand.says)


def _flag(flag: Flag) -> Iterator[str]:
    after = f" \\fI{escaped(flag.metavar)}\\fR" if flag.metavar else ""
    yield ".TP"
    yield ", ".join(_bold(name) for name in flag.names) + after
    yield prose(flag.says + (" May be repeated." if flag.repeats else ""))


def _json(page: Page) -> list[str]:
    assert page.entry is not None
    what, fields = OBJECTS[page.entry.prints]
    if not fields:
        return _section("JSON", prose(f"With --json, {what}."))
    said = f"With --json, {what}. Its fields, of which what is absent is null:"
    return _section("JSON", prose(said), ".PP", prose(", ".join(fields)))


def _exit_status(page: Page) -> list[str]:
    assert page.entry is not None
    lines = []
    for code in codes_of(page.entry):
        lines += [".TP", _bold(str(code)), prose(exit_codes.MEANINGS[code])]
    return _section("EXIT STATUS", *lines)


def _names_below(page: Page) -> list[str]:
    return [f"{page.name}-{word}(1)" for word, _ in page.below]


def _references(names: Sequence[str]) -> str:
    told = [f"\\fB{escaped(name[:-3])}\\fR{name[-3:]}" for name in names]
    return ",\n".join(told)


# ---------------------------------------------------------------------------------------- roff
def escaped(text: str) -> str:
    """Text that roff prints as it is, hyphens as they are typed, on any line."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    plain = plain.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    plain = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in plain)
    return "\n".join(f"\\&{line}" if line[:1] == "." else line for line in plain.split("\n"))


def prose(text: str) -> str:
    """A paragraph in one line of source, which roff fills; words in backquotes are bold."""
    pieces = " ".join(text.split()).split("`")
    return "".join(
        _bold(piece) if place % 2 else escaped(piece) for place, piece in enumerate(pieces)
    )


def verbatim(text: str) -> list[str]:
    """Lines as they stand, indented."""
    return [".RS 2", ".nf", *escaped(text).split("\n"), ".fi", ".RE"]


def _bold(text: str) -> str:
    return f"\\fB{escaped(text)}\\fR"


def _whole(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
