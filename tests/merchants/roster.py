"""Every merchant of the suite: one line each, and whatever runs over all of them runs over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.merchants.merchant import Merchant

MERCHANTS: tuple[type[Merchant], ...] = ()
