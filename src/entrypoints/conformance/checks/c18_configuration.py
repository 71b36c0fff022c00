"""C18: a wrong configuration is found at once, not by the first payer."""

import pytest

from core.domain.gateway_settings import GatewaySettingsInvalid
from entrypoints.conformance.stage import Stage, context

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC18Configuration:
    """Keys and settings."""

    async def test_good_credentials_are_good(self, stage: Stage) -> None:
        assert await stage.payments.check_credentials(context()) is None

    async def test_a_bad_key_is_found(self, stage: Stage) -> None:
        payments = stage.account.gateway(stage.proxy.url, bad_credentials=True).payments
        assert payments is not None
        assert await payments.check_credentials(context())

    async def test_a_provider_that_cannot_be_reached_is_no_good(self, stage: Stage) -> None:
        stage.proxy.refuse()
        assert await stage.payments.check_credentials(context())

    async def test_an_unknown_setting_is_refused(self, stage: Stage) -> None:
        with pytest.raises(GatewaySettingsInvalid):
            stage.account.gateway(stage.proxy.url, more_settings={stage.scenery.unknown_setting: "x"})
