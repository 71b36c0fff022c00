"""What is neither here nor there, for operators."""

from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency

from core.application.oversight.read_money_in_doubt import ReadMoneyInDoubtHandler
from entrypoints.http.context import principal_of
from entrypoints.http.schemas.money_in_doubt import MoneyInDoubtResponse


class MoneyInDoubtController(Controller):
    """The operator's own tenant."""

    path = "/money-in-doubt"
    tags = ["Administration"]

    @get(operation_id="ReadMoneyInDoubt", summary="Read what is in doubt")
    async def read(
        self, request: Request[Any, Any, Any], *, read_money_in_doubt: NamedDependency[ReadMoneyInDoubtHandler]
    ) -> MoneyInDoubtResponse:
        """
        Balances of the accounts in the middle with the open operations behind them, and pay-ins whose outcome is
        unknown: oldest first, the first hundred of each, all counted. `POST /v1/admin/operations/{id}/resolve` ends
        one.
        """
        return MoneyInDoubtResponse.of(await read_money_in_doubt(principal_of(request).tenant_id))
