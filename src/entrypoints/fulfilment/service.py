"""What the service answers: the protocol of docs/fulfilment.md, and the switches of its development."""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import msgspec

from entrypoints.fulfilment.behaviour import Behaviour, Mode, Mood, asked_by_items
from entrypoints.fulfilment.journal import FailureReport, Fulfilment, FulfilmentBody, Journal, KeyReused
from entrypoints.fulfilment.wire import Answer, Request

UntilGone = Callable[[float], Awaitable[None]]
"""Waits so many seconds, or until the client has closed."""

_DECLINED = FailureReport("out_of_stock", "this cannot be handed over")
_DISASTER = Answer(500, {"code": "internal_error", "message": "an error was asked for"})
_ASK_AGAIN = {"retry-after": "1"}
_BROKEN_BEFORE = frozenset({Mode.ERROR_BEFORE, Mode.HANG_BEFORE})
_BODIES, _BEHAVIOURS = msgspec.json.Decoder(FulfilmentBody), msgspec.json.Decoder(Behaviour)


class FulfilmentService:
    """Hands things over once a key, remembers it in *journal*, and answers; or does not, when it was asked not to."""

    def __init__(self, journal: Journal, *, token: str | None) -> None:
        """Let only the bearer of *token* in, or everybody; the switches are open to all who reach them."""
        self._journal = journal
        self._authorization = None if token is None else f"Bearer {token}".encode()
        self._mood = Mood()
        self._in_progress: set[str] = set()

    async def answer(self, request: Request, until_gone: UntilGone) -> Answer | None:
        """What to say, or None to break the connection off."""
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["health"]:
                return Answer(200, {"status": "ok"})
            case "POST", ["_control", "behaviour"]:
                return self._change_mood(request)
            case "GET", ["_control", "behaviour"]:
                return Answer(200, {"behaviour": self._mood.behaviour, "left": self._mood.left})
            case "GET", ["_control", "journal"]:
                return self._read_journal(request)
            case (("POST" | "GET"), ["fulfilments", *_]) if not self._is_allowed(request):
                return _refusal(401, "unauthorized", "the bearer token is missing or wrong")
            case "POST", ["fulfilments"]:
                return await self._fulfil(request, until_gone)
            case "GET", ["fulfilments", key]:
                return self._look_up(key)
            case _:
                return _refusal(404, "no_such_path", "there is nothing here")

    def _is_allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return self._authorization is None or hmac.compare_digest(given, self._authorization)

    def _change_mood(self, request: Request) -> Answer:
        try:
            behaviour = _BEHAVIOURS.decode(request.body)
        except msgspec.DecodeError as error:
            return _refusal(400, "invalid_behaviour", str(error))
        self._mood.change(behaviour)
        return Answer(200, {"behaviour": behaviour, "left": behaviour.times})

    def _read_journal(self, request: Request) -> Answer:
        after = parse_qs(request.query).get("after", ["0"])[-1]
        if not after.isdecimal():
            return _refusal(400, "invalid_after", "after is a sequence number")
        return Answer(200, {"fulfilments": [_entry(done) for done in self._journal.entries(after=int(after))]})

    def _look_up(self, key: str) -> Answer:
        found = self._journal.find(key)
        if found is None:
            return _refusal(404, "fulfilment_not_found", "there is no fulfilment with this key")
        return Answer(200, _report(found), _ASK_AGAIN if found.is_late else {})

    async def _fulfil(self, request: Request, until_gone: UntilGone) -> Answer | None:
        try:
            body = _BODIES.decode(request.body)
        except msgspec.DecodeError as error:
            return _refusal(400, "invalid_request", str(error))
        if request.headers.get("idempotency-key") != f'"{body.key}"':
            return _refusal(400, "idempotency_key_missing", "Idempotency-Key holds the body's key, in quotes")
        asked = self._journal.arrive(body.key)
        if body.key in self._in_progress:
            return _refusal(409, "in_progress", "a request with this key is being worked on")
        behaviour = self._mood.next()
        if behaviour.mode is Mode.OK:
            behaviour = asked_by_items(body.items, first_time=asked == 1)
        self._in_progress.add(body.key)
        try:
            if behaviour.mode in _BROKEN_BEFORE:
                return await _break(behaviour, until_gone)
            if behaviour.mode is Mode.SLOW:
                await asyncio.sleep(behaviour.duration_seconds)
            done = self._do(body, behaviour)
        finally:
            self._in_progress.discard(body.key)
        if behaviour.mode in {Mode.ERROR_AFTER, Mode.HANG_AFTER, Mode.DROP_AFTER}:
            return await _break(behaviour, until_gone)
        return done

    def _do(self, body: FulfilmentBody, behaviour: Behaviour) -> Answer:
        failure = _DECLINED if behaviour.mode is Mode.DECLINE else None
        late_seconds = behaviour.duration_seconds if behaviour.mode is Mode.LATE else 0.0
        fresh_id = f"ful_{secrets.token_hex(12)}"
        try:
            done, is_new = self._journal.do(body, fresh_id, failure=failure, late_seconds=late_seconds)
        except KeyReused:
            return _refusal(400, "idempotency_key_reused", "this key stands for another request")
        if done.is_late:
            return Answer(202, _report(done), _ASK_AGAIN)
        return Answer(201 if is_new else 200, _report(done))


async def _break(behaviour: Behaviour, until_gone: UntilGone) -> Answer | None:
    """Say that it went wrong, or say nothing at all."""
    if behaviour.mode in {Mode.ERROR_BEFORE, Mode.ERROR_AFTER}:
        return _DISASTER
    if behaviour.mode in {Mode.HANG_BEFORE, Mode.HANG_AFTER}:
        await until_gone(behaviour.duration_seconds)
    return None


def _refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"code": code, "message": message})


def _report(done: Fulfilment) -> dict[str, object]:
    return {
        "id": done.id,
        "key": done.request.key,
        "status": done.status,
        "asset": done.request.asset,
        "amount": done.request.amount,
        "failure": None if done.is_late else done.failure,
    }


def _entry(done: Fulfilment) -> dict[str, object]:
    told = {"sequence": done.sequence, "asked": done.asked, "done_at": done.done_at}
    asked_for = {"user_id": done.request.user_id, "items": done.request.items, "reference": done.request.reference}
    return told | _report(done) | asked_for
