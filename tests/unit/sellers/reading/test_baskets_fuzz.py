"""Whatever bytes a basket is: it holds the one copy, or there is a reason to order nothing."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookhunt.sellers.language import Basket
from bookhunt.sellers.reading.baskets import BasketReader
from bookhunt.sellers.reading.errors import Unreadable
from tests.support.builders import ISBN
from tests.unit.sellers.reading.answering import received
from tests.unit.sellers.reading.test_fuzz import broken

CASES = settings.default.max_examples * 40
MANY = settings(max_examples=CASES, suppress_health_check=[HealthCheck.too_slow])
pytestmark = pytest.mark.timeout(60 + CASES // 50)
READER = BasketReader(
    Basket.model_validate(
        {
            "rows": "lines[]",
            "item": {"at": "id"},
            "isbn": {"at": "ean"},
            "copies": {"at": "n"},
        }
    ),
    "json",
)
SCOPE: dict[str, Any] = {"book": {"isbn13": ISBN, "title": None}, "offer": {"item": "A1"}}
GOOD = {"id": "c1", "lines": [{"id": "A1", "ean": ISBN, "n": 1, "price": "12.50"}], "total": 1250}


def fault_of(body: bytes) -> tuple[str, str] | None:
    """What is wrong with a basket written so; that it cannot be read is a fault, too."""
    try:
        return READER.fault(received(body), SCOPE)
    except Unreadable as bad:
        return "unreadable", str(bad)


@given(st.integers(0, 2**64))
@MANY
def test_a_broken_basket_is_never_taken_for_a_good_one(seed: int) -> None:
    """A second, simpler reading has to agree: one copy of the book, and nothing else."""
    body = broken(json.dumps(GOOD).encode(), random.Random(seed))
    if fault_of(body) is not None:
        return
    [line] = json.loads(body.decode("utf-8-sig", "replace"))["lines"]
    assert str(line["id"]).strip() == "A1"
    assert float(line["n"]) == 1
    assert (
        line.get("ean") is None
        or ISBN in str(line["ean"]).replace("-", "")
        or not any(character.isdigit() for character in str(line["ean"]))
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["lines", "id", "ean", "n"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
@MANY
def test_any_json_is_a_basket_or_a_reason(value: Any) -> None:
    found = fault_of(json.dumps({"lines": value}).encode())
    assert found is None or found[0] in {"refused", "wrong_book", "unreadable"}
