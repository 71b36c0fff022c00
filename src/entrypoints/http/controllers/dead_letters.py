"""Jobs nobody could do, for operators to decide about."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from core.application.dead_letters.discard_dead_letter import DiscardDeadLetterHandler
from core.application.dead_letters.read_dead_letters import ReadDeadLettersHandler
from core.application.dead_letters.redrive_dead_letter import RedriveDeadLetterHandler
from core.application.dead_letters.redrive_open_dead_letters import RedriveOpenDeadLettersHandler
from core.domain.dead_letters import DeadLetterStatus
from core.domain.identifiers import DeadLetterId
from entrypoints.http.context import principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, read_parameter
from entrypoints.http.positions import DeadLetterPosition
from entrypoints.http.schemas.dead_letters import (
    DeadLetterHistoryResponse,
    DeadLetterResponse,
    RedrivenLettersResponse,
)

LetterInPath = Annotated[UUID, PathParameter(description="The dead letter's id.")]
StatusFilter = Annotated[
    str | None,
    QueryParameter(
        name="status",
        required=False,
        schema_extra={"enum": [status.value for status in DeadLetterStatus]},
        description="Only those in this status.",
    ),
]


class DeadLetterController(Controller):
    """The operator's own tenant."""

    path = "/dead-letters"
    tags = ["Administration"]

    @get(operation_id="ListDeadLetters", summary="List dead letters")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_dead_letters: NamedDependency[ReadDeadLettersHandler],
        status: StatusFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[DeadLetterResponse]:
        """Those that died last first."""
        before = read_cursor(cursor, DeadLetterPosition)
        letters = await read_dead_letters.page(
            principal_of(request).tenant_id,
            status=read_parameter(status, DeadLetterStatus, "status"),
            before=None if before is None else DeadLetterId(before.id),
            limit=limit + 1,
        )
        return one_page(letters, limit, DeadLetterResponse.of, lambda letter: DeadLetterPosition(letter.id))

    @get("/{letter_id:str}", operation_id="GetDeadLetter", summary="Read a dead letter")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        letter_id: LetterInPath,
        read_dead_letters: NamedDependency[ReadDeadLettersHandler],
    ) -> DeadLetterHistoryResponse:
        """The letter with the attempts that failed."""
        found = await read_dead_letters.get(principal_of(request).tenant_id, DeadLetterId(letter_id))
        return DeadLetterHistoryResponse.of(found)

    @post("/redrive", operation_id="RedriveDeadLetters", summary="Redrive all open dead letters", status_code=200)
    async def redrive_open(
        self,
        request: Request[Any, Any, Any],
        *,
        redrive_open_dead_letters: NamedDependency[RedriveOpenDeadLettersHandler],
    ) -> RedrivenLettersResponse:
        """
        Once their cause is mended: up to 500 of the 10,000 open ones that died last, the last first. Repeat it while
        `has_more`.
        """
        return RedrivenLettersResponse.of(await redrive_open_dead_letters(principal_of(request).tenant_id))

    @post(
        "/{letter_id:str}/redrive", operation_id="RedriveDeadLetter", summary="Redrive a dead letter", status_code=200
    )
    async def redrive(
        self,
        request: Request[Any, Any, Any],
        *,
        letter_id: LetterInPath,
        redrive_dead_letter: NamedDependency[RedriveDeadLetterHandler],
    ) -> DeadLetterResponse:
        """
        Queue its job again. Idempotent: a job waits or runs once, and does nothing that is done already. After a 503
        ask again.
        """
        letter = await redrive_dead_letter(principal_of(request).tenant_id, DeadLetterId(letter_id))
        return DeadLetterResponse.of(letter)

    @post(
        "/{letter_id:str}/discard", operation_id="DiscardDeadLetter", summary="Discard a dead letter", status_code=200
    )
    async def discard(
        self,
        request: Request[Any, Any, Any],
        *,
        letter_id: LetterInPath,
        discard_dead_letter: NamedDependency[DiscardDeadLetterHandler],
    ) -> DeadLetterResponse:
        """
        Leave it at that: its job is not done. Idempotent. An operation or a delivery that is still due is queued again
        by itself: resolve the one, disable the other's endpoint.
        """
        letter = await discard_dead_letter(principal_of(request).tenant_id, DeadLetterId(letter_id))
        return DeadLetterResponse.of(letter)
