"""
Cut a client's connection without an answer.

No server interface for Python can do that. But the connection is one of this process's open files, and the client's
address tells which.
"""

import os
import socket


def cut_connection(client: tuple[str, int], server_port: int) -> bool:
    """End the TCP connection from *client* in both directions; whether it was found."""
    for name in os.listdir("/dev/fd"):
        try:
            duplicate = os.dup(int(name))
        except OSError:
            continue  # closed meanwhile
        if _cut_if_from(duplicate, client, server_port):
            return True
    return False


def _cut_if_from(descriptor: int, client: tuple[str, int], server_port: int) -> bool:
    """Take over *descriptor*, which is closed in any case."""
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)  # no socket
        return False
    with connection:
        try:
            if connection.getpeername()[:2] != client or connection.getsockname()[1] != server_port:
                return False
            connection.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError):
            return False
        return True
