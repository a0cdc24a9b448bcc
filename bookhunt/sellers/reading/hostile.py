"""Markup that is built to take the reader's time, told from a page before it is parsed.

Measured with the body limit of 512 KB: both parsers compare each attribute of an element with all
before it (50,000 of them take 10 to 31 s); the HTML5 algorithm looks through all open elements at
each start tag (100,000 nested ones take 21 s) and opens every unclosed formatting element again in
each paragraph (3,000 of them take 1.2 GB). All of it holds the interpreter, so no deadline helps.

The bounds here are upper bounds, whatever state the parser is in: every start tag that it may see
begins at a `<` and a letter, and from there a start tag has one grammar. Nothing is decided about
comments, scripts or end tags, which a page could use to hide the rest. A page of many elements is
not refused: it goes through libxml2 first (linear, 256 levels), which closes what it opens, and
what comes out costs little.
"""

from __future__ import annotations

import re

from bookhunt.sellers.reading.errors import Unreadable

_MOST_ATTRIBUTES = 250
# 3,000 nested elements take 20 ms, 300,000 elements opened again 120 ms and 40 MB.
_MOST_TAGS = 3_000
_MOST_REOPENED = 300_000

# The look-ahead keeps the search on its fast path: 150 us a page of 90 KB instead of 540.
_FORMATTING = re.compile(
    r"<(?=[bcefistuBCEFISTU])(?i:b|big|code|em|font|i|s|small|strike|strong|tt|u)(?=[ \t\n\r\f/>])"
)


def is_crowded(text: str) -> bool:
    """Whether a page has so many elements that it goes through the linear parser first.

    Raises:
        Unreadable: an element has more attributes than any page needs.
    """
    _refuse_crowded_element(text)
    tags = text.count("<") - text.count("</")
    if tags > _MOST_TAGS:
        return True
    return tags * len(_FORMATTING.findall(text)) > _MOST_REOPENED


# A start tag that may have many attributes: it is long before the next `>`, or that `>` stands
# inside a quoted value, so that the tag goes on behind it. Most pages have neither, and two fast
# searches say so.
_LONG = 2 * _MOST_ATTRIBUTES
_OPEN_QUOTE = re.compile(r"=[ \t\n\r\f]*+(?:\"[^\">]*+>|'[^'>]*+>)")
_STRETCH = re.compile(r"<[A-Za-z][^>]*+>?+")
_START = re.compile(r"<[A-Za-z]")
# HTML5, 13.2.5.8 and 13.2.5.32 to 13.2.5.40: a start tag as a tokenizer reads it.
_ATTRIBUTE = (
    r"[ \t\n\r\f/]*+=?+[^ \t\n\r\f/>=]++(?:[ \t\n\r\f]*+=[ \t\n\r\f]*+"
    r"(?:\"[^\"]*+\"|'[^']*+'|(?:[^ \t\n\r\f>\"'][^ \t\n\r\f>]*+)?+))?+"
)
_TAG = re.compile(rf"<[A-Za-z][^ \t\n\r\f/>]*+(?:{_ATTRIBUTE})*+")
_EACH_ATTRIBUTE = re.compile(_ATTRIBUTE)


def _has_long_tag(text: str) -> bool:
    """Whether what may be a tag is long; scripts are long too and begin no tag inside."""
    for stretch in text.split(">"):
        if len(stretch) >= _LONG:
            start = _START.search(stretch)
            if start is not None and len(stretch) - start.start() >= _LONG:
                return True
    return False


def _refuse_crowded_element(text: str) -> None:
    if _OPEN_QUOTE.search(text) is None and not _has_long_tag(text):
        return
    # Starts inside a quoted value are read too, so one stretch may be read several times; a page
    # where that adds up is built for it.
    left = 4 * len(text) + 100_000
    for stretch in _STRETCH.finditer(text):
        if len(stretch[0]) < _LONG and _OPEN_QUOTE.search(stretch[0]) is None:
            continue
        for start in _START.finditer(text, stretch.start(), stretch.end()):
            tag = _TAG.match(text, start.start())
            assert tag is not None  # every start is one of a tag
            left -= len(tag[0])
            if left < 0 or len(_EACH_ATTRIBUTE.findall(tag[0])) > _MOST_ATTRIBUTES:
                raise Unreadable("an element of the answer has too many attributes")


# XML allows no `<` inside an attribute, so an element with its attributes is in one such run.
_LONG_RUN = re.compile(rb"<[^<]{%d,}+" % (3 * _MOST_ATTRIBUTES))
_XML_ATTRIBUTE = re.compile(rb"=\s*+[\"']")


def refuse_crowded_document(body: bytes) -> None:
    """Refuse XML (in an encoding that extends ASCII) with an element of very many attributes.

    Raises:
        Unreadable: there is one.
    """
    for run in _LONG_RUN.findall(body):
        if len(_XML_ATTRIBUTE.findall(run)) > _MOST_ATTRIBUTES:
            raise Unreadable("an element of the answer has too many attributes")
