"""The ledger in a session's transaction."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.batch_writer import BatchRaced
from adapters.postgres.driver_connection import driver_connection
from adapters.postgres.ledger import Ledger
from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest
from ports.unit_of_work import TransactionRaced


class SessionLedger:
    """Implements `ports.ledger.Ledger`."""

    def __init__(self, session: AsyncSession, ledger: Ledger) -> None:
        """Post with *ledger* in the session's transaction."""
        self._session = session
        self._ledger = ledger

    async def post(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """See `ports.ledger.Ledger.post`."""
        connection = await driver_connection(self._session)
        try:
            return await self._ledger.post(connection, requests)
        except BatchRaced as error:
            raise TransactionRaced("a key or a reference was taken meanwhile") from error
