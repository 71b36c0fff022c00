"""Where a payer's browser comes back to."""

from urllib.parse import urlsplit

from core.domain.errors import Rejected

MAX_LENGTH = 2048
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ReturnUrlRefused(Rejected):
    """The payer would be sent to a place that is none, or over a line that anybody can read."""

    code = "return_url_refused"
    title = "The return URL is not allowed"


def check_return_url(url: str) -> None:
    """
    Let pass what is https, or http on this machine; without a user, in visible ASCII.

    Raises:
        ReturnUrlRefused: Otherwise.
    """
    if len(url) > MAX_LENGTH or not all("!" <= character <= "~" for character in url):
        raise _refused()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _refused() from None
    if not host or parts.username is not None or parts.password is not None:
        raise _refused()
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise _refused()


def _refused() -> ReturnUrlRefused:
    return ReturnUrlRefused("return_url must be https, or http on this machine, without a user", pointer="#/return_url")
