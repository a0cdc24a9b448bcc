"""How webhooks and traces reach out: `notify.posting.Network` by the rules of sellers."""

from __future__ import annotations

from bookhunt.notify.posting import Way
from bookhunt.notify.target import NotTold
from bookhunt.sellers.network import (
    DeclaredHosts,
    HostRefused,
    NetworkRules,
    never_public,
    tls_context,
)
from bookhunt.sellers.network_addresses import Addresses, NameUnknown

_MOST_ADDRESSES = 3


class CheckedNetwork:
    """Names to checked addresses; a public host past the proxy only where there is none."""

    def __init__(self, rules: NetworkRules, *, addresses: Addresses | None = None) -> None:
        self._rules = rules
        self._addresses = addresses or Addresses(rules)
        self._tls = tls_context(rules)

    async def way_to(self, url: str) -> Way:
        """As `notify.posting.Network.way_to`."""
        try:
            _, origin = DeclaredHosts.of(url).admitted(url, rules=self._rules)
            if self._rules.proxy is not None and not never_public(origin.host):
                return Way(hosts=(), proxy=self._rules.proxy, tls=self._tls)
            addresses = await self._addresses.of(origin.host)
        except HostRefused as refused:
            raise NotTold(str(refused)) from None
        except NameUnknown:
            raise NotTold("its name is not known") from None
        hosts = tuple(
            str(each) if each.version == 4 else f"[{each}]" for each in addresses[:_MOST_ADDRESSES]
        )
        return Way(hosts=hosts, proxy=None, tls=self._tls)

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._addresses.close()
