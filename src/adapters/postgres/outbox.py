"""The outbox, for what is not the ledger's own to tell."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.domain.events import NewEvent
from ports.id_generator import IdGenerator

# Behind the transfers of the same moment: `ordinal` orders what one transaction tells, and theirs begin at 1.
_FIRST_ORDINAL = 1_000_000
_ADD = text("""
INSERT INTO outbox (tenant_id, id, ordinal, type, subject, trace_id, occurred_at, payload)
VALUES (:tenant, :id, :ordinal, :type, :subject, :trace, clock_timestamp(), CAST(:payload AS json))
""")


class PostgresOutbox:
    """Implements `ports.outbox.Outbox`."""

    def __init__(self, session: AsyncSession, ids: IdGenerator) -> None:
        """Work in the session's transaction."""
        self._session = session
        self._ids = ids

    async def add(self, events: Sequence[NewEvent]) -> None:
        """See `ports.outbox.Outbox.add`."""
        rows = [
            {
                "tenant": event.tenant_id,
                "id": self._ids.new(),
                "ordinal": _FIRST_ORDINAL + place,
                "type": event.type,
                "subject": event.subject,
                "trace": event.trace_id,
                "payload": msgspec.json.encode(event.data).decode(),
            }
            for place, event in enumerate(events)
        ]
        if rows:
            await self._session.execute(_ADD, rows)
