"""Signs of life, for orchestrators and people."""

from typing import Any

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from core.domain.errors import Unavailable
from ports.health import HealthCheck
from ports.posting import Posting


class HealthResponse(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is ok or unavailable; `checks` says of what."""

    status: str
    version: str
    checks: dict[str, str]


class HealthController(Controller):
    """No key is asked for here."""

    path = "/"
    tags = ["Operations"]
    security: list[dict[str, list[str]]] = []

    @get("/live", operation_id="Live", summary="Is the process alive?")
    async def live(self) -> dict[str, str]:
        """The event loop turns; nothing else is asked."""
        return {"status": "ok"}

    @get("/ready", operation_id="Ready", summary="May it be sent requests?", responses={})
    async def ready(
        self, health_check: NamedDependency[SkipValidation[HealthCheck]], version: NamedDependency[str]
    ) -> Response[HealthResponse]:
        """503 without PostgreSQL; Redis is reported, not required."""
        return await _answer(health_check, version)

    @get("/health", operation_id="Health", summary="Summary")
    async def health(
        self,
        health_check: NamedDependency[SkipValidation[HealthCheck]],
        posting: NamedDependency[SkipValidation[Posting]],
        version: NamedDependency[str],
    ) -> Response[HealthResponse]:
        """What works, and how the posting is doing."""
        figures = posting.figures()
        extra = {
            "posting_batches": str(figures.batches),
            "posting_instructions": str(figures.instructions),
            "posting_waiting": str(figures.waiting),
        }
        return await _answer(health_check, version, extra)


async def _answer(
    health_check: HealthCheck, version: str, extra: dict[str, Any] | None = None
) -> Response[HealthResponse]:
    checks: dict[str, str] = {}
    status = "ok"
    try:
        await health_check.database()
        checks["postgresql"] = "ok"
    except Unavailable:
        checks["postgresql"] = status = "unavailable"
    checks["redis"] = await health_check.redis()
    body = HealthResponse(status=status, version=version, checks=checks | (extra or {}))
    return Response(body, status_code=200 if status == "ok" else 503)
