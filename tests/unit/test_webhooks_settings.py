"""What the settings mean for webhooks: loopback is closed unless opened, and mistakes stop the start."""

import pytest

from core.domain.outgoing_urls import OutgoingUrlRefused
from entrypoints.container import Container
from entrypoints.settings import InvalidSettings, Settings


def container(**variables: str) -> Container:
    return Container(
        settings=Settings.from_environment(
            {"BURSAR_DATABASE_URL": "postgresql://nobody@localhost/nothing", **variables}
        )
    )


@pytest.mark.parametrize("url", ["http://localhost/", "https://localhost/", "https://127.0.0.1/", "http://[::1]:80/"])
async def test_this_machine_is_called_only_where_the_setting_allows_it(url: str) -> None:
    with pytest.raises(OutgoingUrlRefused):
        await container().outgoing_url_policy().check_url(url)

    await container(BURSAR_WEBHOOK_LOOPBACK_ALLOWED="true").outgoing_url_policy().check_url(url)


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "cluster", "10.0.0.0/8; 11.0.0.0/8", "10.0.0.1/8"])
def test_networks_that_are_none_are_refused_by_the_settings_name(networks: str) -> None:
    with pytest.raises(InvalidSettings, match="BURSAR_WEBHOOK_DENIED_NETWORKS"):
        container(BURSAR_WEBHOOK_DENIED_NETWORKS=networks).outgoing_url_policy()


def test_networks_are_separated_by_commas() -> None:
    container(BURSAR_WEBHOOK_DENIED_NETWORKS=" 11.0.0.0/8, 2a00::/16,").outgoing_url_policy()


@pytest.mark.parametrize("key", [{}, {"BURSAR_ENCRYPTION_KEY": "too short"}])
def test_secrets_are_not_sealed_without_a_long_key(key: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="BURSAR_ENCRYPTION_KEY"):
        container(**key).cipher()
