"""One effect per key: what makes two requests the same one."""

import pytest

from builders import OTHER_TENANT, TENANT
from core.domain.idempotency import WHOLE_REQUEST, IdempotencyClaim, fingerprint, internal_claim
from entrypoints.http.idempotency import parse_key
from entrypoints.http.problems import MalformedRequest

METHOD, PATH, BODY = "POST", "/v1/wallets/7/credit", b'{"amount":100}'


def test_the_same_request_has_the_same_fingerprint() -> None:
    assert fingerprint(METHOD, PATH, BODY) == fingerprint(METHOD, PATH, BODY)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", PATH, BODY),
        (METHOD, "/v1/wallets/8/credit", BODY),
        (METHOD, "/v1/wallets/7/debit", BODY),
        (METHOD, PATH + "?dry_run=1", BODY),
        (METHOD, PATH + "?", BODY),
        (METHOD, PATH, b'{"amount":101}'),
        (METHOD, PATH, b'{"amount": 100}'),
        (METHOD, PATH, b""),
    ],
    ids=["method", "id", "route", "query", "empty query", "amount", "white space", "no body"],
)
def test_another_request_has_another_fingerprint(method: str, path: str, body: bytes) -> None:
    assert fingerprint(method, path, body) != fingerprint(METHOD, PATH, BODY)


def test_a_path_cannot_end_where_the_body_begins() -> None:
    assert fingerprint("POST", "/v1/a", b"bc") != fingerprint("POST", "/v1/ab", b"c")


def test_a_claim_is_unique_by_tenant_key_and_item() -> None:
    claim = IdempotencyClaim(TENANT, "order-1", b"says this")
    assert claim.item == WHOLE_REQUEST
    assert claim.scope == IdempotencyClaim(TENANT, "order-1", b"says that").scope
    others = [
        IdempotencyClaim(OTHER_TENANT, "order-1", b""),
        IdempotencyClaim(TENANT, "order-2", b""),
        IdempotencyClaim(TENANT, "order-1", b"", item=0),
        IdempotencyClaim(TENANT, "order-1", b"", item=1),
    ]
    assert len({claim.scope, *(other.scope for other in others)}) == 5


def test_no_client_can_send_the_key_of_our_own_claims() -> None:
    key = internal_claim(TENANT, "expire hold 7").key
    with pytest.raises(MalformedRequest):
        parse_key(key)
    with pytest.raises(MalformedRequest):
        parse_key(f'"{key}"')


def test_two_causes_make_two_claims() -> None:
    first, second = internal_claim(TENANT, "expire hold 7"), internal_claim(TENANT, "expire hold 8")
    assert first.scope != second.scope
    assert first.fingerprint != second.fingerprint
    assert first == internal_claim(TENANT, "expire hold 7")
