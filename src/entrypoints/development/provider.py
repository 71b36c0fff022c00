"""The simulated payment provider of a development stack, and the tenant's account with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from entrypoints.cannot_run import CannotRun
from entrypoints.development.seed_plan import TENANT_ID
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.secret_file import secret_in

MERCHANT = "acct_development"
ACCOUNT_NAME = "development"
_API_KEY, _WEBHOOK_SECRET = "mock_api_key", "mock_webhook_secret"
_TIMEOUT_SECONDS = 10.0


class ProviderNotOpened(CannotRun):
    """The tenant's account with the provider could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class DevelopmentProvider:
    """
    What the API needs to take payments through the simulator.

    Attributes:
        secrets: The folder that the API and the workers read secrets from.
    """

    simulator: SimulatorProcess
    secrets: Path

    async def open(self, api_url: str, admin_key: str) -> str:
        """
        Open the merchant's account there and the tenant's account here, or bring both up to date; the latter's id.

        Raises:
            ProviderNotOpened: If either refuses.
        """
        api_key, webhook_secret = self.prepare()
        body: dict[str, Any] = {
            "name": ACCOUNT_NAME,
            "credentials_secret": _API_KEY,
            "webhook_secrets": [_WEBHOOK_SECRET],
            "settings": {"base_url": self.simulator.base_url, "account": MERCHANT},
        }
        headers = {"Authorization": f"Bearer {admin_key}"}
        async with httpx.AsyncClient(
            base_url=api_url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False
        ) as client:
            known = (await client.get("/v1/admin/gateway-accounts")).json()["items"]
            same = [account["id"] for account in known if account["name"] == ACCOUNT_NAME]
            if same:
                answer = await client.patch(f"/v1/admin/gateway-accounts/{same[0]}", json=body)
            else:
                answer = await client.post("/v1/admin/gateway-accounts", json={"gateway": "mock", **body})
        if not answer.is_success:
            raise ProviderNotOpened(f"the development gateway account: {answer.text}")
        account_id: str = answer.json()["id"]
        url = f"{api_url}/v1/webhooks/mock/{account_id}"
        await self.simulator.open_account(
            MERCHANT, api_keys=[api_key], webhooks=[{"url": url, "secrets": [webhook_secret]}]
        )
        return account_id

    def prepare(self) -> tuple[str, str]:
        """The secrets, made when they are missing: the provider's API key, and what it signs webhooks with."""
        folder = self.secrets / str(TENANT_ID)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return secret_in(folder / _API_KEY), secret_in(folder / _WEBHOOK_SECRET)
