"""Signs of life, for orchestrators and people."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import SecurityRequirement
from litestar.params import SkipValidation

from core.domain.errors import Unavailable
from entrypoints.http.context import context_of
from entrypoints.http.exception_handlers import RETRY_AFTER_SECONDS, respond
from entrypoints.http.problem_types import NOT_READY
from entrypoints.http.problems import problem
from ports.health import HealthCheck
from ports.posting import Posting


class LiveResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["ok"]


class ReadyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The process may be sent requests; `checks` says what answers."""

    status: Literal["ok"]
    version: str
    checks: dict[str, str]


class PostingResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's writer in this process, since it started."""

    batches: int
    instructions: int
    retries: int
    waiting: int


class HealthResponse(ReadyResponse, frozen=True, kw_only=True):
    """The same, and how the posting is doing."""

    posting: PostingResponse


class HealthController(Controller):
    """No key is asked for here."""

    path = "/"
    tags = ["Operations"]
    security: Sequence[SecurityRequirement] | None = [{}]

    @get("/live", operation_id="Live", summary="Is the process alive?")
    async def live(self) -> LiveResponse:
        """The event loop turns; nothing else is asked."""
        return LiveResponse(status="ok")

    @get("/ready", operation_id="Ready", summary="May it be sent requests?")
    async def ready(
        self,
        request: Request[Any, Any, Any],
        *,
        health_check: NamedDependency[SkipValidation[HealthCheck]],
        version: NamedDependency[str],
    ) -> Response[ReadyResponse]:
        """503 without PostgreSQL; Redis is reported, not required."""
        checks, is_ready = await _look(health_check)
        if not is_ready:
            return _not_ready(request, checks)
        return Response(ReadyResponse(status="ok", version=version, checks=checks))

    @get("/health", operation_id="Health", summary="How is it doing?")
    async def health(
        self,
        request: Request[Any, Any, Any],
        *,
        health_check: NamedDependency[SkipValidation[HealthCheck]],
        posting: NamedDependency[SkipValidation[Posting]],
        version: NamedDependency[str],
    ) -> Response[HealthResponse]:
        """What answers, and how the posting is doing; 503 without PostgreSQL."""
        checks, is_ready = await _look(health_check)
        if not is_ready:
            return _not_ready(request, checks)
        figures = posting.figures()
        told = PostingResponse(
            batches=figures.batches,
            instructions=figures.instructions,
            retries=figures.retries,
            waiting=figures.waiting,
        )
        return Response(HealthResponse(status="ok", version=version, checks=checks, posting=told))


async def _look(health_check: HealthCheck) -> tuple[dict[str, str], bool]:
    """What each thing we lean on says, and whether the one we cannot do without is there."""
    try:
        await health_check.database()
        is_ready = True
    except Unavailable:
        is_ready = False
    checks = {"postgresql": "ok" if is_ready else "unavailable", "redis": await health_check.redis()}
    return checks, is_ready


def _not_ready(request: Request[Any, Any, Any], checks: dict[str, str]) -> Response[Any]:
    body = problem(NOT_READY, "PostgreSQL does not answer", context_of(request).request_id, facts={"checks": checks})
    return respond(NOT_READY.status, body, {"Retry-After": str(RETRY_AFTER_SECONDS)})
