"""What is sent: each event as it was first sent, byte for byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.application.racing import again_after_races
from core.domain.events import Event
from core.domain.identifiers import TenantId
from core.domain.webhook_events import event_message
from ports.event_log import EventLog
from ports.unit_of_work import UnitOfWorkFactory

_NO_TRACE = "0" * 32
"""How W3C Trace Context writes that there is none."""


@dataclass(frozen=True, slots=True)
class Message:
    """The body for one event, or None when it cannot be composed, and then *why*; *trace_id* is the event's."""

    body: bytes | None
    trace_id: str
    why: Exception | None = None


@dataclass(frozen=True, slots=True)
class MessageComposer:
    """
    Composed once and kept, before anything is sent.

    A receiver compares what comes again under an id with what came before; and what an event looks like may change,
    with our code, or when its month leaves the journal.
    """

    unit_of_work: UnitOfWorkFactory
    events: EventLog

    async def __call__(
        self, tenant_id: TenantId, positions: Sequence[int], *, kept: Mapping[int, bytes]
    ) -> Mapping[int, Message]:
        """
        A message for each of *positions*, composed where *kept* has none; one that cannot be stops no other.

        Raises:
            Unavailable: If the database cannot be reached; nothing was sent then.
        """
        events = {event.position: event for event in await self.events.at(tenant_id, positions)}
        found = {position: _message(kept.get(position), events.get(position)) for position in positions}
        new = {
            position: message.body
            for position, message in found.items()
            if position not in kept and message.body is not None
        }
        if not new:
            return found
        first = await again_after_races(lambda: self._keep(tenant_id, new))
        return found | {position: Message(first[position], found[position].trace_id) for position in new}

    async def _keep(self, tenant_id: TenantId, bodies: Mapping[int, bytes]) -> Mapping[int, bytes]:
        async with self.unit_of_work() as work:
            first = await work.webhook_messages.keep(tenant_id, bodies)
            await work.commit()
        return first


def _message(kept: bytes | None, event: Event | None) -> Message:
    if event is None:
        return Message(kept, _NO_TRACE, why=LookupError("the event is not in the log"))
    if kept is not None:
        return Message(kept, event.trace_id)
    try:
        return Message(event_message(event), event.trace_id)
    except (ValueError, TypeError, RecursionError) as error:  # what JSON and text can do to whoever reads them
        return Message(None, event.trace_id, why=error)
