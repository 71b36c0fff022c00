"""Ways to send a request that no adapter should use."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from core.domain.outcomes import NotSent, Unknown
from ports.provider_http import HttpAnswer, ProviderHttp

KEY = "idempotency-key"


@dataclass(frozen=True, slots=True)
class Passing:
    """Changes nothing; the others change one thing."""

    http: ProviderHttp

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        return await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at)


class WithoutKey(Passing):
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        others = {name: value for name, value in headers.items() if name != KEY}
        return await self.http.send(method, url, headers=others, body=body, deadline_at=deadline_at)


class FreshKeyEachTime(Passing):
    """As an SDK that makes its own keys: the key dies with the call."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        fresh = {**headers, KEY: uuid4().hex} if KEY in headers else headers
        return await self.http.send(method, url, headers=fresh, body=body, deadline_at=deadline_at)


class RepeatsBusyAnswers(Passing):
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        answer = await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at)
        if isinstance(answer, HttpAnswer) and answer.status == 503:
            return await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at)
        return answer


class DeadlineOfItsOwn(Passing):
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        return await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at + 2.5)


class ServerErrorsAreRefusals(Passing):
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        answer = await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at)
        if isinstance(answer, HttpAnswer) and answer.status == 500 and method == "POST":
            return replace(answer, status=400)
        return answer


class BusyMeansSent(Passing):
    """A 429 is taken for a failure like any other, so the funds stay reserved for nothing."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        answer = await self.http.send(method, url, headers=headers, body=body, deadline_at=deadline_at)
        if isinstance(answer, HttpAnswer) and answer.status == 429:
            return replace(answer, status=500)
        return answer
