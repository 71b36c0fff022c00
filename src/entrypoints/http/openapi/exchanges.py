"""One exchange of every operation: what is sent, what comes back, and which statuses refuse it."""

import msgspec

from core.domain.accounts import AccountStatus, Purpose
from core.domain.assets import AssetKind
from core.domain.holds import HoldStatus
from core.domain.identifiers import main_account_id, reserve_account_id
from core.domain.instructions import Posted
from core.domain.transfers import Transfer, TransferType
from entrypoints.http.health import HealthResponse, LiveResponse, PostingResponse, ReadyResponse
from entrypoints.http.openapi import samples
from entrypoints.http.openapi.exchange import Exchange, Shown, listing, reading
from entrypoints.http.openapi.order_exchanges import ORDER_EXCHANGES
from entrypoints.http.openapi.oversight_exchanges import OVERSIGHT_EXCHANGES
from entrypoints.http.openapi.payment_exchanges import PAYMENT_EXCHANGES
from entrypoints.http.openapi.refusals import ADMINISTERING, ADMINISTERING_MONEY, CHANGING, READING
from entrypoints.http.openapi.samples import ALICE, BOB, MOMENT, REVERSED, TRANSFER, USD
from entrypoints.http.openapi.webhook_exchanges import WEBHOOK_EXCHANGES
from entrypoints.http.pagination import Page, write_cursor
from entrypoints.http.positions import (
    AssetPosition,
    EntryPosition,
    HoldPosition,
    TransactionPosition,
    WalletPosition,
)
from entrypoints.http.schemas import transfers as wire
from entrypoints.http.schemas.assets import AssetResponse, CreateAssetRequest
from entrypoints.http.schemas.holds import (
    CaptureHoldRequest,
    HoldMovementResponse,
    HoldResponse,
    PlaceHoldRequest,
    ReleaseHoldRequest,
)
from entrypoints.http.schemas.integrity import VerificationResponse
from entrypoints.http.schemas.operations import AdministeredMovementRequest
from entrypoints.http.schemas.wallets import (
    BalanceResponse,
    ChangeWalletRequest,
    OpenWalletRequest,
    UserBalancesResponse,
    WalletBalanceResponse,
    WalletResponse,
)
from ports.journal import JournalLine

_TREASURY, _PROMOTIONS, _REVENUE = map(samples.own, (Purpose.TREASURY, Purpose.PROMOTIONS, Purpose.REVENUE))
_CURSOR = write_cursor(EntryPosition(MOMENT, 7))
_POSTED = "Posted, with the balances that result."
_STEPPED = "Done: the hold, the transfer that moved the money, and the wallet's balance."


def _moving(request: msgspec.Struct, transfer: Transfer) -> Exchange:
    shown = Shown(_POSTED, wire.TransferResponse.of(transfer))
    return Exchange(request=request, answers={201: shown}, refusals=CHANGING, moves_money=True)


def _stepping(request: msgspec.Struct, status: int, posted: Posted) -> Exchange:
    shown = Shown(_STEPPED, HoldMovementResponse.of(posted))
    return Exchange(request=request, answers={status: shown}, refusals=CHANGING, moves_money=True)


def _posted_hold(transfer: Transfer, *, captured: int = 0, status: HoldStatus, available: int, left: int) -> Posted:
    released = 2500 - captured if status is HoldStatus.RELEASED else 0
    balances = {main_account_id(ALICE): available, reserve_account_id(ALICE): left}
    return Posted([transfer], samples.hold(captured=captured, released=released, status=status), balances)


_credit = samples.transfer(TransferType.CREDIT, 1500, _TREASURY, samples.alice(), reference="invoice-2041")
_debit = samples.transfer(TransferType.DEBIT, 300, samples.alice(), _TREASURY, description="chargeback fee")
_sent = samples.transfer(TransferType.TRANSFER, 1500, samples.alice(), samples.bob(), reference="rent-2026-11")
_topup = samples.transfer(
    TransferType.TOPUP, 5000, _TREASURY, samples.alice(), metadata='{"payment_method":"bank transfer"}'
)
_bonus = samples.transfer(TransferType.BONUS, 500, _PROMOTIONS, samples.alice(), metadata='{"bonus_type":"welcome"}')
_spend = samples.transfer(TransferType.SPEND, 900, samples.alice(), _REVENUE, metadata='{"item_id":"sku-4711"}')
_placed = samples.transfer(
    TransferType.HOLD, 2500, samples.alice(), samples.reserve(), reference="booking-77", hold_id=samples.HOLD
)
_captured = samples.transfer(TransferType.CAPTURE, 1000, samples.reserve(), _REVENUE, hold_id=samples.HOLD)
_released = samples.transfer(TransferType.RELEASE, 2500, samples.reserve(), samples.alice(), hold_id=samples.HOLD)
_reversal = samples.transfer(
    TransferType.REVERSAL, 1500, samples.bob(), samples.alice(), description="sent twice", reversal_of=REVERSED
)
_wallet = WalletResponse.of(samples.wallet())
_asset = AssetResponse(code="GOLD_COINS", name="Gold coins", exponent=0, kind=AssetKind.POINTS)
_line = wire.LineResponse.of(JournalLine(_credit.entries[1], _credit))
_sent_request = wire.TransferRequest(from_wallet_id=ALICE, to_wallet_id=BOB, amount=1500, reference="rent-2026-11")
_batch_item = wire.BatchItemRequest(from_wallet_id=ALICE, to_wallet_id=BOB, amount=1500, reference="rent-2026-11")
_statement_csv = (
    "posted_at,transfer_id,type,reference,description,asset,direction,amount,balance_after\r\n"
    "2026-11-01T00:00:00+00:00,,opening_balance,,,USD,,,10000\r\n"
    f"{MOMENT.isoformat()},{TRANSFER},credit,invoice-2041,,USD,credit,1500,11500\r\n"
    "2026-12-01T00:00:00+00:00,,closing_balance,,,USD,,,11500\r\n"
)
_checks = {"postgresql": "ok", "redis": "ok"}

EXCHANGES: dict[str, Exchange] = {
    "CreateAsset": Exchange(
        request=CreateAssetRequest(code="GOLD_COINS", name="Gold coins"),
        answers={201: Shown("Added.", _asset), 200: Shown("It was there, and is the same.", _asset)},
        refusals=(400, 401, 409, 413, 415, 422, 500, 503),
    ),
    "ListAssets": listing(Page([_asset], write_cursor(AssetPosition("GOLD_COINS")))),
    "OpenWallet": Exchange(
        request=OpenWalletRequest(user_id="user_alice", asset=USD, metadata={"tier": "gold"}),
        answers={201: Shown("Opened.", _wallet), 200: Shown("It was there; nothing changed.", _wallet)},
        refusals=(400, 401, 404, 413, 415, 500, 503),
    ),
    "ListWallets": listing(Page([_wallet], write_cursor(WalletPosition(ALICE)))),
    "GetWallet": reading("The wallet.", _wallet),
    "ChangeWallet": Exchange(
        request=ChangeWalletRequest(status=AccountStatus.FROZEN),
        answers={200: Shown("Changed.", WalletResponse.of(samples.wallet(status=AccountStatus.FROZEN)))},
        refusals=(400, 401, 404, 409, 413, 415, 500, 503),
    ),
    "GetBalance": reading(
        "The balance.",
        WalletBalanceResponse(wallet_id=ALICE, asset=USD, at=MOMENT, balance=BalanceResponse(7500, 2500, 10_000)),
    ),
    "CreditWallet": _moving(wire.CreditRequest(amount=1500, reference="invoice-2041"), _credit),
    "DebitWallet": _moving(
        wire.DebitRequest(amount=300, description="chargeback fee"),
        _debit,
    ),
    "TopUpWallet": _moving(wire.TopUpRequest(amount=5000, payment_method="bank transfer"), _topup),
    "GrantBonus": _moving(wire.BonusRequest(amount=500, bonus_type="welcome"), _bonus),
    "SpendFromWallet": _moving(wire.SpendRequest(amount=900, item_id="sku-4711"), _spend),
    "SendFromWallet": _moving(wire.SendRequest(to_wallet_id=BOB, amount=1500, reference="rent-2026-11"), _sent),
    "TopUpUser": _moving(
        wire.UserTopUpRequest(user_id="user_alice", asset=USD, amount=5000, payment_method="bank transfer"), _topup
    ),
    "GrantUserBonus": _moving(
        wire.UserBonusRequest(user_id="user_alice", asset=USD, amount=500, bonus_type="welcome"), _bonus
    ),
    "SpendByUser": _moving(
        wire.UserSpendRequest(user_id="user_alice", asset=USD, amount=900, item_id="sku-4711"), _spend
    ),
    "CreateTransfer": _moving(_sent_request, _sent),
    "CreateTransferBatch": Exchange(
        request=wire.BatchRequest(mode="independent", transfers=[_batch_item]),
        answers={
            200: Shown(
                "Mode independent: each item's own status and body, in order.",
                wire.BatchResponse(
                    items=[
                        wire.BatchItemResponse(
                            index=0,
                            status=201,
                            body=msgspec.Raw(msgspec.json.encode(wire.TransferResponse.of(_sent))),
                        )
                    ]
                ),
            ),
            201: Shown(
                "Mode atomic: all of them posted.",
                wire.TransfersResponse(transfers=[wire.TransferResponse.of(_sent)]),
                kind=wire.TransfersResponse,
            ),
        },
        refusals=CHANGING,
        moves_money=True,
    ),
    "FindTransfers": listing(Page([wire.TransferResponse.of(_sent)], None)),
    "GetTransfer": reading("The transfer, with its status now.", wire.TransferResponse.of(_sent)),
    "ReverseTransfer": _moving(wire.ReversalRequest(description="sent twice"), _reversal),
    "PlaceHold": _stepping(
        PlaceHoldRequest(wallet_id=ALICE, amount=2500, expires_in_seconds=86_400, reference="booking-77"),
        201,
        _posted_hold(_placed, status=HoldStatus.PENDING, available=7500, left=2500),
    ),
    "ListHolds": listing(Page([HoldResponse.of(samples.hold())], write_cursor(HoldPosition(samples.HOLD)))),
    "GetHold": reading("The hold.", HoldResponse.of(samples.hold())),
    "CaptureHold": _stepping(
        CaptureHoldRequest(amount=1000),
        200,
        _posted_hold(_captured, captured=1000, status=HoldStatus.PENDING, available=7500, left=1500),
    ),
    "ReleaseHold": _stepping(
        ReleaseHoldRequest(description="guest cancelled"),
        200,
        _posted_hold(_released, status=HoldStatus.RELEASED, available=10_000, left=0),
    ),
    **ORDER_EXCHANGES,
    **WEBHOOK_EXCHANGES,
    **OVERSIGHT_EXCHANGES,
    **PAYMENT_EXCHANGES,
    "CreditUser": Exchange(
        request=AdministeredMovementRequest(asset=USD, amount=1500, reference="invoice-2041"),
        answers={201: Shown(_POSTED, wire.TransferResponse.of(_credit))},
        refusals=ADMINISTERING_MONEY,
        moves_money=True,
    ),
    "DebitUser": Exchange(
        request=AdministeredMovementRequest(asset=USD, amount=300, description="chargeback fee"),
        answers={201: Shown(_POSTED, wire.TransferResponse.of(_debit))},
        refusals=ADMINISTERING_MONEY,
        moves_money=True,
    ),
    "ListEntries": reading("One page.", Page([_line], _CURSOR)),
    "GetStatement": Exchange(
        answers={
            200: Shown(
                "The statement.",
                wire.StatementResponse(
                    wallet_id=ALICE,
                    asset=USD,
                    from_=MOMENT.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
                    to=MOMENT,
                    opening_balance=10_000,
                    closing_balance=11_500,
                    items=[_line],
                    next_cursor=None,
                ),
                csv=_statement_csv,
            )
        },
        refusals=READING,
    ),
    "GetUserBalances": listing(UserBalancesResponse(user_id="user_alice", wallets=[_wallet])),
    "ListUserTransactions": listing(Page([_line], write_cursor(TransactionPosition(MOMENT, TRANSFER, 1)))),
    "VerifyLedger": Exchange(
        answers={
            200: Shown(
                "What was looked at, and what is wrong: here, nothing.",
                VerificationResponse(is_clean=True, accounts=3, entries=18, transfers=9, checkpoints=1, findings=[]),
            )
        },
        refusals=ADMINISTERING,
    ),
    "Live": Exchange(answers={200: Shown("It is.", LiveResponse(status="ok"))}, refusals=(500,)),
    "Ready": Exchange(
        answers={200: Shown("It may.", ReadyResponse(status="ok", version="1.0.0", checks=_checks))},
        refusals=(500, 503),
    ),
    "Health": Exchange(
        answers={
            200: Shown(
                "It is well.",
                HealthResponse(
                    status="ok",
                    version="1.0.0",
                    checks=_checks,
                    posting=PostingResponse(batches=1200, instructions=48_000, retries=2, waiting=0),
                ),
            )
        },
        refusals=(500, 503),
    ),
}
