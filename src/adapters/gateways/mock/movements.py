"""The balance's lines at the provider of docs/simulator.md."""

from adapters.gateways.mock.account import MockAccount
from adapters.gateways.mock.connection import segment
from adapters.gateways.mock.mapping import movement
from adapters.gateways.mock.refusals import refused
from adapters.gateways.mock.wire import MovementPageDocument, read
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CallContext, MovementPage
from core.domain.outcomes import NotSent, Rejected, Unknown
from ports.provider_http import HttpAnswer

LARGEST_PAGE = 1_000


class MockMovements:
    """Implements `ports.movement_source.MovementSource`."""

    def __init__(self, account: MockAccount) -> None:
        """Read *account*'s balance."""
        self._account = account

    async def movements(
        self, cursor: str | None, *, limit: int, context: CallContext
    ) -> MovementPage | NotSent | Unknown | Rejected:
        """
        The next page, of at most *limit* and 1,000 lines.

        A page that cannot be right is `Unknown`, so that nobody goes on behind it: lines whose gross less fee is not
        net, or a cursor that stands still while there is more.

        Raises:
            Unsupported: If movements are not declared.
        """
        self._account.capabilities.require(GatewayOperation.LIST_MOVEMENTS)
        size = min(max(1, limit), LARGEST_PAGE)
        since = "" if cursor is None else f"&cursor={segment(cursor)}"
        answer = await self._account.connection.get(f"/v1/movements?limit={size}{since}", context)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status != 200:
            return _not_read(answer, self._account)
        page = read(answer.body, MovementPageDocument)
        if page is None or (page.has_more and page.next_cursor == cursor):
            return Unknown("answered with 200, and no page that can be read")
        lines = tuple(movement(line) for line in page.data)
        if wrong := next((line.id for line in lines if line.gross - line.fee != line.net), None):
            return Unknown(f"gross less fee is not net in movement {wrong}")
        return MovementPage(lines, page.next_cursor, page.has_more)


def _not_read(answer: HttpAnswer, account: MockAccount) -> NotSent | Unknown | Rejected:
    refusal = refused(answer, account.codes)
    return refusal if isinstance(refusal, NotSent | Rejected) else Unknown(f"answered with {answer.status}")
