"""Whatever comes as a body is understood exactly, or refused as malformed; nothing else can happen."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrypoints.http.problems import MalformedRequest
from entrypoints.http.schemas.assets import CreateAssetRequest
from entrypoints.http.schemas.holds import CaptureHoldRequest, PlaceHoldRequest
from entrypoints.http.schemas.transfers import BatchRequest, CreditRequest, TransferRequest
from entrypoints.http.strict_request import decode_strictly
from strategies import JSON_VALUES, LAW

KINDS = st.sampled_from(
    [CreditRequest, TransferRequest, BatchRequest, PlaceHoldRequest, CaptureHoldRequest, CreateAssetRequest, Any]
)
NAMES = st.sampled_from(
    ["amount", "reference", "description", "metadata", "legs", "mode", "transfers", "final", "code"]
)
NEARLY_BODIES = st.dictionaries(NAMES, JSON_VALUES, max_size=4).map(json.dumps).map(str.encode)
FRAGMENTS = st.lists(
    st.sampled_from(
        [b"{", b"}", b"[", b"]", b'"a"', b'"amount"', b":", b",", b"1", b"1e9", b"-", b"null", b"\\", b'"']
    ),
    max_size=30,
).map(b"".join)


def understood(body: bytes, kind: Any) -> bool:
    """Whether it is decoded; any exception but one is a failed test."""
    try:
        decode_strictly(body, kind)
    except MalformedRequest as refusal:
        status, problems = refusal.kind.status, refusal.errors
    else:
        return True
    assert status == 400
    assert all(problem.pointer.startswith("#") and problem.detail for problem in problems)
    return False


@LAW
@given(st.one_of(st.binary(), FRAGMENTS, NEARLY_BODIES, st.text().map(str.encode)), KINDS)
def test_any_bytes_are_understood_or_refused_as_malformed(body: bytes, kind: Any) -> None:
    if understood(body, kind):
        json.loads(body.decode())


@LAW
@given(JSON_VALUES)
def test_any_json_is_understood_as_what_it_says(value: object) -> None:
    assert decode_strictly(msgspec.json.encode(value), Any) == msgspec.json.decode(json.dumps(value))


@LAW
@given(JSON_VALUES)
@example(True)
@example(1.0)
@example("1")
def test_an_amount_is_a_positive_whole_number_and_nothing_like_it(value: object) -> None:
    body = json.dumps({"amount": value}).encode()
    if type(value) is int and value >= 1:
        assert decode_strictly(body, CreditRequest).amount == value
    else:
        with pytest.raises(MalformedRequest) as refusal:
            decode_strictly(body, CreditRequest)
        assert [problem.pointer for problem in refusal.value.errors] == ["#/amount"]


@LAW
@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from(["a", "b/c", 0, 1]), max_size=4))
def test_a_name_given_twice_is_found_at_any_depth(names: list[str], path: list[str | int]) -> None:
    text = "{" + ",".join(f'"{name}":0' for name in names) + "}"
    pointer = ""
    for step in reversed(path):
        text = f"{json.dumps({step: 0})[:-2]}{text}}}" if isinstance(step, str) else f"[{'0,' * step}{text}]"
        pointer = f"/{str(step).replace('/', '~1')}{pointer}"
    if len(set(names)) == len(names):
        assert decode_strictly(text.encode(), Any) == json.loads(text)
        return
    twice = next(name for place, name in enumerate(names) if name in names[:place])
    with pytest.raises(MalformedRequest) as refusal:
        decode_strictly(text.encode(), Any)
    assert refusal.value.kind.code == "repeated_field"
    assert [problem.pointer for problem in refusal.value.errors] == [f"#{pointer}/{twice}"]


@LAW
@given(st.text(min_size=1, max_size=40))
def test_a_field_we_do_not_know_is_refused_whatever_it_is_called(name: str) -> None:
    body = json.dumps({"amount": 1, f"?{name}": 1}).encode()
    with pytest.raises(MalformedRequest) as refusal:
        decode_strictly(body, CreditRequest)
    assert refusal.value.kind.code == "invalid_field"
