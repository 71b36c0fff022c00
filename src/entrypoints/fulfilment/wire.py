"""As much of HTTP/1.1 as a service needs that must be able to break it: requests with a Content-Length, in turn."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 1_048_576


class BadRequest(Exception):
    """What came is no request that this service reads."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case, the target without its query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether its client wants no further one on this connection."""
        return self.headers.get("connection", "").lower() == "close"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, in JSON."""

    status: int
    content: object
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_bytes(self) -> bytes:
        """The whole answer."""
        body = msgspec.json.encode(self.content)
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", "content-type: application/json"]
        lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """
    The next request, or None when the client has closed.

    Raises:
        BadRequest: If it is none, or too long.
        IncompleteReadError: If the client closed in the middle of it.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest("the head is too long") from None
    try:
        first, *lines = head.decode("ascii").split("\r\n")[:-2]
        method, target, _version = first.split(" ")
        headers: dict[str, str] = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequest("that is no HTTP/1.1") from None
    if "transfer-encoding" in headers or not 0 <= length <= MAX_BODY_BYTES:
        raise BadRequest("a body has a Content-Length of at most 1 MiB")
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, await reader.readexactly(length))
