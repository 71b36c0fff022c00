"""Seed a database through the very use cases clients use; idempotent."""

from uuid import uuid5

from core.application.access.register_tenant import RegisterTenant
from core.application.transfers.move_user_money import MoveUserMoney
from core.application.transfers.request import Details
from core.domain.access import Role
from core.domain.idempotency import Answer, internal_claim
from core.domain.instructions import Outcome, Posted
from core.domain.transfers import TransferType
from entrypoints.container import Container
from entrypoints.development.keys import DevelopmentKeys
from entrypoints.development.seed_plan import (
    GAME_ASSETS,
    OPENING_BALANCES,
    TENANT_ID,
    TENANT_NAME,
    OpeningBalance,
)

_STOP_GRACE_SECONDS = 5.0
_POSTED, _REFUSED = 201, 422


async def seed(container: Container, keys: DevelopmentKeys) -> None:
    """
    Make the first tenant with its keys, its assets, its users and their opening balances; what is there stays.

    Raises:
        Unavailable: If the database cannot be reached.
    """
    smith = container.api_key_smith()
    application, _shown = smith.adopt(TENANT_ID, keys.api_key, name="development", role=Role.APPLICATION)
    operator, _shown = smith.adopt(TENANT_ID, keys.admin_key, name="development operator", role=Role.OPERATOR)
    await container.register_tenant()(
        RegisterTenant(tenant_id=TENANT_ID, name=TENANT_NAME, keys=[application, operator], assets=GAME_ASSETS)
    )
    posting = container.posting()
    await posting.start()
    try:
        for opening in OPENING_BALANCES:
            await container.move_user_money()(_credit(opening))
    finally:
        await posting.stop(grace_seconds=_STOP_GRACE_SECONDS)
        await container.relay_wake().aclose()
        await container.database().dispose()


def _credit(opening: OpeningBalance) -> MoveUserMoney:
    return MoveUserMoney(
        tenant_id=TENANT_ID,
        claim=internal_claim(TENANT_ID, f"seed {opening.reference}"),
        trace_id=uuid5(TENANT_ID, opening.reference).hex,
        render=_render,
        type=TransferType.CREDIT,
        user_id=opening.user_id,
        asset=opening.asset,
        amount=opening.amount,
        details=Details(reference=opening.reference, description=opening.description),
    )


def _render(outcome: Outcome) -> Answer:
    """A second seeding is refused by the reference once the key is forgotten, which is as good."""
    return Answer(_POSTED if isinstance(outcome, Posted) else _REFUSED, b"")
