"""
The OpenAPI document.

Litestar knows paths, parameters and docstrings. Schemas come from msgspec, which knows every bound it enforces; the
examples, headers and refusals from `exchanges` and `refusals`.
"""

import json
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from entrypoints.http.openapi.exchange import Exchange
from entrypoints.http.openapi.exchanges import EXCHANGES
from entrypoints.http.openapi.headers import HEADERS, IDEMPOTENCY_KEY, header_references
from entrypoints.http.openapi.refusals import refusal_responses
from entrypoints.http.problems import Problem
from entrypoints.http.schemas.fields import Request

_REFERENCE = "#/components/{place}/{name}"
_JSON = "application/json"
_NOISE = ("deprecated", "allowEmptyValue", "allowReserved")

_TRANSFER_FORMS = (["legs"], ["from_wallet_id", "to_wallet_id", "amount"])
_OF_TWO_FORMS = {
    "TransferRequest": _TRANSFER_FORMS,
    "BatchItemRequest": _TRANSFER_FORMS,
    "PlaceOrderRequest": (["wallet_id"], ["user_id", "asset"]),
    "CreatePaymentRequest": (["wallet_id"], ["user_id", "asset"]),
}

_Object = dict[str, Any]


def as_json(document: _Object) -> bytes:
    """The document as it is served and kept in docs/api."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def describe(app: Litestar) -> _Object:
    """
    The whole document.

    Raises:
        KeyError: If an operation has no entry in `EXCHANGES`.
    """
    document: _Object = app.openapi_schema.to_schema()
    handlers = dict(sorted(_handlers(app), key=itemgetter(0)))
    kinds = [*_wire_kinds(handlers), Problem]
    schemas, components = msgspec.json.schema_components(
        kinds, ref_template=_REFERENCE.format(place="schemas", name="{name}")
    )
    schema_of = dict(zip(map(_kind_name, kinds), schemas, strict=True))
    for name, forms in _OF_TWO_FORMS.items():
        components[name]["oneOf"] = [{"required": form} for form in forms]
    document["components"] |= {
        "schemas": components,
        "responses": refusal_responses(schema_of[_kind_name(Problem)]),
        "headers": HEADERS,
        "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
    }
    document["paths"] = dict(sorted(document["paths"].items()))
    for path in document["paths"].values():
        for operation in path.values():
            name = operation["operationId"]
            _complete(operation, handlers[name], EXCHANGES[name], schema_of)
    return document


def _handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every described operation, by its id."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, _model in route.route_handler_map.values():
                if isinstance(handler.operation_id, str) and handler.resolve_include_in_schema():
                    yield handler.operation_id, handler


def _wire_kinds(handlers: dict[str, HTTPRouteHandler]) -> list[Any]:
    """The types of all bodies, each once."""
    kinds: dict[str, Any] = {}
    for name, handler in handlers.items():
        answers = (answer.kind for answer in EXCHANGES[name].answers.values())
        for kind in (_request_kind(handler), _answer_kind(handler), *answers):
            if kind is not None:
                kinds[_kind_name(kind)] = kind
    return list(kinds.values())


def _kind_name(kind: Any) -> str:
    return str(kind)


def _request_kind(handler: HTTPRouteHandler) -> Any:
    return None if handler.parsed_data_field is None else handler.parsed_data_field.annotation


def _answer_kind(handler: HTTPRouteHandler) -> Any:
    declared = handler.parsed_return_field
    return declared.inner_types[0].raw if declared.is_subclass_of(Response) else declared.raw


def _complete(operation: _Object, handler: HTTPRouteHandler, exchange: Exchange, schema_of: _Object) -> None:
    for parameter in operation.get("parameters", []):
        _tidy(parameter)
    operation.pop("deprecated", None)
    if exchange.moves_money:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    if exchange.request is not None:
        operation["requestBody"]["content"] = {
            _JSON: _media(schema_of[_kind_name(_request_kind(handler))], exchange.request)
        }
    responses: _Object = {}
    for status, answer in exchange.answers.items():
        responses[str(status)] = {
            "description": answer.description,
            "headers": header_references(replayable=exchange.moves_money),
        }
        if answer.example is None:  # an answer without a body
            continue
        kind = _answer_kind(handler) if answer.kind is None else answer.kind
        content = {_JSON: _media(schema_of[_kind_name(kind)], answer.example)}
        if answer.csv is not None:
            content["text/csv"] = _media({"type": "string"}, answer.csv)
        responses[str(status)]["content"] = content
    for status in exchange.refusals:
        responses[str(status)] = {"$ref": f"#/components/responses/Refused{status}"}
    operation["responses"] = responses


def _media(schema: _Object, example: object) -> _Object:
    return {"schema": schema, "examples": {"example": {"value": _plain(example)}}}


def _plain(example: object) -> Any:
    """As it goes over the wire; what a client leaves out of a request stays out."""
    pairs_hook = _without_nulls if isinstance(example, Request) else None
    return json.loads(msgspec.json.encode(example), object_pairs_hook=pairs_hook)


def _without_nulls(pairs: list[tuple[str, Any]]) -> _Object:
    return {name: value for name, value in pairs if value is not None}


def _tidy(parameter: _Object) -> None:
    """A query cannot hold null: a parameter is there or it is not."""
    for name in _NOISE:
        parameter.pop(name, None)
    schema: _Object = parameter["schema"]
    schema.pop("description", None)
    kinds = [kind for kind in schema.pop("oneOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema |= kinds[0]
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
        schema["type"] = "string"
    schema.pop("default", None) if schema.get("default", ...) is None else None
    parameter["schema"] = schema
