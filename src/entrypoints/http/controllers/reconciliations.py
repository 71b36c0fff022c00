"""The books compared, on demand and as the schedule did it."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from core.application.reconciliation.read_reconciliations import ReadReconciliationsHandler
from core.application.reconciliation.request_reconciliation import RequestReconciliationHandler
from core.domain.identifiers import ReconciliationId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit
from entrypoints.http.positions import ReconciliationPosition
from entrypoints.http.schemas.reconciliations import ReconciliationBreaksResponse, ReconciliationResponse

_MOST_BREAKS = 2**31 - 1

ReconciliationInPath = Annotated[UUID, PathParameter(description="The reconciliation's id.")]
AfterBreak = Annotated[
    int, QueryParameter(ge=0, le=_MOST_BREAKS, description="Only breaks with a higher number; `next_after` of before.")
]


class ReconciliationController(Controller):
    """The operator's own tenant."""

    path = "/reconciliations"
    tags = ["Administration"]

    @post(operation_id="ReconcileLedger", summary="Reconcile the ledger now", status_code=202)
    async def reconcile(
        self, request: Request[Any, Any, Any], *, request_reconciliation: NamedDependency[RequestReconciliationHandler]
    ) -> ReconciliationResponse:
        """
        Have a worker compare every balance with its entries and snapshots, every hash, every hold, and keep what it
        finds: read it by its id until `status` is no longer `running`, after about 10 s a million entries. While one
        is running, the answer is that one. Nothing is corrected.
        """
        tenant_id = principal_of(request).tenant_id
        return ReconciliationResponse.of(await request_reconciliation(tenant_id, trace_id=context_of(request).trace_id))

    @get(operation_id="ListReconciliations", summary="List reconciliations")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_reconciliations: NamedDependency[ReadReconciliationsHandler],
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[ReconciliationResponse]:
        """Newest first."""
        before = read_cursor(cursor, ReconciliationPosition)
        found = await read_reconciliations.page(
            principal_of(request).tenant_id,
            before=None if before is None else ReconciliationId(before.id),
            limit=limit + 1,
        )
        return one_page(found, limit, ReconciliationResponse.of, lambda each: ReconciliationPosition(each.id))

    @get("/{reconciliation_id:str}", operation_id="GetReconciliation", summary="Read a reconciliation")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        reconciliation_id: ReconciliationInPath,
        read_reconciliations: NamedDependency[ReadReconciliationsHandler],
        after: AfterBreak = 0,
        limit: Limit = DEFAULT_PAGE,
    ) -> ReconciliationBreaksResponse:
        """What was compared, with its breaks in order; more of them behind `next_after`."""
        reconciliation, breaks = await read_reconciliations.get(
            principal_of(request).tenant_id, ReconciliationId(reconciliation_id), after=after, limit=limit + 1
        )
        return ReconciliationBreaksResponse.of(reconciliation, breaks, limit=limit)
