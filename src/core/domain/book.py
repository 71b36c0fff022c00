"""
The Book decides a batch: which transfers post, and why the others do not.

Pure: it is given the locked accounts and one moment, and judges instructions in order, each after the ones
before it. A refusal leaves no trace in the Book and never harms its neighbours.
"""

from collections.abc import Iterable
from datetime import datetime

from core.domain.accounts import (
    Account,
    AccountStatus,
    BalanceTooLarge,
    InsufficientFunds,
    Purpose,
    WalletClosed,
    WalletFrozen,
    WalletInDebt,
)
from core.domain.chain import entry_hash, transfer_digest
from core.domain.errors import CoreError
from core.domain.holds import (
    CaptureHold,
    Hold,
    HoldChange,
    HoldNotFound,
    HoldStatus,
    PlaceHold,
    take_step,
)
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, main_account_id
from core.domain.instructions import Instruction, Outcome, Posted, Refused
from core.domain.money import MAX_AMOUNT, MAX_BALANCE, AssetMismatch, check_amount
from core.domain.transfers import (
    CREDIT,
    DEBIT,
    Entry,
    Leg,
    ReferenceAlreadyUsed,
    SameWallet,
    Transfer,
    TransferAlreadyReversed,
    TransferDraft,
    check_legs,
    check_reversible,
)
from core.domain.wallets import RECIPES, WITHIN_ONE_WALLET, WalletNotFound


class Book:
    """The accounts of one batch, moved forward decision by decision."""

    def __init__(
        self,
        accounts: Iterable[Account],
        *,
        holds: Iterable[Hold] = (),
        references: dict[tuple[TenantId, str], TransferId] | None = None,
        reversals: dict[tuple[TenantId, TransferId], TransferId] | None = None,
        posted_at: datetime,
    ) -> None:
        """Open the book at *posted_at* with what is locked, and with the references and reversals already taken."""
        self._accounts = {(account.tenant_id, account.id): account for account in accounts}
        self._holds = {(hold.tenant_id, hold.id): hold for hold in holds}
        self._references = {} if references is None else references
        self._reversals = {} if reversals is None else reversals
        self.posted_at = posted_at
        self._undo: list[tuple[Account, int, int, bytes, bool]] = []

    def decide(self, instruction: Instruction) -> Outcome:
        """Post all of the instruction's drafts, or refuse and leave everything as it was."""
        self._undo.clear()
        transfers: list[Transfer] = []
        hold: Hold | None = None
        try:
            if instruction.hold is not None and not isinstance(instruction.hold, PlaceHold):
                hold = self._step(instruction.tenant_id, instruction.hold, instruction.drafts[0])
            for draft in instruction.drafts:
                # One by one: what was posted before a refusal has to be known to be taken back.
                transfers += (self._post(instruction.tenant_id, draft),)
            if isinstance(instruction.hold, PlaceHold):
                hold = self._placed(instruction.hold, transfers[0])
        except CoreError as error:
            self._take_back(transfers)
            if len(instruction.drafts) > 1:
                error.facts["index"] = len(transfers)
            return Refused(error)
        if hold is not None:
            self._holds[hold.tenant_id, hold.id] = hold
        return Posted(transfers, hold, self._balances(instruction, transfers))

    def _step(self, tenant_id: TenantId, step: HoldChange, draft: TransferDraft) -> Hold:
        assert not isinstance(step, PlaceHold)
        hold = self._holds.get((tenant_id, step.hold_id))
        if hold is None:
            raise HoldNotFound(f"no hold {step.hold_id}")
        if isinstance(step, CaptureHold):
            main = self._account(tenant_id, main_account_id(hold.wallet_id))
            self._check_active(main)
            _check_free_of_debt(main)
        changed, draft.legs = take_step(hold, step, now=self.posted_at)
        return changed

    def _placed(self, hold: PlaceHold, transfer: Transfer) -> Hold:
        entry = transfer.entries[0]
        return Hold(
            tenant_id=transfer.tenant_id,
            id=HoldId(transfer.id),
            wallet_id=hold.wallet_id,
            asset=entry.asset,
            amount=entry.amount,
            captured=0,
            released=0,
            status=HoldStatus.PENDING,
            expires_at=transfer.posted_at + hold.lifetime,
            placed_at=transfer.posted_at,
            reference=transfer.reference,
            description=transfer.description,
            metadata=transfer.metadata,
        )

    def _post(self, tenant_id: TenantId, draft: TransferDraft) -> Transfer:
        check_legs(draft.legs)
        self._check_guards(tenant_id, draft)
        moved = [self._move(tenant_id, leg, draft) for leg in draft.legs]
        transfer = Transfer(
            tenant_id=tenant_id,
            id=draft.id,
            type=draft.type,
            posted_at=self.posted_at,
            trace_id=draft.trace_id,
            reference=draft.reference,
            description=draft.description,
            metadata=draft.metadata,
            reversal_of=draft.reversal_of,
            hold_id=draft.hold_id,
        )
        self._write_entries(transfer, moved)
        if draft.reference is not None:
            self._references[tenant_id, draft.reference] = draft.id
        if draft.reversal_of is not None:
            self._reversals[tenant_id, draft.reversal_of] = draft.id
        return transfer

    def _check_guards(self, tenant_id: TenantId, draft: TransferDraft) -> None:
        if draft.reference is not None:
            taken = self._references.get((tenant_id, draft.reference))
            if taken is not None:
                raise ReferenceAlreadyUsed(
                    f"transfer {taken} has this reference", pointer="#/reference", transfer_id=str(taken)
                )
        if draft.undoes is not None:
            check_reversible(draft.undoes)
        if draft.reversal_of is not None:
            taken = self._reversals.get((tenant_id, draft.reversal_of))
            if taken is not None:
                raise TransferAlreadyReversed(f"transfer {taken} reversed it", transfer_id=str(taken))

    def _move(self, tenant_id: TenantId, leg: Leg, draft: TransferDraft) -> tuple[Account, int, Account, int, int]:
        """Check one leg and move its balances; the accounts with their new balances, and the amount."""
        source, destination = self._account(tenant_id, leg.debit), self._account(tenant_id, leg.credit)
        self._check_leg(source, destination, leg, draft)
        amount = leg.amount
        left, grown = source.balance - amount, destination.balance + amount
        if source.floor is not None and left < source.floor:
            raise _short(source, amount)
        if left < -MAX_BALANCE or grown > MAX_BALANCE:
            raise BalanceTooLarge(f"a balance stays within {MAX_BALANCE} minor units either side of zero")
        self._remember(source)
        self._remember(destination)
        source.balance, destination.balance = left, grown
        if destination.debt_allowed and destination.floor is not None and grown >= destination.floor:
            destination.debt_allowed = False
        return source, left, destination, grown, amount

    def _check_leg(self, source: Account, destination: Account, leg: Leg, draft: TransferDraft) -> None:
        """Whether money may move between these two at all, whatever they hold."""
        if (source.purpose, destination.purpose) not in RECIPES[draft.type]:
            raise WalletNotFound(f"a {draft.type} does not run between these two accounts")
        if draft.type in WITHIN_ONE_WALLET and source.wallet_id != destination.wallet_id:
            raise WalletNotFound(f"a {draft.type} runs within one wallet")
        if not 1 <= leg.amount <= MAX_AMOUNT:
            check_amount(leg.amount)
        if source is destination:
            raise SameWallet("money moves between two different wallets")
        if source.asset != destination.asset:
            raise AssetMismatch(f"{source.asset} cannot move into a wallet of {destination.asset}")
        for account in (source, destination):
            if account.status is not AccountStatus.ACTIVE and (draft.begun or account.status is AccountStatus.CLOSED):
                self._check_active(account)
        _check_free_of_debt(source)

    def _write_entries(self, transfer: Transfer, moved: list[tuple[Account, int, Account, int, int]]) -> None:
        digest = transfer_digest(
            tenant_id=transfer.tenant_id,
            transfer_id=transfer.id,
            type=transfer.type.value,
            posted_at=transfer.posted_at,
            entry_count=2 * len(moved),
            trace_id=transfer.trace_id,
            reference=transfer.reference,
            description=transfer.description,
            metadata=transfer.metadata,
            reversal_of=transfer.reversal_of,
            hold_id=transfer.hold_id,
        )
        leg = 0
        for source, left, destination, grown, amount in moved:
            transfer.entries.append(
                _entry(source, leg=leg, direction=DEBIT, amount=amount, balance_after=left, digest=digest)
            )
            transfer.entries.append(
                _entry(destination, leg=leg + 1, direction=CREDIT, amount=amount, balance_after=grown, digest=digest)
            )
            leg += 2

    def _account(self, tenant_id: TenantId, account_id: AccountId) -> Account:
        account = self._accounts.get((tenant_id, account_id))
        if account is None:
            raise WalletNotFound(f"no wallet {account_id}", wallet_id=str(account_id))
        return account

    def _check_active(self, account: Account) -> None:
        if account.status is AccountStatus.FROZEN:
            raise WalletFrozen("the wallet is frozen", wallet_id=str(account.wallet_id))
        if account.status is AccountStatus.CLOSED:
            raise WalletClosed("the wallet is closed", wallet_id=str(account.wallet_id))

    def _remember(self, account: Account) -> None:
        self._undo.append((account, account.balance, account.sequence, account.chain, account.debt_allowed))

    def _take_back(self, transfers: list[Transfer]) -> None:
        for account, balance, sequence, chain, debt_allowed in reversed(self._undo):
            account.balance, account.sequence, account.chain = balance, sequence, chain
            account.debt_allowed = debt_allowed
        for transfer in transfers:
            if transfer.reference is not None:
                del self._references[transfer.tenant_id, transfer.reference]
            if transfer.reversal_of is not None:
                del self._reversals[transfer.tenant_id, transfer.reversal_of]

    def _balances(self, instruction: Instruction, transfers: list[Transfer]) -> dict[AccountId, int]:
        if instruction.hold is not None:
            known = (self._accounts.get((instruction.tenant_id, account_id)) for account_id in instruction.accounts)
            return {account.id: account.balance for account in known if account is not None}
        return {
            entry.account_id: entry.balance_after
            for transfer in transfers
            for entry in transfer.entries
            if entry.purpose is Purpose.MAIN
        }


def _check_free_of_debt(account: Account) -> None:
    if account.debt_allowed:
        raise WalletInDebt("credits must clear the debt first", wallet_id=str(account.wallet_id))


def _short(source: Account, amount: int) -> InsufficientFunds:
    available = source.balance - (source.floor or 0)
    whose = {} if source.wallet_id is None else {"wallet_id": str(source.wallet_id)}
    return InsufficientFunds(
        f"{amount} minor units wanted, {available} available", available=available, asset=source.asset, **whose
    )


def _entry(account: Account, *, leg: int, direction: int, amount: int, balance_after: int, digest: bytes) -> Entry:
    account.sequence += 1
    account.chain = entry_hash(
        previous=account.chain,
        tenant_id=account.tenant_id,
        account_id=account.id,
        asset=account.asset,
        transfer=digest,
        sequence=account.sequence,
        direction=direction,
        leg=leg,
        amount=amount,
        balance_after=balance_after,
    )
    return Entry(
        leg=leg,
        account_id=account.id,
        wallet_id=account.wallet_id,
        purpose=account.purpose,
        asset=account.asset,
        sequence=account.sequence,
        direction=direction,
        amount=amount,
        balance_after=balance_after,
        chain=account.chain,
    )
