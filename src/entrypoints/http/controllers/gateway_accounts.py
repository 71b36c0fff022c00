"""Accounts with providers, connected and changed by operators."""

from typing import Any

from litestar import Controller, Request, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.gateway_accounts.change_gateway_account import ChangeGatewayAccountHandler
from core.application.gateway_accounts.check_gateway_account import CheckGatewayAccountHandler
from core.application.gateway_accounts.create_gateway_account import CreateGatewayAccountHandler
from core.application.gateway_accounts.read_gateway_accounts import ReadGatewayAccountsHandler
from core.domain.identifiers import GatewayAccountId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.parameters import GatewayAccountInPath
from entrypoints.http.schemas.gateway_accounts import (
    ChangeGatewayAccountRequest,
    CreateGatewayAccountRequest,
    GatewayAccountCheckResponse,
    GatewayAccountResponse,
    GatewayAccountsResponse,
)


class GatewayAccountController(Controller):
    """The operator's own tenant."""

    path = "/gateway-accounts"
    tags = ["Administration"]

    @post(operation_id="CreateGatewayAccount", summary="Connect a gateway account")
    async def create(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[CreateGatewayAccountRequest],
        create_gateway_account: NamedDependency[CreateGatewayAccountHandler],
    ) -> GatewayAccountResponse:
        """
        Payments may go through it from now on. Its secrets are named here, and kept as files in the tenant's folder
        below `BURSAR_SECRETS_DIRECTORY`; adapter, settings and secrets are looked at before anything is kept.
        """
        command = data.to_command(principal_of(request).tenant_id, trace_id=context_of(request).trace_id)
        return GatewayAccountResponse.of(await create_gateway_account(command))

    @get(operation_id="ListGatewayAccounts", summary="List gateway accounts")
    async def all(
        self, request: Request[Any, Any, Any], *, read_gateway_accounts: NamedDependency[ReadGatewayAccountsHandler]
    ) -> GatewayAccountsResponse:
        """Oldest first."""
        accounts = await read_gateway_accounts.all(principal_of(request).tenant_id)
        return GatewayAccountsResponse([GatewayAccountResponse.of(account) for account in accounts])

    @get("/{account_id:str}", operation_id="GetGatewayAccount", summary="Read a gateway account")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        account_id: GatewayAccountInPath,
        read_gateway_accounts: NamedDependency[ReadGatewayAccountsHandler],
    ) -> GatewayAccountResponse:
        """The account as it stands, its secrets by name."""
        found = await read_gateway_accounts.get(principal_of(request).tenant_id, GatewayAccountId(account_id))
        return GatewayAccountResponse.of(found)

    @patch("/{account_id:str}", operation_id="ChangeGatewayAccount", summary="Change a gateway account")
    async def change(
        self,
        request: Request[Any, Any, Any],
        *,
        account_id: GatewayAccountInPath,
        data: JSONBody[ChangeGatewayAccountRequest],
        change_gateway_account: NamedDependency[ChangeGatewayAccountHandler],
    ) -> GatewayAccountResponse:
        """Disabled, it takes no new payments; what began there goes on, refunds included."""
        command = data.to_command(principal_of(request).tenant_id, GatewayAccountId(account_id))
        return GatewayAccountResponse.of(await change_gateway_account(command))

    @post(
        "/{account_id:str}/check",
        operation_id="CheckGatewayAccount",
        summary="Check a gateway account's credentials",
        status_code=200,
    )
    async def check(
        self,
        request: Request[Any, Any, Any],
        *,
        account_id: GatewayAccountInPath,
        check_gateway_account: NamedDependency[CheckGatewayAccountHandler],
    ) -> GatewayAccountCheckResponse:
        """Ask the provider whether it takes them; nothing is changed."""
        problem = await check_gateway_account(
            principal_of(request).tenant_id, GatewayAccountId(account_id), trace_id=context_of(request).trace_id
        )
        return GatewayAccountCheckResponse(usable=problem is None, problem=problem)
