"""A compiled request and a scope become exactly what is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import SecretMissing
from bookhunt.model.money import Money
from bookhunt.sellers.compiled import CompiledBody, CompiledRequest
from bookhunt.sellers.compiling_steps import compile_request
from bookhunt.sellers.language import Request
from bookhunt.sellers.rendering import KeyPlace, Rendered, render
from bookhunt.sellers.rendering_bodies import json_parts
from bookhunt.sellers.scope import from_json, of_request, person
from bookhunt.sellers.scope_countries import country3
from bookhunt.sellers.template import captured_form
from bookhunt.sellers.template_sealed import CannotRender, SecretRef, joined
from tests.support.builders import an_address

BASE = "https://api.shop.example/v1"
SECRETS = {"shop/key": 'k&y "1"<é>', "pay/home/shop": "canary-tok"}
TITLE = 'Tom & "Jerry" {secrets.key} é/..'
SCOPE: dict[str, Any] = {
    "book": {
        "isbn13": "9780141439518",
        "title": TITLE,
        "isbn10": None,
    },
    "offer": {"item": {"id": 7, "of": ["a"]}, "total": Money(1210, "USD"), "currency": "USD"},
    "secrets": {"key": SecretRef(name="shop/key")},
    "pay": {"token": SecretRef(name="pay/home/shop")},
    "captured": {
        "cart": "c/1",
        "link": "/buy?x=1",
        "f": captured_form("/buy", {"csrf": "a b", "quantity": "9", "many": ["1", "2"]}),
    },
    "ship": {"name": "Ada", "street2": None},
    "order": {"reference": "r" * 18},
    "settings": {},
    "maps": {},
}


def secret_of(name: str) -> str:
    try:
        return SECRETS[name]
    except KeyError:
        raise SecretMissing(name) from None


def rendered(key: KeyPlace | None = None, **request: Any) -> Rendered:
    model = Request.model_validate({"path": "/x", **request})
    return render(compile_request(model, {}), SCOPE, base_url=BASE, key=key)


def test_a_path_is_put_behind_the_path_of_base_url_and_values_stay_in_their_segment() -> None:
    assert rendered(path="/carts/{captured.cart}").url == f"{BASE}/carts/c%2F1"
    with pytest.raises(CannotRender):
        rendered(path="/carts/{captured.nothing}")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("{captured.link}", "https://api.shop.example/buy?x=1"),
        ("https://cdn.example/x", "https://cdn.example/x"),
        ("deeper", f"{BASE}/deeper"),
        ("/t/{secrets.key}?a=1", "https://api.shop.example/t/k%26y%20%221%22%3C%C3%A9%3E?a=1"),
    ],
)
def test_a_url_is_whole_or_relative_to_base_url(url: str, found: str) -> None:
    assert rendered(path=None, url=url).revealed(secret_of).url == found


def test_what_has_no_value_is_left_out_everywhere() -> None:
    missing = "{book.isbn10}"
    request = rendered(
        query={"a": missing, "b": "1", "c": ["x", missing]},
        headers={"X-None": missing, "X-One": "1"},
        json={"a": missing, "b": {"c": missing}, "d": ["x", missing], "e": "{ship.street2}"},
    )
    wire = request.revealed(secret_of)
    assert wire.url == f"{BASE}/x?b=1&c=x"
    assert "X-None" not in dict(wire.headers)
    assert json.loads(wire.body) == {"b": {}, "d": ["x"]}


def test_each_body_encodes_for_its_own_place() -> None:
    title = SCOPE["book"]["title"]
    sent = rendered(json={"t": "{book.title}", "s": "x {secrets.key}", "n": "{offer.total}"})
    wire = sent.revealed(secret_of)
    assert json.loads(wire.body) == {"t": title, "s": f"x {SECRETS['shop/key']}", "n": 12.1}
    assert b'"n":12.10' in wire.body
    assert dict(wire.headers)["Content-Type"] == "application/json"

    wire = rendered(form={"t": "{book.title}", "s": "{secrets.key}"}).revealed(secret_of)
    assert parse_qsl(wire.body.decode()) == [("t", title), ("s", SECRETS["shop/key"])]

    wire = rendered(xml="<a s='{secrets.key}'>{book.title}</a>").revealed(secret_of)
    from lxml import etree

    root = etree.fromstring(wire.body)
    assert (root.text, root.get("s")) == (title, SECRETS["shop/key"])

    wire = rendered(
        graphql={"query": "query Q($t: String) { book(t: $t) }", "variables": {"t": "{book.title}"}}
    ).revealed(secret_of)
    assert json.loads(wire.body)["variables"] == {"t": title}
    assert wire.method == "POST"


def test_an_object_and_a_list_keep_their_type_in_json() -> None:
    wire = rendered(json={"item": "{offer.item}", "id": "{offer.item.id}"}).revealed(secret_of)
    assert json.loads(wire.body) == {"item": {"id": 7, "of": ["a"]}, "id": 7}


def test_a_captured_form_is_sent_whole_and_named_fields_win() -> None:
    wire = rendered(form={"*": "{captured.f}", "quantity": "1"}).revealed(secret_of)
    assert parse_qsl(wire.body.decode()) == [
        ("csrf", "a b"),
        ("many", "1"),
        ("many", "2"),
        ("quantity", "1"),
    ]
    with pytest.raises(CannotRender):
        rendered(form={"*": "{captured.cart}"})


@pytest.mark.parametrize(
    ("request_", "at", "found"),
    [
        ({"json": {"a": {"b": "1"}}}, ("a", "key"), {"a": {"b": "1", "key": "K"}}),
        ({"json": {}}, ("deep", "key"), {"deep": {"key": "K"}}),
        ({"graphql": {"query": "m", "variables": {"input": {}}}}, ("input", "key"), None),
    ],
)
def test_the_key_is_put_where_the_definition_says(
    request_: dict[str, Any], at: tuple[str, ...], found: Any
) -> None:
    wire = rendered(KeyPlace(key="K", at=at), **request_).revealed(secret_of)
    body = json.loads(wire.body)
    assert body == found or body["variables"] == {"input": {"key": "K"}}


def test_the_key_goes_into_a_header_or_a_form_field_too() -> None:
    wire = rendered(KeyPlace(key="K", header="Idempotency-Key"), method="POST").revealed(secret_of)
    assert dict(wire.headers)["Idempotency-Key"] == "K"
    wire = rendered(KeyPlace(key="K", at=("tok",)), form={"tok": "old", "a": "1"}).revealed(
        secret_of
    )
    assert parse_qsl(wire.body.decode()) == [("a", "1"), ("tok", "K")]


@pytest.mark.parametrize("request_", [{}, {"json": ["a"]}, {"xml": "<a/>"}])
def test_without_a_place_for_the_key_nothing_is_rendered(request_: dict[str, Any]) -> None:
    with pytest.raises(CannotRender):
        rendered(KeyPlace(key="K", at=("a",)), **request_)


def test_a_header_of_the_definition_replaces_ours_whatever_its_case() -> None:
    headers = rendered(headers={"accept-encoding": "identity", "USER-agent": "x"}).headers
    assert dict(headers)["accept-encoding"] == "identity"
    assert "User-Agent" not in dict(headers)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\x7fb", "a\x01"])
def test_a_header_never_holds_a_line_break_not_even_from_a_secret(value: str) -> None:
    scope = {**SCOPE, "captured": {"v": value}}
    request = compile_request(
        Request.model_validate({"path": "/", "headers": {"X-A": "{captured.v}"}}), {}
    )
    with pytest.raises(CannotRender):
        render(request, scope, base_url=BASE).revealed(secret_of)
    sealed = rendered(headers={"X-A": "{secrets.key}"})
    with pytest.raises(CannotRender) as refused:
        sealed.revealed(lambda _: value)
    assert value not in str(refused.value)


def test_nothing_that_is_kept_or_shown_holds_a_secret() -> None:
    request = rendered(
        path="/x/{secrets.key}",
        query={"k": "{secrets.key}"},
        headers={"X-Api-Key": "{secrets.key}"},
        json={"token": "{pay.token}", "k": "a{secrets.key}"},
    )
    kept = json.dumps(request.to_json(), ensure_ascii=False)
    for secret in SECRETS.values():
        assert secret not in kept
        assert secret not in repr(request)
    assert request.secrets == {"shop/key", "pay/home/shop"}


def test_what_was_written_to_disk_is_sent_byte_for_byte_each_time() -> None:
    request = rendered(
        path="/x/{secrets.key}",
        query={"k": "{secrets.key}", "u": "{random.uuid}"},
        headers={"X-Api-Key": "{secrets.key}", "X-Title": "t"},
        json={"token": "{pay.token}", "title": "{book.title}"},
    )
    first = request.revealed(secret_of)
    text = json.dumps(request.to_json())
    for _ in range(3):
        again = Rendered.from_json(json.loads(text))
        assert again == request
        assert again.revealed(secret_of) == first
        assert again.hashed(secret_of) == request.hashed(secret_of)


def test_the_hash_knows_address_headers_body_and_payment_but_not_the_credentials() -> None:
    request = rendered(
        headers={"X-Api-Key": "{secrets.key}", "X-A": "1"}, json={"token": "{pay.token}"}
    )
    known = request.hashed(secret_of)
    assert request.hashed(lambda n: "new" if n == "shop/key" else secret_of(n)) == known
    assert request.hashed(lambda n: "new" if n == "pay/home/shop" else secret_of(n)) != known
    for other in (
        replace(request, method="PUT"),
        replace(request, url=f"{request.url}?a"),
        replace(request, headers=(*request.headers, ("X-B", "1"))),
        replace(request, body="{}"),
    ):
        assert other.hashed(secret_of) != known


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_json_is_written_as_any_reader_reads_it_and_numbers_keep_their_digits(value: Any) -> None:
    text = joined(json_parts(value))
    assert isinstance(text, str)
    assert json.loads(text, parse_float=Decimal) == value
    assert from_json(text) == value


def test_time_and_chance_are_new_in_each_request_and_the_same_within_one() -> None:
    now = datetime(2026, 3, 2, 12, 0, 0, 500_000, tzinfo=UTC)
    model = Request.model_validate(
        {
            "path": "/{random.uuid}/{random.uuid}",
            "query": {"s": "{now.unix}", "ms": "{now.unix_ms}", "t": "{now.iso8601}"},
        }
    )
    urls = set()
    for _ in range(2):
        scope = of_request(SCOPE, now=now, captured={})
        url = str(render(compile_request(model, {}), scope, base_url=BASE).url)
        one, two = urlsplit(url).path.split("/")[-2:]
        assert one == two
        urls.add(one)
        assert "s=1772452800&ms=1772452800500&t=2026-03-02T12%3A00%3A00Z" in url
    assert len(urls) == 2


def test_a_person_has_a_first_and_a_last_name_and_a_country_of_three_letters() -> None:
    known = person(an_address(name="Ada B. Reader", country="GB"))
    assert (known["first_name"], known["last_name"], known["country3"]) == (
        "Ada B.",
        "Reader",
        "GBR",
    )
    alone = person(an_address(name="Ada"))
    assert (alone["first_name"], alone["last_name"]) == (None, "Ada")
    assert country3("XX") is None


def test_a_body_that_is_one_placeholder_without_a_value_is_no_body() -> None:
    request = rendered(json="{book.isbn10}")
    assert request.body is None
    assert request.method == "POST"


def test_a_request_needs_no_more_than_its_method_and_address() -> None:
    bare = CompiledRequest(
        method="GET",
        address=compile_request(Request.model_validate({"path": "/"}), {}).address,
        is_url=False,
        query=(),
        headers=(),
        body=None,
        follows=True,
    )
    assert render(bare, {}, base_url=BASE).url == f"{BASE}/"
    assert CompiledBody(kind="json").json is None
