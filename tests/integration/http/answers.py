"""What every refusal over HTTP must look like."""

import re
from typing import Any

import httpx

PROBLEM_JSON = "application/problem+json"
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")
_INSIDES = re.compile(r"Traceback|sqlalchemy|asyncpg|litestar|SELECT |INSERT |\.py\b|site-packages", re.IGNORECASE)


def refused(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """The problem document, after checking it from end to end."""
    assert (answer.status_code, answer.text and answer.json().get("code")) == (status, code), answer.text
    document: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert document["status"] == status
    assert document["type"] == "https://bursar.dev/problems/" + code.replace("_", "-")
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == f"urn:request:{document['request_id']}"
    assert isinstance(document["retryable"], bool)
    assert not _INSIDES.search(answer.text), answer.text
    if pointer is not None:
        assert pointer in {error["pointer"] for error in document["errors"]}, document
    traceable(answer)
    return document


def traceable(answer: httpx.Response) -> str:
    """The trace id; every answer carries one, and a request id."""
    assert answer.headers["x-request-id"]
    assert _TRACEPARENT.fullmatch(answer.headers["traceparent"])
    return str(answer.headers["traceparent"]).split("-")[1]


def posted(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    """The body of a success."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    traceable(answer)
    document: dict[str, Any] = answer.json()
    return document
