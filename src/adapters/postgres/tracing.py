"""Which request new rows come from: a setting of the transaction, which the tables' `trace_id` defaults to."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_NAME_TRACE = text("SELECT set_config('bursar.trace_id', :trace_id, true)")


async def name_trace(session: AsyncSession, trace_id: str | None) -> None:
    """Say it, until the session's transaction ends; None says nothing."""
    if trace_id is not None:
        await session.execute(_NAME_TRACE, {"trace_id": trace_id})
