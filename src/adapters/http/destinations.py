"""
The one place where a stranger's URL is taken apart.

Whatever is called later is put together from these parts; nobody parses the text a second time, so no two parsers
can read two hosts out of one URL.
"""

import re
from dataclasses import dataclass

import idna

from core.domain.webhook_endpoints import MAX_URL_LENGTH

PORTS = frozenset({443, 8443})
LOOPBACK_HOSTS = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "[::1]": ("::1",)}
"""The only spellings of this machine, for development, and the addresses they stand for: no resolver is asked."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_HOST_LENGTH = 253
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\s]")
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^/?#]*)([^#]*)(#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_TARGET = re.compile(r"[\x21-\x7e]*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class DestinationRefused(Exception):
    """The URL breaks a rule; the message says which."""


@dataclass(frozen=True, slots=True)
class Destination:
    """
    The parts of a URL we may call, if its addresses pass.

    Attributes:
        host: A DNS name in lower case and ASCII (A-labels); or, in development only, a key of `LOOPBACK_HOSTS`.
        target: Path and query, as they are sent.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_loopback(self) -> bool:
        """Whether it is this very machine, by one of the names that development allows."""
        return self.host in LOOPBACK_HOSTS

    @property
    def host_header(self) -> str:
        """What ``Host`` says: the port too, unless it is the scheme's own."""
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


def parse_destination(url: str, *, development_loopback: bool) -> Destination:
    """
    Take a URL apart: https, a DNS name, port 443 or 8443, no user, no fragment.

    Args:
        development_loopback: Allow localhost, 127.0.0.1 and [::1] too, by http or https and at any port.

    Raises:
        DestinationRefused: Naming the rule it breaks.
    """
    if len(url) > MAX_URL_LENGTH:
        raise DestinationRefused(f"a URL has at most {MAX_URL_LENGTH} characters")
    if _FORBIDDEN.search(url):
        raise DestinationRefused("a URL has no spaces, control characters or backslashes")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise DestinationRefused("a URL begins with https:// and a host")
    scheme, authority, target, fragment = parts[1].lower(), parts[2], parts[3], parts[4]
    if fragment is not None:
        raise DestinationRefused("a fragment (#…) is never sent")
    if "@" in authority:
        raise DestinationRefused("no user name or password may stand in a URL")
    host, port = _host_and_port(authority, scheme)
    _check_target(target)
    if not target.startswith("/"):
        target = f"/{target}"
    if development_loopback and host in LOOPBACK_HOSTS and scheme in _DEFAULT_PORTS:
        return Destination(scheme, host, port, target)
    if scheme != "https":
        raise DestinationRefused("the scheme must be https")
    host = _dns_name(host)
    if port not in PORTS:
        raise DestinationRefused(f"the port must be one of {', '.join(map(str, sorted(PORTS)))}")
    return Destination(scheme, host, port, target)


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise DestinationRefused("after https:// come a host and at most one port number")
    port = _DEFAULT_PORTS.get(scheme, 0) if parts[2] is None else int(parts[2])
    if not 0 < port < 65_536 and scheme in _DEFAULT_PORTS:
        raise DestinationRefused("a port lies between 1 and 65535")
    return parts[1].lower(), port


def _check_target(target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise DestinationRefused("path and query are written in ASCII, the rest percent-encoded")


def _dns_name(host: str) -> str:
    """
    The name in the form the resolver and the certificate know it by.

    Raises:
        DestinationRefused: If it is an IP address in any notation, or no full name.
    """
    if host.startswith("["):
        raise DestinationRefused("an IP address is not called; use a name")
    if len(host) > _MAX_HOST_LENGTH or "%" in host:
        raise DestinationRefused("the host is not a DNS name")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode()
        except (UnicodeError, IndexError) as error:
            raise DestinationRefused("the host is not an internationalised DNS name") from error
    labels = host.split(".")
    # As browsers judge it: what ends in a number is an IPv4 address, be it short, octal, hexadecimal or one number.
    if _NUMBER.fullmatch(labels[-1] or (labels[-2] if len(labels) > 1 else "")):
        raise DestinationRefused("an IP address is not called; use a name")
    if len(host) > _MAX_HOST_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise DestinationRefused("the host is not a DNS name")
    if len(labels) == 1:
        raise DestinationRefused("the host must be a full DNS name, with a dot in it")
    return host
