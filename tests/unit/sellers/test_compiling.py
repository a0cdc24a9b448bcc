"""A definition becomes a seller: settings typed, secrets named, texts compiled for their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.model.seller import Capability, Condition, PurchaseMode, SellerState, Trust
from bookhunt.sellers.compiling import compile_blocks, compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.loading import Loaded, load_file
from bookhunt.sellers.template import Context
from tests.support.definitions import WHOLE, WHOLE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bookhunt.sellers.compiled import CompiledSeller

Make = "Callable[..., CompiledSeller]"


@pytest.fixture
def whole() -> Loaded:
    return load_file(WHOLE_FILE)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., CompiledSeller]:
    """A seller of the whole definition, changed."""

    def make(*changes: tuple[str, str], **how: object) -> CompiledSeller:
        text = WHOLE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "booktopia.yaml"
        path.write_text(text, encoding="utf-8")
        return compile_seller(load_file(path), **how)  # type: ignore[arg-type]

    return make


def test_the_seller_is_what_the_definition_says(whole: Loaded) -> None:
    seller = compile_seller(whole).seller
    assert seller.id == "booktopia"
    assert seller.ships_to == {"AU", "NZ"}
    assert seller.conditions == {Condition.NEW}
    assert seller.purchase_mode is PurchaseMode.AUTO
    assert seller.trust is Trust.NORMAL
    assert seller.tier is None
    assert seller.timeout_s == 2.5
    assert seller.asks_by == ("isbn13", "isbn10", "title")
    assert seller.checks_total
    assert not seller.sends_maximum
    assert seller.state is SellerState.READY
    assert seller.definition_hash == whole.hash
    assert seller.file == str(WHOLE_FILE)


def test_what_a_lost_answer_leans_on_is_what_the_definition_proves(
    made: Callable[..., CompiledSeller],
) -> None:
    proof = made().seller.proof
    assert proof.capability is Capability.KEY_AND_LOOKUP
    assert (proof.settle_s, proof.key_retained_s) == (900, 86400)
    assert proof.replays_same_answer
    key = "{send: header, name: Idempotency-Key, retained_h: 24, replay: same_answer}"
    without = made((key, "{send: none}")).seller.proof
    assert without.capability is Capability.LOOKUP
    assert without.key_retained_s == 0
    assert not without.replays_same_answer
    said = made((key, "{send: natural, replay: already_exists}")).seller.proof
    assert said.capability is Capability.KEY_AND_LOOKUP
    assert said.key_retained_s > 0
    assert not said.replays_same_answer


def test_a_quote_that_carries_the_maximum_says_so(made: Callable[..., CompiledSeller]) -> None:
    query = 'query: {store: "{settings.store}"}'
    sending = made((query, query[:-1] + ', max: "{request.max_price | minor}"}'))
    assert sending.seller.sends_maximum


def test_a_bare_maximum_is_in_the_sellers_own_currency(made: Callable[..., CompiledSeller]) -> None:
    """Unless the quote says which currency it means."""
    query = 'query: {store: "{settings.store}"}'
    bare = query[:-1] + ', max: "{request.max_price | minor}"}'
    both = bare[:-1] + ', cur: "{request.currency}"}'
    assert made().seller.priced_in is None
    assert made((query, bare)).seller.priced_in == "AUD"
    assert made((query, both)).seller.priced_in is None


def test_a_manual_tier_and_an_eventual_stock_are_taken_over(
    made: Callable[..., CompiledSeller],
) -> None:
    seller = made(("tier: auto ", "tier: 2 "), ("stock: exact ", "stock: eventual ")).seller
    assert seller.tier == 2
    assert seller.stock_eventual


# ------------------------------------------------------------------------------------ setting up
def test_settings_are_typed_and_have_their_defaults(made: Callable[..., CompiledSeller]) -> None:
    typed = '{type: integer, default: "1", help: "Store number"}'
    old = '{type: string, default: "1", help: "Store number"}'
    assert made().settings == {"store": "1"}
    assert made((old, typed)).settings == {"store": 1}
    assert made((old, typed), configured=Configured(settings={"store": "7"})).settings == {
        "store": 7
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "seven"),
        ("integer", "1.5"),
        ("number", "1e5"),
        ("boolean", "yes"),
        ("url", "shop.example"),
    ],
)
def test_a_setting_of_another_type_keeps_the_seller_off_and_says_why(
    made: Callable[..., CompiledSeller], kind: str, text: str
) -> None:
    seller = made(
        ("{type: string, default", f"{{type: {kind}, default"),
        configured=Configured(settings={"store": text}),
    ).seller
    assert seller.state is SellerState.NEEDS_SETUP
    assert "the setting store should be" in str(seller.cause)


def test_a_setting_without_a_default_keeps_the_seller_off_until_it_is_set(
    made: Callable[..., CompiledSeller],
) -> None:
    change = ('{type: string, default: "1", help: "Store number"}', "{type: string, help: Store}")
    off = made(change)
    assert off.seller.state is SellerState.NEEDS_SETUP
    assert "the setting store (Store)" in str(off.seller.cause)
    on = made(change, configured=Configured(settings={"store": "2"}))
    assert on.seller.state is SellerState.READY


def test_a_setting_that_no_definition_knows_is_told(made: Callable[..., CompiledSeller]) -> None:
    seller = made(configured=Configured(settings={"stroe": "2"})).seller
    assert seller.state is SellerState.NEEDS_SETUP
    assert "did you mean 'store'" in str(seller.cause)


def test_a_missing_secret_keeps_the_seller_off_and_names_the_command(
    made: Callable[..., CompiledSeller],
) -> None:
    asked: list[str] = []

    def has(name: str) -> bool:
        asked.append(name)
        return False

    compiled = made(has_secret=has)
    assert asked == ["booktopia/api_key"]
    assert compiled.secrets == {"api_key": "booktopia/api_key"}
    assert compiled.seller.state is SellerState.NEEDS_SETUP
    assert "bookhunt sellers login booktopia" in str(compiled.seller.cause)


@pytest.mark.parametrize(
    "change",
    [
        ("settings:  ", "settings:\n  shop: {type: url}\n  # "),
        ("secrets:  ", "secrets:\n  spare: {prompt: Spare}\n  # "),
    ],
    ids=["setting", "secret"],
)
def test_what_nothing_names_keeps_no_seller_off(
    made: Callable[..., CompiledSeller], change: tuple[str, str]
) -> None:
    """A shop that is like a pattern and writes its own address is not asked for the pattern's."""
    seller = made(change, has_secret=lambda name: "spare" not in name).seller
    assert seller.state is SellerState.READY, seller.cause


def test_a_shop_whose_address_is_a_setting_is_off_until_it_is_set(
    made: Callable[..., CompiledSeller],
) -> None:
    changes = (
        ("base_url: https://api.booktopia.example", 'base_url: "{settings.shop}"'),
        ("settings:  ", "settings:\n  shop: {type: url}\n#"),
    )
    off = made(*changes)
    assert off.base_url is None
    assert off.hosts is None
    assert off.seller.state is SellerState.NEEDS_SETUP
    on = made(*changes, configured=Configured(settings={"shop": "https://my.example/api"}))
    assert on.base_url == "https://my.example/api"
    assert on.seller.state is SellerState.READY


def test_a_seller_that_is_switched_off_is_disabled(made: Callable[..., CompiledSeller]) -> None:
    seller = made(configured=Configured(enabled=False)).seller
    assert seller.state is SellerState.DISABLED


def test_a_blocked_seller_is_blocked(made: Callable[..., CompiledSeller]) -> None:
    assert made(("trust: normal ", "trust: blocked ")).seller.state is SellerState.BLOCKED


def test_without_ships_to_a_seller_that_is_only_linked_to_ships_everywhere(
    made: Callable[..., CompiledSeller],
) -> None:
    linked = made(("ships_to: [AU, NZ] ", "# "), ("purchase_mode: auto ", "purchase_mode: link "))
    assert linked.seller.ships("JP")


# --------------------------------------------------------------------------------------- blocks
def test_texts_are_compiled_for_where_they_stand(whole: Loaded) -> None:
    blocks = compile_blocks(whole.definition)
    assert blocks.quote is not None
    request = blocks.quote.steps[0].request
    assert request.address.context is Context.PATH
    assert request.query[0][1].context is Context.QUERY  # type: ignore[union-attr]
    assert request.headers[0][1].context is Context.HEADER
    assert blocks.purchase is not None
    body = blocks.purchase.steps[2].request.body
    assert body is not None
    assert body.json["price"].context is Context.JSON
    assert body.json["ship_to"]["name"].slots[0].name == ("ship", "name")


def test_a_later_level_of_headers_wins_whatever_the_case(
    made: Callable[..., CompiledSeller],
) -> None:
    compiled = made(
        (
            "  steps:\n    - request:\n",
            "  headers: {accept-language: de, X-Block: b}\n  steps:\n    - request:\n",
        )
    )
    assert compiled.quote is not None
    headers = dict(compiled.quote.steps[0].request.headers)
    assert {name: str(text) for name, text in headers.items()} == {
        "Accept-Language": "en",
        "X-Block": "b",
    }


def test_the_commit_step_reads_its_own_outcomes_only(made: Callable[..., CompiledSeller]) -> None:
    compiled = made(
        (
            "  steps:\n    - name: cart\n",
            "  outcomes: [{when: {status: 418}, is: refused}]\n  steps:\n    - name: cart\n",
        )
    )
    assert compiled.purchase is not None
    cart, price, order = compiled.purchase.steps
    assert [each.means for each in cart.outcomes] == ["refused"]
    assert [each.means for each in price.outcomes] == ["refused"]
    assert "refused" not in [each.means for each in order.outcomes]
    assert order.commit
    assert not order.repeatable
    assert compiled.commit_index == 2


def test_what_a_block_captures_is_taken_wherever_it_appears_and_is_not_required(
    made: Callable[..., CompiledSeller],
) -> None:
    compiled = made(
        (
            "  steps:\n    - name: cart\n",
            "  capture: {nonce: {header: Nonce}}\n  steps:\n    - name: cart\n",
        )
    )
    assert compiled.purchase is not None
    for step in compiled.purchase.steps:
        (nonce,) = [each for each in step.captures if each.name == "nonce"]
        assert not nonce.required
    own = [each for each in compiled.purchase.steps[0].captures if each.name == "cart"]
    assert own[0].required


def test_a_class_of_statuses_is_every_status_of_it(made: Callable[..., CompiledSeller]) -> None:
    compiled = made(
        ("{when: {status: 404}, is: not_stocked}", "{when: {status: 5xx}, is: blocked}")
    )
    assert compiled.quote is not None
    statuses = compiled.quote.steps[0].outcomes[0].when.statuses
    assert statuses == frozenset(range(500, 600))


def test_compiled_blocks_serve_whatever_the_settings_are(whole: Loaded) -> None:
    blocks = compile_blocks(whole.definition)
    one = compile_seller(whole, blocks=blocks)
    other = compile_seller(whole, blocks=blocks, configured=Configured(settings={"store": "9"}))
    assert one.quote is other.quote
    assert other.settings["store"] == "9"
