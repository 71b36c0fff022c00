"""Where an account's settings may lead: providers are public, and no tenant sends our requests anywhere else."""

from collections.abc import Mapping

from core.domain.gateway_accounts import InvalidGatewayAccount
from core.domain.outgoing_urls import OutgoingUrlRefused
from ports.outgoing_url_policy import OutgoingUrlPolicy

_SCHEMES = ("http://", "https://")


async def check_settings_lead_outside(urls: OutgoingUrlPolicy, settings: Mapping[str, str]) -> None:
    """
    Let settings pass whose URLs lead to public HTTPS addresses; in development to this machine, too.

    Raises:
        InvalidGatewayAccount: Naming the setting and the rule.
    """
    for name, value in settings.items():
        if value.lower().startswith(_SCHEMES):
            try:
                await urls.check_url(value)
            except OutgoingUrlRefused as refused:
                raise InvalidGatewayAccount(refused.detail, pointer=f"#/settings/{name}") from refused
