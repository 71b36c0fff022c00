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

from entrypoints.http.problems import MalformedRequest

_PATH = re.compile(r" - at `([^`]*)`$")
_FIELD = re.compile(r"field `([^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


class StrictRequest(Request[Any, Any, Any]):
    """Decodes JSON bodies into the handler's own type, or refuses them with the field and the rule."""

    async def json(self) -> Any:
        """
        The body as the type of the handler's `data`.

        Raises:
            MalformedRequest: 415 for another content type, 400 for broken JSON, a key given twice, or a field that
                breaks its type.
        """
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise MalformedRequest(415, "the body must be application/json")
        field = self.route_handler.parsed_data_field
        return decode_strictly(await self.body(), Any if field is None else field.raw)


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
        json.loads(body, object_pairs_hook=_refuse_repeated_keys)
    except msgspec.ValidationError as error:
        detail, pointer = _locate(str(error))
        raise MalformedRequest(400, detail, code="invalid_field", pointer=pointer) from None
    except (msgspec.DecodeError, UnicodeDecodeError, json.JSONDecodeError):
        raise MalformedRequest(400, "the body is not valid JSON", code="invalid_json") from None
    except RecursionError:
        raise MalformedRequest(400, "the body is nested too deeply", code="invalid_json") from None
    return decoded


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> None:
    """RFC 8259 leaves the meaning of a repeated name open; with money it must not be."""
    if len(pairs) > 1:
        names = [name for name, _value in pairs]
        if len(set(names)) != len(names):
            repeated = next(name for name in names if names.count(name) > 1)
            raise MalformedRequest(
                400, f"{repeated[:64]} is given twice", code="repeated_field", pointer=f"#/{repeated[:64]}"
            )


def _locate(message: str) -> tuple[str, str]:
    """Msgspec's message in two: what is wrong, and the JSON pointer of the field."""
    path = _PATH.search(message)
    what = message[: path.start()] if path else message
    steps = [name or index for name, index in _STEP.findall(path[1])] if path else []
    if named := _FIELD.search(what):
        steps.append(named[1])
    name = steps[-1] if steps else "body"
    return f"{name}: {what}", "#/" + "/".join(steps) if steps else "#"
