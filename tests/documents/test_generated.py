"""Completions and man pages are what the program is now, whole, and readable by their readers."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli import exit_codes
from bookhunt.cli.help import topic_text
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.objects import OBJECTS, codes_of
from bookhunt.cli.surface import leaves, pages
from bookhunt.wire.problems import KINDS
from tests.documents.generate import HOW, ROOT, documents, there
from tests.support.shells import need

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.cli.surface import Page

MAN = sorted((ROOT / "man").rglob("*.[15]"))
# What the pages are written with; everything else is text.
_REQUESTS = ".TH .SH .SS .PP .TP .IP .RS .RE .nf .fi .nh .ad".split()
_ESCAPE = re.compile(r"\\(?:\[u[0-9A-F]{4,6}\]|\((?:aq|ga|ha|ti)|f[BIR]|[-e&])")
_TOPICS_OF_THE_CONTRACT = "exit-codes json sellers pipelines safety environment".split()


@cache
def walked() -> tuple[Page, ...]:
    return pages()


@cache
def made() -> dict[str, str]:
    return documents()


def commands() -> list[Page]:
    return [page for page in walked() if page.entry is not None]


def of_page(page: Page) -> str:
    return made()[f"man/man1/{page.name}.1"]


def name_of(value: object) -> str:
    return getattr(value, "name", str(value))


# ------------------------------------------------------------------------------ what is committed
def test_what_is_generated_is_what_the_program_says_now() -> None:
    """After a change of a command: `python -m tests.documents.generate`."""
    stale = [
        name
        for name, text in made().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text("utf-8") != text
    ]
    assert not stale, f"{stale} differ from the program; run: {HOW}"
    assert not there() - made().keys(), f"of no command any more; run: {HOW}"


def test_every_command_has_a_page_and_every_group() -> None:
    named = {name for name in made() if name.startswith("man/man1/")}
    for words, _ in leaves():
        assert f"man/man1/bookhunt-{'-'.join(words)}.1" in named
        assert f"man/man1/bookhunt-{words[0]}.1" in named
    assert "man/man1/bookhunt.1" in named
    assert "man/man5/bookhunt-sellers.5" in made()


# ---------------------------------------------------------------------------------- each command
@pytest.mark.parametrize("page", commands(), ids=name_of)
def test_the_examples_of_a_command_are_of_its_options(page: Page) -> None:
    """Nobody is shown an option that is not there, or one whose value is missing."""
    known = {name: flag for flag in page.flags for name in flag.names}
    for example in page.examples:
        line = example.partition("bookhunt " + " ".join(page.words))[2]
        words = shlex.split(re.split(r" (?:[<>|]|&&) ?", f"{line} ")[0])
        for place, word in enumerate(words):
            if word.startswith("-") and word != "-":
                name, sign, _ = word.partition("=")
                assert name in known, f"{name} in: {example}"
                needs = bool(known[name].metavar) and not sign
                assert not needs or place + 1 < len(words), example


@pytest.mark.parametrize("page", commands(), ids=name_of)
def test_the_page_of_a_command_says_all_of_it(page: Page) -> None:
    """Its examples, options, objects and exit codes, under the headings that people look for."""
    text = of_page(page)
    entry = page.entry
    assert entry is not None
    assert entry.prints in OBJECTS, f"objects.OBJECTS does not say what {entry.prints!r} is"
    headings = re.findall(r"^\.SH (.+)$", text, re.MULTILINE)
    needed = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SHARED OPTIONS", "JSON"]
    assert [each for each in headings if each in needed] == needed
    assert headings[-2:] == ["EXIT STATUS", "SEE ALSO"]
    plain = text.replace("\\-", "-")
    for flag in page.flags:
        for name in flag.names:
            assert f"\\fB{name}\\fR" in plain
    for field in OBJECTS[entry.prints][1]:
        assert re.search(rf"\b{field}\b", plain)
    told = plain.partition(".SH EXIT STATUS")[2]
    assert [int(code) for code in re.findall(r"^\\fB(\d+)\\fR$", told, re.MULTILINE)] == list(
        codes_of(entry)
    )


def test_every_exit_code_has_a_meaning() -> None:
    """Those of errors, those of commands; and the topic tells them all."""
    known = exit_codes.MEANINGS.keys()
    assert {kind.exit_code for kind in KINDS.values()} <= known
    assert {code for _, entry in leaves() for code in codes_of(entry)} <= known
    told = topic_text("exit-codes")
    assert [int(each) for each in re.findall(r"^ +(\d+)  ", told, re.MULTILINE)] == list(known)


# ----------------------------------------------------------------------------------------- topics
def test_the_topics_of_the_contract_are_there() -> None:
    assert set(_TOPICS_OF_THE_CONTRACT) <= set(TOPICS)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_what_a_topic_tells_to_type_can_be_typed(topic: str) -> None:
    """Each `bookhunt ...` in it names a command, and options of that command."""
    by_words = {page.words: page for page in walked()}
    for said in re.findall(r"bookhunt ([a-z][^|#\n`;)]*)", topic_text(topic)):
        words = re.split(r"\s{2,}", said)[0].rstrip(".").split()
        page = by_words.get(tuple(words[:2])) or by_words.get(tuple(words[:1]))
        assert page is not None, f"bookhunt {said}"
        if page.is_group:
            assert len(words) == 1 or f"bookhunt {said}" == f"bookhunt {words[0]}", said
        known = {name for flag in page.flags for name in flag.names}
        assert {word for word in words if word.startswith("--")} <= known, f"bookhunt {said}"


def test_the_topic_of_json_names_fields_that_are_there() -> None:
    told = topic_text("json")
    every = {field for _, fields in OBJECTS.values() for field in fields}
    for kind in ("request", "offer"):
        listed = re.search(rf"^  {kind} +((?:.+\n)(?: {{12}}.+\n)*)", told, re.MULTILINE)
        assert listed, kind
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", listed[1]):
            assert word in every, word


# ------------------------------------------------------------------------------------------- roff
@pytest.mark.parametrize("path", MAN, ids=name_of)
def test_a_page_is_sound_roff(path: Path) -> None:
    """Known requests, known escapes, fonts that end, blocks that close: any man reads it."""
    lines = path.read_text("ascii").splitlines()
    assert re.fullmatch(r'\.TH [A-Z-]+ [15] "" "bookhunt [^"]+" "bookhunt manual"', lines[0])
    opened = []
    for number, line in enumerate(lines, 1):
        where = f"{path.name}:{number}: {line}"
        assert not line.startswith("'"), where
        if line.startswith("."):
            request = line.split()[0]
            assert request in _REQUESTS, where
            if request in {".nf", ".RS"}:
                opened.append(request)
            elif request in {".fi", ".RE"}:
                assert opened.pop() == {".fi": ".nf", ".RE": ".RS"}[request], where
        assert line.strip() or opened, where
        assert "\\" not in _ESCAPE.sub("", line), where
        fonts = re.findall(r"\\f([BIR])", line)
        assert fonts[1::2] == ["R"] * (len(fonts) // 2), where
        assert len(fonts) % 2 == 0, where
    assert not opened


def test_groff_finds_nothing_to_warn_of() -> None:
    need("groff")
    for path in MAN:
        told = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", "-z", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (told.returncode, told.stderr) == (0, ""), path.name
