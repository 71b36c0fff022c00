"""Where the description is served: /schema/openapi.json, with a browsable page at /schema."""

from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag

from entrypoints.http.openapi.document import as_json, describe

_TAGS = {
    "Assets": "Units of value: the currencies of ISO 4217, and your own.",
    "Wallets": "What users have: at most one wallet for each user and asset.",
    "Movements": "Money into, out of and between wallets, one movement a request.",
    "Transfers": "The journal's transactions: two parties, many legs, batches, reversals.",
    "Holds": "Money set aside until it is captured, released or its time runs out.",
    "Orders": "Paid from a wallet, handed over by your fulfilment service, or the money goes back.",
    "Payments": "From a payer through a provider into a wallet, and back (docs/payments.md).",
    "Webhooks": "What happened, told to your endpoints and read from the log (docs/webhooks.md).",
    "History": "What moved, and what a user has.",
    "Administration": "For operators' keys.",
    "Operations": "Signs of life; no key is asked for.",
}
_NOT_FOUND = 404


class _DescriptionAsJson(JsonRenderPlugin):
    """Serves our own description, made when it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Give the document as bytes; *openapi_schema* is Litestar's own, which says less."""
        if self._rendered is None:
            self._rendered = as_json(describe(request.app))
        return self._rendered


async def _refuse_unknown_pages(response: Response[Any]) -> Response[Any]:
    """Litestar answers an unknown page below /schema in HTML; here it is a problem as anywhere else."""
    if response.status_code == _NOT_FOUND:
        raise NotFoundException
    return response


def openapi_config(version: str) -> OpenAPIConfig:
    """The fixed parts of the document."""
    return OpenAPIConfig(
        title="Bursar",
        version=version,
        description=(
            "Wallets on a double-entry ledger: open, fund, spend, transfer, hold, and explain every minor unit.\n\n"
            "Amounts are whole minor units of the asset. Every POST that moves money carries an `Idempotency-Key`: "
            "sent again with the same request it has no second effect and gets the same answer, byte for byte. "
            "Errors are problem documents (RFC 9457): branch on `code`."
        ),
        use_handler_docstrings=True,
        tags=[Tag(name=name, description=description) for name, description in _TAGS.items()],
        security=[{"bearer": []}, {"apiKey": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="An API key, `bsr_…`."),
                "apiKey": SecurityScheme(
                    type="apiKey", name="X-API-Key", security_scheme_in="header", description="The same key."
                ),
            }
        ),
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_unknown_pages
        ),
        render_plugins=[ScalarRenderPlugin(path="/"), _DescriptionAsJson()],
    )
