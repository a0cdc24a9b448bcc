"""JMESPath over JSON: what a value is, what rows are, what yes is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.exact_json import parse_json
from bookhunt.sellers.reading.finders import (
    Compared,
    DottedPath,
    Flattened,
    JmesPath,
    Member,
    json_finder,
)
from bookhunt.sellers.reading.linked_data import parse_linked_data

ANSWER = parse_json(
    b'{"data": {"offers": [{"p": 12.10}, {"p": 9.5}, null], "none": [], "nothing": null},'
    b' "n": 0, "s": "", "ok": true}'
)


def test_a_plain_path_is_walked_and_reads_like_jmespath() -> None:
    for expression in ("data.offers", "data.x.y", "n", "s.t", "data.nothing.x"):
        walked = json_finder(expression)
        assert isinstance(walked, (DottedPath, Member))
        assert walked.one(ANSWER) == JmesPath(expression).one(ANSWER)


_WORDS = st.sampled_from(["a", "b", "x", "", "true", "null", "ü", "0", "a.b", "length"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats(-1, 1) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("a", Member),
        ("a.b", DottedPath),
        ("a[]", Flattened),
        ("a.b[]", Flattened),
        ("a == 'x'", Compared),
        ("a.b=='x'", Compared),
        ("a != ''", Compared),
        ("a[].b", JmesPath),
        ("a == 'it\\'s'", JmesPath),
        ("a.true\n!=\t'x'", Compared),
        ("true == 'x'", JmesPath),
        ("null != 'a'", JmesPath),
        ("true[]", Flattened),
        ("length.null", DottedPath),
    ],
)
@given(tree=_JSON)
def test_what_is_walked_by_hand_means_what_jmespath_says(
    expression: str, kind: type, tree: object
) -> None:
    walked, said = json_finder(expression), JmesPath(expression)
    assert type(walked) is kind
    assert walked.one(tree) == said.one(tree)
    assert type(walked.one(tree)) is type(said.one(tree))
    assert (walked.rows(tree), walked.holds(tree)) == (said.rows(tree), said.holds(tree))


def test_a_truth_beside_a_word_is_no_member_of_that_name() -> None:
    assert json_finder("true == 'x'").one({"true": "x"}) is False
    assert json_finder("a.true == 'x'").one({"a": {"true": "x"}}) is True


def test_what_jmespath_takes_for_no_space_is_refused() -> None:
    with pytest.raises(BadExpression):
        json_finder("a\x0b== 'x'")


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("data.offers", 2),
        ("data.offers[]", 2),
        ("data.none", 0),
        ("data.none[]", 0),
        ("data.offers[?p > `100`]", 0),
        ("data", 1),
        ("data.nothing", None),
        ("data.absent[]", None),
        ("absent.offers", None),
        ("[absent, data.nothing]", None),
        ("[absent, data.offers[0]]", 1),
        ("values(data.offers[0])", 1),
    ],
)
def test_an_empty_list_is_said_and_an_absent_one_is_not(expression: str, rows: int | None) -> None:
    found = json_finder(expression).rows(ANSWER)
    assert (None if found is None else len(found)) == rows


@pytest.mark.parametrize(
    ("expression", "yes"),
    [
        ("ok", True),
        ("n", False),
        ("s", False),
        ("data.none", False),
        ("absent", False),
        ("data.offers[0].p == `12.1`", True),
        ("length(data.offers) > `5`", False),
    ],
)
def test_nothing_false_empty_and_zero_are_no(expression: str, yes: bool) -> None:
    assert json_finder(expression).holds(ANSWER) is yes


def test_computing_keeps_the_digits_of_what_it_chooses() -> None:
    assert json_finder("min(data.offers[].p)").one(ANSWER).text == "9.5"


@pytest.mark.parametrize("expression", ["", "a..b", "a[", "nosuch(@)", "a[?nosuch(b)]", "a == 'x"])
def test_what_is_not_jmespath_is_told_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(BadExpression):
        json_finder(expression)


def test_a_function_on_what_it_cannot_take_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="min"):
        json_finder("min(data)").one(ANSWER)


def test_linked_data_is_the_objects_of_all_scripts_with_graphs_opened() -> None:
    page = b"""<script>var x = "<b>"</script>
    <SCRIPT data-x='1' type='application/ld+json'>{"@type": "Book", "n": 1.50}</SCRIPT>
    <script type=application/ld+json>broken</script>
    <script type="application/ld+json"><!-- [{"n": 2}, {"@graph": [{"n": 3}], "@id": "x"}] -->
    </script>
    <script type="application/ld+json">
      //<![CDATA[
      {"n": &quot;4&quot;}
      //]]></script>
    <script type="application/ld+json">{"n": 5}"""
    found = parse_linked_data(page)
    assert [each["n"] for each in found] == [1.5, 2, 3, "4"]
    assert found[0]["n"].text == "1.50"


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<p>x</p>",
        b"<script type='application/ld+json'>",
        b"<script type='application/json'>{}</script>",
        b"<script>{}</script>",
        b"<script type='application/ld+json'" * 20_000,
        b"<script type='application/ld+json'>" * 20_000,
        b"<script " * 60_000,
    ],
)
def test_a_page_without_linked_data_is_unreadable(page: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_linked_data(page)
