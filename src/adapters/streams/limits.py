"""How often a queue looks after its entries, and for how long it waits."""

from dataclasses import dataclass

RENEW_SECONDS = 3.0
IDLE_SECONDS = 10.0
SCHEDULE_POLL_SECONDS = 0.5
RECOVERY_POLL_SECONDS = 1.0
READ_BLOCK_SECONDS = 1.0
POISON_HOOK_SECONDS = 5.0
CONSUMER_FORGOTTEN_SECONDS = 3600.0
MAX_BURIALS = 20
_RETRYING_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamsQueueLimits:
    """
    The queue's timers; the defaults bring a killed worker's jobs back in `idle + recovery poll`, 11 seconds.

    Attributes:
        renew_seconds: How often a worker says that its entries are alive.
        idle_seconds: After how long without that an entry is anybody's. At least three renewals, so that one slow
            answer takes no live job away.
        schedule_poll_seconds: How late a scheduled job may be put on the stream.
        recovery_poll_seconds: How often entries of others are looked through for idle ones.
        read_block_seconds: The longest single wait for a new entry; must be below the client's socket timeout.
        poison_hook_seconds: How long the hook for poison jobs may take, before it counts as failed.
        consumer_forgotten_seconds: After how long a consumer with nothing to do is taken off the group's list.
        max_burials: How many poison jobs are taken to the hook at a time.

    Raises:
        ValueError: If idle entries would be taken before their second renewal.
    """

    renew_seconds: float = RENEW_SECONDS
    idle_seconds: float = IDLE_SECONDS
    schedule_poll_seconds: float = SCHEDULE_POLL_SECONDS
    recovery_poll_seconds: float = RECOVERY_POLL_SECONDS
    read_block_seconds: float = READ_BLOCK_SECONDS
    poison_hook_seconds: float = POISON_HOOK_SECONDS
    consumer_forgotten_seconds: float = CONSUMER_FORGOTTEN_SECONDS
    max_burials: int = MAX_BURIALS

    @property
    def all_renewed_seconds(self) -> float:
        """After how long everybody who is alive has renewed: twice the beat, and the client's retries of a command."""
        return 2 * self.renew_seconds + _RETRYING_SECONDS

    @property
    def clock_tolerance_seconds(self) -> float:
        """How far Redis's clock may move beside ours between two looks, without a live job looking idle."""
        return self.idle_seconds - 2 * self.renew_seconds

    def __post_init__(self) -> None:
        """Check that the timers fit each other."""
        if self.idle_seconds < 3 * self.renew_seconds:
            raise ValueError("idle_seconds must allow for three renewals")
