"""The whole definition of the language's page, and every construct it names, can be read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bookhunt.documents import DocumentMistakes, read_document, validated
from bookhunt.sellers.language import Definition, Idempotency, Request, When, status_matches
from tests.support.definitions import WHOLE, mistakes_of


def load(text: str) -> Definition:
    return validated(read_document(text, file="x.yaml"), Definition)


def test_the_whole_definition_of_the_page_is_read_with_every_value_typed() -> None:
    whole = load(WHOLE)
    assert whole.schema_version == "1"
    assert whole.limits.per_second == 500
    assert whole.ships_to == ("AU", "NZ")
    assert whole.quote is not None
    assert whole.quote.rows == ("data.offers[]",)
    assert whole.quote.outcomes[0].when.status == ("404",)
    assert whole.quote.outcomes[1].means == "retry_later"
    assert whole.quote.fields.price.unit == "minor"
    assert whole.quote.fields.tax is not None
    assert whole.quote.fields.tax.included is True
    purchase = whole.purchase
    assert purchase is not None
    assert purchase.commit_index == 2
    assert purchase.checks_total
    assert purchase.idempotency.retained_s == 24 * 3600
    assert purchase.steps[0].capture["token"].source == "header"
    assert purchase.steps[1].pick["delivery"].otherwise == "does_not_ship"
    assert purchase.find_order is not None
    assert purchase.find_order.settle_s == 900
    assert purchase.cancel is not None
    assert whole.examples[0].thens[0].offers is not None


def test_a_plain_scalar_in_json_is_its_literal_and_a_quoted_one_is_text() -> None:
    request = load(
        WHOLE.replace("quantity: 1}", 'quantity: 1, gift: false, code: "7", none: null}')
    )
    assert request.purchase is not None
    body = request.purchase.steps[0].request.json_body
    assert body == {
        "sku": "{offer.item}",
        "quantity": 1,
        "gift": False,
        "code": "7",
        "none": None,
    }


@pytest.mark.parametrize("word", ["NO", "0306406152", "12.10", "1:30", "on", "~x"])
def test_texts_that_yaml_would_guess_at_stay_what_was_written(word: str) -> None:
    assert load(WHOLE.replace("region: AU ", f"region: {word} ")).region == word


@pytest.mark.parametrize(
    ("patterns", "status", "holds"),
    [
        (("404",), 404, True),
        (("404",), 403, False),
        (("5xx",), 503, True),
        (("5xx",), 499, False),
        (("401", "403"), 403, True),
    ],
)
def test_statuses_match_as_written(patterns: tuple[str, ...], status: int, holds: bool) -> None:
    assert status_matches(patterns, status) is holds


def test_a_request_without_a_method_is_a_get_and_with_a_body_a_post() -> None:
    assert Request.model_validate({"path": "/a"}).method == "GET"
    assert Request.model_validate({"path": "/a", "graphql": {"query": "{a}"}}).method == "POST"
    assert Request.model_validate({"path": "/a", "json": None}).body_kind == "json"
    assert Request.model_validate({"path": "/a", "method": "put"}).method == "PUT"


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"path": "/a", "url": "{captured.next}"},
        {"path": "/a", "json": {}, "form": {}},
        {"path": "/a", "headers": {"a b": "c"}},
    ],
)
def test_a_request_has_one_address_and_at_most_one_body(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Request.model_validate(bad)


def test_a_condition_that_names_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        When.model_validate({})


@pytest.mark.parametrize(
    "bad",
    [
        {"send": "header"},
        {"send": "header", "name": "Key"},  # how long is it remembered?
        {"send": "body", "retained_h": "1"},
        {"send": "none", "name": "Key"},
    ],
)
def test_a_key_says_where_it_goes_and_how_long_it_is_remembered(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Idempotency.model_validate(bad)


def test_a_seller_without_a_key_remembers_none() -> None:
    assert Idempotency.model_validate({"send": "none"}).retained_s == 0
    assert Idempotency.model_validate({"send": "natural"}).retained_s > 0


def test_ordering_is_automatic_only_where_the_definition_says_how_to_order() -> None:
    assert load(WHOLE.replace("purchase_mode: auto", "# none said:")).purchase_mode == "auto"
    no_purchase = WHOLE[: WHOLE.index("\npurchase:")] + "\nexamples: []\n"
    assert load(no_purchase.replace("purchase_mode: auto", "# none said:")).purchase_mode == "none"


@pytest.mark.parametrize("answer", ["{answer: lost}", "{lost: true}", "{answer: {lost: true}}"])
def test_a_lost_answer_can_be_written_in_three_ways(answer: str) -> None:
    text = WHOLE.replace("exchanges: [{answer: {status: 404}}]", f"exchanges: [{answer}]")
    assert load(text).examples[1].exchanges[0].reply.lost


def test_a_batch_gives_as_many_results_as_it_asks_for() -> None:
    text = WHOLE.replace(
        'operation: quote, given: {isbn13: "9781449373320"}, exch',
        'operation: quote, given: [{isbn13: "9781449373320"}, {title: B}], exch',
    )
    assert text != WHOLE
    (mistake,) = mistakes_of(text)
    assert "one length" in mistake.message


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = WHOLE.replace("name: Booktopia", "nane: Booktopia").replace(
        "stock: exact", "stock: excat"
    )
    with pytest.raises(DocumentMistakes) as caught:
        load(text)
    told = [(mistake.path, mistake.hint) for mistake in caught.value.mistakes]
    assert ("nane", "did you mean 'name'?") in told
    assert any(path == "stock" and "exact" in (hint or "") for path, hint in told)
    assert any(path == "name" or "name" in path for path, _ in told)
