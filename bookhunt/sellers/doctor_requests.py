"""A request that was sent, compared with what an example expects; only what is named counts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.markup import parse_xml
from bookhunt.sellers.reading.markup_finders import xml_finder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.sellers.language import Expect
    from bookhunt.sellers.transport import WireRequest

ANYTHING, NOTHING = "*", "absent"
_LONGEST_BODY = 2000
_UNTOLD = frozenset({"user-agent", "accept", "accept-encoding"})  # the same with every request


def differences(expect: Expect, request: WireRequest, placed: Callable[[Any], Any]) -> list[str]:
    """What is not as expected, a line each."""
    found: list[str] = []
    parts = urlsplit(request.url)
    if expect.method is not None and expect.method.upper() != request.method:
        found.append(_differs("method", expect.method, request.method))
    if expect.host is not None and expect.host != parts.netloc:
        found.append(_differs("host", expect.host, parts.netloc))
    if expect.path is not None:
        path = placed(expect.path)
        if path != ANYTHING and path not in {parts.path, unquote(parts.path)}:
            found.append(_differs("path", path, parts.path))
    body = request.body.decode("utf-8", "replace")
    if expect.query is not None:
        found += _pairs("query", placed(expect.query), parts.query)
    if expect.form is not None:
        found += _pairs("form", placed(expect.form), body)
    if expect.headers is not None:
        headers = {name.lower(): value for name, value in request.headers}
        for name, value in placed(expect.headers).items():
            found += compared(f"headers.{name}", value, headers.get(name.lower()))
    if expect.cookies is not None:
        cookies = _cookies(request)
        for name, value in placed(expect.cookies).items():
            found += compared(f"cookies.{name}", value, cookies.get(name))
    if "json_body" in expect.model_fields_set:
        found += _of_json("json", placed(expect.json_body), _parsed(body))
    if expect.variables is not None:
        parsed = _parsed(body)
        variables = parsed.get("variables") if isinstance(parsed, dict) else None
        found += _of_json("variables", placed(expect.variables), variables)
    if expect.xml is not None:
        found += _of_xml(placed(expect.xml), request.body)
    return found


def _differs(what: str, expected: Any, got: Any) -> str:
    return f"{what}: expected {_text(expected)}, got {_text(got)}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def compared(what: str, expected: Any, got: Any) -> list[str]:
    """One value: equal, anything that is there, or nothing."""
    if expected == ANYTHING:
        return [] if got is not None else [_differs(what, "anything", got)]
    if expected == NOTHING:
        return [] if got is None else [_differs(what, None, got)]
    return [] if expected == got else [_differs(what, expected, got)]


def _pairs(what: str, expected: Mapping[str, Any], text: str) -> list[str]:
    sent: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        sent.setdefault(name, []).append(value)
    found: list[str] = []
    for name, value in expected.items():
        got = sent.get(name)
        if isinstance(value, (list, tuple)):
            found += compared(f"{what}.{name}", list(value), got)
        else:
            single = got[0] if got is not None and len(got) == 1 else got
            found += compared(f"{what}.{name}", value, single)
    return found


def _cookies(request: WireRequest) -> dict[str, str]:
    lines = [value for name, value in request.headers if name.lower() == "cookie"]
    pairs = (part.strip().partition("=") for line in lines for part in line.split(";"))
    return {name: value for name, _, value in pairs if name}


def _parsed(body: str) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        return None


def _of_json(what: str, expected: Any, got: Any) -> list[str]:
    """Members that are named, as deep as they are; a list item by item."""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return [_differs(what, expected, got)]
        found: list[str] = []
        for name, value in expected.items():
            if value == NOTHING:
                found += [_differs(f"{what}.{name}", None, got[name])] if name in got else []
            elif name not in got:
                found.append(_differs(f"{what}.{name}", value, None))
            else:
                found += _of_json(f"{what}.{name}", value, got[name])
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [
            line
            for n, (one, other) in enumerate(zip(expected, got, strict=True))
            for line in _of_json(f"{what}[{n}]", one, other)
        ]
    if expected == ANYTHING:
        return []
    return [] if _equal(expected, got) else [_differs(what, expected, got)]


def _equal(expected: Any, got: Any) -> bool:
    """Equal and of one kind: the text "1" is not the number 1, and true is not 1."""
    if isinstance(expected, float):
        expected = Decimal(repr(expected))
    numbers = (int, Decimal)
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, numbers) and isinstance(got, numbers):
        return expected == got
    return type(expected) is type(got) and bool(expected == got)


def _of_xml(expected: Mapping[str, str], body: bytes) -> list[str]:
    try:
        root = parse_xml(body)
    except Unreadable as bad:
        return [f"xml: {bad}"]
    found: list[str] = []
    for expression, value in expected.items():
        try:
            got = xml_finder(expression).one(root)
        except (BadExpression, Unreadable) as bad:
            found.append(f"xml.{expression}: {bad}")
            continue
        found += compared(f"xml.{expression}", value, None if got is None else str(got))
    return found


def shown_request(request: WireRequest) -> list[str]:
    """A request as it is shown to people. Its secrets are the examples' own."""
    lines = [f"{request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in request.headers if name.lower() not in _UNTOLD]
    if request.body:
        text = request.body.decode("utf-8", "replace")
        lines += ["", *text[:_LONGEST_BODY].splitlines()]
    return lines
