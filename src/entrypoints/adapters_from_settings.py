"""Adapters that settings choose or shape, for the container."""

from collections.abc import Callable

from adapters.crypto.checkpoint_signatures import Ed25519CheckpointChecker, Ed25519CheckpointSigner
from adapters.files.checkpoint_sink import FileCheckpointSink
from adapters.fulfilment.absent import AbsentFulfilment
from adapters.fulfilment.http import HttpFulfilment
from adapters.http.address_guard import AddressGuard
from adapters.http.resolver import Resolver
from adapters.postgres.connection import DatabaseAddress
from adapters.streams.absent_job_queue import AbsentJobQueue
from adapters.streams.job_queue import StreamsJobQueue
from adapters.streams.queue import StreamsQueue
from adapters.streams.queue_page import SaqQueuePage
from core.domain.job_catalogue import QUEUE
from entrypoints.settings import InvalidSettings, Settings
from ports.fulfilment import Fulfilment
from ports.job_queue import JobQueue, OnPoison
from ports.provider_http import ProviderHttp


def address(settings: Settings) -> DatabaseAddress:
    """Where the database is."""
    return DatabaseAddress(settings.database_url.reveal())


def redis_url(settings: Settings) -> str | None:
    """Where Redis is, if there is one."""
    return None if settings.redis_url is None else settings.redis_url.reveal()


def checker(settings: Settings) -> Ed25519CheckpointChecker:
    """Whoever has the signing key trusts only its signatures."""
    key_file = settings.checkpoint_key_file
    return Ed25519CheckpointChecker(None if key_file is None else Ed25519CheckpointSigner(key_file).public_key)


def sink(settings: Settings) -> FileCheckpointSink | None:
    """Where copies of checkpoints go, if anywhere."""
    directory = settings.checkpoint_directory
    return None if directory is None else FileCheckpointSink(directory)


def has_fulfilment(settings: Settings) -> bool:
    """Whether somebody hands orders over."""
    return settings.fulfilment_url is not None


def fulfilment(settings: Settings, http: ProviderHttp) -> Fulfilment:
    """Without a URL orders are refused before anybody is asked (core.application.orders.order_round)."""
    if settings.fulfilment_url is None:
        return AbsentFulfilment()
    if settings.fulfilment_token is None:
        raise InvalidSettings("BURSAR_FULFILMENT_TOKEN must be set where BURSAR_FULFILMENT_URL is")
    try:
        return HttpFulfilment(http, base_url=settings.fulfilment_url, token=settings.fulfilment_token.reveal())
    except ValueError as error:
        raise InvalidSettings(f"BURSAR_FULFILMENT_URL, BURSAR_FULFILMENT_TOKEN: {error}") from None


def whole_seconds(seconds: float) -> int:
    """At least one."""
    return max(1, int(seconds))


def required_redis_url(settings: Settings) -> str:
    """
    Where Redis is.

    Raises:
        InvalidSettings: If nobody said.
    """
    url = redis_url(settings)
    if url is None:
        raise InvalidSettings("this needs BURSAR_REDIS_URL (or REDIS_URL)")
    return url


def streams_queue(settings: Settings, bury_job: OnPoison) -> StreamsQueue:
    """The queue of jobs; poison goes to *bury_job*."""
    return StreamsQueue.from_url(required_redis_url(settings), name=QUEUE, on_poison=bury_job)


def queue_page(settings: Settings, streams_queue: Callable[[], StreamsQueue]) -> SaqQueuePage:
    """What SAQ's page shows."""
    return SaqQueuePage([] if settings.redis_url is None else [streams_queue()])


def job_queue(settings: Settings, streams_queue: Callable[[], StreamsQueue]) -> JobQueue:
    """Without Redis nothing can be queued; what is due waits in PostgreSQL for a worker."""
    return AbsentJobQueue() if settings.redis_url is None else StreamsJobQueue(streams_queue())


def address_guard(settings: Settings, resolver: Resolver) -> AddressGuard:
    """Where webhooks may go."""
    networks = (network.strip() for network in settings.webhook_denied_networks.split(","))
    try:
        return AddressGuard(
            resolver,
            denied_networks=[network for network in networks if network],
            development_loopback=settings.webhook_loopback_allowed,
        )
    except ValueError as error:
        raise InvalidSettings(f"BURSAR_WEBHOOK_DENIED_NETWORKS: {error}") from None
