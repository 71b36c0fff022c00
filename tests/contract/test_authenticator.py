"""What `ports.authenticator` promises, for API keys kept in PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.crypto.api_keys import ApiKeyAuthenticator
from adapters.postgres.api_key_finder import PostgresApiKeyFinder
from concurrency.market import Market
from conftest import PEPPER
from core.domain.access import ApiKey, Environment, NotAuthenticated, Principal, Role, compose_key, parse_key
from entrypoints.container import Container
from ports.authenticator import Authenticator


def api_keys_in_postgres(container: Container) -> Authenticator:
    finder = PostgresApiKeyFinder(container.sessions())
    return ApiKeyAuthenticator(finder, PEPPER.encode(), container.clock())


@pytest.fixture(params=[api_keys_in_postgres])
def authenticator(request: pytest.FixtureRequest, container: Container) -> Authenticator:
    make: Callable[[Container], Authenticator] = request.param
    return make(container)


async def issued(
    container: Container, market: Market, *, role: Role = Role.APPLICATION, alter: Callable[[ApiKey], ApiKey] = replace
) -> tuple[ApiKey, str]:
    """A key that is kept, after *alter*, and what its owner was shown."""
    key, shown = container.api_key_smith().make(market.tenant_id, name="till", role=role, environment=Environment.TEST)
    key = alter(key)
    async with container.unit_of_work() as work:
        await work.tenants.add_key(key)
        await work.commit()
    return key, shown


@pytest.mark.parametrize("role", list(Role))
async def test_a_live_key_says_who_asks(
    authenticator: Authenticator, container: Container, market: Market, role: Role
) -> None:
    key, shown = await issued(container, market, role=role)

    for _ in range(2):  # the second time perhaps from memory
        assert await authenticator.authenticate(shown) == Principal(market.tenant_id, key.id, role)


def revoked(key: ApiKey) -> ApiKey:
    return replace(key, revoked_at=key.created_at)


def expired(key: ApiKey) -> ApiKey:
    return replace(key, expires_at=key.created_at - timedelta(seconds=1))


@pytest.mark.parametrize("alter", [revoked, expired])
async def test_a_key_that_has_ended_is_refused(
    authenticator: Authenticator, container: Container, market: Market, alter: Callable[[ApiKey], ApiKey]
) -> None:
    _key, shown = await issued(container, market, alter=alter)

    with pytest.raises(NotAuthenticated):
        await authenticator.authenticate(shown)


def with_another_secret(shown: str) -> str:
    parsed = parse_key(shown)
    return compose_key(parsed.environment, parsed.id, parsed.secret[::-1])


def with_another_id(shown: str) -> str:
    parsed = parse_key(shown)
    return compose_key(parsed.environment, parsed.id[::-1], parsed.secret)


def of_another_environment(shown: str) -> str:
    parsed = parse_key(shown)
    return compose_key(Environment.LIVE, parsed.id, parsed.secret)


def with_a_wrong_checksum(shown: str) -> str:
    return shown[:-1] + ("0" if shown[-1] != "0" else "1")


def nothing_like_a_key(shown: str) -> str:
    return "' OR 1=1 --"


FORGERIES = [with_another_secret, with_another_id, of_another_environment, with_a_wrong_checksum, nothing_like_a_key]


@pytest.mark.parametrize("forge", FORGERIES)
async def test_a_forged_key_is_refused_and_never_says_why(
    authenticator: Authenticator, container: Container, market: Market, forge: Callable[[str], str]
) -> None:
    _key, shown = await issued(container, market)
    await authenticator.authenticate(shown)

    with pytest.raises(NotAuthenticated) as refused:
        await authenticator.authenticate(forge(shown))

    assert (refused.value.detail, refused.value.facts) == ("the credential is not valid", {})
