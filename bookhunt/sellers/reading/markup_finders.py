"""XPath and CSS: where a value stands in XML and HTML.

An element as a value is its text, all of it, in one line. A definition may use XPath and CSS on one
page; then a row that one of them found goes to the other as HTML text.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.markup import Page, element_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.reading.finders import Finder

_CSS = "css:"
_ATTRIBUTE = re.compile(r"[\w:.-]+")
_CHILD = re.compile(r"@[A-Za-z_][\w.-]*|(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*", re.ASCII)
_NOTHING = etree.Element("nothing")


def _line(text: str) -> str:
    return " ".join(text.split())


def _is_element(node: Any) -> bool:
    return isinstance(node, etree._Element)  # noqa: SLF001 - lxml has no public name for it


def _value(found: Any) -> Any:
    """What an XPath result stands for: an element its text, a whole number an integer."""
    if _is_element(found):
        if len(found) == 0:
            return _line(found.text or "")
        return _line("".join(str(piece) for piece in found.itertext()))
    if isinstance(found, bool):
        return found
    if isinstance(found, float):
        if not math.isfinite(found):
            return None
        return int(found) if found.is_integer() else found
    if isinstance(found, tuple):  # a namespace node: prefix and address
        return _line(str(found[1]))
    return _line(str(found))


class XPathFinder:
    """Compiled XPath over lxml trees."""

    __slots__ = ("_xpath", "expression")

    def __init__(self, expression: str, namespaces: Mapping[str, str] | None = None) -> None:
        self.expression = expression
        try:
            # regexp: EXSLT's would run patterns in the standard library's engine, which can be
            # made to take exponential time; `pattern:` is there for that.
            self._xpath = etree.XPath(
                expression,
                namespaces=dict(namespaces) if namespaces else None,
                regexp=False,
                smart_strings=False,
            )
            # An undeclared prefix or an unknown function is found only when it is evaluated.
            self._xpath(_NOTHING)
        except (etree.XPathError, ValueError, TypeError) as bad:
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
            return [_value(found)] if found not in {"", False} else None
        return found or None

    def all(self, node: Any) -> list[Any]:
        """The text of each node."""
        found = self._found(node)
        return [_value(each) for each in found] if isinstance(found, list) else [_value(found)]

    def holds(self, node: Any) -> bool:
        """Whether a node is there, or what is computed is neither false nor empty nor 0."""
        found = self._found(node)
        if isinstance(found, list):
            return bool(found) and (_is_element(found[0]) or says_yes(_value(found[0]) or "there"))
        return says_yes(_value(found))


class ChildFinder(XPathFinder):
    """The name of a child or of an attribute, `price` or `@id`, found without the XPath machine.

    Most fields of XML are one; an answer of fifty books costs a third less.
    """

    __slots__ = ("_attribute", "_child")

    def __init__(self, expression: str, namespaces: Mapping[str, str] | None = None) -> None:
        super().__init__(expression, namespaces)
        self._attribute = expression.removeprefix("@") if expression.startswith("@") else ""
        prefix, _, name = expression.rpartition(":")
        self._child = f"{{{(namespaces or {})[prefix]}}}{name}" if prefix else name

    def one(self, node: Any) -> Any:
        """The text of the first such child, or the attribute."""
        element = _as_lxml(node)
        if self._attribute:
            value = element.get(self._attribute)
            return None if value is None else _line(value)
        found = element.find(self._child)
        return None if found is None else _value(found)


class CssFinder:
    """A CSS selector over selectolax trees; `selector @name` is an attribute of what it finds.

    An empty selector, `css: @href`, is the row itself. What is found is inside the row, never it.
    """

    __slots__ = ("_attribute", "_selector", "expression")

    def __init__(self, expression: str) -> None:
        self.expression = expression
        selector, at, attribute = expression.rpartition("@")
        if (
            at
            and _ATTRIBUTE.fullmatch(attribute.strip())
            and (not selector.strip() or selector[-1].isspace())
        ):
            self._selector, self._attribute = selector.strip(), attribute.strip().lower()
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
        place = _as_lexbor(node)
        if not self._selector:
            return [place]
        found = place.css(self._selector)
        if isinstance(node, Page):
            return list(found)
        return [each for each in found if each.mem_id != place.mem_id]

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

    def holds(self, node: Any) -> bool:
        """Whether a match is there; of an attribute, whether it is neither `false` nor `0`."""
        found = self._having(node)
        return bool(found) and (not self._attribute or says_yes(self._text(found[0]) or "there"))


_NO = frozenset({"", "false", "0"})


def says_yes(value: Any) -> bool:
    """Whether a text or number of XML or HTML means yes: false, empty and 0 are no."""
    if isinstance(value, str):
        return value.strip().casefold() not in _NO
    return bool(value)


def _as_lxml(node: Any) -> Any:
    if _is_element(node):
        return node
    if isinstance(node, Page):
        return node.lxml
    if isinstance(node, LexborNode):
        root = element_of(node.html or "<div></div>")
        return next(root.iter(node.tag or "div"), root)
    raise Unreadable("there is no element here to look into", raw=node)


def _as_lexbor(node: Any) -> Any:
    if isinstance(node, LexborNode):
        return node
    if isinstance(node, Page):
        return node.lexbor.root
    if _is_element(node):
        return LexborHTMLParser(
            etree.tostring(node, method="html", encoding="unicode", with_tail=False)
        ).root
    raise Unreadable("there is no element here to look into", raw=node)


def xml_finder(expression: str, namespaces: Mapping[str, str] | None = None) -> Finder:
    """Compile XPath for XML; `css:` is HTML's.

    Raises:
        BadExpression: it is no XPath, or uses a prefix that `namespaces` lacks.
    """
    if expression.startswith(_CSS):
        raise BadExpression("CSS selectors are for HTML; write XPath")
    if _CHILD.fullmatch(expression):
        return ChildFinder(expression, namespaces)
    return XPathFinder(expression, namespaces)


def html_finder(expression: str) -> Finder:
    """Compile `css:...` or XPath for HTML.

    Raises:
        BadExpression: it is neither.
    """
    if expression.startswith(_CSS):
        return CssFinder(expression.removeprefix(_CSS))
    return XPathFinder(expression)
