"""
Which addresses we call for others: public ones, and only after each look-up anew.

Without it a tenant could have us call our own database, the cloud's metadata service, or a neighbour (SSRF). Python's
``is_global`` alone is no filter: it passes NAT64 and 6to4 forms of 127.0.0.1, multicast and site-local addresses.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from adapters.http.destinations import LOOPBACK_HOSTS, Destination, parse_destination
from adapters.http.resolver import NameNotResolved, Resolver

DNS_TIMEOUT_SECONDS = 5.0

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
            *("::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/32", "fc00::/7", "fe80::/10", "fec0::/10"),
            *("ff00::/8", "5f00::/16", "3fff::/20"),
        ),
    )
)
_MAPPED, _NAT64, _6TO4 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")


class AddressRefused(Exception):
    """The name leads, also or only, to an address we do not call."""


@dataclass(frozen=True, slots=True)
class ApprovedDestination:
    """Where one attempt may go: a destination, and the addresses of its host as they were checked just now."""

    destination: Destination
    addresses: tuple[str, ...]


class AddressGuard:
    """Decides, for one attempt at a time, whether a URL may be called and at which addresses."""

    def __init__(
        self, resolver: Resolver, *, denied_networks: Iterable[str] = (), development_loopback: bool = False
    ) -> None:
        """
        Look names up by *resolver*.

        Args:
            denied_networks: CIDRs to refuse beside those that nobody may call: the cluster's own.
            development_loopback: Let localhost, 127.0.0.1 and [::1] be called, by http and at any port. Never in
                production.

        Raises:
            ValueError: If one of the networks is none.
        """
        self._resolver = resolver
        self._denied = (*_DENIED, *map(ip_network, denied_networks))
        self._development_loopback = development_loopback

    async def approve(self, url: str) -> ApprovedDestination:
        """
        Take *url* apart, look its host up once and check every address it has.

        Raises:
            DestinationRefused: If the URL breaks a rule, which the message names.
            AddressRefused: If one address is not to be called.
            NameNotResolved: If the host has none, or it takes longer than 5 s to say.
        """
        destination = parse_destination(url, development_loopback=self._development_loopback)
        if destination.is_loopback:
            return ApprovedDestination(destination, LOOPBACK_HOSTS[destination.host])
        try:
            async with asyncio.timeout(DNS_TIMEOUT_SECONDS):
                found = await self._resolver.addresses(destination.host)
        except TimeoutError:
            raise NameNotResolved(f"{destination.host} did not resolve in time") from None
        if not found:
            raise NameNotResolved(f"{destination.host} has no address")
        return ApprovedDestination(destination, tuple(self._check(address) for address in found))

    def _check(self, text: str) -> str:
        try:
            address = ip_address(text)
        except ValueError as error:
            raise AddressRefused("the look-up gave something that is no address") from error
        if not self._permits(address):
            raise AddressRefused("the host's name leads to an address that is not public")
        return str(address)

    def _permits(self, address: Address) -> bool:
        if any(address in network for network in self._denied):
            return False
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return False
            embedded = _embedded(address)
            if embedded is not None:
                return self._permits(embedded)
            if address.is_site_local:
                return False
        return address.is_global and not (address.is_multicast or address.is_reserved)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to *address* ends at, when there is one."""
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return None
