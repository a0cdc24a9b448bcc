"""Links as answers write them: whole, or on the same site, and nothing that is no address."""

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.sellers.reading.links import link_of

BASES = (
    "https://shop.example/a/b?c=d",
    "http://127.0.0.1:8080",
    "http://127.0.0.1:8080?q=1",
    "https://shop.example/",
)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "link",
    [
        "/book/1",
        "/",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/.well-known",
        "//other.example/x",
        "/a?x=/y",
        "/a?",
        "/a;b",
        "/a;",
        "/a#f",
        "/a#",
        "/a:b@c",
        "book/1",
        "?q=2",
    ],
)
def test_a_link_is_joined_as_the_standard_says(base: str, link: str) -> None:
    assert link_of(link, base) == urljoin(base, link)


@given(st.text(st.sampled_from("/.?#;:@&=%ab1-~"), max_size=12), st.sampled_from(BASES))
def test_whatever_stands_behind_the_slash(text: str, base: str) -> None:
    link = f"/{text}"
    found = link_of(link, base)
    assert found is None or found == urljoin(base, link)


@pytest.mark.parametrize("link", ["/a\\b", "/a\nb", "/\x00", "/" + "x" * 2_000])
def test_what_no_address_holds_is_none(link: str) -> None:
    assert link_of(link, "https://shop.example/") is None
