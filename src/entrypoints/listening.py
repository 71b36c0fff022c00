"""Whether a port can be listened on, asked before Granian takes it."""

import socket
import time

_PATIENCE_SECONDS = 2.0
_POLL_SECONDS = 0.05


def is_free(address: str, port: int) -> bool:
    """
    Whether nobody listens there; a predecessor that was just killed gets two seconds to be gone.

    Granian's workers share their port, and would share it with a stranger too: each would get some of the requests.
    """
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while not _can_be_bound(address, port):
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _can_be_bound(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are closing are no obstacle
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
