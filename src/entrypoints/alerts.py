"""What somebody has to be told of: lines of level error, which whoever runs Bursar watches."""

import structlog

from core.domain.operations import Operation

_log = structlog.get_logger(__name__)


def operation_wants_a_person(operation: Operation) -> None:
    """Our request or configuration is wrong, or nobody knows what became of it."""
    _log.error(
        "an operation wants a person",
        tenant=str(operation.tenant_id),
        operation=str(operation.id),
        kind=operation.kind,
        state=operation.state.value,
        reason=operation.last_error,
    )
