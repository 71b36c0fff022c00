"""How this process's ledger writer is doing, for Prometheus. Each process answers for itself."""

from collections.abc import Iterator, Sequence

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from ports.posting import Posting, PostingFigures

_QUANTILES = (0.5, 0.9, 0.99)
_COUNTED = CollectorRegistry(auto_describe=False)
_gateway_webhooks = Counter(
    "bursar_gateway_webhooks", "Messages of providers, by what became of them.", ["outcome"], registry=_COUNTED
)


def count_gateway_webhook(outcome: str) -> None:
    """One more message of a provider: accepted, not_authentic, not_readable, or for an unknown_account."""
    _gateway_webhooks.labels(outcome).inc()


class PostingCollector(Collector):
    """Turns the posting's figures into metric families when they are asked for; nothing is counted twice."""

    def __init__(self, posting: Posting) -> None:
        """Ask *posting*."""
        self._posting = posting

    def collect(self) -> Iterator[Metric]:
        """Counters since the process started; quantiles over the last thousand batches and requests."""
        figures = self._posting.figures()
        yield _counter("batches", "Transactions committed.", figures.batches)
        yield _counter("instructions", "Instructions answered.", figures.instructions)
        yield _counter("retries", "Batches run again after a race, a deadlock or a lost connection.", figures.retries)
        yield GaugeMetricFamily("bursar_posting_waiting", "Submissions in the queue.", value=figures.waiting)
        yield _quantiles("batch_size", "Instructions a batch.", figures.batch_sizes)
        yield _quantiles("wait_seconds", "From being handed in to being answered.", figures.waits_seconds)
        yield GaugeMetricFamily(
            "bursar_posting_hot_account_share",
            "Share of the busiest account among all that several instructions of a batch wanted.",
            value=_hottest_share(figures),
        )


@get("/metrics", operation_id="Metrics", summary="Prometheus metrics", include_in_schema=False)
async def metrics(posting: NamedDependency[SkipValidation[Posting]]) -> Response[bytes]:
    """Text exposition format, of this process alone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PostingCollector(posting))
    return Response(generate_latest(registry) + generate_latest(_COUNTED), media_type=CONTENT_TYPE_LATEST)


def _counter(name: str, documentation: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"bursar_posting_{name}", documentation, value=value)


def _quantiles(name: str, documentation: str, values: Sequence[float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"bursar_posting_{name}", documentation, labels=["quantile"])
    ordered = sorted(values)
    for quantile in _QUANTILES:
        if ordered:
            family.add_metric([str(quantile)], ordered[min(int(quantile * len(ordered)), len(ordered) - 1)])
    return family


def _hottest_share(figures: PostingFigures) -> float:
    total = sum(count for _account, count in figures.hot_accounts)
    return figures.hot_accounts[0][1] / total if total else 0.0
