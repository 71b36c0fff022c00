"""What is asked of the outside world, as operators see it."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from core.application.operations.hurry_operation import HurryOperationHandler
from core.application.operations.read_operations import ReadOperationsHandler
from core.application.operations.resolve_operation import ResolveOperation, ResolveOperationHandler
from core.domain.identifiers import OperationId
from core.domain.operations import ACTIVE_STATES, OperationState
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import claim_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, OperationInPath, read_parameter
from entrypoints.http.positions import OperationPosition
from entrypoints.http.rendering import render_operation
from entrypoints.http.schemas.operations import OperationHistoryResponse, OperationResponse, ResolveOperationRequest
from entrypoints.http.stored_response import StoredResponse

StateFilter = Annotated[
    list[str] | None,
    QueryParameter(
        name="state",
        required=False,
        max_items=len(OperationState),
        schema_extra={"items": {"type": "string", "enum": [state.value for state in OperationState]}},
        description="Only those in one of these states (`state=unknown&state=needs_review`); all that have not ended, "
        "when left out.",
    ),
]


class OperationController(Controller):
    """The operator's own tenant."""

    path = "/operations"
    tags = ["Administration"]

    @get(operation_id="ListOperations", summary="List operations")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_operations: NamedDependency[ReadOperationsHandler],
        states: StateFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[OperationResponse]:
        """Oldest first."""
        after = read_cursor(cursor, OperationPosition)
        wanted = [read_parameter(state, OperationState, "state") for state in states or ()]
        operations = await read_operations.page(
            principal_of(request).tenant_id,
            states=frozenset(state for state in wanted if state is not None) or ACTIVE_STATES,
            after=None if after is None else OperationId(after.id),
            limit=limit + 1,
        )
        return one_page(operations, limit, OperationResponse.of, lambda operation: OperationPosition(operation.id))

    @get("/{operation_id:str}", operation_id="GetOperation", summary="Read an operation")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        operation_id: OperationInPath,
        read_operations: NamedDependency[ReadOperationsHandler],
    ) -> OperationHistoryResponse:
        """The operation as it stands, with everything its attempts saw."""
        found = await read_operations.get(principal_of(request).tenant_id, OperationId(operation_id))
        return OperationHistoryResponse.of(*found)

    @post("/{operation_id:str}/retry", operation_id="HurryOperation", summary="Retry an operation now", status_code=200)
    async def retry(
        self,
        request: Request[Any, Any, Any],
        *,
        operation_id: OperationInPath,
        hurry_operation: NamedDependency[HurryOperationHandler],
    ) -> OperationResponse:
        """Make its next attempt due now, for a worker to do; the provider gets the same key, and does it once."""
        tenant_id = principal_of(request).tenant_id
        return OperationResponse.of(await hurry_operation(tenant_id, OperationId(operation_id)))

    @post(
        "/{operation_id:str}/resolve", operation_id="ResolveOperation", summary="Resolve an operation", status_code=200
    )
    async def resolve(
        self,
        request: Request[Any, Any, Any],
        *,
        operation_id: OperationInPath,
        data: JSONBody[ResolveOperationRequest],
        resolve_operation: NamedDependency[ResolveOperationHandler],
    ) -> Response[OperationResponse]:
        """
        Say what happened where nobody knows (`unknown`, `needs_review`): the money moves as if the provider had said
        so, and the history keeps which key did, and why.
        """
        principal = principal_of(request)
        command = ResolveOperation(
            tenant_id=principal.tenant_id,
            operation_id=OperationId(operation_id),
            has_succeeded=data.outcome == "succeeded",
            provider_ref=data.provider_ref,
            reason=data.reason,
            resolved_by=principal.key_id,
            claim=await claim_of(request),
            trace_id=context_of(request).trace_id,
            render=render_operation,
        )
        return StoredResponse(await resolve_operation(command))
