"""XML and HTML answers: hardened parsing, compiled XPath, CSS.

Sellers are not trusted: a document type, which is where entities and external files come from, is
refused in XML; nothing is fetched; libxml2's own limits on depth and size stay on. HTML has
document types on every page and no entities of its own, so there it is passed over.

An element as a value is its text, all of it, in one line. CSS goes through selectolax, XPath
through lxml; a definition may use both on one page, and then a row changes hands as HTML text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import lxml.html
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.exact_json import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.reading.finders import Finder

_CSS = "css:"
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]+)", re.IGNORECASE
)
_META_WITHIN = 2048


def parse_xml(body: bytes, *, charset: str | None = None) -> Any:
    """The root element of an XML document.

    Raises:
        Unreadable: not well-formed, or it declares a document type.
    """
    del charset  # an XML document says its own
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as bad:
        raise Unreadable(f"the answer is not XML: {bad}", raw=body[:80]) from None
    if root is None:
        raise Unreadable("the answer is not XML", raw=body[:80])
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("the answer declares a document type, which is refused")
    return root


def parse_html(body: bytes, *, charset: str | None = None) -> LexborHTMLParser:
    """A page; its character set is the header's, else its own `meta`, else UTF-8.

    Raises:
        Unreadable: the bytes are not text, or nothing is there.
    """
    meta = _META_CHARSET.search(body, 0, _META_WITHIN)
    text = decoded(body, charset or (meta[1].decode("ascii") if meta else None))
    if "<" not in text:
        raise Unreadable("the answer is not HTML", raw=text[:80])
    return LexborHTMLParser(text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _value(found: Any) -> Any:
    """What an XPath result stands for: an element its text, a whole number an integer."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml has no public name for it
        return _line("".join(found.itertext()))
    if isinstance(found, bool):
        return found
    if isinstance(found, float):
        if found != found or found in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
            return None
        return int(found) if found.is_integer() else found
    return _line(str(found))


class XPathFinder:
    """Compiled XPath over lxml trees; an element of a page parsed by selectolax is taken over."""

    __slots__ = ("_xpath", "expression")

    def __init__(self, expression: str, namespaces: Mapping[str, str] | None = None) -> None:
        self.expression = expression
        try:
            self._xpath = etree.XPath(
                expression, namespaces=dict(namespaces) if namespaces else None, smart_strings=False
            )
            # An undeclared prefix or an unknown function is found only when it is evaluated.
            self._xpath(etree.Element("nothing"))
        except etree.XPathError as bad:
            raise BadExpression(f"not XPath: {bad}") from None

    def _found(self, node: Any) -> Any:
        try:
            return self._xpath(_as_lxml(node))
        except etree.XPathError as bad:
            raise Unreadable(f"{self.expression}: {bad}") from None

    def one(self, node: Any) -> Any:
        """The first node's text, or what the expression computes."""
        found = self._found(node)
        if isinstance(found, list):
            return _value(found[0]) if found else None
        return _value(found)

    def rows(self, node: Any) -> list[Any] | None:
        """The nodes; no node is nothing said."""
        found = self._found(node)
        if not isinstance(found, list):
            return [found] if found not in {"", False} else None
        return found or None

    def all(self, node: Any) -> list[Any]:
        """The text of each node."""
        found = self._found(node)
        return [_value(each) for each in found] if isinstance(found, list) else [_value(found)]


class CssFinder:
    """A CSS selector over selectolax trees; `selector @name` is an attribute of what it finds.

    An empty selector, `css: @href`, is the row itself.
    """

    __slots__ = ("_attribute", "_selector", "expression")

    def __init__(self, expression: str) -> None:
        self.expression = expression
        selector, at, attribute = expression.rpartition("@")
        if (
            at
            and re.fullmatch(r"[\w:.-]+", attribute.strip())
            and (not selector.strip() or selector[-1].isspace())
        ):
            self._selector, self._attribute = selector.strip(), attribute.strip()
        else:
            self._selector, self._attribute = expression.strip(), ""
        if not self._selector and not self._attribute:
            raise BadExpression("not CSS: the selector is empty")
        try:
            if self._selector:
                LexborHTMLParser("<p></p>").css(self._selector)
        except (SelectolaxError, ValueError) as bad:
            raise BadExpression(f"not CSS: {bad}") from None

    def _nodes(self, node: Any) -> list[Any]:
        page = _as_lexbor(node)
        if self._selector:
            return list(page.css(self._selector))
        return [page.root if isinstance(page, LexborHTMLParser) else page]

    def _text(self, node: Any) -> Any:
        if self._attribute:
            value = node.attributes.get(self._attribute)
            # An attribute without a value (`disabled`) is there: "" says so, None would not.
            return "" if value is None else _line(value)
        return _line(node.text(deep=True))

    def _having(self, node: Any) -> list[Any]:
        found = self._nodes(node)
        if not self._attribute:
            return found
        return [each for each in found if self._attribute in each.attributes]

    def one(self, node: Any) -> Any:
        """The text or attribute of the first match."""
        found = self._having(node)
        return self._text(found[0]) if found else None

    def rows(self, node: Any) -> list[Any] | None:
        """The matches; none is nothing said."""
        found = self._having(node)
        if self._attribute:
            return [self._text(each) for each in found] or None
        return found or None

    def all(self, node: Any) -> list[Any]:
        """The text or attribute of each match."""
        return [self._text(each) for each in self._having(node)]


def _as_lxml(node: Any) -> Any:
    if isinstance(node, LexborHTMLParser):
        return lxml.html.document_fromstring(node.html or "<html></html>")
    if isinstance(node, LexborNode):
        return lxml.html.fragment_fromstring(node.html or "", create_parent="div")
    if not isinstance(node, etree._Element):  # noqa: SLF001 - lxml has no public name for it
        raise Unreadable("there is no element here to look into", raw=node)
    return node


def _as_lexbor(node: Any) -> Any:
    if isinstance(node, etree._Element):  # noqa: SLF001 - lxml has no public name for it
        return LexborHTMLParser(lxml.html.tostring(node, encoding="unicode"))
    if not isinstance(node, (LexborHTMLParser, LexborNode)):
        raise Unreadable("there is no element here to look into", raw=node)
    return node


def xml_finder(expression: str, namespaces: Mapping[str, str] | None = None) -> Finder:
    """Compile XPath for XML; `css:` is HTML's.

    Raises:
        BadExpression: it is no XPath, or uses a prefix that `namespaces` lacks.
    """
    if expression.startswith(_CSS):
        raise BadExpression("CSS selectors are for HTML; write XPath")
    return XPathFinder(expression, namespaces)


def html_finder(expression: str) -> Finder:
    """Compile `css:...` or XPath for HTML.

    Raises:
        BadExpression: it is neither.
    """
    if expression.startswith(_CSS):
        return CssFinder(expression.removeprefix(_CSS))
    return XPathFinder(expression)
