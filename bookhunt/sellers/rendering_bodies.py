"""Bodies: JSON, forms, XML and GraphQL, each value encoded for where it stands.

JSON is written here and not by a library, because a value may be a reference to a secret and a
number must keep its digits: `12.10` is sent as 12.10.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bookhunt.model.money import Money
from bookhunt.sellers.template import Template, evaluate, is_form
from bookhunt.sellers.template_filters import MISSING, text_of
from bookhunt.sellers.template_sealed import (
    CannotRender,
    Encoding,
    Part,
    Sealed,
    SecretRef,
    encoded,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bookhunt.sellers.compiled import CompiledBody, Tree
    from bookhunt.sellers.template import Scope


@dataclass(frozen=True, slots=True)
class Content:
    """A body and what it is."""

    type: str
    text: str | Sealed


def body_of(
    body: CompiledBody | None, scope: Scope, *, key: str = "", at: Sequence[str] = ()
) -> Content | None:
    """The body of a request; `key` is put at the place `at` in it.

    Raises:
        CannotRender: a value may not stand where it should, or there is no place for the key.
    """
    if body is None:
        if at:
            raise CannotRender("there is no body for the idempotency key")
        return None
    if body.kind == "json":
        return _json(_with_key(json_value(body.json, scope), key, at))
    if body.kind == "graphql":
        variables = _with_key(json_value(body.variables, scope) or {}, key, at)
        message: dict[str, Any] = {"query": body.query, "variables": variables}
        if body.operation_name is not None:
            message["operationName"] = body.operation_name
        return _json(message)
    if body.kind == "form":
        pairs = _form(body, scope)
        if at:
            pairs = [pair for pair in pairs if pair[0] != ".".join(at)]
            pairs.append((".".join(at), key))
        text = joined(_joined_pairs(pairs))
        return Content("application/x-www-form-urlencoded", text)
    if at:
        raise CannotRender("an XML body has no place for the idempotency key but a placeholder")
    assert body.xml is not None  # one of the four kinds is set
    return Content("application/xml; charset=utf-8", body.xml.render(scope))


def _json(value: Any) -> Content | None:
    if value is MISSING:
        return None
    return Content("application/json", joined(json_parts(value)))


def _with_key(value: Any, key: str, at: Sequence[str]) -> Any:
    if not at:
        return value
    if not isinstance(value, dict):
        raise CannotRender("the body has no object for the idempotency key")
    first, *rest = at
    inner = _with_key(value.get(first, {}), key, rest) if rest else key
    return {**value, first: inner}


# ------------------------------------------------------------------------------------------ JSON
def json_value(tree: Tree, scope: Scope) -> Any:
    """A tree with values; members and items without one are left out. `MISSING`: all of it is.

    A JSON null that stands in the definition itself is kept as `null`.
    """
    if isinstance(tree, Template):
        return tree.render(scope)
    if isinstance(tree, dict):
        found = {name: json_value(item, scope) for name, item in tree.items()}
        return {
            name: value
            for name, value in found.items()
            if value is not MISSING or tree[name] is None
        }
    if isinstance(tree, list):
        items = [(json_value(item, scope), item is None) for item in tree]
        return [value for value, is_null in items if value is not MISSING or is_null]
    return tree


def json_parts(value: Any) -> list[Part]:
    """A value as compact JSON, secrets as references."""
    parts: list[Part] = []
    _write(value, parts)
    return parts


def _write(value: Any, parts: list[Part]) -> None:
    if isinstance(value, dict):
        parts.append("{")
        for place, (name, item) in enumerate(value.items()):
            parts.append("," if place else "")
            parts.append(f"{json.dumps(str(name), ensure_ascii=False)}:")
            _write(item, parts)
        parts.append("}")
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for place, item in enumerate(value):
            parts.append("," if place else "")
            _write(item, parts)
        parts.append("]")
    elif isinstance(value, SecretRef):
        _write(Sealed((value,)), parts)
    elif isinstance(value, Sealed):
        parts.extend(['"', *value.encoded(Encoding.JSON).parts, '"'])
    else:
        parts.append(_scalar(value))


def _scalar(value: Any) -> str:
    if isinstance(value, (str, bool, int)) or value is None:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (Decimal, float, Money)):
        return text_of(value)
    raise CannotRender(f"a value of the kind {type(value).__name__} has no form in JSON")


# ----------------------------------------------------------------------------------------- forms
def _form(body: CompiledBody, scope: Scope) -> list[tuple[str, Any]]:
    named = [name for name, _ in body.form]
    pairs: list[tuple[str, Any]] = []
    if body.whole_form is not None:
        [slot] = body.whole_form.slots
        form = evaluate(slot, scope)
        if not is_form(form):
            raise CannotRender(f"{{{slot.dotted}}} is no form that was captured")
        for name, value in form["inputs"].items():
            if name not in named:
                pairs.extend((name, each) for each in _several(value))
    for name, value in _values(body.form, scope):
        pairs.append((name, value))
    return pairs


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _values(
    pairs: Iterable[tuple[str, Template | tuple[Template, ...]]], scope: Scope
) -> list[tuple[str, Any]]:
    """Names with each of their values, in order; what has none is left out."""
    found: list[tuple[str, Any]] = []
    for name, templates in pairs:
        for template in templates if isinstance(templates, tuple) else (templates,):
            value = template.render(scope)
            if value is not MISSING:
                found.extend((name, each) for each in _several(value))
    return found


def _joined_pairs(pairs: Iterable[tuple[str, Any]]) -> list[Part]:
    parts: list[Part] = []
    for name, value in pairs:
        parts.append("&" if parts else "")
        parts.append(f"{encoded(name, Encoding.FORM)}=")
        if isinstance(value, Sealed):
            parts.extend(value.encoded(Encoding.FORM).parts)
        else:
            parts.append(encoded(text_of(value), Encoding.FORM))
    return parts


def written_pairs(
    pairs: Iterable[tuple[str, Template | tuple[Template, ...]]], scope: Scope
) -> list[Part]:
    """Parameters of a query as they are written: `a=1&b=2`."""
    return _joined_pairs(_values(pairs, scope))
