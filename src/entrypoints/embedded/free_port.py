"""Ports on the loopback address."""

import contextlib
import secrets
import socket

# Below the ranges that Linux (32768 and up) and macOS (49152 and up) lend to outgoing connections. A port out of those
# could be lent to a stranger while a killed server waits for its restart on the same port.
_LOWEST = 15_000
_HIGHEST = 32_000
_ATTEMPTS = 200


def free_port(*, other_than: int | None = None) -> int:
    """
    Find a TCP port of 127.0.0.1 that nobody listens on at this moment; it is not reserved.

    Raises:
        OSError: If none was found in 200 attempts.
    """
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port != other_than and _is_free(port):
            return port
    raise OSError(f"no free port on 127.0.0.1 between {_LOWEST} and {_HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
