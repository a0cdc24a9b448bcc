"""Forms of pages: where they are sent, and the hidden inputs that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborNode

from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.links import link_of
from bookhunt.sellers.template import captured_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_INPUTS = 200


def form_of(node: Any, base: str) -> dict[str, Any]:
    """A form element, or the first one inside an element, as `captured_form` keeps it.

    Its action is whole; a form without one is sent to the page it stands on (HTML, 4.10.21.3).

    Raises:
        Unreadable: there is no form, or its action is no address.
    """
    form = _first(node, "form")
    if form is None:
        raise Unreadable("there is no form here")
    action = link_of(_attributes(form).get("action") or base, base)
    if action is None:
        raise Unreadable("the form's action is no address", raw=_attributes(form).get("action"))
    inputs: dict[str, str | list[str]] = {}
    for number, attributes in enumerate(_inputs(form)):
        if number >= _MOST_INPUTS:
            raise Unreadable(f"the form has more than {_MOST_INPUTS} hidden inputs")
        name, value = attributes["name"], attributes.get("value") or ""
        before = inputs.get(name)
        if before is None:
            inputs[name] = value
        else:
            inputs[name] = [*(before if isinstance(before, list) else [before]), value]
    return captured_form(action, inputs)


def _inputs(form: Any) -> Iterator[dict[str, str]]:
    """The attributes of each hidden input that has a name and is sent."""
    found = form.css("input") if isinstance(form, LexborNode) else form.iter("input")
    for each in found:
        attributes = _attributes(each)
        hidden = (attributes.get("type") or "").strip().lower() == "hidden"
        if hidden and attributes.get("name") and "disabled" not in attributes:
            yield attributes


def _first(node: Any, tag: str) -> Any:
    if isinstance(node, LexborNode):
        return node if node.tag == tag else node.css_first(tag)
    return next(node.iter(tag), None) if hasattr(node, "iter") else None


def _attributes(node: Any) -> dict[str, str]:
    said: Mapping[str, str | None] = (
        node.attributes if isinstance(node, LexborNode) else dict(node.attrib)
    )
    return {key: value or "" for key, value in said.items()}
