"""Dead letters in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.orchestration_tables import DeadLetterRow
from core.domain.dead_letters import DeadLetter, DeadLetterNotFound, DeadLetterStatus
from core.domain.identifiers import DeadLetterId, TenantId
from core.domain.job_catalogue import QUEUE
from core.domain.jobs import FailedAttempt, JobArgument


class PostgresDeadLetterRepository:
    """Implements `ports.dead_letter_repository.DeadLetterRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, letter: DeadLetter) -> bool:
        """See `ports.dead_letter_repository.DeadLetterRepository.add`."""
        values = columns_of(letter) | {
            "arguments": msgspec.json.encode(letter.arguments).decode(),
            "history": msgspec.json.encode(letter.history).decode(),
        }
        added = await self._session.scalar(
            insert(DeadLetterRow).values(values).on_conflict_do_nothing().returning(DeadLetterRow.id)
        )
        return added is not None

    async def get(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """See `ports.dead_letter_repository.DeadLetterRepository.get`."""
        return await self._one(_by_id(tenant_id, letter_id), letter_id)

    async def lock(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """See `ports.dead_letter_repository.DeadLetterRepository.lock`."""
        query = _by_id(tenant_id, letter_id).with_for_update().execution_options(populate_existing=True)
        return await self._one(query, letter_id)

    async def save(self, letter: DeadLetter) -> None:
        """See `ports.dead_letter_repository.DeadLetterRepository.save`."""
        await self._session.execute(
            update(DeadLetterRow)
            .where(DeadLetterRow.tenant_id == letter.tenant_id, DeadLetterRow.id == letter.id)
            .values(status=letter.status.value, closed_at=letter.closed_at)
        )

    async def reopen_job(self, job_key: str, now: datetime) -> None:
        """See `ports.dead_letter_repository.DeadLetterRepository.reopen_job`."""
        await self._session.execute(
            update(DeadLetterRow)
            .where(
                DeadLetterRow.queue == QUEUE,
                DeadLetterRow.job_key == job_key,
                DeadLetterRow.status == DeadLetterStatus.OPEN.value,
            )
            .values(status=DeadLetterStatus.REDRIVEN.value, closed_at=now)
        )

    async def page(
        self, tenant_id: TenantId | None, *, status: DeadLetterStatus | None, before: DeadLetterId | None, limit: int
    ) -> Sequence[DeadLetter]:
        """See `ports.dead_letter_repository.DeadLetterRepository.page`."""
        query = select(DeadLetterRow).order_by(DeadLetterRow.died_at.desc(), DeadLetterRow.id.desc()).limit(limit)
        if tenant_id is not None:
            query = query.where(DeadLetterRow.tenant_id == tenant_id)
        if status is not None:
            query = query.where(DeadLetterRow.status == status.value)
        if before is not None:
            place = select(DeadLetterRow.died_at, DeadLetterRow.id).where(DeadLetterRow.id == before)
            if tenant_id is not None:
                place = place.where(DeadLetterRow.tenant_id == tenant_id)
            query = query.where(tuple_(DeadLetterRow.died_at, DeadLetterRow.id) < place.limit(1).scalar_subquery())
        return [_letter(row) for row in await self._session.scalars(query)]

    async def _one(self, query: Select[DeadLetterRow], letter_id: DeadLetterId) -> DeadLetter:
        row = await self._session.scalar(query)
        if row is None:
            raise DeadLetterNotFound(f"no dead letter {letter_id}")
        return _letter(row)


def _by_id(tenant_id: TenantId, letter_id: DeadLetterId) -> Select[DeadLetterRow]:
    return select(DeadLetterRow).where(DeadLetterRow.tenant_id == tenant_id, DeadLetterRow.id == letter_id)


def _letter(row: DeadLetterRow) -> DeadLetter:
    try:
        arguments = msgspec.json.decode(row.arguments, type=dict[str, JobArgument])
        history = msgspec.json.decode(row.history, type=tuple[FailedAttempt, ...])
    except msgspec.DecodeError as error:
        # It must not take its page with it. Without a name it is redriven by nobody, and discarded as usual.
        reason = f"the letter of {row.name} cannot be read: {error}; {row.reason}"
        return value_of(
            DeadLetter, row, status=DeadLetterStatus(row.status), name="", arguments={}, history=(), reason=reason
        )
    return value_of(DeadLetter, row, status=DeadLetterStatus(row.status), arguments=arguments, history=history)
