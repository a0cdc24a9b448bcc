"""Every merchant of the suite: one line each, and whatever runs over all of them runs over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.merchants.acp import Acp, AcpOf2026
from tests.merchants.magento import Magento
from tests.merchants.medusa import Medusa
from tests.merchants.ucp import Ucp
from tests.merchants.vendure import Vendure
from tests.merchants.woocommerce import WooCommerce
from tests.merchants.zinc import Zinc

if TYPE_CHECKING:
    from tests.merchants.merchant import Merchant

MERCHANTS: tuple[type[Merchant], ...] = (
    WooCommerce,
    Medusa,
    Vendure,
    Magento,
    Zinc,
    Ucp,
    Acp,
    AcpOf2026,
)
