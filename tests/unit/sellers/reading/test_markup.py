"""XML and HTML: what is read, what is refused, and pages built to take the reader's time."""

import contextlib
from typing import Any

import pytest

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.hostile import is_crowded
from bookhunt.sellers.reading.markup import Page, parse_html, parse_xml
from bookhunt.sellers.reading.markup_finders import (
    ChildFinder,
    XPathFinder,
    html_finder,
    xml_finder,
)

XML = b"""<?xml version="1.0"?>
<shop xmlns:o="urn:offers"><!-- <price>1</price> -->
  <book id="7"><price> 12
     .50 </price><o:stock>3</o:stock><title>A <i>fine</i> Book</title></book>
  <book id="8"/><empty none=""/><no>false</no><zero>0</zero>
</shop>"""
PAGE = b"""<!DOCTYPE html><html><body>
<div class="row" data-n="1"><a href=" /b/1 ">One  <b>more</b></a>
<span class="p">12,50</span></div><div class=row><a>Two</a>
<input disabled></div><form id="buy" data-no="0"></form></body></html>"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("//book/price", "12 .50"),
        ("//book/@id", "7"),
        ("//title", "A fine Book"),
        ("count(//book)", 2),
        ("sum(//zero)", 0),
        ("number(//zero) + 0.5", 0.5),
        ("number(//title)", None),
        ("boolean(//empty)", True),
        ("//absent", None),
        ("//empty", ""),
        ("//o:stock", "3"),
        ("name(//book)", "book"),
    ],
)
def test_xpath_reads_text_in_one_line_and_what_it_computes(expression: str, value: Any) -> None:
    assert xml_finder(expression, {"o": "urn:offers"}).one(parse_xml(XML)) == value


@pytest.mark.parametrize(
    ("expression", "yes"),
    [
        ("//book", True),
        ("//empty", True),
        ("//absent", False),
        ("//no/text()", False),
        ("string(//zero)", False),
        ("string(//empty)", False),
        ("count(//book) > 5", False),
        ("//book/@id", True),
        ("//empty/@none", True),
    ],
)
def test_an_element_that_is_there_means_yes(expression: str, yes: bool) -> None:
    assert xml_finder(expression).holds(parse_xml(XML)) is yes


@pytest.mark.parametrize("expression", ["price", "o:stock", "@id", "title", "absent", "@absent"])
def test_a_plain_name_is_found_as_xpath_finds_it(expression: str) -> None:
    spaces = {"o": "urn:offers"}
    for book in xml_finder("//book").rows(parse_xml(XML)):
        found = xml_finder(expression, spaces)
        assert type(found) is ChildFinder
        xpath = XPathFinder(expression, spaces)
        assert found.one(book) == xpath.one(book)
        assert found.all(book) == xpath.all(book)
        assert found.rows(book) == xpath.rows(book)
        assert found.holds(book) is xpath.holds(book)


def test_rows_of_xml_are_nodes_and_no_node_is_nothing_said() -> None:
    rows = xml_finder("//book").rows(parse_xml(XML))
    assert [xml_finder("@id").one(row) for row in rows] == ["7", "8"]
    assert xml_finder("//absent").rows(parse_xml(XML)) is None


@pytest.mark.parametrize(
    "expression",
    ["//", "//a[", "nosuch()", "//p:a", "css:a", "re:test('a', 'b')", "\x00"],
)
def test_what_is_not_xpath_is_told_when_it_is_compiled(expression: str) -> None:
    namespaces = {"re": "http://exslt.org/regular-expressions"}
    with pytest.raises(BadExpression):
        xml_finder(expression, namespaces)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("css:.row a", "One more"),
        ("css:.row a @href", "/b/1"),
        ("css:.row @data-n", "1"),
        ("css:input @disabled", ""),
        ("css:.absent", None),
        ("//div[2]/a", "Two"),
        ("css:form @ACTION", None),
    ],
)
def test_css_and_xpath_read_one_page(expression: str, value: Any) -> None:
    assert html_finder(expression).one(parse_html(PAGE)) == value


@pytest.mark.parametrize(
    ("expression", "yes"),
    [
        ("css:#buy", True),
        ("css:input @disabled", True),
        ("css:#buy @data-no", False),
        ("css:.absent", False),
    ],
)
def test_a_match_that_is_there_means_yes_even_without_text(expression: str, yes: bool) -> None:
    assert html_finder(expression).holds(parse_html(PAGE)) is yes


@pytest.mark.parametrize("rows", ["css:.row", "//div[@class='row']"])
@pytest.mark.parametrize("field", ["css:a", "./a", "a", "css:div a"])
def test_rows_of_one_kind_are_read_by_fields_of_the_other(rows: str, field: str) -> None:
    found = html_finder(rows).rows(parse_html(PAGE))
    assert [html_finder(field).one(row) for row in found] == ["One more", "Two"]


def test_a_selector_finds_what_is_in_the_row_and_never_the_row() -> None:
    (row, _) = html_finder("css:div").rows(parse_html(PAGE))
    assert html_finder("css:div").one(row) is None
    assert html_finder("css: @data-n").one(row) == "1"


@pytest.mark.parametrize("expression", ["css:", "css:a[", "css:..", "css:a >", "css: @"])
def test_what_is_not_css_is_told_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(BadExpression):
        html_finder(expression)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("<a>é</a>".encode(), None, "é"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), None, "é"),
        ("<a>é</a>".encode("latin-1"), "latin-1", "é"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), None, "é"),
        ('<?xml version="1.0" encoding="shift_jis"?><a>本</a>'.encode("shift_jis"), None, "本"),
        (b"\xef\xbb\xbf<a>x</a>", "latin-1", "x"),
    ],
)
def test_xml_is_read_in_the_character_set_that_is_declared(
    body: bytes, charset: str | None, text: str
) -> None:
    assert parse_xml(body, charset=charset).text == text


def test_a_page_names_its_own_character_set() -> None:
    page = '<meta http-equiv="x" content="text/html; charset=windows-1251"><p>Книга</p>'
    assert html_finder("css:p").one(parse_html(page.encode("cp1251"))) == "Книга"


@pytest.mark.parametrize("body", [b"<", b"<>", b"<!-- x -->", b"<?x?>", b"</a>", b"<\x00>"])
def test_a_page_without_an_element_has_nothing_in_it(body: bytes) -> None:
    for expression in ("css:a", "//a"):
        with contextlib.suppress(Unreadable):
            assert html_finder(expression).one(parse_html(body)) is None
            assert html_finder(expression).rows(parse_html(body)) is None
            assert not html_finder(expression).holds(parse_html(body))


@pytest.mark.parametrize("node", [None, "text", 7, [], {}])
@pytest.mark.parametrize("expression", ["css:a", "//a"])
def test_what_is_no_element_has_nothing_to_look_into(expression: str, node: Any) -> None:
    with pytest.raises(Unreadable):
        html_finder(expression).one(node)


def test_a_wrong_byte_hides_no_price() -> None:
    page = parse_html(b"<p class=p>12.50</p><footer>\xff\xfe</footer>")
    assert html_finder("css:.p").one(page) == "12.50"


_BOMB = "<!DOCTYPE a [<!ENTITY a0 'lol'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)
)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a>&nbsp;</a>",
        "<a>\x00</a>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'> %x;]><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        _BOMB + "]><a>&a8;</a>",
        _BOMB + "]><a x='&a8;'/>",
        "<a>" * 100_000,
        "<a " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>",
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_xml_that_is_broken_or_declares_a_document_type_is_refused(
    document: str, codec: str
) -> None:
    with pytest.raises(Unreadable):
        parse_xml(document.encode(codec))


@pytest.mark.parametrize("charset", ["utf-7", "x-none", "idna"])
def test_a_document_in_a_character_set_that_can_hide_markup_is_refused(charset: str) -> None:
    with pytest.raises(Unreadable, match="character set"):
        parse_xml(f'<?xml version="1.0" encoding="{charset}"?><a/>'.encode())


_MANY_ATTRIBUTES = {
    "plain": "<p " + " ".join(f"a{n}" for n in range(60_000)) + ">",
    "valued": "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">",
    "slashes": "<p/" + "/".join(f"a{n}" for n in range(60_000)) + ">",
    "ends inside quotes": "<p " + "".join(f'a{n}=">"' for n in range(40_000)) + ">",
    "single quotes": "<p " + "".join(f"a{n}='\"x>'" for n in range(30_000)) + ">",
    "a quote in a name": '<p a" b=">" ' + " ".join(f"a{n}" for n in range(50_000)) + ">",
    "a quote in a value": "<b a=x\"><p c='\"' " + " ".join(f"a{n}" for n in range(50_000)) + ">",
    "after a comment": "<!-- <p a=' --><p " + " ".join(f"a{n}" for n in range(50_000)) + ">'>",
    "cut short": "<p " + " ".join(f"a{n}=1" for n in range(50_000)),
    "many starts": "<a x='" * 80_000,
    "a space that is none": '<p a=\xa0"> <p ' + " ".join(f"a{n}" for n in range(50_000)) + ' ">',
}


def test_telling_them_costs_little_itself() -> None:
    """What looks like the start of many elements is looked at once, not once for each of them."""
    assert is_crowded(("<a='x' " * 70 + ">") * 1000 + '<p a=">">')
    assert is_crowded(("<a b" * 120 + ">") * 1000 + '<p a=">">')


@pytest.mark.parametrize("shape", _MANY_ATTRIBUTES)
def test_an_element_of_very_many_attributes_is_refused(shape: str) -> None:
    with pytest.raises(Unreadable, match="attributes"):
        parse_html(_MANY_ATTRIBUTES[shape].encode())


_CROWDS = {
    "nested": "<div>" * 100_000,
    "lists": "<ul><li>" * 60_000,
    "formatting": "".join(f"<b a={n}><p>" for n in range(30_000)),
    "formatting, hidden ends": "".join(f"<i a={n}><p><!--</i>-->" for n in range(20_000)),
    "formatting, upper case": "".join(f"<FONT\ta={n}><P>" for n in range(20_000)),
    "few elements": "".join(f"<b/a={n}><p>" for n in range(700)),
}


@pytest.mark.parametrize("shape", _CROWDS)
def test_a_crowd_of_elements_costs_neither_time_nor_memory(shape: str) -> None:
    """Parsed as it is, each of these takes many seconds or gigabytes."""
    page = parse_html((_CROWDS[shape] + "<em class=p>9.99</em>").encode())
    assert is_crowded(_CROWDS[shape])
    html_finder("css:.p").one(page)
    html_finder("//em").one(page)


def test_a_page_of_a_real_size_is_read_as_it_is() -> None:
    rows = "".join(
        f'<li id="r{n}" class="a b" data-x="{{&quot;a&quot;: [1, 2]}}"><b>Title {n}</b>'
        f"<a href='/x?a={n}&b=2' onclick=\"if (a > b) {{ go('x') }}\">go</a></li>"
        for n in range(150)
    )
    path = "M 1 2 L " + "3 4 " * 2000
    page = (
        f"<svg><path d='{path}'/></svg><script>if (a<b && c>d) x='<p ' + y</script><ul>{rows}</ul>"
    )
    assert not is_crowded(page)
    assert len(html_finder("css:li").rows(Page(page))) == 150


def test_a_large_page_is_read_whole_whichever_way_it_goes() -> None:
    rows = "".join(f"<tr><td>{n}</td><td class=p><b>{n}.50</b></td></tr>" for n in range(1500))
    page = Page(f"<table>{rows}</table>")
    assert is_crowded(f"<table>{rows}</table>")
    found = html_finder("css:tr").rows(page)
    assert [html_finder("css:.p").one(row) for row in found] == [f"{n}.50" for n in range(1500)]
