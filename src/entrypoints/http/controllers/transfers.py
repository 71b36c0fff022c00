"""Transfers between wallets: one, many legs, batches; reading and undoing them."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation

from core.application.transfers.post_batch import BatchItem, PostAtomically, PostBatchHandler, PostIndependently
from core.application.transfers.read_transfers import ReadTransfersHandler
from core.application.transfers.reverse_transfer import ReverseTransfer, ReverseTransferHandler
from core.application.transfers.transfer_between_wallets import (
    TransferBetweenWallets,
    TransferBetweenWalletsHandler,
)
from core.domain.holds import Hold
from core.domain.idempotency import WHOLE_REQUEST, Answer, IdempotencyClaim, fingerprint
from core.domain.identifiers import TransferId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import money_request
from entrypoints.http.pagination import Page
from entrypoints.http.parameters import TransferInPath
from entrypoints.http.rendering import batch_rendering, transfer_rendering
from entrypoints.http.schemas.fields import REFERENCE_PATTERN
from entrypoints.http.schemas.transfers import (
    BatchItemRequest,
    BatchItemResponse,
    BatchRequest,
    BatchResponse,
    ReversalRequest,
    TransferRequest,
    TransferResponse,
)
from entrypoints.http.stored_response import StoredResponse
from ports.clock import Clock
from ports.journal import PostedTransfer

MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024
_REPLAYED = {"Idempotent-Replayed": "true"}
_item_encode = msgspec.json.Encoder(order="deterministic").encode


class TransferController(Controller):
    """The journal's transactions."""

    path = "/transfers"
    tags = ["Transfers"]

    @post(
        operation_id="CreateTransfer",
        summary="Transfer between wallets",
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[TransferRequest],
        transfer_between_wallets: NamedDependency[TransferBetweenWalletsHandler],
    ) -> Response[TransferResponse]:
        """Two parties and an amount, or up to 100 legs: all move in order, or none."""
        command = TransferBetweenWallets(
            **await money_request(request, transfer_rendering(context_of(request).request_id)),
            legs=data.to_legs(),
            details=data.details(),
        )
        return StoredResponse(await transfer_between_wallets(command))

    @post(
        "/batch",
        operation_id="CreateTransferBatch",
        summary="Transfer many at once",
        request_max_body_size=MAX_BATCH_BODY_BYTES,
        status_code=200,
    )
    async def batch(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[BatchRequest],
        post_batch: NamedDependency[PostBatchHandler],
    ) -> Response[BatchResponse]:
        """
        Up to 1,000 transfers. Independent: 200 with each one's own status, key and body. Atomic: 201 with all, or
        the problem of the first that cannot be, whose `index` it names.
        """
        request_id = context_of(request).request_id
        if data.mode == "atomic":
            command = PostAtomically(
                **await money_request(request, batch_rendering(request_id)),
                transfers=[(item.to_legs(), item.details()) for item in data.transfers],
            )
            return StoredResponse(await post_batch.atomically(command))
        whole = await money_request(request, transfer_rendering(request_id))
        items = [
            BatchItem(item.to_legs(), item.details(), _item_claim(whole["claim"], index, item), whole["render"])
            for index, item in enumerate(data.transfers)
        ]
        answers = await post_batch.independently(PostIndependently(**whole, items=items))
        return Response(
            BatchResponse(items=[_item_response(index, answer) for index, answer in enumerate(answers)]),
            status_code=200,
            headers=_REPLAYED if all(answer.replayed for answer in answers) else None,
        )

    @get(operation_id="FindTransfers", summary="Find a transfer by reference")
    async def find(
        self,
        request: Request[Any, Any, Any],
        *,
        read_transfers: NamedDependency[ReadTransfersHandler],
        clock: NamedDependency[SkipValidation[Clock]],
        reference: Annotated[
            str,
            QueryParameter(
                min_length=1, max_length=128, pattern=REFERENCE_PATTERN, description="The transfer's reference."
            ),
        ],
    ) -> Page[TransferResponse]:
        """The transfer of that reference: one item, or none."""
        found = await read_transfers.find(principal_of(request).tenant_id, reference)
        return Page([] if found is None else [_response(*found, clock)], None)

    @get("/{transfer_id:str}", operation_id="GetTransfer", summary="Read a transfer")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        transfer_id: TransferInPath,
        read_transfers: NamedDependency[ReadTransfersHandler],
        clock: NamedDependency[SkipValidation[Clock]],
    ) -> TransferResponse:
        """The transfer with its entries, and its status now."""
        found = await read_transfers.get(principal_of(request).tenant_id, TransferId(transfer_id))
        return _response(*found, clock)

    @post(
        "/{transfer_id:str}/reverse",
        operation_id="ReverseTransfer",
        summary="Reverse a transfer",
    )
    async def reverse(
        self,
        request: Request[Any, Any, Any],
        *,
        transfer_id: TransferInPath,
        data: JSONBody[ReversalRequest],
        reverse_transfer: NamedDependency[ReverseTransferHandler],
    ) -> Response[TransferResponse]:
        """Its mirror image, linked to it, once. Refused when the money is no longer there."""
        command = ReverseTransfer(
            **await money_request(request, transfer_rendering(context_of(request).request_id)),
            transfer_id=TransferId(transfer_id),
            details=data.details(),
        )
        return StoredResponse(await reverse_transfer(command))


def _item_claim(whole: IdempotencyClaim, index: int, item: BatchItemRequest) -> IdempotencyClaim:
    """An item's own key, or one derived from the request's and its place; the fingerprint is the item's own."""
    print_ = fingerprint("POST", "/v1/transfers/batch#item", _item_encode(item))
    if item.idempotency_key is not None:
        return IdempotencyClaim(whole.tenant_id, item.idempotency_key, print_, WHOLE_REQUEST)
    return IdempotencyClaim(whole.tenant_id, whole.key, print_, index)


def _item_response(index: int, answer: Answer) -> BatchItemResponse:
    return BatchItemResponse(index=index, status=answer.status, body=msgspec.Raw(answer.body))


def _response(found: PostedTransfer, hold: Hold | None, clock: Clock) -> TransferResponse:
    return TransferResponse.of(found.transfer, hold=hold, reversed_by=found.reversed_by, now=clock.now())
