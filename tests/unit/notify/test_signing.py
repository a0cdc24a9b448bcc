"""Signatures are those of the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from bookhunt.notify.signing import key_of, signed_headers
from bookhunt.notify.target import NotTold

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byte").decode()


def test_the_example_of_the_specification_verifies() -> None:
    """The vector that the reference implementations test themselves with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(
        key,
        notice_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers == [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]


def test_the_signature_is_over_id_time_and_body() -> None:
    """Each of them, and the key, changes it."""
    usual = {"notice_id": "n", "at_s": 1, "body": b"b"}
    key = key_of(SECRET)
    [*_, (_, signature)] = signed_headers(key, **usual)
    digest = hmac.new(b"a key of twenty-four byte", b"n.1.b", hashlib.sha256).digest()
    assert signature == "v1," + base64.b64encode(digest).decode()
    for other in ({"notice_id": "m"}, {"at_s": 2}, {"body": b"c"}):
        assert signed_headers(key, **{**usual, **other})[-1][1] != signature
    assert signed_headers(b"other", **usual)[-1][1] != signature


def test_a_secret_without_the_prefix_is_the_key_itself() -> None:
    assert key_of(" my secret\n") == b"my secret"


@pytest.mark.parametrize("secret", ["", "  ", "whsec_", "whsec_not base64!"])
def test_what_is_no_key_is_said_without_the_secret(secret: str) -> None:
    with pytest.raises(NotTold) as refused:
        key_of(secret)
    assert "not base64!" not in refused.value.detail


def test_without_a_key_a_delivery_is_named_and_dated() -> None:
    headers = dict(signed_headers(None, notice_id="n", at_s=7, body=b""))
    assert headers == {"webhook-id": "n", "webhook-timestamp": "7"}
