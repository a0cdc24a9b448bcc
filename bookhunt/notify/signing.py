"""Signatures of the Standard Webhooks specification, 1.0 (https://www.standardwebhooks.com).

Signed is `ID.TIMESTAMP.BODY` with HMAC-SHA256; the header says `v1,` and the base64 of it. The id
is the notice's and stays the same however often it is sent; the timestamp is that of the sending,
so that a receiver may refuse what somebody recorded and plays again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from bookhunt.notify.target import NotTold

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key a secret stands for: base64 behind `whsec_`, else the text itself.

    Raises:
        NotTold: it is empty, or what stands behind the prefix is no base64.
    """
    text = secret.strip()
    try:
        key = (
            base64.b64decode(text.removeprefix(_PREFIX), validate=True)
            if text.startswith(_PREFIX)
            else text.encode()
        )
    except binascii.Error:
        raise NotTold(f"what stands behind {_PREFIX} in its secret is not base64") from None
    if not key:
        raise NotTold("its secret is empty")
    return key


def signed_headers(
    key: bytes | None, *, notice_id: str, at_s: int, body: bytes
) -> list[tuple[str, str]]:
    """The headers that name and date a delivery; signed where there is a key."""
    headers = [("webhook-id", notice_id), ("webhook-timestamp", str(at_s))]
    if key is not None:
        content = f"{notice_id}.{at_s}.".encode() + body
        digest = hmac.new(key, content, hashlib.sha256).digest()
        headers.append(("webhook-signature", f"v1,{base64.b64encode(digest).decode()}"))
    return headers
