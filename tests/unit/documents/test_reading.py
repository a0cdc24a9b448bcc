"""Bytes become nodes that know their place, or every mistake is told at its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.documents import (
    Document,
    DocumentMistakes,
    Mapping,
    Mistake,
    Node,
    Place,
    Plain,
    Sequence,
    json_literal,
    read_document,
    read_file,
)
from bookhunt.documents.nodes import plain_data
from bookhunt.documents.reading import DEEPEST, LARGEST_BYTES


def read(text: str | bytes) -> Document:
    return read_document(text, file="shop.yaml")


def told(text: str | bytes) -> list[str]:
    """Every mistake of a document, as people read it, without the file's name."""
    with pytest.raises(DocumentMistakes) as refused:
        read(text)
    return [str(each).removeprefix("shop.yaml:") for each in refused.value.mistakes]


def read_or_told(content: str | bytes) -> tuple[Document | None, tuple[Mistake, ...]]:
    try:
        return read(content), ()
    except DocumentMistakes as refused:
        return None, refused.mistakes


def nodes_of(node: Node) -> list[Node]:
    below: tuple[Node, ...] = ()
    if isinstance(node, Mapping):
        below = tuple(node.entries.values())
    elif isinstance(node, Sequence):
        below = node.items
    return [node, *(each for one in below for each in nodes_of(one))]


@pytest.mark.parametrize(
    "written", ["NO", "0306406152", "12.10", "1:30", "0x10", "1_000", "2026-01-02", "~", "on"]
)
def test_scalars_stay_what_was_written(written: str) -> None:
    """Nothing is guessed: a scalar is its text, whatever YAML would make of it."""
    assert plain_data(read(f"a: {written}").root) == {"a": written}


def test_quotes_are_remembered() -> None:
    """A scalar without quotes may stand for a JSON literal, one with quotes is text."""
    data = plain_data(read('a: 1\nb: "1"\nc: |\n  1\n').root)
    assert [isinstance(data[key], Plain) for key in "abc"] == [True, False, False]


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1), ("-0.5", -0.5), ("true", True), ("null", None), ("01", "01"), ("NaN", "NaN")],
)
def test_a_plain_json_literal_is_its_value(written: str, value: object) -> None:
    """Where any JSON may stand, a plain scalar is a literal if JSON has one of that text."""
    assert json_literal(Plain(written)) == value
    assert json_literal(written) == written


def test_every_node_and_key_knows_its_place() -> None:
    """Lines and columns count from 1, of keys and of values, in block and in flow style."""
    document = read("a: x\nb:\n  - {c: 1,  d: [2]}\n")
    assert document.key_place(("b",)) == Place("shop.yaml", 2, 1)
    assert document.place(("b",)) == Place("shop.yaml", 3, 3)
    assert document.key_place(("b", 0, "d")) == Place("shop.yaml", 3, 13)
    assert document.place(("b", 0, "d", 0)) == Place("shop.yaml", 3, 17)


def test_what_is_not_there_has_the_place_above_it() -> None:
    """A path that leads nowhere has the place of the nearest thing that is there."""
    document = read("a:\n  b: 1\n")
    assert document.place(("a", "x", "y")) == Place("shop.yaml", 2, 3)
    assert document.key_place(("a", "x")) == Place("shop.yaml", 2, 3)
    assert document.node(("a", "b", "c")) is None


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_a_mapping_without_keys(text: str | bytes) -> None:
    """An empty file, one of comments, one with a byte order mark: no keys."""
    assert read(text).root.entries == {}


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1: a: the same key twice (the first is on line 1)"]),
        ("a: {b: 1, 'b': 2}", ["1:11: a.b: the same key twice (the first is on line 1)"]),
        ("a: *b", ["1:4: a: aliases (*b) are not read (write the value out)"]),
        ("a: &b 1", ["1:4: a: anchors (&b) are not read (write the value out)"]),
        (
            "a: !!int 1",
            ["1:4: a: tags (tag:yaml.org,2002:int) are not read (write the value alone)"],
        ),
        ("<<: *x\n", ["1:5: <<: aliases (*x) are not read (write the value out)"]),
        ("[1]: 2\n", ["1:1: a key should be a text, not a list or a mapping"]),
        ("- 1\n", ["1:1: the document should be keys with values"]),
        ("just text", ["1:1: the document should be keys with values"]),
        ("a: 1\n---\nb: 2\n", ["2:1: a second document begins here (one file, one document)"]),
    ],
)
def test_what_surprises_is_refused_at_its_place(text: str, mistakes: list[str]) -> None:
    """Duplicate keys, aliases, anchors, tags, second documents: each where it stands."""
    assert told(text) == mistakes


def test_a_placeholder_without_quotes_is_told_as_one() -> None:
    """`{book.title}` without quotes is a mapping to YAML: the mistake says what was meant."""
    (mistake,) = told("query:\n  q: {book.title}\n")
    assert mistake == (
        "2:6: query.q: {book.title} without quotes is read as a mapping, not as a "
        'placeholder (put quotes around it: "{...}")'
    )


def test_a_placeholder_that_breaks_yaml_is_told_as_one() -> None:
    """Where a bare placeholder makes the line unreadable, the hint still says so."""
    (mistake,) = told("path: {book.isbn13}/x\n")
    assert mistake.startswith("1:7: path: {book.isbn13} without quotes")
    (mistake,) = told("query: {a: x{book.title}}\n")
    assert mistake.endswith('(put quotes around a value with a placeholder: "{...}")')


def test_all_mistakes_come_at_once_in_reading_order() -> None:
    """One reading tells everything, from the top down."""
    found = told("a: *x\nb: 1\nb: 2\nc: !t 3\n")
    assert [each.split(": ")[0] for each in found] == ["1:4", "3:1", "4:4"]


def test_bytes_that_are_no_text_are_told_at_their_place() -> None:
    """The place of the first byte that is not UTF-8."""
    assert told(b"a: 1\nb: x\xff\n") == ["2:5: not UTF-8 text"]


def test_text_that_no_file_can_hold_is_told() -> None:
    """A text with half a character (a lone surrogate) is refused like bytes that are none."""
    assert told("a: \ud800") == ["1:4: not UTF-8 text"]


def test_unreadable_yaml_is_told_at_its_place() -> None:
    """What YAML itself refuses has the line and column where it stopped."""
    (mistake,) = told("a:\n  b: 'open\n")
    assert re.match(r"\d+:\d+: not YAML: ", mistake)


def test_an_alias_bomb_costs_nothing() -> None:
    """Aliases of aliases are refused where they stand, never followed."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    assert len(told("\n".join(lines))) == 20 + 19 * 9


def test_depth_is_bounded() -> None:
    """Levels over the bound end the reading; what lies within it is read."""
    assert read("a: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1))
    path = "a" + "[0]" * DEEPEST
    assert told("a: " + "[" * 100) == [f"1:{3 + DEEPEST + 1}: {path}: deeper than 20 levels"]
    assert told("a: " + "[" * 50_000)


def test_size_is_bounded(tmp_path: Path) -> None:
    """A file over the bound is refused before it is read as YAML, and never read whole."""
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (LARGEST_BYTES + 1))
    for path in (large, Path("/dev/zero")):  # which has no end
        with pytest.raises(DocumentMistakes, match="larger than 256 KB"):
            read_file(path)


def test_a_file_that_cannot_be_opened_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    """No traceback: the file's name and the system's word."""
    with pytest.raises(DocumentMistakes, match=r"none\.yaml:1:1: cannot be read: No such file"):
        read_file(tmp_path / "none.yaml")


_JSON = st.recursive(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcdef", min_size=1), _JSON, max_size=5))
def test_json_is_read_as_it_is(data: dict[str, object]) -> None:
    """JSON of texts, lists and objects is a document, and means what it says."""
    text = json.dumps(data, ensure_ascii=False)
    if "\ufeff" not in text and not re.search("[\u2028\u2029\ufffe\uffff]", text):
        assert plain_data(read(text).root) == data


_YAMLISH = st.lists(
    st.sampled_from(
        ["a", "b", ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", "'", '"', "&x ", "*x ",
         "!!str ", "!<", "|\n", ">-\n", "? ", "---\n", "...\n", "%YAML 1.1\n", "\t", "#", "\\u",
         "{book.x}", "\0", "\x85", "\ufeff", "@", "`", "<<: ", "~", "null", "\r", "\x1b"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(st.binary(max_size=300) | st.text(max_size=200) | _YAMLISH)
def test_no_bytes_break_the_reading(content: bytes | str) -> None:
    """Whatever comes, there is a document with places or mistakes with places, no more."""
    document, mistakes = read_or_told(content)
    assert (document is None) == bool(mistakes)
    places = [node.place for node in nodes_of(document.root)] if document else mistakes
    assert all(each.line >= 1 and each.column >= 1 for each in places)
