"""Answers in the shapes of real booksellers and shops, read as a person reads them.

Each file of `tests/data/answers` holds one answer, the part of a definition that reads it, and what
is to be read. The content is invented; the shapes are those of public APIs and shop software.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.sellers.compiling import compile_blocks
from bookhunt.sellers.language import Definition
from bookhunt.sellers.reading.captures import captured, landed_total, picked
from bookhunt.sellers.reading.outcomes import Verdict, by_status, first_match
from bookhunt.sellers.reading.received import Received
from bookhunt.sellers.reading.texts import json_text
from tests.unit.sellers.reading.answering import CIRCUMSTANCES, an_ask, wire

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Ask
    from bookhunt.sellers.compiled import CompiledBlock, CompiledStep
    from bookhunt.sellers.reading.quotes import QuoteRead

ANSWERS = Path(__file__).parents[3] / "data" / "answers"
SHAPES = sorted(path.stem for path in ANSWERS.glob("*.yaml"))
ANSWERED = [{"request": {"path": "/"}}]


@cache
def shape_of(name: str) -> dict[str, Any]:
    """A file's content; every scalar is text, as the loader of definitions reads it."""
    text = (ANSWERS / f"{name}.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    return found


def definition_of(shape: dict[str, Any]) -> Definition:
    blocks: dict[str, Any] = {
        key: {"steps": ANSWERED} | shape[key] for key in ("quote", "resolve") if key in shape
    }
    if "step" in shape:
        step = {"name": "step", **ANSWERED[0], "commit": "true"} | shape["step"]
        price = {"fields": {"price": {"const": "1"}}, "steps": ANSWERED}
        blocks = {"quote": price, "purchase": {"steps": [step]}}
    standard = {
        "schema": "1",
        "id": "shop",
        "name": "Shop",
        "base_url": "https://shop.example",
        "currency": shape.get("currency", "USD"),
        "conditions": ["new"],
    }
    return Definition.model_validate(standard | shape.get("definition", {}) | blocks)


def answer_of(shape: dict[str, Any]) -> Received:
    headers = tuple((name.lower(), value) for name, value in shape.get("headers", {}).items())
    return Received(wire(shape["body"], status=int(shape.get("status", "200")), headers=headers))


def scope_of(shape: dict[str, Any]) -> dict[str, Any]:
    asked = shape.get("asked", {})
    return {
        "asked": asked | {"isbn": asked.get("isbn13")},
        "request": {"currency": shape.get("currency", "USD")},
        "captured": {},
    }


@cache
def block_of(name: str) -> CompiledBlock:
    """The compiled block that the answer is read by."""
    shape = shape_of(name)
    blocks = compile_blocks(definition_of(shape))
    block = blocks.purchase if "step" in shape else blocks.quote or blocks.resolve
    assert block is not None
    return block


def step_of(name: str) -> CompiledStep:
    return block_of(name).steps[-1]


def ask_of(shape: dict[str, Any]) -> Ask:
    return an_ask(
        book=Book(**shape["asked"]),
        max_price=Money.of("1", shape.get("currency", "USD")),
        condition=ConditionWish(shape.get("condition", "any")),
        format=FormatWish(shape.get("format", "paper")),
    )


def read_quote(name: str, received: Received) -> QuoteRead:
    shape, reader = shape_of(name), block_of(name).reader
    found: QuoteRead = reader.read(received, ask_of(shape), scope_of(shape), CIRCUMSTANCES)
    return found


def told(offer: Any, name: str) -> str:
    """One fact of an offer as the files write it."""
    if name == "currency":
        return str(offer.price.currency)
    value = getattr(offer, "expires_at" if name == "expires" else name)
    if value is None:
        return "unknown"
    if isinstance(value, Money):
        return value.amount
    return value.isoformat() if name == "expires" else str(value)


@pytest.mark.parametrize("name", [s for s in SHAPES if "quote" in shape_of(s)])
def test_a_quote_is_read_as_a_person_reads_it(name: str) -> None:
    shape = shape_of(name)
    received = answer_of(shape)
    step = step_of(name)
    verdict = first_match(step.outcomes, received, step.format)
    if verdict is not None:
        assert verdict == Verdict(word=shape["reason"], message=shape.get("says"))
        return
    assert by_status(received.status) is None
    quoted = read_quote(name, received)
    expected = shape.get("read", [])
    problems = [(each.reason.value, each.detail) for each in quoted.refused]
    assert len(quoted.offers) == len(expected), problems
    for offer, facts in zip(quoted.offers, expected, strict=True):
        assert {fact: told(offer, fact) for fact in facts} == facts
    assert [reason for reason, _ in problems] == shape.get("refused", [])
    assert quoted.reason == shape.get("reason")


@pytest.mark.parametrize("name", [s for s in SHAPES if "resolve" in shape_of(s)])
def test_a_resolver_is_read_as_a_person_reads_it(name: str) -> None:
    shape = shape_of(name)
    found = block_of(name).reader.read(answer_of(shape), shape["asked"]["title"], {})
    assert list(found.isbns) == shape["isbns"], found.detail


@pytest.mark.parametrize("name", [s for s in SHAPES if "step" in shape_of(s)])
def test_a_step_of_an_order_is_read_as_a_person_reads_it(name: str) -> None:
    shape = shape_of(name)
    received, scope, step = answer_of(shape), scope_of(shape), step_of(name)
    verdict = first_match(step.outcomes, received, step.format)
    assert (verdict and verdict.word) == shape.get("word")
    assert (verdict and verdict.message) == shape.get("says")
    kept = {each.name: captured(each, received, step.format) for each in step.captures}
    for pick in step.picks:
        kept[pick.name] = picked(pick, received, step.format, scope, "USD")
    shown = {
        key: each.value if isinstance(each.value, str) else json_text(each.value)
        for key, each in kept.items()
    }
    assert shown == shape.get("kept", {}), kept
    if step.total is not None:
        total = landed_total(step.total, received, step.format, scope, "USD")
        assert str(total) == shape["total"]
    if step.fields is not None:
        order = step.fields.read(received, scope, "USD")
        facts = shape["order"]
        assert {fact: getattr(order, fact) for fact in facts} == facts


def test_every_answer_is_in_use_and_small() -> None:
    """A file here is one answer that a test reads, and no larger than shows its shape."""
    for name in SHAPES:
        shape = shape_of(name)
        assert {"quote", "resolve", "step"} & shape.keys(), name
        assert len(shape["body"]) < 3000, name
        assert json.dumps(shape)
    assert len(SHAPES) >= 48
