"""Which hosts may be talked to, and which addresses may stand behind their names."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest

from bookhunt.sellers.network import (
    AddressKind,
    DeclaredHosts,
    HostRefused,
    NetworkRules,
    check_address,
    kind_of,
    origin_of,
)
from bookhunt.sellers.network_addresses import Addresses, NameUnknown

STRICT = NetworkRules()
OPEN = NetworkRules(allow_loopback=True, allow_private=True)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("10.1.2.3", "private"),
        ("192.168.0.1", "private"),
        ("172.16.0.1", "private"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fe80::1", "private"),
        ("fc00::1", "private"),
        ("fec0::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::c0a8:1", "private"),
        ("169.254.169.254", "never"),
        ("::ffff:169.254.169.254", "never"),
        ("fd00:ec2::254", "never"),
        ("0.0.0.0", "never"),
        ("0.1.2.3", "never"),
        ("::", "never"),
        ("224.0.0.1", "never"),
        ("ff02::1", "never"),
        ("240.0.0.1", "never"),
        ("255.255.255.255", "never"),
    ],
)
def test_an_address_is_known_for_what_it_is(address: str, kind: str) -> None:
    assert kind_of(ipaddress.ip_address(address)) is AddressKind(kind)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "fe80::1"])
def test_a_public_name_never_has_an_address_of_our_own_network(address: str) -> None:
    """Whatever the configuration allows: the definition did not name it outright."""
    with pytest.raises(HostRefused):
        check_address("shop.example", ipaddress.ip_address(address), OPEN)


def test_loopback_and_private_need_the_configuration_each_its_own_word() -> None:
    loopback, private = ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("10.0.0.1")
    check_address("localhost", loopback, NetworkRules(allow_loopback=True))
    check_address("shop.lan", private, NetworkRules(allow_private=True))
    with pytest.raises(HostRefused, match="allow_loopback"):
        check_address("127.0.0.1", loopback, NetworkRules(allow_private=True))
    with pytest.raises(HostRefused, match="allow_private"):
        check_address("shop.lan", private, NetworkRules(allow_loopback=True))


def test_the_metadata_service_is_never_contacted() -> None:
    with pytest.raises(HostRefused):
        check_address("169.254.169.254", ipaddress.ip_address("169.254.169.254"), OPEN)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "file:///etc/passwd",
        "//shop.example/x",
        "https:///x",
        "https://user@shop.example/",
        "https://shop.example@evil.example/",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "https://shop.example/\r\nX: y",
        "https://shop.example:port/",
        "https://sh\u00f6p.example/",
        "https://shop.example%2fevil/",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_two_parsers_may_read_differently_is_refused(url: str) -> None:
    with pytest.raises(HostRefused):
        origin_of(url)


def test_only_declared_hosts_at_their_own_port_and_scheme_are_contacted() -> None:
    declared = DeclaredHosts.of("https://api.shop.example/v1", ["cdn.example", "x.example:8443"])
    for good in (
        "https://api.shop.example/other",
        "https://API.shop.example:443/other",
        "https://cdn.example/x",
        "https://x.example:8443/x",
    ):
        assert declared.checked(good, rules=STRICT) == good
    for bad in (
        "https://evil.example/",
        "https://api.shop.example.evil.example/",
        "https://api.shop.example:8443/",
        "http://api.shop.example/",
        "https://x.example/",
    ):
        with pytest.raises(HostRefused):
            declared.checked(bad, rules=STRICT)


def test_a_relative_address_cannot_leave_its_host() -> None:
    declared = DeclaredHosts.of("https://shop.example/v1/")
    base = "https://shop.example/v1/books"
    assert declared.checked("x?y=1#z", rules=STRICT, relative_to=base) == (
        "https://shop.example/v1/x?y=1"
    )
    for bad in ("//evil.example/x", "http://shop.example/", "\\\\evil.example"):
        with pytest.raises(HostRefused):
            declared.checked(bad, rules=STRICT, relative_to=base)


def test_loopback_is_contacted_at_the_declared_port_only_and_only_if_allowed() -> None:
    declared = DeclaredHosts.of("http://127.0.0.1:8001")
    allowed = NetworkRules(allow_loopback=True)
    assert declared.checked("http://127.0.0.1:8001/x", rules=allowed)
    with pytest.raises(HostRefused):
        declared.checked("http://127.0.0.1:6379/x", rules=allowed)
    with pytest.raises(HostRefused, match="allow_loopback"):
        declared.checked("http://127.0.0.1:8001/x", rules=STRICT)


@pytest.mark.parametrize("host", ["shop.example", "93.184.216.34"])
def test_plain_http_to_the_internet_is_refused_even_where_it_is_declared(host: str) -> None:
    declared = DeclaredHosts.of(f"http://{host}")
    with pytest.raises(HostRefused, match="plain http"):
        declared.checked(f"http://{host}/", rules=OPEN)


class Names:
    """A name service that says what the test says, and counts."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): found for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        return self.answers[host]


async def test_a_name_that_also_says_a_private_address_is_refused_whole() -> None:
    names = Names(shop_example=["93.184.216.34", "10.0.0.1"])
    with pytest.raises(HostRefused):
        await Addresses(OPEN, look_up=names).of("shop.example")


async def test_a_name_is_asked_once_for_many_and_remembered() -> None:
    names = Names(shop_example=["93.184.216.34"])
    addresses = Addresses(STRICT, look_up=names)
    found = await asyncio.gather(*(addresses.of("shop.example") for _ in range(5)))
    assert set(found) == {(ipaddress.ip_address("93.184.216.34"),)}
    assert names.asked == ["shop.example"]


async def test_a_refused_name_is_not_remembered_as_good() -> None:
    names = Names(shop_example=["127.0.0.1"])
    addresses = Addresses(OPEN, look_up=names)
    for _ in range(2):
        with pytest.raises(HostRefused):
            await addresses.of("shop.example")


async def test_a_name_without_an_address_says_so() -> None:
    addresses = Addresses(STRICT, look_up=Names(empty_example=[]))
    for host in ("gone.example", "empty.example"):
        with pytest.raises(NameUnknown):
            await addresses.of(host)


async def test_the_system_resolver_is_asked_off_the_loop() -> None:
    addresses = Addresses(NetworkRules(allow_loopback=True))
    found = await addresses.of("localhost")
    assert all(a.is_loopback for a in found)
    await addresses.close()
