"""Idempotency keys outside the posting path."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.domain.idempotency import Answer, IdempotencyClaim
from ports.idempotency_repository import KeptAnswer
from ports.unit_of_work import TransactionRaced

_FIND_SQL = """
SELECT fingerprint, status, body, settles_at IS NULL OR settles_at <= schedule_now(), settles_at IS NOT NULL
FROM idempotency_keys WHERE tenant_id = :tenant AND key = :key AND item = :item
"""
_FIND = text(_FIND_SQL)
_FIND_BEHIND_ITS_SETTLEMENT = text(_FIND_SQL + " FOR SHARE")
_KEEP = text("""
INSERT INTO idempotency_keys (tenant_id, key, item, fingerprint, status, body, trace_id, created_at)
VALUES (:tenant, :key, :item, :fingerprint, :status, :body, :trace, clock_timestamp())
ON CONFLICT DO NOTHING RETURNING 1
""")
_DEFER = text("""
UPDATE idempotency_keys SET settles_at = schedule_now() + make_interval(secs => :seconds)
WHERE tenant_id = :tenant AND key = :key AND item = :item
""")
_SETTLE = text("""
UPDATE idempotency_keys SET status = :status, body = :body, settles_at = NULL
WHERE tenant_id = :tenant AND key = :key AND item = :item AND settles_at > schedule_now() RETURNING 1
""")


class PostgresIdempotencyRepository:
    """Implements `ports.idempotency_repository.IdempotencyRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def find(self, claim: IdempotencyClaim) -> KeptAnswer | None:
        """See `ports.idempotency_repository.IdempotencyRepository.find`."""
        row = (await self._session.execute(_FIND, _scope(claim))).one_or_none()
        if row is None:
            return None
        fingerprint, status, body, settled, is_provisional = row
        if settled and is_provisional:  # its time has run out; but a settlement in time may not be committed yet
            row = (await self._session.execute(_FIND_BEHIND_ITS_SETTLEMENT, _scope(claim))).one()
            fingerprint, status, body, settled, _is_provisional = row
        return KeptAnswer(fingerprint, Answer(status, body, replayed=True), settled)

    async def keep(self, claim: IdempotencyClaim, answer: Answer, *, trace_id: str) -> None:
        """See `ports.idempotency_repository.IdempotencyRepository.keep`."""
        values = {
            **_scope(claim),
            "fingerprint": claim.fingerprint,
            "status": answer.status,
            "body": answer.body,
            "trace": trace_id,
        }
        if (await self._session.execute(_KEEP, values)).one_or_none() is None:
            raise TransactionRaced("the idempotency key was taken meanwhile")

    async def defer(self, claim: IdempotencyClaim, *, seconds: float) -> None:
        """See `ports.idempotency_repository.IdempotencyRepository.defer`."""
        await self._session.execute(_DEFER, {**_scope(claim), "seconds": seconds})

    async def settle(self, claim: IdempotencyClaim, answer: Answer) -> Answer:
        """See `ports.idempotency_repository.IdempotencyRepository.settle`."""
        values = {**_scope(claim), "status": answer.status, "body": answer.body}
        if (await self._session.execute(_SETTLE, values)).one_or_none() is not None:
            return answer
        kept = await self.find(claim)
        assert kept is not None
        return kept.answer


def _scope(claim: IdempotencyClaim) -> dict[str, object]:
    return {"tenant": claim.tenant_id, "key": claim.key, "item": claim.item}
