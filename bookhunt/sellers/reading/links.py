"""Addresses as they stand in answers: made whole, and shown to people only where they are http."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_LONGEST = 2_000
# What nearly every link is: whole, and made of characters that need no second look.
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!-\[\]^-~]*)?", re.ASCII)
# A path on the same site, in which nothing has to be resolved: no dot segments, no fragment.
_ON_SITE = re.compile(r"/(?!/)[!\"$-:<-\[\]^-~]*", re.ASCII)
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?=[/?#]|$)", re.ASCII)
_SCHEMES = frozenset({"http", "https"})


def link_of(text: str, base: str) -> str | None:
    """The whole address of a link in an answer from `base`; None: it is no address of the web."""
    link = text.strip()
    if len(link) <= _LONGEST and _WHOLE.fullmatch(link):
        return link
    if len(link) <= _LONGEST and _ON_SITE.fullmatch(link) and "/." not in link and link[-1] != "?":
        site = _SITE.match(base)
        if site is not None:
            return site[0] + link
    if not link or len(link) > _LONGEST or not link.isprintable() or "\\" in link:
        return None
    try:
        whole = urljoin(base, link)
        parts = urlsplit(whole)
        if parts.scheme not in _SCHEMES or not parts.hostname or "@" in parts.netloc:
            return None
    except ValueError:
        return None
    return whole.replace(" ", "%20")
