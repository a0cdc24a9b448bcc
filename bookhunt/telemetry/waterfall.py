"""A whole trace of its parts: every span with its place in time, under one that holds them all.

Parts come from one life of the daemon each, or from one go of it: the hunt, the settling of an
order in doubt, the hunt again after a restart, the telling of its outcome. Times are
milliseconds from the beginning of the first; ids count from 1, which is the whole request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.telemetry.spans import AFTERWARDS

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = 1
_MOST_SPANS = 10_000


def whole(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The spans of a trace, in the order of their beginning; `parts` as `spans.document_of` says.

    A span is `{"id", "parent", "name", "start_ms", "ms", "told"}`; `ms` is null where nobody saw
    its end: the daemon was killed, or the call was left alone. The request's own time ends when it
    rests: who is told of it is told afterwards, and makes no part of `parts`.

    Raises:
        ValueError: there is no part.
    """
    if not parts:
        raise ValueError("a trace has at least one part")
    began_us = min(part["began_us"] for part in parts)
    spans: list[dict[str, Any]] = []
    for part in parts:
        shift_us, first = part["began_us"] - began_us, WHOLE + 1 + len(spans)
        for name, start_us, length_us, parent, told in part["spans"]:
            spans.append(
                {
                    "id": WHOLE + 1 + len(spans),
                    "parent": WHOLE if parent < 0 else first + parent,
                    "name": name,
                    "start_ms": (shift_us + start_us) / 1000,
                    "ms": None if length_us is None else length_us / 1000,
                    "told": told,
                }
            )
    ends = [
        each["start_ms"] + (each["ms"] or 0.0) for each in spans if each["name"] not in AFTERWARDS
    ]
    ms = max(ends, default=0.0)
    request: dict[str, Any] = {
        "id": WHOLE,
        "parent": None,
        "name": "request",
        "start_ms": 0.0,
        "ms": ms,
    }
    request["told"] = {"outcome": parts[-1]["outcome"]}
    return {
        "began_us": began_us,
        "ms": ms,
        "parts": sum(_is_of_the_hunt(part) for part in parts),
        "link": next((part["link"] for part in parts if part["link"]), None),
        "dropped": sum(part["dropped"] for part in parts),
        "spans": [request, *_in_order(spans)][:_MOST_SPANS],
    }


def _is_of_the_hunt(part: dict[str, Any]) -> bool:
    return not part["spans"] or any(name not in AFTERWARDS for name, *_ in part["spans"])


def _in_order(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each span before its children, brothers in the order of their beginning."""
    children: dict[int, list[dict[str, Any]]] = {}
    for each in spans:
        children.setdefault(each["parent"], []).append(each)
    for brothers in children.values():
        brothers.sort(key=lambda each: (each["start_ms"], each["id"]))
    ordered: list[dict[str, Any]] = []
    waiting = list(reversed(children.get(WHOLE, [])))
    while waiting:
        one = waiting.pop()
        ordered.append(one)
        waiting.extend(reversed(children.get(one["id"], [])))
    return ordered
