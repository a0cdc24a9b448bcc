"""Which hosts a definition may talk to, and which addresses may stand behind their names.

Two questions, asked of every request and every redirect. Is the host declared: is it the one of
`base_url`, or in `hosts`? And is the address harmless: a name in the public DNS that answers with
127.0.0.1, a router or a cloud's metadata service would let a seller's answer reach into the
customer's own network. So names are resolved here, the addresses are checked, and the connection
is made to the checked address, never to the name a second time.

A private or loopback address is contacted only where the definition names it outright (a literal
address, `localhost`, or a name that cannot be public: `shop.lan`) and the configuration allows it.
Plain http is spoken to such addresses only.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_IN_URL = re.compile(r"[!-~]+", re.ASCII)  # printable ASCII without the space
_AUTHORITY = re.compile(r"https?://[^/?#]*", re.ASCII)
# Carrier-grade NAT (RFC 6598): not private by the standard library, and not the internet.
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
# IPv4 inside IPv6: NAT64 (RFC 6052), 6to4 (RFC 3056), the deprecated compatible form (RFC 4291).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")
_COMPATIBLE = ipaddress.ip_network("::/96")
# Where clouds keep the credentials of their machines; no bookseller lives there.
_METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254")
)
# RFC 6761, 6762, 8375 and ICANN's reservation of `internal`: names that the public DNS never has.
_NEVER_PUBLIC = ("localhost", "local", "lan", "internal", "intranet", "home.arpa", "test")


class HostRefused(Exception):
    """A host or an address may not be contacted; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRules:
    """What the configuration's section `network` allows."""

    allow_loopback: bool = False
    allow_private: bool = False
    # http://host:port. Names are resolved by it, so that their addresses cannot be checked here;
    # loopback and private hosts go past it.
    proxy: str | None = None
    ca_file: str | None = None


class AddressKind(StrEnum):
    """Where an address leads."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"  # private, link-local, shared: somebody's own network
    NEVER = "never"  # multicast, unspecified, reserved, a metadata service


def kind_of(address: IPAddress) -> AddressKind:
    """Where an address leads; an IPv4 address inside an IPv6 one decides for both."""
    inner = _embedded(address)
    if inner is not None:
        return kind_of(inner)
    if address in _METADATA or address.is_multicast or address.is_unspecified:
        return AddressKind.NEVER
    if address.is_loopback:
        return AddressKind.LOOPBACK
    # The standard library calls the "this network" block private; a connection to it is to us.
    if isinstance(address, ipaddress.IPv4Address) and int(address) >> 24 == 0:
        return AddressKind.NEVER
    shared = address in (_SHARED if address.version == 4 else _SITE_LOCAL)
    if address.is_link_local or shared:
        return AddressKind.PRIVATE
    if address.is_reserved:
        return AddressKind.NEVER
    return AddressKind.PRIVATE if address.is_private else AddressKind.PUBLIC


def _embedded(address: IPAddress) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _6TO4:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@lru_cache(maxsize=4096)  # asked several times of each request, and of few hosts
def literal_address(host: str) -> IPAddress | None:
    """The address a host is written as, None where it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def never_public(host: str) -> bool:
    """Whether a host says outright that it is no public one."""
    if literal_address(host) is not None:
        return True
    name = host.rstrip(".").lower()
    return "." not in name or any(name.endswith(f".{end}") for end in _NEVER_PUBLIC)


def check_address(host: str, address: IPAddress, rules: NetworkRules) -> None:
    """Refuse an address that this host may not have.

    Raises:
        HostRefused: it is not public, and not both named outright and allowed.
    """
    kind = kind_of(address)
    if kind is AddressKind.PUBLIC:
        return
    allowed = {
        AddressKind.LOOPBACK: rules.allow_loopback,
        AddressKind.PRIVATE: rules.allow_private,
        AddressKind.NEVER: False,
    }[kind]
    if not never_public(host):
        raise HostRefused(f"{host} has a {kind.value} address, which is refused")
    if not allowed:
        option = f" (network.allow_{kind.value})" if kind is not AddressKind.NEVER else ""
        raise HostRefused(f"{host}: {kind.value} addresses are not allowed{option}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a host rule compares."""

    scheme: str
    host: str  # lower case, an IPv6 address without brackets
    port: int
    netloc: str = field(init=False, compare=False, repr=False)  # as the header Host says it
    text: str = field(init=False, compare=False, repr=False)  # as it stands in an address

    def __post_init__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        netloc = host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"
        object.__setattr__(self, "netloc", netloc)
        object.__setattr__(self, "text", f"{self.scheme}://{netloc}")

    def __str__(self) -> str:
        return self.text


def origin_of(url: str) -> Origin:
    """The origin of an absolute address.

    Raises:
        HostRefused: not http or https, no host, a user name in it, or a character that an address
            cannot hold (two parsers that read an address differently are how checks are passed by).
    """
    if not _IN_URL.fullmatch(url) or "\\" in url:
        raise HostRefused("the address holds a character that an address cannot hold")
    # Up to its path an address is one of few: what it means is worked out once.
    authority = _AUTHORITY.match(url)
    return _origin_of(url if authority is None else authority[0])


@lru_cache(maxsize=4096)
def _origin_of(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise HostRefused("the address cannot be read") from None
    if parts.scheme not in _PORTS:
        raise HostRefused(f"addresses of the scheme {parts.scheme[:20]!r} are not contacted")
    if "@" in parts.netloc:
        raise HostRefused("the address holds a user name")
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.rstrip(":")
    if not _HOST.fullmatch(host):
        raise HostRefused("the address holds no host that can be contacted")
    return Origin(parts.scheme, host.strip("[]").lower(), port or _PORTS[parts.scheme])


@dataclass(frozen=True, slots=True)
class DeclaredHosts:
    """The hosts one definition may talk to: `base_url`'s and those under `hosts`."""

    base: Origin
    others: frozenset[Origin]

    @classmethod
    def of(cls, base_url: str, hosts: Iterable[str] = ()) -> DeclaredHosts:
        """Read `base_url` and `hosts`: `cdn.example`, `cdn.example:8443`, `http://10.0.0.5`.

        A host without a scheme is https; one that has a port of its own may name it.

        Raises:
            HostRefused: one of them is no address.
        """
        base = origin_of(base_url)
        return cls(base, frozenset(origin_of(h if "://" in h else f"https://{h}") for h in hosts))

    def __contains__(self, origin: Origin) -> bool:
        return origin is self.base or origin == self.base or origin in self.others

    def checked(self, url: str, *, rules: NetworkRules, relative_to: str | None = None) -> str:
        """An absolute address that may be contacted, its fragment cut off.

        Raises:
            HostRefused: an undeclared host, plain http to a host that is not outright private, or
                a literal address that the configuration does not allow.
        """
        return self.admitted(url, rules=rules, relative_to=relative_to)[0]

    def admitted(
        self, url: str, *, rules: NetworkRules, relative_to: str | None = None
    ) -> tuple[str, Origin]:
        """As `checked`, with the origin of the address.

        Raises:
            HostRefused: as `checked`.
        """
        whole = (urljoin(relative_to, url) if relative_to else url).partition("#")[0]
        origin = origin_of(whole)
        if origin not in self:
            raise HostRefused(f"{origin} is not declared: base_url and hosts do not name it")
        refusal = _refusal(origin, rules)
        if refusal is not None:
            raise HostRefused(refusal)
        return whole, origin


@lru_cache(maxsize=4096)
def _refusal(origin: Origin, rules: NetworkRules) -> str | None:
    """Why a declared origin is not contacted; None: it is, as far as its text says."""
    address = literal_address(origin.host)
    if address is not None:
        try:
            check_address(origin.host, address, rules)
        except HostRefused as refused:
            return str(refused)
    public = not never_public(origin.host) or (
        address is not None and kind_of(address) is AddressKind.PUBLIC
    )
    if origin.scheme == "http" and public:
        return f"{origin}: plain http is for loopback and private addresses only"
    return None


def tls_context(rules: NetworkRules) -> ssl.SSLContext:
    """The one TLS context that every connection shares: verified, TLS 1.2 at least.

    Building one costs 19-30 ms of CPU, so it is built once.
    """
    paths = ssl.get_default_verify_paths()
    context = ssl.create_default_context(cafile=rules.ca_file)
    if rules.ca_file is None and not any((paths.cafile, paths.capath)):
        import certifi  # httpx brings it; some Pythons find no certificates of the system

        context.load_verify_locations(certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
