"""The way of a request through its account, its fault and its key to the routes, and of the answer back."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from entrypoints.simulator.exchange.answer import Answer, WireRequest
from entrypoints.simulator.exchange.broken_connection import cut_connection
from entrypoints.simulator.exchange.dialect import Dialect, Trouble
from entrypoints.simulator.exchange.faults import BEFORE, Fault, FaultKind, UnknownScenario, fault_asked_for
from entrypoints.simulator.exchange.idempotency import KeyInProgress, KeyMismatch, fingerprint, is_well_formed
from entrypoints.simulator.simulator import Simulator

LARGEST_BODY = 256 * 1024
LONGEST_HANG_SECONDS = 300.0
ACCOUNT = "simulator_account_id"
_TRUNCATION_PAUSE_SECONDS = 0.05
_HTML_502 = Answer(
    502,
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body><center><h1>502 Bad Gateway</h1></center></body>\r\n"
    b"</html>\r\n",
    "text/html",
)
_GARBAGE = Answer(200, b'{"id": "pay_', "application/json")


class ExchangeMiddleware:
    """Wraps the routes of every wire protocol; other paths go through untouched."""

    def __init__(self, app: ASGIApp, simulator: Simulator, dialects: Sequence[Dialect], *, port: int) -> None:
        """Wrap *app*, which listens on *port*."""
        self._app = app
        self._simulator = simulator
        self._dialects = dialects
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        dialect = None if scope["type"] != ScopeType.HTTP else self._dialect_for(scope["path"])
        if dialect is None:
            await self._app(scope, receive, send)
            return
        http = cast("HTTPScope", scope)
        body = await _read(receive)
        if body is None:
            await _send(send, dialect.trouble(Trouble.BODY_TOO_LARGE))
            return
        request = WireRequest(
            method=http["method"],
            path=http["path"],
            query=http["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in http["headers"]},
            body=body,
        )
        await _Passage(self._app, self._simulator, dialect, http, request, receive, send, self._port).pass_through()

    def _dialect_for(self, path: str) -> Dialect | None:
        return next((dialect for dialect in self._dialects if path.startswith(dialect.prefix)), None)


class _Passage:
    """One request's way."""

    def __init__(  # noqa: PLR0917 - private: called in one place
        self,
        app: ASGIApp,
        simulator: Simulator,
        dialect: Dialect,
        scope: HTTPScope,
        request: WireRequest,
        receive: Receive,
        send: Send,
        port: int,
    ) -> None:
        self._app = app
        self._simulator = simulator
        self._dialect = dialect
        self._scope = scope
        self._request = request
        self._receive = receive
        self._send = send
        self._port = port

    async def pass_through(self) -> None:
        account = self._simulator.books.account_with_key(self._dialect.api_key(self._request) or "")
        if account is None:
            await _send(self._send, self._dialect.trouble(Trouble.NOT_AUTHENTICATED))
            return
        if account.disabled:
            await _send(self._send, self._dialect.trouble(Trouble.ACCOUNT_DISABLED))
            return
        try:
            fault = self._fault(account.id)
        except UnknownScenario:
            await _send(self._send, self._dialect.trouble(Trouble.UNKNOWN_SCENARIO))
            return
        if fault is not None and fault.kind in BEFORE:
            await self._fail_before(fault)
        else:
            await self._tell(await self._answer_once(account.id, fault), fault)

    def _fault(self, account_id: str) -> Fault | None:
        asked = self._request.headers.get(self._dialect.scenario_header)
        if asked is not None:
            return fault_asked_for(asked)
        return self._simulator.faults.choose(self._request, account_id)

    async def _fail_before(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                await _send(self._send, self._dialect.trouble(Trouble.RATE_LIMITED))
            case FaultKind.HTML_502:
                await _send(self._send, _HTML_502)
            case FaultKind.HANG_BEFORE:
                await self._hang()
            case FaultKind.DROP_BEFORE_EFFECT:
                self._cut()
            case _:
                await _send(self._send, self._dialect.trouble(Trouble.SERVER_ERROR))

    async def _answer_once(self, account_id: str, fault: Fault | None) -> Answer:
        """The answer kept under the request's key, or that of executing it now."""
        key = self._dialect.idempotency_key(self._request)
        if key is None:
            return await self._execute(account_id, None, fault)
        if not is_well_formed(key):
            return self._dialect.trouble(Trouble.KEY_MALFORMED)
        try:
            kept = self._simulator.keys.begin(account_id, key, fingerprint(self._request))
        except KeyMismatch:
            return self._dialect.trouble(Trouble.KEY_MISMATCH)
        except KeyInProgress:
            return self._dialect.trouble(Trouble.KEY_IN_PROGRESS)
        if kept is not None:
            return self._dialect.replayed(kept)
        try:
            return await self._execute(account_id, key, fault)
        finally:
            self._simulator.keys.end(account_id, key)

    async def _execute(self, account_id: str, key: str | None, fault: Fault | None) -> Answer:
        kind = None if fault is None else fault.kind
        if fault is not None and kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        async with self._simulator.turn() as answers:
            if kind is FaultKind.STICKY_500:
                answer = self._dialect.trouble(Trouble.SERVER_ERROR)
            else:
                answer = await self._call_route(account_id)
            if kind is FaultKind.AFTER_EFFECT_500 and answer.status < 400:
                answer = self._dialect.trouble(Trouble.SERVER_ERROR)
            if key is not None:
                kept = self._simulator.keys.keep(
                    account_id, key, fingerprint(self._request), answer, at=self._simulator.clock.now()
                )
                answers.extend([] if kept is None else [kept])
            return answer

    async def _call_route(self, account_id: str) -> Answer:
        scope = cast("dict[str, Any]", self._scope).copy()
        scope["state"] = {**scope.get("state", {}), ACCOUNT: account_id}
        status, headers, chunks = 500, dict[str, str](), list[bytes]()

        async def receive() -> Any:
            return {"type": "http.request", "body": self._request.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode(): value.decode() for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                chunks.append(message["body"])

        await self._app(cast("HTTPScope", scope), receive, send)
        return Answer(status, b"".join(chunks), headers.get("content-type", "application/json"))

    async def _tell(self, answer: Answer, fault: Fault | None) -> None:
        """Send the answer, or what the fault makes of it."""
        match None if fault is None else fault.kind:
            case FaultKind.HANG_AFTER:
                await self._hang()
                return
            case FaultKind.DROP_AFTER_EFFECT:
                self._cut()
                return
            case FaultKind.TRUNCATE:
                await self._send_half(answer)
                return
            case FaultKind.SLOW_ANSWER if fault is not None:
                await asyncio.sleep(fault.seconds)
            case FaultKind.AFTER_EFFECT_HTML_502:
                answer = _HTML_502
            case FaultKind.GARBAGE_200:
                answer = _GARBAGE
            case FaultKind.TAMPER if fault is not None:
                answer = replace(answer, body=_tampered(answer.body, dict(fault.fields)))
            case _:
                pass
        await _send(self._send, answer)

    async def _hang(self) -> None:
        """Say nothing until the client gives up, the simulator ends, or five minutes are over."""
        gone = asyncio.ensure_future(self._until_gone())
        stopping = asyncio.ensure_future(self._simulator.stopping.wait())
        await asyncio.wait({gone, stopping}, timeout=LONGEST_HANG_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, stopping):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._cut()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _send_half(self, answer: Answer) -> None:
        await self._send(_start(answer))
        await self._send(
            {"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True}
        )
        await asyncio.sleep(_TRUNCATION_PAUSE_SECONDS)  # let the half go out before the connection ends
        self._cut()

    def _cut(self) -> None:
        client = self._scope["client"]
        if client is not None:
            cut_connection((str(client[0]), int(client[1])), self._port)


def _tampered(body: bytes, fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(body, type=dict[str, Any]) | fields)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            break
        size += len(event["body"])
        if size > LARGEST_BODY:
            return None
        chunks.append(event["body"])
        more = event["more_body"]
    return b"".join(chunks)


def _start(answer: Answer) -> Any:
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **{name.lower(): value for name, value in answer.headers.items()},
    }
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": encoded}


async def _send(send: Send, answer: Answer) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
