"""What a fresh installation begins with: one tenant, its own assets, two users with money."""

from dataclasses import dataclass
from uuid import UUID

from core.domain.assets import Asset, AssetKind
from core.domain.identifiers import TenantId

TENANT_ID = TenantId(UUID("019a9f00-0000-7000-8000-000000000001"))
TENANT_NAME = "First application"

GAME_ASSETS = (
    Asset("GOLD_COINS", "Gold coins", 0, AssetKind.POINTS),
    Asset("DIAMONDS", "Diamonds", 0, AssetKind.POINTS),
    Asset("LOYALTY_POINTS", "Loyalty points", 0, AssetKind.POINTS),
)


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """A user's wallet in one asset, and the minor units it begins with."""

    user_id: str
    asset: str
    amount: int

    @property
    def reference(self) -> str:
        """The reference of the credit that opens it: unique for ever, so that seeding twice credits once."""
        return f"opening {self.user_id} {self.asset}"

    @property
    def description(self) -> str:
        """What the user reads."""
        return "Opening balance"


OPENING_BALANCES = (
    OpeningBalance("user_alice", "USD", 100_00),
    OpeningBalance("user_alice", "EUR", 50_00),
    OpeningBalance("user_alice", "GOLD_COINS", 1_000),
    OpeningBalance("user_alice", "DIAMONDS", 25),
    OpeningBalance("user_bob", "USD", 20_00),
    OpeningBalance("user_bob", "JPY", 5_000),
    OpeningBalance("user_bob", "KWD", 10_000),
    OpeningBalance("user_bob", "GOLD_COINS", 500),
    OpeningBalance("user_bob", "LOYALTY_POINTS", 150),
)
