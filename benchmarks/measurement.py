"""What one run of a load showed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One line of the table.

    Attributes:
        rate: Answers (or transfers) a second.
        p50_ms, p99_ms: Latency percentiles in milliseconds.
        errors: Answers that were no success, and requests that got none.
        generator: What made the load.
    """

    name: str
    rate: float
    p50_ms: float
    p99_ms: float
    errors: int
    generator: str
