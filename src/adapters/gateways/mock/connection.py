"""Requests to the provider, with our key, our deadline and the account's credentials."""

import re
from typing import Any
from urllib.parse import quote

from adapters.gateways.mock.capabilities import LONGEST_KEY
from adapters.gateways.mock.wire import written
from core.domain.gateways import CallContext
from core.domain.outcomes import Failure, FailureClass, NextStep, NotSent, Rejected, Unknown
from ports.provider_http import HttpAnswer, ProviderHttp

_BASE_URL = re.compile(r"https?://[!\"$->@-~]+")  # printable, without query and fragment
_API_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")
_KEY = re.compile(rf"[!#-~]{{1,{LONGEST_KEY}}}")  # visible ASCII; the provider takes quotes off, so none are sent
_SCENARIO = re.compile(r"[ -~]{1,200}")


class MockConnection:
    """One account's way to the provider; it repeats nothing, and its text shows no credentials."""

    def __init__(self, http: ProviderHttp, *, base_url: str, api_key: str) -> None:
        """
        Speak to *base_url* by *http*, as the bearer of *api_key*.

        Raises:
            ValueError: If one of them cannot be sent; the message repeats neither.
        """
        if not _BASE_URL.fullmatch(base_url):
            raise ValueError("base_url begins with https:// or http:// and has no query")
        if not _API_KEY.fullmatch(api_key):
            raise ValueError("an API key is made of letters, digits and ._~+/=-")
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}", "accept": "application/json"}

    async def post(
        self, path: str, fields: dict[str, Any], context: CallContext
    ) -> HttpAnswer | NotSent | Unknown | Rejected:
        """Ask for an effect, once, under the context's key; without a proper key nothing is sent."""
        if not _KEY.fullmatch(context.key):
            return Rejected(_KEY_MALFORMED)
        headers = self._headers | {"content-type": "application/json", "idempotency-key": context.key}
        if context.scenario is not None and _SCENARIO.fullmatch(context.scenario):
            headers["mock-scenario"] = context.scenario
        return await self._http.send(
            "POST", self._base_url + path, headers=headers, body=written(fields), deadline_at=context.deadline_at
        )

    async def get(self, path: str, context: CallContext) -> HttpAnswer | NotSent | Unknown:
        """Ask for what there is."""
        return await self._http.send(
            "GET", self._base_url + path, headers=self._headers, body=None, deadline_at=context.deadline_at
        )


def segment(text: str) -> str:
    """*text* as one segment of a path, or one value of a query."""
    return quote(text, safe="")


_KEY_MALFORMED = Failure(
    code="idempotency_key_malformed",
    failure_class=FailureClass.INVALID_REQUEST,
    next_step=NextStep.FIX_REQUEST,
    message=f"a key is 1 to {LONGEST_KEY} visible ASCII characters, without double quotes",
)
