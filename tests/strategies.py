"""What Hypothesis draws from: amounts at their bounds, assets, references, orders to a book."""

from dataclasses import dataclass
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from builders import ALICE, BOB, CAROL, movement, transfer
from core.domain.assets import MAX_EXPONENT, Asset, AssetKind, iso_currencies
from core.domain.currencies import ISO_4217
from core.domain.identifiers import TransferId, WalletId
from core.domain.instructions import Instruction
from core.domain.money import MAX_AMOUNT, MAX_BALANCE
from core.domain.transfers import TransferType

LAW = settings(max_examples=100, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
"""For a law that is checked in microseconds."""

FEW = settings(LAW, max_examples=40)
"""For a law that plays a whole story."""

# ── Amounts, in minor units ──────────────────────────────────────────────────────────────────────────────────────────

AMOUNTS = st.one_of(st.integers(1, 1000), st.sampled_from([1, MAX_AMOUNT - 1, MAX_AMOUNT]), st.integers(1, MAX_AMOUNT))
"""What one entry may move."""

IMPOSSIBLE_AMOUNTS = st.one_of(
    st.sampled_from([0, -1, -MAX_AMOUNT, MAX_AMOUNT + 1]), st.integers(max_value=0), st.integers(MAX_AMOUNT + 1)
)
"""What no entry may move."""

BALANCES = st.one_of(
    st.integers(-1000, 1000), st.sampled_from([0, -MAX_BALANCE, MAX_BALANCE]), st.integers(-MAX_BALANCE, MAX_BALANCE)
)

# ── Assets ───────────────────────────────────────────────────────────────────────────────────────────────────────────

ASSET_CODES = st.from_regex(r"[A-Z][A-Z0-9_]{2,31}", fullmatch=True)
POINTS = st.builds(
    Asset,
    code=ASSET_CODES.filter(lambda code: code not in ISO_4217),
    name=st.text(st.characters(blacklist_characters="\x7f", min_codepoint=0x20), min_size=1, max_size=100),
    exponent=st.integers(0, MAX_EXPONENT),
    kind=st.just(AssetKind.POINTS),
)
ASSETS = st.one_of(st.sampled_from(iso_currencies()), POINTS)

# ── What a client writes ─────────────────────────────────────────────────────────────────────────────────────────────

VISIBLE_ASCII = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
REFERENCES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=128)
IDEMPOTENCY_KEYS = st.text(VISIBLE_ASCII, min_size=1, max_size=255)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

# ── Orders to a book ─────────────────────────────────────────────────────────────────────────────────────────────────

WALLETS = st.sampled_from([ALICE, BOB, CAROL])
MOVEMENT_TYPES = st.sampled_from(
    [TransferType.TOPUP, TransferType.BONUS, TransferType.SPEND, TransferType.CREDIT, TransferType.DEBIT]
)
SMALL_AMOUNTS = st.integers(1, 60)
FEW_REFERENCES = st.none() | st.sampled_from(["invoice-1", "invoice-2", "invoice-3"])


@dataclass(frozen=True)
class Order:
    """Something to ask a book for; *legs* where it is a transfer between wallets, *wallet_id* where it is not."""

    type: TransferType
    reference: str | None
    amount: int = 0
    wallet_id: WalletId = ALICE
    legs: tuple[tuple[WalletId, WalletId, int], ...] = ()


_LEGS = st.lists(st.tuples(WALLETS, WALLETS, SMALL_AMOUNTS), min_size=1, max_size=3).map(tuple)
TRANSFER_ORDERS = st.builds(Order, type=st.just(TransferType.TRANSFER), reference=FEW_REFERENCES, legs=_LEGS)
MOVEMENT_ORDERS = st.builds(
    Order, type=MOVEMENT_TYPES, reference=FEW_REFERENCES, amount=SMALL_AMOUNTS, wallet_id=WALLETS
)
SCRIPTS = st.lists(st.one_of(MOVEMENT_ORDERS, TRANSFER_ORDERS), max_size=12)
"""Many of them are refused: for want of money, for a reference used before, for one wallet on both sides."""


def instructions(script: list[Order]) -> list[Instruction]:
    """The same script always gives the same instructions, ids included."""
    ids = count(1)
    return [_instruction(order, TransferId(UUID(int=next(ids)))) for order in script]


def _instruction(order: Order, transfer_id: TransferId) -> Instruction:
    if order.type is not TransferType.TRANSFER:
        return movement(order.type, order.wallet_id, order.amount, id=transfer_id, reference=order.reference)
    return transfer(*order.legs, id=transfer_id, reference=order.reference)
