"""Payouts, webhooks and movements that go wrong in one way each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.gateways.mock.movements import MockMovements
from adapters.gateways.mock.payouts import MockPayouts
from adapters.gateways.mock.webhooks import MockWebhooks
from adapters.gateways.mock.wire import EventDocument, read
from core.domain.gateways import (
    CallContext,
    CreatePayout,
    MovementPage,
    PaymentSnapshot,
    RawWebhook,
    Snapshot,
    VerifiedWebhook,
)
from core.domain.outcomes import Conflict, Declined, NotSent, Outcome, Rejected, Sighting, Succeeded, Unknown
from ports.webhook_reader import WebhookNotAuthentic


class PaidIsForEver(MockPayouts):
    async def find_payout(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        found = await super().find_payout(reference, provider_ref, context)
        if isinstance(found, Declined) and found.failure.code == "account_closed":
            return Succeeded(found.provider_ref or "?", found.evidence)
        return found


class CancelsAnyPayout(MockPayouts):
    async def cancel_payout(self, provider_ref: str, context: CallContext) -> Outcome:
        outcome = await super().cancel_payout(provider_ref, context)
        return Succeeded(provider_ref) if isinstance(outcome, Rejected) else outcome


class PayoutAmountsAreNotCompared(MockPayouts):
    async def create_payout(self, command: CreatePayout, context: CallContext) -> Outcome:
        outcome = await super().create_payout(command, context)
        return Succeeded(outcome.provider_ref or "?") if isinstance(outcome, Conflict) else outcome


class VerifiesNothing(MockWebhooks):
    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        event = read(raw.body, EventDocument)
        if event is None:
            raise WebhookNotAuthentic("no event")
        return VerifiedWebhook(event_id=event.id, event_type=event.type, body=raw.body, occurred_at=event.created_at)


class TimeDoesNotMatter(MockWebhooks):
    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        return super().verify(raw, secrets, now=_signed_at(raw) or now)


class TheFutureIsFine(MockWebhooks):
    """The tolerance counts on one side only, as some providers' own libraries have it."""

    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        signed_at = _signed_at(raw)
        return super().verify(raw, secrets, now=now if signed_at is None else max(now, signed_at))


class BlankSecretsWork(MockWebhooks):
    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        if any(not secret.strip() for secret in secrets):
            return VerifiesNothing.verify(self, raw, secrets, now=now)  # type: ignore[arg-type]  # the same reading
        return super().verify(raw, secrets, now=now)


class OneSecretOnly(MockWebhooks):
    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        return super().verify(raw, secrets[:1], now=now)


class AnybodysEvents(MockWebhooks):
    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        event = read(raw.body, EventDocument)
        if event is not None:
            self._account_id = event.account
        return super().verify(raw, secrets, now=now)


class TellsWhatWasAdded(MockWebhooks):
    """Each event says how much came since the one before: whoever keeps the last one loses the rest."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]  # handed on
        self._before: dict[str, int] = {}

    def translate(self, webhook: VerifiedWebhook) -> Sequence[Snapshot]:
        return [self._added(each) for each in super().translate(webhook)]

    def _added(self, snapshot: Snapshot) -> Snapshot:
        if not isinstance(snapshot, PaymentSnapshot):
            return snapshot
        before = self._before.get(snapshot.provider_ref, 0)
        self._before[snapshot.provider_ref] = snapshot.captured
        return replace(snapshot, captured=snapshot.captured - before)


class ForgetsOurReference(MockWebhooks):
    def translate(self, webhook: VerifiedWebhook) -> Sequence[Snapshot]:
        return [replace(each, reference=each.provider_ref) for each in super().translate(webhook)]


class SkipsAtThePageBreak(MockMovements):
    """Asks for what comes after the cursor's successor."""

    async def movements(
        self, cursor: str | None, *, limit: int, context: CallContext
    ) -> MovementPage | NotSent | Unknown | Rejected:
        later = str(int(cursor) + 1) if cursor is not None else None
        return await super().movements(later, limit=limit, context=context)


class EndsBeforeTheEnd(MockMovements):
    async def movements(
        self, cursor: str | None, *, limit: int, context: CallContext
    ) -> MovementPage | NotSent | Unknown | Rejected:
        page = await super().movements(cursor, limit=limit, context=context)
        return replace(page, has_more=False) if isinstance(page, MovementPage) else page


class FailedPagesAreEmpty(MockMovements):
    async def movements(
        self, cursor: str | None, *, limit: int, context: CallContext
    ) -> MovementPage | NotSent | Unknown | Rejected:
        page = await super().movements(cursor, limit=limit, context=context)
        return MovementPage((), cursor or "0", has_more=False) if isinstance(page, Unknown) else page


def _signed_at(raw: RawWebhook) -> datetime | None:
    from datetime import UTC

    mark = raw.headers.get("mock-signature", "").partition("t=")[2].partition(",")[0]
    return datetime.fromtimestamp(int(mark), UTC) if mark.isdigit() else None
