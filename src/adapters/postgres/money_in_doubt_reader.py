"""Money in doubt, in one instruction, so that balances and operations are of one moment."""

from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from core.domain.accounts import Purpose
from core.domain.identifiers import GatewayAccountId, OperationId, TenantId
from core.domain.money_in_doubt import COMING_IN, HELD_FOR, IN_DOUBT, HeldMoney, MoneyInDoubt, OpenOperation
from core.domain.operations import OperationState

# A row for each operation that is listed, and one for each balance without any; pay-ins come with no purpose. The
# journal's moments do not go by the clock of schedules, but operations' do, and theirs are the ages shown.
_READ = text("""
WITH open_operations AS (
    SELECT operations.*,
           (SELECT purpose FROM unnest(CAST(:kinds AS text[]), CAST(:purposes AS text[])) AS held (held_kind, purpose)
            WHERE held_kind = kind) AS purpose
    FROM operations
    WHERE tenant_id = :tenant AND state NOT IN ('succeeded', 'declined', 'rejected')
),
in_doubt AS (
    SELECT * FROM open_operations
    WHERE purpose IS NOT NULL OR (kind = ANY (:coming_in) AND state = ANY (:doubtful))
),
ranked AS (
    SELECT *,
           row_number() OVER (PARTITION BY purpose, asset, CASE WHEN purpose IS NULL THEN NULL ELSE gateway_account END
                              ORDER BY created_at, id) AS place
    FROM in_doubt
),
balances AS (
    SELECT purpose, asset, gateway_account, balance FROM accounts
    WHERE tenant_id = :tenant AND purpose = ANY (:purposes)
),
sums AS (
    SELECT purpose, asset, gateway_account, sum(amount) AS open_amount, count(*) AS open_count
    FROM in_doubt WHERE purpose IS NOT NULL GROUP BY purpose, asset, gateway_account
),
held AS (
    SELECT coalesce(balances.purpose, sums.purpose) AS purpose, coalesce(balances.asset, sums.asset) AS asset,
           coalesce(balances.gateway_account, sums.gateway_account) AS gateway_account,
           coalesce(balance, 0) AS balance, coalesce(open_amount, 0) AS open_amount,
           coalesce(open_count, 0) AS open_count
    FROM balances FULL JOIN sums ON sums.purpose = balances.purpose AND sums.asset = balances.asset
         AND coalesce(sums.gateway_account, :nobody) = coalesce(balances.gateway_account, :nobody)
)
SELECT schedule_now() AS as_of, held.purpose, held.asset AS held_asset, held.gateway_account AS held_at, held.balance,
       held.open_amount, held.open_count,
       ranked.id, ranked.kind, ranked.subject, ranked.asset, ranked.amount, ranked.gateway_account, ranked.state,
       ranked.created_at, ranked.unknown_since, ranked.next_attempt_at, ranked.last_error
FROM held LEFT JOIN ranked ON ranked.purpose = held.purpose AND ranked.asset = held.asset
     AND ranked.gateway_account IS NOT DISTINCT FROM held.gateway_account AND ranked.place <= :limit
WHERE held.balance <> 0 OR held.open_count > 0
UNION ALL
SELECT schedule_now(), NULL, NULL, NULL, 0, 0, (SELECT count(*) FROM in_doubt WHERE purpose IS NULL),
       id, kind, subject, asset, amount, gateway_account, state, created_at, unknown_since, next_attempt_at, last_error
FROM ranked WHERE purpose IS NULL AND place <= :limit
UNION ALL
SELECT schedule_now(), 'nothing', NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
ORDER BY purpose, held_asset, held_at, created_at, id
""")
_ALWAYS = "nothing"
"""The row that tells the moment when there is nothing else to tell."""
_NOBODY = "00000000-0000-0000-0000-000000000000"


class PostgresMoneyInDoubtReader:
    """Implements `ports.money_in_doubt_reader.MoneyInDoubtReader`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Read through *sessions*."""
        self._sessions = sessions

    async def read(self, tenant_id: TenantId, *, limit: int) -> MoneyInDoubt:
        """See `ports.money_in_doubt_reader.MoneyInDoubtReader.read`."""
        values: dict[str, Any] = {
            "tenant": tenant_id,
            "kinds": list(HELD_FOR),
            "purposes": [purpose.value for purpose in HELD_FOR.values()],
            "coming_in": list(COMING_IN),
            "doubtful": [state.value for state in IN_DOUBT],
            "nobody": _NOBODY,
            "limit": limit,
        }
        with translated():
            async with self._sessions() as session:
                rows = (await session.execute(_READ, values)).mappings().all()
        as_of: datetime = rows[0]["as_of"]
        coming_in = [row for row in rows if row["purpose"] is None]
        held = [row for row in rows if row["purpose"] not in {None, _ALWAYS}]
        return MoneyInDoubt(
            as_of=as_of,
            held=[_held(list(of_one)) for _place, of_one in groupby(held, _place)],
            coming_in=[_operation(row) for row in coming_in],
            coming_in_count=coming_in[0]["open_count"] if coming_in else 0,
        )


def _place(row: RowMapping) -> tuple[object, ...]:
    return row["purpose"], row["held_asset"], row["held_at"]


def _held(rows: list[RowMapping]) -> HeldMoney:
    first = rows[0]
    return HeldMoney(
        purpose=Purpose(first["purpose"]),
        asset=first["held_asset"],
        gateway_account=None if first["held_at"] is None else GatewayAccountId(first["held_at"]),
        balance=first["balance"],
        open_amount=int(first["open_amount"]),
        open_count=first["open_count"],
        operations=[_operation(row) for row in rows if row["id"] is not None],
    )


def _operation(row: RowMapping) -> OpenOperation:
    account = row["gateway_account"]
    return OpenOperation(
        id=OperationId(row["id"]),
        kind=row["kind"],
        subject=row["subject"],
        asset=row["asset"],
        amount=row["amount"],
        gateway_account=None if account is None else GatewayAccountId(account),
        state=OperationState(row["state"]),
        created_at=row["created_at"],
        unknown_since=row["unknown_since"],
        next_attempt_at=row["next_attempt_at"],
        last_error=row["last_error"],
    )
