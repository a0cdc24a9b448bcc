"""The street: who stands on it, that a seed repeats it, and that each seller sells in its way."""

import ast
import sys
from pathlib import Path

import pytest

import bookhunt.simulated
from bookhunt.simulated import Street, StreetError, definitions, settings, start
from bookhunt.simulated.roster import HAND_MADE
from tests.unit.simulated.shopper import Shopper, ask

_SELLING = [profile.id for profile in HAND_MADE if profile.sells]
_SAYS_401 = {profile.id for profile in HAND_MADE if profile.auth != "none"}


def test_at_least_twelve_sellers_in_six_dialects(street: Street) -> None:
    assert len(street.sellers) >= 12
    assert len({place.dialect for place in street.sellers.values()}) >= 6
    assert len(set(street.addresses.values())) == len(street.sellers)


@pytest.mark.parametrize("seller", [profile.id for profile in HAND_MADE])
def test_a_quote_names_the_book_and_every_item(seller: str, shopper: Shopper) -> None:
    offer = shopper.offer(seller)
    reply = shopper.quote(seller, offer["isbn"])
    assert reply.status == 200
    assert offer["item"] in reply.text
    assert offer["isbn"] in reply.text


@pytest.mark.parametrize("seller", _SELLING)
def test_an_order_in_its_own_words_is_one_line_of_the_ledger(seller: str, shopper: Shopper) -> None:
    """Whatever the dialect: one order, at the landed total that the offer said, one copy less."""
    offer = shopper.offer(seller)
    reply = shopper.order(seller, offer["item"], reference="ref7")
    [order] = shopper.street.orders()
    assert (order["seller"], order["item"]) == (seller, offer["item"])
    assert order["total_minor"] == offer["total_minor"]
    assert order["reference"] == "ref7"
    assert order["order_id"] in reply.text
    [line] = shopper.street.ledger(kind="order")
    assert line["order_id"] == order["order_id"]
    left = next(o for o in shopper.street.offers(seller=seller) if o["item"] == offer["item"])
    assert left["inventory"] == offer["inventory"] - 1


@pytest.mark.parametrize("seller", sorted(_SAYS_401))
def test_without_its_credentials_nobody_is_let_in(seller: str, shopper: Shopper) -> None:
    item = shopper.offer(seller)
    known = dict(shopper.keys)
    shopper.keys = {**known, seller: {}}
    assert shopper.quote(seller, item["isbn"]).status == 401
    assert shopper.street.orders() == []


def test_the_same_seed_is_the_same_street_and_another_is_not(
    street: Street, tmp_path: Path
) -> None:
    same = start(tmp_path / "same", seed=7, latency_scale=0)
    other = start(tmp_path / "other", seed=8, latency_scale=0)
    try:
        assert same.offers() == street.offers()
        assert other.offers() != street.offers()
    finally:
        same.stop()
        other.stop()


def test_more_sellers_change_nothing_for_the_others(street: Street, tmp_path: Path) -> None:
    """Variants are told apart by their own id, and each comes with a definition and an address."""
    larger = start(tmp_path / "larger", seed=7, sellers=30, latency_scale=0)
    try:
        assert len(larger.sellers) == 30
        for seller in street.sellers:
            assert larger.offers(seller=seller) == street.offers(seller=seller)
        written = definitions(larger)
        assert set(written) == set(larger.sellers) - set(street.sellers)
        assert "like: amberside" in written["amberside-2"]
        assert settings(larger)["amberside-2"] == {"address": larger.addresses["amberside-2"]}
    finally:
        larger.stop()


@pytest.mark.parametrize("count", [0, 201])
def test_a_street_has_1_to_200_sellers(count: int, tmp_path: Path) -> None:
    with pytest.raises(StreetError, match="1 to 200"):
        start(tmp_path, sellers=count)


def test_every_book_is_sold_by_three_sellers_at_least(street: Street) -> None:
    sellers: dict[str, set[str]] = {}
    for offer in street.offers():
        if offer["sells"]:
            sellers.setdefault(offer["isbn"], set()).add(offer["seller"])
    assert len(sellers) == 42
    assert min(map(len, sellers.values())) >= 3


def test_an_offer_can_be_changed_and_is_quoted_at_once(shopper: Shopper) -> None:
    offer = shopper.offer("amberside")
    shopper.quote("amberside", offer["isbn"])
    shopper.street.set_offer("amberside", offer["item"], price_minor=1234, inventory=2)
    [row] = [
        row
        for row in shopper.quote("amberside", offer["isbn"]).json["offers"]
        if row["sku"] == offer["item"]
    ]
    assert (row["price"]["amount"], row["stock"]["count"]) == (1234, 2)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/fault", {"seller": "nobody", "operation": "quote", "behaviour": "hang"}),
        ("/fault", {"seller": "amberside", "operation": "dance", "behaviour": "hang"}),
        ("/fault", {"seller": "amberside", "operation": "quote", "behaviour": "dance"}),
        ("/fault", {"seller": "amberside", "behaviour": "hang", "colour": "red"}),
        ("/offer", {"seller": "amberside", "item": "NEW-1", "price_minor": 5}),
        ("/offer", {"seller": "amberside", "item": "NEW-1", "isbn": "123"}),
    ],
)
def test_what_the_control_address_does_not_know_is_an_error(
    path: str, wanted: dict, street: Street
) -> None:
    with pytest.raises(StreetError):
        street.control("POST", path, wanted)


def test_a_body_over_the_limit_is_refused_and_served_to_nobody(street: Street) -> None:
    reply = ask(street.addresses["amberside"], "POST", "/v1/orders", body="x" * (2 << 20))
    assert reply.status == 413
    assert street.counts()["amberside"] == {}


@pytest.mark.parametrize("body", ["", "[]", '{"query": "book", "variables": [1]}', "\x00"])
@pytest.mark.parametrize("seller", _SELLING)
def test_nonsense_is_answered_not_executed(seller: str, body: str, shopper: Shopper) -> None:
    targets = {
        "minor": "/v1/orders",
        "decimal": "/api/order",
        "xml": "/ws/order.xml",
        "html": "/buy",
        "graphql": "/graphql",
        "cart": "/checkout",
        "oauth": "/api/carts/x/orders",
    }
    place = shopper.street.sellers[seller]
    key = f"?key={shopper.keys[seller].get('api_key', '')}"
    headers = shopper.headers(seller) | {"Idempotency-Key": "k", "X-Request-Id": "k"}
    reply = ask(place.address, "POST", targets[place.dialect] + key, headers=headers, body=body)
    assert 200 <= reply.status < 500
    assert shopper.street.orders() == []


def test_the_street_imports_nothing_of_bookhunt() -> None:
    """The oracle shares no code with what it judges: only itself, and the package's own name."""
    root = Path(bookhunt.simulated.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.split(".")[0] == "bookhunt":
                    assert name.startswith("bookhunt.simulated"), f"{path} imports {name}"


def test_its_client_side_needs_the_standard_library_only() -> None:
    """The demo starts it from the command line, where an HTTP library costs a quarter second."""
    source = Path(bookhunt.simulated.street.__file__).read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            top = node.module.split(".")[0]
            assert top == "bookhunt" or top in sys.stdlib_module_names
