"""Take in what a provider says: verified, stored once, applied later by a worker."""

from contextlib import suppress
from dataclasses import dataclass

from core.domain.errors import Unavailable
from core.domain.gateway_accounts import GatewayAccountNotFound
from core.domain.gateway_events import GatewayEvent, GatewayEventStatus, digest_of
from core.domain.gateways import RawWebhook, RefundSnapshot, VerifiedWebhook
from core.domain.identifiers import GatewayAccountId, GatewayEventId
from core.domain.job_catalogue import apply_gateway_event_job
from core.domain.stored_bodies import storable
from ports.clock import Clock
from ports.gateways import Gateways
from ports.id_generator import IdGenerator
from ports.job_queue import JobQueue
from ports.unit_of_work import UnitOfWorkFactory
from ports.webhook_reader import WebhookNotAuthentic, WebhookReader


@dataclass(frozen=True, slots=True)
class ReceiveGatewayEventHandler:
    """Nothing is believed here but the signature; what it says is judged against what we asked for, when applied."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    jobs: JobQueue
    ids: IdGenerator
    clock: Clock

    async def __call__(self, gateway: str, account_id: GatewayAccountId, raw: RawWebhook, *, trace_id: str) -> None:
        """
        Keep it; when this returns it is stored.

        Raises:
            GatewayAccountNotFound: If there is no such account at that gateway.
            WebhookNotAuthentic: If its signature does not hold.
            Unavailable: If it could not be stored; the provider sends it again.
        """
        async with self.unit_of_work() as work:
            account = await work.gateway_accounts.find(account_id)
        if account is None or account.gateway != gateway:
            raise GatewayAccountNotFound("no such gateway account")
        reader = self.gateways.open(account).webhooks
        if reader is None:
            raise WebhookNotAuthentic("this gateway sends no webhooks")
        now = self.clock.now()
        verified = reader.verify(raw, self.gateways.webhook_secrets(account), now=now)
        event = GatewayEvent(
            tenant_id=account.tenant_id,
            id=GatewayEventId(self.ids.new()),
            gateway_account=account.id,
            event_id=verified.event_id,
            event_type=verified.event_type,
            body=storable(verified.body, names=_names(reader, verified)),
            body_digest=digest_of(verified.body),
            occurred_at=verified.occurred_at,
            received_at=now,
            times_received=1,
            status=GatewayEventStatus.RECEIVED,
            detail=None,
            applied_at=None,
            trace_id=trace_id,
        )
        async with self.unit_of_work(trace_id=trace_id) as work:
            stored = await work.gateway_events.receive(event)
            await work.commit()
        if stored is not None:
            with suppress(Unavailable):  # the sweeper finds it
                await self.jobs.enqueue(apply_gateway_event_job(account.tenant_id, stored))


def _names(reader: WebhookReader, verified: VerifiedWebhook) -> frozenset[str]:
    """
    What the provider calls what it speaks of: kept, since later news and our own questions go by it.

    References are not among them: ours are UUIDs, which are no card numbers; another's may say anything.
    """
    names = {verified.event_id}
    for snapshot in reader.translate(verified):
        names.add(snapshot.provider_ref)
        if isinstance(snapshot, RefundSnapshot):
            names.add(snapshot.payment_ref)
    return frozenset(names)
