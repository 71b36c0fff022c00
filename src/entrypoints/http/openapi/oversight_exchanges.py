"""The exchanges of what operators watch over: dead letters and reconciliations."""

from datetime import timedelta
from uuid import UUID

from core.application.dead_letters.redrive_open_dead_letters import RedrivenLetters
from core.domain.dead_letters import DeadLetter, DeadLetterStatus
from core.domain.identifiers import DeadLetterId, ReconciliationId
from core.domain.integrity import FindingKind
from core.domain.job_catalogue import QUEUE, RUN_OPERATION
from core.domain.jobs import FailedAttempt
from core.domain.reconciliation import Break, Reconciliation, ReconciliationKind, ReconciliationStatus
from entrypoints.http.openapi.exchange import Exchange, Shown
from entrypoints.http.openapi.refusals import ADMINISTERING, ADMINISTERING_ONE
from entrypoints.http.openapi.samples import ALICE, MOMENT, TENANT
from entrypoints.http.pagination import Page, write_cursor
from entrypoints.http.positions import DeadLetterPosition, ReconciliationPosition
from entrypoints.http.schemas.dead_letters import (
    DeadLetterHistoryResponse,
    DeadLetterResponse,
    RedrivenLettersResponse,
)
from entrypoints.http.schemas.reconciliations import ReconciliationBreaksResponse, ReconciliationResponse

_OPERATION = "01936d2e-bf5e-7007-9e98-917e7e14e005"
_LATER = MOMENT + timedelta(seconds=41)
_letter = DeadLetter(
    tenant_id=TENANT,
    id=DeadLetterId(UUID("5a9e0d5c-7c0f-5d5f-9d5e-1f2f3a4b5c6d")),
    queue=QUEUE,
    job_key=f"{RUN_OPERATION}:{_OPERATION}",
    name=RUN_OPERATION,
    arguments={"tenant_id": str(TENANT), "operation_id": _OPERATION},
    attempts=5,
    reason="TypeError: unsupported operand",
    history=(FailedAttempt(5, _LATER, "TypeError: unsupported operand"),),
    status=DeadLetterStatus.OPEN,
    first_enqueued_at=MOMENT,
    died_at=_LATER,
    closed_at=None,
)
_redriven = _letter.redrive(_LATER + timedelta(hours=1))
_discarded = _letter.discard(_LATER + timedelta(hours=1))
_reconciliation = Reconciliation(
    tenant_id=TENANT,
    id=ReconciliationId(UUID("01936d2e-e281-733a-91cb-c4a0a1471008")),
    kind=ReconciliationKind.INTERNAL,
    status=ReconciliationStatus.BROKEN,
    accounts_checked=3,
    entries_checked=18,
    break_count=1,
    started_at=MOMENT,
    finished_at=_LATER,
)
_running = Reconciliation(
    tenant_id=TENANT,
    id=_reconciliation.id,
    kind=ReconciliationKind.INTERNAL,
    status=ReconciliationStatus.RUNNING,
    started_at=MOMENT,
)
_break = Break(
    number=1,
    type=FindingKind.BALANCE_WRONG.value,
    account_id=ALICE,
    sequence=7,
    detail="the balance is 10100, the entries come to 10000",
)

OVERSIGHT_EXCHANGES: dict[str, Exchange] = {
    "ListDeadLetters": Exchange(
        answers={
            200: Shown(
                "One page.", Page([DeadLetterResponse.of(_letter)], write_cursor(DeadLetterPosition(_letter.id)))
            )
        },
        refusals=ADMINISTERING,
    ),
    "GetDeadLetter": Exchange(
        answers={200: Shown("The letter and its history.", DeadLetterHistoryResponse.of(_letter))},
        refusals=ADMINISTERING_ONE,
    ),
    "RedriveDeadLetters": Exchange(
        answers={
            200: Shown("What came of it.", RedrivenLettersResponse.of(RedrivenLetters(12, skipped=1, has_more=False)))
        },
        refusals=ADMINISTERING,
    ),
    "RedriveDeadLetter": Exchange(
        answers={200: Shown("Queued again.", DeadLetterResponse.of(_redriven))}, refusals=(*ADMINISTERING_ONE, 409)
    ),
    "DiscardDeadLetter": Exchange(
        answers={200: Shown("Left at that.", DeadLetterResponse.of(_discarded))}, refusals=(*ADMINISTERING_ONE, 409)
    ),
    "ReconcileLedger": Exchange(
        answers={202: Shown("It is running.", ReconciliationResponse.of(_running))},
        refusals=ADMINISTERING,
    ),
    "ListReconciliations": Exchange(
        answers={
            200: Shown(
                "One page.",
                Page(
                    [ReconciliationResponse.of(_reconciliation)],
                    write_cursor(ReconciliationPosition(_reconciliation.id)),
                ),
            )
        },
        refusals=ADMINISTERING,
    ),
    "GetReconciliation": Exchange(
        answers={
            200: Shown(
                "The reconciliation and its breaks.",
                ReconciliationBreaksResponse.of(_reconciliation, [_break], limit=50),
            )
        },
        refusals=ADMINISTERING_ONE,
    ),
}
