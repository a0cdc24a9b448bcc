"""`bookhunt-sellers(5)`: the manual of the seller language, from Markdown into roff.

It reads as much of Markdown as `sellers.d/README.md` uses: headings, paragraphs, lists, tables,
fenced blocks, `code`, **bold** and links. A row of a table becomes its first cell with the others
under it, which reads at any width.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bookhunt.cli.manual import escaped, heading, verbatim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DOES = "describe a seller: how to ask it for a price and how to order"
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)")
_CONTENTS = re.compile(r"(1\. |Reference: )\[")  # a list of links within the page
_ITEM = re.compile(r"(-|\d+\.) +(.*)")
_RULE = re.compile(r"\|?[\s:|-]+\|?")


def sellers_page(markdown: str) -> str:
    """The source of the page, from the text of the manual."""
    lines = [*heading("bookhunt-sellers", 5, _DOES)]
    text = "\n\n".join(part for part in markdown.split("\n\n") if not _CONTENTS.match(part))
    for block in _blocks(text.splitlines()):
        lines += block
    lines += [".SH SEE ALSO", r"\fBbookhunt\fR(1),", r"\fBbookhunt\-sellers\fR(1)"]
    return "\n".join(lines) + "\n"


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Each block of the text, in roff."""
    place = 0
    while place < len(lines):
        line = lines[place]
        ends = place + 1
        if line.startswith("```"):
            ends = lines.index("```", place + 1)
            yield [".PP", *verbatim("\n".join(lines[place + 1 : ends]))]
            ends += 1
        elif line.startswith("#"):
            yield _heading(line)
        elif line.startswith("|"):
            ends = _end(lines, place, lambda text: text.startswith("|"))
            yield list(_table(lines[place:ends]))
        elif _ITEM.match(line):
            ends = _end(lines, place, lambda text: bool(text.strip()) and not _starts(text))
            yield list(_item(lines[place:ends]))
        elif line.strip():
            ends = _end(lines, place, lambda text: bool(text.strip()) and not _starts(text))
            text = " ".join(lines[place:ends])
            yield [".PP", _prose(text)]
        place = ends


def _starts(line: str) -> bool:
    """Whether a line begins a block of its own, whatever stands before it."""
    return line.startswith(("```", "#", "|")) or _ITEM.match(line) is not None


def _end(lines: list[str], place: int, belongs: Callable[[str], bool]) -> int:
    ends = place + 1
    while ends < len(lines) and belongs(lines[ends]):
        ends += 1
    return ends


def _heading(line: str) -> list[str]:
    marks, _, title = line.partition(" ")
    plain = title.replace("`", "")
    if len(marks) == 1:
        return [".SH DESCRIPTION"]
    return [f".SH {escaped(plain).upper()}"] if len(marks) == 2 else [f".SS {escaped(plain)}"]


def _item(lines: list[str]) -> Iterator[str]:
    found = _ITEM.match(lines[0])
    assert found, lines[0]
    mark = r"\[u2022]" if found[1] == "-" else found[1]
    yield f".IP {mark} 3"
    yield _prose(" ".join([found[2], *(line.strip() for line in lines[1:])]))


def _table(lines: list[str]) -> Iterator[str]:
    rows = [_cells(line) for line in lines if not _RULE.fullmatch(line)]
    for head, *rest in rows[1:]:
        yield ".TP"
        yield _prose(head)
        told = [
            f"{name}: {cell}" if len(rest) > 1 else cell
            for name, cell in zip(rows[0][1:], rest, strict=True)
            if cell
        ]
        yield _prose("; ".join(told) or "-")


def _cells(line: str) -> list[str]:
    """The cells of a row; a bar that is escaped belongs to its cell."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _prose(text: str) -> str:
    """A paragraph in one line of source: code and bold are bold, of a link its text is left."""
    told, begins = [], 0
    text = " ".join(text.split())
    for found in _INLINE.finditer(text):
        told.append(escaped(text[begins : found.start()]))
        code, bold, link = found.groups()
        told.append(_prose(link) if link else f"\\fB{escaped(code or bold)}\\fR")
        begins = found.end()
    told.append(escaped(text[begins:]))
    whole = "".join(told)
    return f"\\&{whole}" if whole[:1] in {".", "'"} else whole
