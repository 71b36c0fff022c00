"""
Request bodies, decoded strictly and once.

Litestar converts a decoded body with msgspec's lax mode, in which "100" is an integer. So the body is decoded here,
straight into the type the handler declares: strict numbers, no unknown fields, no key twice.
"""

import json
import re
from typing import Any

import msgspec
from litestar import Request

from entrypoints.http.card_number_check import check_for_card_numbers
from entrypoints.http.context import context_of
from entrypoints.http.field_errors import FieldError, field_error, pointer_to
from entrypoints.http.problem_types import (
    BODY_TOO_LARGE,
    INVALID_FIELD,
    INVALID_JSON,
    REPEATED_FIELD,
    UNSUPPORTED_MEDIA_TYPE,
)
from entrypoints.http.problems import ClientGone, MalformedRequest

_PATH = re.compile(r" - at `([^`]*)`$")
_FIELD = re.compile(r"field `(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
_JSON = b"application/json"
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


class _RepeatedName(Exception):
    """One object has a name twice."""


class _Pairs(list[tuple[str, Any]]):
    """An object's members as they came."""


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> None:
    """RFC 8259 leaves the meaning of a repeated name open; with money it must not be."""
    if len(pairs) > 1 and len({name for name, _value in pairs}) != len(pairs):
        raise _RepeatedName


_check_names = json.JSONDecoder(object_pairs_hook=_refuse_repeated_names).decode


class StrictRequest(Request[Any, Any, Any]):
    """Decodes JSON bodies into the handler's own type, or refuses them with the field and the rule."""

    async def body(self) -> bytes:
        """
        The raw body, read once and without the generator that Litestar builds for it.

        Raises:
            MalformedRequest: 413, above the route's limit.
            ClientGone: If the client leaves before the end.
        """
        if isinstance(self._body, bytes):
            return self._body
        self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        limit = self.route_handler.resolve_request_max_body_size()
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            event = await self.receive()
            if event["type"] != "http.request":
                raise ClientGone
            chunk = event["body"]
            size += len(chunk)
            if limit is not None and size > limit:
                raise MalformedRequest(BODY_TOO_LARGE, f"the body may have {limit} bytes at most")
            chunks.append(chunk)
            more = event["more_body"]
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def json(self) -> Any:
        """
        The body as the type of the handler's `data`.

        Raises:
            MalformedRequest: 415 for another content type, 400 for broken JSON, a key given twice, or a field that
                breaks its type.
            CardNumberFound: If a card number is in it.
        """
        content_type = context_of(self).headers.get(b"content-type", b"")
        if content_type != _JSON and content_type.partition(b";")[0].strip().lower() != _JSON:
            raise MalformedRequest(UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
        field = self.route_handler.parsed_data_field
        body = await self.body()
        decoded = decode_strictly(body, Any if field is None else field.annotation)
        check_for_card_numbers(body)
        return decoded


def decode_strictly(body: bytes, kind: Any) -> Any:
    """
    Decode *body* into *kind*.

    Raises:
        MalformedRequest: Naming the field and the rule.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        decoded = decoder.decode(body)
        _check_names(body.decode())
    except msgspec.ValidationError as error:
        raise MalformedRequest(INVALID_FIELD, _locate(str(error))) from None
    except _RepeatedName:
        raise MalformedRequest(REPEATED_FIELD, _locate_repeated(body)) from None
    except RecursionError:
        raise MalformedRequest(INVALID_JSON, "the body is nested too deeply") from None
    except ValueError:
        raise MalformedRequest(INVALID_JSON, "the body is not valid JSON") from None
    return decoded


def _locate_repeated(body: bytes) -> FieldError:
    """Where the first repeated name is; read again with places, as this happens to few."""
    steps = _steps_to_repeated(json.loads(body, object_pairs_hook=_Pairs)) or []
    return FieldError(pointer_to(steps), f"{steps[-1][:64]} is given twice")


def _steps_to_repeated(value: Any) -> list[str] | None:
    if isinstance(value, _Pairs):
        names: set[str] = set()
        for name, inner in value:
            if name in names:
                return [name]
            names.add(name)
            if (steps := _steps_to_repeated(inner)) is not None:
                return [name, *steps]
    elif isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON of any shape
        for index, inner in enumerate(items):
            if (steps := _steps_to_repeated(inner)) is not None:
                return [str(index), *steps]
    return None


def _locate(message: str) -> FieldError:
    """Msgspec's message in two: the field, and what is wrong with it."""
    path = _PATH.search(message)
    what = message[: path.start()] if path else message
    steps = [name or index for name, index in _STEP.findall(path[1])] if path else []
    if named := _FIELD.search(what):
        steps.append(named[1])
    return field_error(steps, what)
