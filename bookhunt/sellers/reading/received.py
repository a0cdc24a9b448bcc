"""One HTTP answer as readers see it: parsed when it is first looked into, once per format."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.reading.charsets import codec_of, marked
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import parse_json, parse_jsonp
from bookhunt.sellers.reading.linked_data import parse_linked_data
from bookhunt.sellers.reading.markup import parse_html, parse_xml

if TYPE_CHECKING:
    from bookhunt.sellers.language import AnswerFormat
    from bookhunt.sellers.transport import WireAnswer

_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9._:+-]{1,40})", re.IGNORECASE)
_PARSERS = {
    "json": parse_json,
    "jsonp": parse_jsonp,
    "xml": parse_xml,
    "html": parse_html,
    "jsonld": parse_linked_data,
}


class Received:
    """An answer and the trees made of its body.

    It belongs to one thread at a time: it is made, read and dropped together.
    """

    __slots__ = ("_charset", "_text", "_trees", "wire")

    def __init__(self, wire: WireAnswer) -> None:
        self.wire = wire
        self._charset = _charset(wire.header("content-type"))
        self._text: str | None = None
        self._trees: dict[str, Any] = {}

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.wire.status

    @property
    def text(self) -> str:
        """The body as text, to be searched; bytes that are no characters stand as U+FFFD."""
        if self._text is None:
            codec = marked(self.wire.body) or codec_of(self._charset) or "utf-8"
            self._text = self.wire.body.decode(codec, "replace")
        return self._text

    def tree(self, written: AnswerFormat) -> Any:
        """The body in one format.

        Raises:
            Unreadable: it is not written so.
        """
        found = self._trees.get(written)
        if found is None:
            try:
                found = (_PARSERS[written](self.wire.body, charset=self._charset),)
            except Unreadable as bad:
                found = bad
            self._trees[written] = found
        if isinstance(found, Unreadable):
            raise found
        return found[0]


@lru_cache(maxsize=1024)
def _charset(content_type: str | None) -> str | None:
    match = None if content_type is None else _CHARSET.search(content_type)
    return None if match is None else match[1]
