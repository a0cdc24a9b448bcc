"""Expressions and patterns of a definition, compiled for the format they are read in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

from bookhunt.sellers.reading.errors import BadExpression
from bookhunt.sellers.reading.finders import json_finder
from bookhunt.sellers.reading.markup_finders import html_finder, xml_finder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.compiled import Regex
    from bookhunt.sellers.language import AnswerFormat
    from bookhunt.sellers.reading.finders import Finder

_MOST_MEMORY = 1 << 20  # of one compiled pattern; a long alternation of words takes some 10 KB


def json_like(written: AnswerFormat) -> AnswerFormat:
    """The format a JSON expression is read in, in an answer written so."""
    return written if written in {"json", "jsonp", "jsonld"} else "json"


def finder(
    expression: str, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
) -> Finder:
    """Compile an expression for answers of this format.

    Raises:
        BadExpression: it is none of that format.
    """
    if written == "xml":
        return xml_finder(expression, namespaces)
    if written == "html":
        return html_finder(expression)
    return json_finder(expression)


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, *, group: bool = False) -> Regex:
    """Compile a pattern of google-re2, which takes linear time whatever a seller sends.

    With `group` it must have exactly one group, which is the value.

    Raises:
        BadExpression: it cannot be compiled (look-around and back-references are not in re2), or
            has no group where one is needed.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    try:
        compiled: Any = re2.compile(pattern, options)
    except re2.error as bad:
        said = bad.args[0] if bad.args else bad
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise BadExpression(f"not a pattern: {text}") from None
    if group and compiled.groups < 1:
        raise BadExpression("the pattern has no group: put ( ) around what is the value")
    return compiled  # type: ignore[no-any-return]  # re2 has no types
