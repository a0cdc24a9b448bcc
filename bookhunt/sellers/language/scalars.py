"""The texts of a definition: what they may hold, each with the words that its key needs."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from bookhunt.documents.closed import json_literal

Text = Annotated[str, StringConstraints(min_length=1)]
# A text with placeholders, an expression of the answer's format, a pattern of google-re2: all are
# text here, and compiled (`sellers.compiling`) where it is known what they stand in.
TemplateText: TypeAlias = Text
Expression: TypeAlias = Text
Pattern: TypeAlias = Text

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)
# `pay/...` and `notify/...` are secrets of others.
_RESERVED = frozenset({"pay", "notify"})
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|xx)", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)  # RFC 9110, 5.6.2: a token


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("should be lower-case letters, digits, - and _")
    if text in _RESERVED:
        raise ValueError(f"{text} is a name that secrets use")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("a name should be letters, digits and _, a letter first")
    return text


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError("is not a header's name")
    return text


def _country(text: str) -> str:
    if text != "*" and not re.fullmatch(r"[A-Z]{2}", text, re.ASCII):
        raise ValueError('should be two upper-case letters of ISO 3166, or "*"')
    return text


def _currency(text: str) -> str:
    from bookhunt.model.errors import BadMoney
    from bookhunt.model.money import exponent_of

    try:
        exponent_of(text)
    except BadMoney as bad:
        raise ValueError(bad.message) from None
    return text


Identifier = Annotated[Text, AfterValidator(_identifier)]
Name = Annotated[Text, AfterValidator(_name)]
HeaderName = Annotated[Text, AfterValidator(_header_name)]
CountryCode = Annotated[Text, AfterValidator(_country)]
CurrencyCode = Annotated[Text, AfterValidator(_currency)]


def _statuses(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, (list, tuple)) else [value]
    for each in listed:
        if not isinstance(each, str) or not _STATUS.fullmatch(each):
            raise ValueError(
                "should be a status such as 404, a class such as 5xx, or a list of them"
            )
    if not listed:
        raise ValueError("should name at least one status")
    return tuple(str(each) for each in listed)


_STATUS_SCHEMA = {"type": ["integer", "string"], "pattern": "^[1-5]([0-9]{2}|xx)$"}
Statuses = Annotated[
    tuple[str, ...],
    BeforeValidator(_statuses),
    WithJsonSchema({"anyOf": [_STATUS_SCHEMA, {"type": "array", "items": _STATUS_SCHEMA}]}),
]


def _one_or_several(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(str(each) for each in value)
    raise ValueError("should be a text or a list of texts")


_TEXTS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
OneOrSeveral = Annotated[
    str | tuple[str, ...], BeforeValidator(_one_or_several), WithJsonSchema(_TEXTS_SCHEMA)
]


def _rows(value: Any) -> tuple[str, ...]:
    found = _one_or_several(value)
    listed = (found,) if isinstance(found, str) else found
    if not listed or not all(listed):
        raise ValueError("should be an expression or a list of expressions")
    return listed


Rows = Annotated[tuple[str, ...], BeforeValidator(_rows), WithJsonSchema(_TEXTS_SCHEMA)]


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    return json_literal(value) if isinstance(value, str) else value


# Any JSON: a scalar without quotes that is a JSON literal is that value, all else is text.
Json = Annotated[Any, BeforeValidator(_json)]

Unit = Literal["minor", "major", "micros"]
AnswerFormat = Literal["json", "jsonp", "xml", "html", "jsonld"]
Separator = Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)]
Milliseconds = Annotated[int, Field(ge=1, le=600_000)]


def status_matches(patterns: tuple[str, ...], status: int) -> bool:
    """Whether a status is one of `404` or `5xx` as a definition names them."""
    text = str(status)
    return any(
        text == each or (each.endswith("xx") and text[0] == each[0] and len(text) == 3)
        for each in patterns
    )
