"""XML and HTML answers: hardened parsing into trees.

Sellers are not trusted: a document type, which is where entities and external files come from, is
refused in XML; nothing is fetched; libxml2's own limits on depth and size stay on; markup built to
take time is told first (`hostile`). HTML has document types on every page and no entities of its
own, so there it is passed over.

CSS goes through selectolax, XPath through lxml; a definition may use both on one page (`Page`).
"""

from __future__ import annotations

import re
from typing import Any

import lxml.html
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from bookhunt.sellers.reading.charsets import codec_of, decoded, marked
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.hostile import is_crowded, refuse_crowded_document

_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_META_WITHIN = 2048
_DECLARATION = re.compile(
    rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"'][^>]{0,200}?\?>"
)


def parse_xml(body: bytes, *, charset: str | None = None) -> Any:
    """The root element of an XML document.

    Its character set is its mark's, else the header's, else its own declaration's, else UTF-8
    (RFC 7303, 3.2); to libxml2 it goes as UTF-8 always, so that what was looked at is what is read.

    Raises:
        Unreadable: not well-formed, or it declares a document type.
    """
    content = _as_utf8(body.strip(), charset)
    refuse_crowded_document(content)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as bad:
        raise Unreadable(f"the answer is not XML: {bad}", raw=body[:80]) from None
    if root is None:
        raise Unreadable("the answer is not XML", raw=body[:80])
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("the answer declares a document type, which is refused")
    return root


def _as_utf8(body: bytes, charset: str | None) -> bytes:
    codec = marked(body)
    if codec is None and charset is not None:
        codec = codec_of(charset)
    if codec is None:
        declared = _DECLARATION.match(body)
        codec = codec_of(declared[1].decode("ascii")) if declared else "utf-8"
        if codec is None:
            raise Unreadable("the answer is in a character set that is not read", raw=body[:80])
    if codec == "utf-8":
        return body  # libxml2 refuses what is no UTF-8 itself
    return decoded(body, codec).encode()


class Page:
    """An HTML page, parsed as often as two kinds of expressions need: once, or once for each."""

    __slots__ = ("_crowded", "_lexbor", "_lxml", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._crowded = is_crowded(text)
        self._lexbor: LexborHTMLParser | None = None
        self._lxml: Any = None

    @property
    def lexbor(self) -> LexborHTMLParser:
        """The page for CSS, as browsers read it."""
        if self._lexbor is None:
            text = self._text
            if self._crowded:
                text = etree.tostring(self.lxml, method="html", encoding="unicode")
            self._lexbor = LexborHTMLParser(text)
        return self._lexbor

    @property
    def lxml(self) -> Any:
        """The page for XPath, as libxml2 reads it.

        Raises:
            Unreadable: there is no element in it.
        """
        if self._lxml is None:
            self._lxml = element_of(self._text)
        return self._lxml


def element_of(text: str) -> Any:
    """The root of a page's text in lxml.

    Raises:
        Unreadable: there is no element in it.
    """
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as bad:
        raise Unreadable(f"the answer is not HTML: {bad}", raw=text[:80]) from None
    if root is None:
        raise Unreadable("the answer is not HTML", raw=text[:80])
    return root


def parse_html(body: bytes, *, charset: str | None = None) -> Page:
    """A page; its character set is its mark's, the header's, its own `meta`, else UTF-8.

    Bytes that are no characters in it stand as U+FFFD: pages are patched together from several
    sources, and one wrong byte in a footer hides no price.

    Raises:
        Unreadable: there is no markup in it, or an element is built to take time.
    """
    codec = marked(body) or codec_of(charset)
    if codec is None:
        meta = _META_CHARSET.search(body, 0, _META_WITHIN)
        codec = codec_of(meta[1].decode("ascii")) if meta else None
    text = body.decode(codec or "utf-8-sig", "replace")
    if "<" not in text:
        raise Unreadable("the answer is not HTML", raw=text[:80])
    return Page(text)
