"""A document and its model disagree: every mistake at its place, with what was meant."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, model_validator

from bookhunt.documents import (
    Closed,
    DocumentMistakes,
    Misfit,
    Misfits,
    Mistake,
    Nullable,
    Truth,
    read_document,
    validated,
)

IMPOSSIBLE = "is not possible here"


class Mode(StrEnum):
    AUTO = "auto"
    LINK = "link"


class Header(Closed):
    kind: Literal["header"]
    name: str
    value: str


class Basic(Closed):
    kind: Literal["basic"]
    user: str
    password: str = ""


class Token(Closed):
    kind: Literal["token"]
    token: int  # a key of the same name as the tag


class At(Closed):
    at: str
    unit: Literal["minor", "major"] = "major"


class Const(Closed):
    const: str


class Sum(Closed):
    sum: list[At | Const]


class Pick(Closed):
    from_: str = Field(alias="from")
    is_: Mode = Field(Mode.AUTO, alias="is")
    if_: Nullable[str] = Field(None, alias="if")
    else_: Nullable[str] = Field(None, alias="else")


def _even(text: str) -> str:
    if len(text) % 2:
        raise Misfit("has an odd number of letters", hint="add one")
    return text


class Limits(Closed):
    least: int = 1
    most: int = 9
    ratio: Annotated[float, Field(ge=0, le=1)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.least > self.most:
            raise Misfits(
                [Misfit("above most", at=("least",)), Misfit("below least", at=("most",))]
            )
        return self


class Shop(Closed):
    id: str
    mode: Mode = Mode.AUTO
    auth: list[Annotated[Header | Basic | Token, Field(discriminator="kind")]] = Field(
        default_factory=list
    )
    price: str | At | Const | Sum | None = None
    picks: dict[str, Pick] = Field(default_factory=dict)
    word: Annotated[str, AfterValidator(_even)] = ""
    limits: Limits = Limits()
    on: Truth = False
    count: Nullable[int] = 1
    status: int | list[int] = 200
    words: dict[Annotated[str, AfterValidator(_even)], str] = Field(default_factory=dict)


def read(text: str) -> Shop:
    return validated(read_document(text, file="shop.yaml"), Shop)


def told(text: str) -> list[str]:
    with pytest.raises(DocumentMistakes) as refused:
        read("id: shop\n" + text)
    return [str(each).removeprefix("shop.yaml:") for each in refused.value.mistakes]


def mistakes_of(text: str) -> tuple[Mistake, ...]:
    try:
        read(text)
    except DocumentMistakes as refused:
        return refused.mistakes
    return ()


def test_what_fits_is_built() -> None:
    """Text becomes what the schema says, by the names that the document uses."""
    shop = read(
        "id: NO\nmode: link\ncount: null\non: true\nstatus: ['5', 6]\nlimits:\n"
        "picks: {a: {from: x, if: '', else: ~}}\nprice: {sum: [{at: x}, {const: '1'}]}\n"
    )
    assert (shop.id, shop.mode, shop.count, shop.on) == ("NO", Mode.LINK, None, True)
    assert shop.status == [5, 6]
    assert shop.limits == Limits()
    assert shop.picks["a"] == Pick(**{"from": "x", "if": "", "else": None})
    assert shop.price == Sum(sum=[At(at="x"), Const(const="1")])


def test_what_is_read_never_changes() -> None:
    """A closed model is frozen."""
    with pytest.raises(ValueError, match="frozen"):
        read("id: x").id = "y"  # type: ignore[misc]


def test_an_unknown_key_is_told_at_the_key_itself() -> None:
    """With the key that was likely meant, else with all that are known."""
    assert told("limits:\n  leest: 1\n") == [
        "3:3: limits.leest: unknown key (did you mean 'least'?)"
    ]
    assert told("limits: {xyz: 1}\n") == [
        "2:10: limits.xyz: unknown key (known keys: least, most, ratio)"
    ]


def test_a_missing_key_is_told_at_the_mapping() -> None:
    """At the first place of the mapping that should have it, of the document where it is empty."""
    assert told("picks:\n  a:\n    is: link\n") == ["4:5: picks.a.from: missing"]
    with pytest.raises(DocumentMistakes, match=r"^shop.yaml:1:1: id: missing$"):
        read("")


def test_keys_are_told_as_they_are_written() -> None:
    """`from`, `is`, `if`, `else` are the document's names, whatever the fields are called."""
    assert told("picks: {a: {from_: x}}\n") == [
        "2:12: picks.a.from: missing",
        "2:13: picks.a.from_: unknown key (did you mean 'from'?)",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("mode: atuo", f"2:7: mode: 'atuo' {IMPOSSIBLE} (did you mean 'auto'? one of: auto, link)"),
        ("mode: x", "2:7: mode: 'x' is not possible here (one of: auto, link)"),
        ("mode: [auto]", "2:7: mode: should be one of: auto, link"),
        ("on: yes", "2:5: on: should be true or false, not 'yes'"),
        ("count: many", "2:8: count: should be a whole number"),
        ("count: 1.5", "2:8: count: should be a whole number"),
        ("limits: 3", "2:9: limits: should be keys with values"),
        ("auth: header", "2:7: auth: should be a list"),
        ("word: [a]", "2:7: word: should be a text"),
        ("word: abc", "2:7: word: has an odd number of letters (add one)"),
        ("limits: {ratio: 2}", "2:17: limits.ratio: should be less than or equal to 1"),
        ("limits: {ratio: x}", "2:17: limits.ratio: should be a number"),
        ("words: {ab: x, abc: y}", "2:16: words.abc: has an odd number of letters (add one)"),
        ("words: {ab: [x]}", "2:13: words.ab: should be a text"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_at_the_value(text: str, mistake: str) -> None:
    """What should be there, and what is possible where that is a closed list."""
    assert told(text) == [mistake]


def test_a_validator_may_point_below_its_value_and_tell_several() -> None:
    """A rule over several keys names each of them at its own place."""
    assert told("limits: {least: 5, most: 2}") == [
        "2:17: limits.least: above most",
        "2:26: limits.most: below least",
    ]


def test_a_member_is_chosen_by_its_tag() -> None:
    """Of a union with a tag only the tagged member speaks; a wrong tag is told as a value."""
    assert told("auth:\n  - {kind: basic, usr: x}\n") == [
        "3:5: auth[0].user: missing",
        "3:19: auth[0].usr: unknown key (did you mean 'user'?)",
    ]
    (mistake,) = told("auth: [{kind: headr}]")
    assert mistake.startswith(f"2:15: auth[0].kind: 'headr' {IMPOSSIBLE} (did you mean 'header'?")
    assert mistake.endswith(" one of: header, basic, token)")
    assert told("auth: [{user: x}]") == ["2:8: auth[0].kind: missing"]


def test_a_key_named_like_a_tag_is_still_found() -> None:
    """The tag in pydantic's path is not taken for the document's key of that name."""
    assert told("auth: [{kind: header, header: x, name: y}]") == [
        "2:8: auth[0].value: missing",
        "2:23: auth[0].header: unknown key (known keys: kind, name, value)",
    ]
    assert told("auth: [{kind: token, token: x}]") == [
        "2:29: auth[0].token: should be a whole number"
    ]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        # Wrong inside a member that is plainly the one meant: the others are silent.
        ("price: {at: x, unit: minr}",
         [f"2:22: price.unit: 'minr' {IMPOSSIBLE} (did you mean 'minor'? one of: minor, major)"]),
        ("price: {sum: [{at: x}, {at: y, unit: z}]}",
         ["2:38: price.sum[1].unit: 'z' is not possible here (one of: minor, major)"]),
        ("price: {sum: [{att: x}]}",
         ["2:15: price.sum[0].at: missing",
          "2:16: price.sum[0].att: unknown key (did you mean 'at'?)"]),
        # A key that looks like one of a member's: that member was meant.
        ("price: {cnst: x}",
         ["2:8: price.const: missing", "2:9: price.cnst: unknown key (did you mean 'const'?)"]),
        # No member has that shape: all shapes are told, once.
        ("price: [x]", ["2:8: price: should be a text or keys with values"]),
        ("status: {a: 1}", ["2:9: status: should be a whole number or a list"]),
        ("status: [1, x]", ["2:13: status[1]: should be a whole number"]),
    ],
)  # fmt: skip
def test_of_a_union_the_best_fitting_member_is_told(text: str, mistakes: list[str]) -> None:
    """What the writer most likely meant is held against its own schema, not against every one."""
    assert told(text) == mistakes


def test_all_mistakes_of_a_document_come_at_once_in_reading_order() -> None:
    """One run tells everything, from the top down."""
    found = told("mode: x\ncount: y\nfoo: 1\nlimits: {a: 1}\nauth: [{}]\npicks: {a: {}}\n")
    assert [each.split(": ")[1] for each in found] == [
        "mode", "count", "foo", "limits.a", "auth[0].kind", "picks.a.from"
    ]  # fmt: skip


def test_the_error_is_the_list_of_mistakes() -> None:
    """As text: one mistake a line, in the form that editors link."""
    with pytest.raises(DocumentMistakes) as refused:
        read("id: [x]\nfoo: 1\n")
    first, second = refused.value.message.splitlines()
    assert first == "shop.yaml:1:5: id: should be a text"
    assert second.startswith("shop.yaml:2:1: foo: unknown key (known keys: id, mode, auth, ")
    assert refused.value.code == "bad_document"


def test_a_document_of_mistakes_ends() -> None:
    """A hundred lines are told, and how many more there are; thousands are not looked into."""
    text = "".join(f"k{n}: x\n" for n in range(5000))
    with pytest.raises(DocumentMistakes) as refused:
        read("id: shop\n" + text)
    lines = refused.value.message.splitlines()
    assert len(lines) == 101
    assert lines[0].startswith("shop.yaml:2:1: k0: unknown key")
    assert lines[-1] == f"and {len(refused.value.mistakes) - 100} more mistakes"
    assert len(refused.value.mistakes) == 2000


def test_a_long_value_is_cut_where_it_is_told() -> None:
    """A mistake stays one readable line."""
    (mistake,) = told(f"mode: {'x' * 1000}")
    assert len(mistake) < 150


_KEYS = [*Shop.model_fields, "kind", "header", "name", "at", "unit", "sum", "from", "is", "x"]
_NODES = st.recursive(
    st.sampled_from(["x", "1", "minor", "header", "auto", "", "null", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(_KEYS), _NODES, max_size=6))
def test_whatever_is_written_is_built_or_told_inside_the_document(data: dict[str, object]) -> None:
    """No document breaks the validation, and no mistake is placed outside the document."""
    text = json.dumps(data, indent=1)
    lines = text.splitlines()
    for each in mistakes_of(text):
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.column <= len(lines[each.line - 1]) + 1
        assert each.message
