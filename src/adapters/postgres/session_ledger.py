"""The ledger in a session's transaction: its SQL runs on the driver's connection below SQLAlchemy."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.ledger import BatchRaced, Ledger
from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest
from ports.unit_of_work import TransactionRaced

_BEGIN = text("SELECT 1")


class SessionLedger:
    """Implements `ports.ledger.Ledger`."""

    def __init__(self, session: AsyncSession, ledger: Ledger) -> None:
        """Post with *ledger* in the session's transaction."""
        self._session = session
        self._ledger = ledger

    async def post(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """See `ports.ledger.Ledger.post`."""
        # SQLAlchemy opens its transaction with the first statement of its own; before that, the driver would commit
        # each of ours by itself.
        await self._session.execute(_BEGIN)
        pooled = await (await self._session.connection()).get_raw_connection()
        connection = pooled.driver_connection
        assert connection is not None
        assert connection.is_in_transaction()
        try:
            return await self._ledger.post(connection, requests)
        except BatchRaced as error:
            raise TransactionRaced("a key or a reference was taken meanwhile") from error
