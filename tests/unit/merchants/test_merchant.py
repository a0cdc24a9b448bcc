"""What every merchant of the suite has: faults of the wire, and a ledger that another may read."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import pytest

from tests.merchants.merchant import Answer, Book, Merchant, Request
from tests.merchants.running import OpenMerchant, open_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ISBN = "9781402894626"


class Kiosk(Merchant):
    """Sells one copy at every request but GET."""

    system = "kiosk"
    twists: ClassVar = frozenset({"declined"})

    def operation(self, request: Request) -> str:
        return "find" if request.method == "GET" else "commit"

    def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer({"copies": self.books[ISBN].stock})
        if self.twist("declined"):
            return Answer({"code": "declined"}, 402)
        order_id = str(self.number())
        self.execute(order_id=order_id, isbn=ISBN, copies=1, total_minor=500, reference="r1")
        return Answer({"id": order_id}, 201)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[OpenMerchant]:
    with open_here(Kiosk, folder=tmp_path) as arcade:
        arcade["kiosk"].put(Book(isbn=ISBN))
        yield arcade["kiosk"]


def ask(kiosk: OpenMerchant, method: str = "POST") -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(kiosk.address).netloc, timeout=5)
    try:
        connection.request(method, "/", b"{}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_an_order_stands_in_the_ledger(kiosk: OpenMerchant) -> None:
    """What was sold is told with its book, copies and total, and is off the shelf."""
    assert ask(kiosk) == (201, b'{"id": "1"}')
    [order] = kiosk.orders()
    assert (order["isbn"], order["quantity"], order["total_minor"]) == (ISBN, 1, 500)
    assert ask(kiosk, "GET") == (200, b'{"copies": 9}')


@pytest.mark.parametrize(("fault", "orders"), [("lost_before", 0), ("lost_after", 1)])
def test_an_answer_is_lost(kiosk: OpenMerchant, fault: str, orders: int) -> None:
    """The connection ends without a word, before or after the order was made."""
    kiosk.fault(fault, "commit", count=1)
    with pytest.raises((HTTPException, ConnectionError)):
        ask(kiosk)
    assert len(kiosk.orders()) == orders
    assert ask(kiosk)[0] == 201, "the fault is used up"


def test_a_fault_is_of_one_operation(kiosk: OpenMerchant) -> None:
    """Other operations go on as ever."""
    kiosk.fault("status_after", "commit", status=503)
    assert ask(kiosk, "GET")[0] == 200
    assert ask(kiosk)[0] == 503
    assert len(kiosk.orders()) == 1


def test_a_twist_is_played_by_the_merchant(kiosk: OpenMerchant) -> None:
    """One that it cannot play is refused, so that no test is green for a wrong word."""
    kiosk.fault("declined", count=1)
    assert ask(kiosk)[0] == 402
    assert kiosk.orders() == []
    with pytest.raises(ValueError, match="cannot play 'declinde'"):
        kiosk.fault("declinde")
