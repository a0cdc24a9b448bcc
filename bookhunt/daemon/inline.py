"""Buyers that a request brings along instead of naming a stored profile.

A hunt outlives its call and the daemon, so the address and the tokens must be found again: the
address lies in a private file of its own, each token in the secret store, both under a name that
the same address and tokens always get. The name is keyed with a random key of this home, so that
it tells nothing about a token. What no request has used for a month is removed at start.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets as random_bytes
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.home.durable import read_private, write_durably
from bookhunt.home.names import payment_secret, require_seller_id
from bookhunt.home.profiles import profile_text, read_profile
from bookhunt.model.buyer import Buyer
from bookhunt.model.errors import BookhuntError, ProfileMissing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bookhunt.home.paths import Home
    from bookhunt.home.profiles import Profiles
    from bookhunt.home.secrets import Secrets

_log = logging.getLogger(__name__)

PREFIX = "inline:"
_KEPT_S = 30 * 86_400.0
_REMEMBERED = 1000
_LARGEST = 64 * 1024
_KEY_BYTES = 32


@dataclass(slots=True)
class _Inline:
    """What is kept of one: its address and at which sellers it has a token."""

    buyer: Buyer
    sellers: tuple[str, ...]


class EveryBuyer:
    """The stored profiles, and those that requests brought along; implements `hunt.ports.Buyers`.

    `buyer` takes microseconds; `keep` and `sweep` block on the disk and on the secret store.
    """

    def __init__(self, home: Home, profiles: Profiles, secrets: Secrets) -> None:
        self._profiles = profiles
        self._secrets = secrets
        self._folder = home.data_dir / "inline"
        self._known: OrderedDict[str, Buyer] = OrderedDict()  # a name stands for one address

    def buyer(self, profile: str) -> Buyer:
        """The profile of that name.

        Raises:
            ProfileMissing: there is none.
        """
        if not profile.startswith(PREFIX):
            return self._profiles.buyer(profile)
        if (known := self._known.get(profile)) is not None:
            return known
        kept = self._read(profile)
        if kept is None:
            raise ProfileMissing(f"the address of {profile} is not kept any more")
        self._known[profile] = kept.buyer
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return kept.buyer

    def keep(self, shipping: Mapping[str, object], payment: Mapping[str, str]) -> str:
        """Keep an address and its payment tokens, durably; the name to ask for them by.

        Raises:
            CardNumber, DocumentMistakes, InputError: what is wrong with them; nothing is kept.
            SecretStoreUnavailable: the tokens cannot be kept.
        """
        for seller in payment:
            require_seller_id(seller)
        said = {name: value for name, value in shipping.items() if value is not None}
        document = read_profile(json.dumps(said), file="customer_info.shipping")
        bill = (document.bill or document).address
        buyer = Buyer(profile="inline", ship=document.address, bill=bill)
        text = profile_text(buyer)
        name = PREFIX + self._digest(text, payment)
        file = self._file(name)
        if file.exists():
            os.utime(file)
            return name
        # The tokens first: an address that can be found is one whose tokens are there.
        for seller, token in payment.items():
            self._secrets.put(payment_secret(name, seller), token)
        lines = json.dumps({"address": text, "sellers": sorted(payment)})
        write_durably(file, lines.encode())
        return name

    def sweep(self, *, in_use: frozenset[str]) -> int:
        """Remove what no request has used for a month, and is not `in_use`; how many."""
        if not self._folder.is_dir():
            return 0
        removed = 0
        for file in self._folder.glob("*.json"):
            name = PREFIX + file.stem
            if name in in_use or time.time() - file.stat().st_mtime < _KEPT_S:
                continue
            try:
                kept = self._read(name)
                for seller in kept.sellers if kept else ():
                    self._secrets.remove(payment_secret(name, seller))
                file.unlink(missing_ok=True)
                self._known.pop(name, None)
            except (BookhuntError, OSError):
                _log.exception("an address that is not used any more could not be removed")
            else:
                removed += 1
        return removed

    def _read(self, name: str) -> _Inline | None:
        content = read_private(self._file(name), most=_LARGEST)
        if content is None:
            return None
        kept = json.loads(content)
        document = read_profile(kept["address"], file=name)
        bill = (document.bill or document).address
        buyer = Buyer(profile=name, ship=document.address, bill=bill)
        return _Inline(buyer=buyer, sellers=tuple(kept["sellers"]))

    def _file(self, name: str) -> Path:
        digest = name.removeprefix(PREFIX)
        if not digest.isalnum():
            raise ProfileMissing(f"there is no profile {name!r}")
        return self._folder / f"{digest}.json"

    def _digest(self, text: str, payment: Mapping[str, str]) -> str:
        said = json.dumps([text, sorted(payment.items())]).encode()
        return hmac.new(self._key(), said, hashlib.sha256).hexdigest()[:32]

    def _key(self) -> bytes:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._folder / "key"
        key = read_private(file, most=_KEY_BYTES)
        if key is None:
            key = random_bytes.token_bytes(_KEY_BYTES)
            write_durably(file, key)
        return key
