"""
One POST on a connection of its own.

Not with an HTTP client: those look through their pool for every request, which costs more than all else the simulator
does. Redirects, proxies and cookies do not exist here.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

_LONGEST_HEAD = 16 * 1024
_PORTS = {"http": 80, "https": 443}


class NoHttpAnswer(Exception):
    """What answered does not speak HTTP, or ended too early."""


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """
    Send *body* to an http or https address; the answer's status. The caller sets the time limit.

    Raises:
        OSError: If nobody can be reached.
        NoHttpAnswer: If the answer is none.
        ValueError: If the address is none.
    """
    target = urlsplit(url)
    port = target.port or _PORTS[target.scheme]
    is_secure = target.scheme == "https"
    reader, writer = await asyncio.open_connection(target.hostname, port, ssl=is_secure or None, limit=_LONGEST_HEAD)
    try:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        given = {"Host": target.netloc.rpartition("@")[2], "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**given, **headers}.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await writer.drain()
        return _status(await reader.readuntil(b"\r\n\r\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise NoHttpAnswer from None
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _status(head: bytes) -> int:
    version, _, rest = head.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit():
        raise NoHttpAnswer
    return int(code)
