"""Names are safe as parts of paths, and the same on every side."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.home import names
from bookhunt.home.countries import COUNTRIES, country_hint
from bookhunt.model import request
from bookhunt.model.errors import InputError


def test_a_profile_may_be_called_what_a_request_may_name() -> None:
    """One rule on both sides: no profile that can be added and never be used."""
    assert names._PROFILE.pattern == request._NAME.pattern


@pytest.mark.parametrize(
    "name", ["booktopia/api_key", "a-b_c/x", "pay/home/alpha", "pay/me@x.y:z/a", "notify/mail"]
)
def test_the_three_forms_of_a_secret(name: str) -> None:
    """A seller's secret, a payment token, a notification's."""
    names.require_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a", "a/", "/a", "a/b/c", "pay/home", "pay/ada/a/b", "A/b", "a/b c", "../b", "a/..",
     "notify/", "pay//a", "a/b\n", "pay/ho me/a", "a/\u00e9"],
)  # fmt: skip
def test_what_cannot_name_a_secret_is_refused_and_not_repeated(name: str) -> None:
    """The text may be the secret itself, put in the wrong place."""
    with pytest.raises(InputError) as refused:
        names.require_secret_name(name)
    assert refused.value.message == "that cannot be a secret's name"


@given(st.text(max_size=30))
def test_a_secrets_name_is_one_plain_part_of_a_path(text: str) -> None:
    """With its slashes written as dots it leads to no other folder."""
    try:
        names.require_secret_name(text)
    except InputError:
        return
    assert re.fullmatch(r"[A-Za-z0-9@._:-]+", text.replace("/", "."), re.ASCII)
    assert text.replace("/", ".") not in {".", ".."}


@pytest.mark.parametrize("name", ["A", "", "-a", "a b", "a.b", "a/b", "x" * 81])
def test_what_cannot_be_a_sellers_id_is_refused(name: str) -> None:
    """Lower-case letters, digits, - and _, as files of definitions are called."""
    with pytest.raises(InputError, match="cannot be a seller's id"):
        names.require_seller_id(name)


def test_payment_secrets_are_told_by_their_name() -> None:
    """What pays is built and recognised in one place."""
    assert names.is_payment_secret(names.payment_secret("home", "alpha"))
    assert not names.is_payment_secret("alpha/pay")


def test_every_country_is_two_letters_and_a_likely_slip_is_told() -> None:
    """249 assigned codes and Kosovo; UK, lower case and names of other lists lead to the code."""
    assert len(COUNTRIES) == 250
    assert all(re.fullmatch("[A-Z]{2}", each) for each in COUNTRIES)
    assert country_hint("US") is None
    assert country_hint("UK") == "did you mean GB?"
    assert country_hint("us") == "did you mean US?"
    assert "ISO 3166" in str(country_hint("ZZ"))
