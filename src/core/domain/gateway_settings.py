"""What an operator fills in to connect a gateway account, as data: a form, and its check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.errors import Rejected


class GatewaySettingsInvalid(Rejected):
    """A setting is missing, unknown, or cannot be what it says."""

    code = "gateway_settings_invalid"
    title = "The gateway account's settings are wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySetting:
    """
    One field of a gateway account's settings. Never a secret: those are named, and looked up elsewhere.

    Attributes:
        name: As in `core.domain.gateways.GatewayAccount.settings`.
        description: For the one who fills it in.
        required: An account cannot be without it.
        identifies: It says whose account it is at the provider, and never changes: what is under way would be asked
            for a second time elsewhere.
    """

    name: str
    description: str
    required: bool = False
    identifies: bool = False


def check_settings(declared: Sequence[GatewaySetting], given: Mapping[str, str]) -> None:
    """
    See that *given* has what is required and nothing that nobody declared: a misspelt name is not a default.

    Raises:
        GatewaySettingsInvalid: Otherwise; names only, no values.
    """
    known = {setting.name for setting in declared}
    if unknown := sorted(set(given) - known):
        raise GatewaySettingsInvalid(f"unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    required = {setting.name for setting in declared if setting.required}
    if missing := sorted(name for name in required if not given.get(name)):
        raise GatewaySettingsInvalid(f"missing settings: {', '.join(missing)}")
