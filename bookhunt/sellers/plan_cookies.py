"""The cookies of one attempt or one login: never shared, and small enough for the ledger.

Two purchases with one jar share a basket, and one order got both books. So a jar belongs to one
attempt, is copied from the seller's login, and is stored with the attempt before the commit step.
Quotes keep none. What is here of RFC 6265 is what a checkout needs: host, domain, path, secure,
and being taken back by an expiry in the past.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bookhunt.sellers.network import literal_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_MOST_COOKIES = 50
_MOST_BYTES = 4096  # of one cookie: what browsers keep (RFC 6265, 6.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One cookie."""

    name: str
    value: str
    host: str
    path: str
    with_subdomains: bool
    secure: bool

    def goes_to(self, scheme: str, host: str, path: str) -> bool:
        """Whether a request to this place carries it."""
        same = host == self.host or (self.with_subdomains and host.endswith(f".{self.host}"))
        below = path == self.path or path.startswith(self.path.rstrip("/") + "/")
        return same and below and (scheme == "https" or not self.secure)


class CookieJar:
    """Cookies by name, host and path."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._cookies = {(c.name, c.host, c.path): c for c in cookies}

    def copy(self) -> CookieJar:
        """A jar of its own with the same cookies."""
        return CookieJar(self._cookies.values())

    def take(self, url: str, set_cookies: Iterable[str], *, now: datetime) -> None:
        """Keep what an answer to this address sets; drop what it takes back."""
        for text in set_cookies:
            read = _read(url, text, now)
            if read is None:
                continue
            cookie, gone = read
            key = (cookie.name, cookie.host, cookie.path)
            if gone:
                self._cookies.pop(key, None)
            elif key in self._cookies or len(self._cookies) < _MOST_COOKIES:
                self._cookies[key] = cookie

    def header(self, url: str) -> str | None:
        """The header `Cookie` of a request, None where there is nothing to say."""
        if not self._cookies:
            return None
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        going = [
            cookie
            for cookie in self._cookies.values()
            if cookie.goes_to(parts.scheme, host, parts.path or "/")
        ]
        # The longer path first (RFC 6265, 5.4).
        going.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{c.name}={c.value}" for c in going) or None

    def __len__(self) -> int:
        return len(self._cookies)

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [asdict(cookie) for cookie in self._cookies.values()]

    @classmethod
    def from_json(cls, value: Iterable[dict[str, Any]]) -> CookieJar:
        """What `to_json` wrote."""
        return cls(Cookie(**each) for each in value)


def _read(url: str, text: str, now: datetime) -> tuple[Cookie, bool] | None:
    """A cookie, and whether it is taken back; None for what is none or is not this host's."""
    pair, *attributes = text.split(";")
    name, equals, value = pair.strip().partition("=")
    if not equals or not name or len(pair) > _MOST_BYTES or not _plain(f"{name}{value}"):
        return None
    said = {
        key.strip().lower(): text.strip()
        for key, _, text in (attribute.partition("=") for attribute in attributes)
    }
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    domain = said.get("domain", "").lstrip(".").lower()
    if domain and domain != host:
        is_above = host.endswith(f".{domain}") and "." in domain
        if not is_above or literal_address(host) is not None:
            return None
    path = said.get("path", "")
    if not path.startswith("/"):
        path = parts.path.rpartition("/")[0] or "/"
    cookie = Cookie(
        name=name.strip(),
        value=value.strip(),
        host=domain or host,
        path=path,
        with_subdomains=bool(domain) and literal_address(host) is None,
        secure="secure" in said,
    )
    return cookie, _is_gone(said, now)


def _is_gone(said: dict[str, str], now: datetime) -> bool:
    age = said.get("max-age")
    if age is not None and age.removeprefix("-").isdecimal():
        return int(age) <= 0
    try:
        expires = parsedate_to_datetime(said.get("expires", ""))
    except ValueError:
        return False
    return expires.timestamp() <= now.timestamp()


def _plain(text: str) -> bool:
    """Whether a header can hold it: printable ASCII (RFC 6265 allows even less)."""
    return text.isascii() and text.isprintable()
