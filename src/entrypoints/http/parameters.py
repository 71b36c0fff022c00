"""
Parameters of paths and queries, with their bounds, as several operations share them.

What may be left out is declared as text and read by `read_parameter`: Litestar converts in msgspec's lax mode, in
which `?type=null` would be no filter at all.
"""

from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar.params import PathParameter, QueryParameter

from core.domain.events import CATALOGUE
from core.domain.transfers import TransferType
from entrypoints.http.pagination import MAX_PAGE
from entrypoints.http.problems import invalid_parameter
from entrypoints.http.schemas.fields import REFERENCE_PATTERN, USER_ID_PATTERN

_INSTANT = {"format": "date-time"}

WalletInPath = Annotated[UUID, PathParameter(description="The wallet's id.")]
TransferInPath = Annotated[UUID, PathParameter(description="The transfer's id.")]
HoldInPath = Annotated[UUID, PathParameter(description="The hold's id.")]
OrderInPath = Annotated[UUID, PathParameter(description="The order's id.")]
PaymentInPath = Annotated[UUID, PathParameter(description="The payment's id.")]
RefundInPath = Annotated[UUID, PathParameter(description="The refund's id.")]
GatewayAccountInPath = Annotated[UUID, PathParameter(description="The gateway account's id.")]
OperationInPath = Annotated[UUID, PathParameter(description="The operation's id.")]
EndpointInPath = Annotated[UUID, PathParameter(description="The webhook endpoint's id.")]
DeliveryInPath = Annotated[UUID, PathParameter(description="The webhook delivery's id.")]
UserInPath = Annotated[str, PathParameter(pattern=USER_ID_PATTERN, description="Your own id of the user.")]

UserFilter = Annotated[
    str | None, QueryParameter(pattern=USER_ID_PATTERN, required=False, description="Only this user's.")
]
WalletFilter = Annotated[
    str | None, QueryParameter(required=False, schema_extra={"format": "uuid"}, description="Only this wallet's.")
]
TypeFilter = Annotated[
    str | None,
    QueryParameter(
        name="type",
        required=False,
        schema_extra={"enum": [type_.value for type_ in TransferType]},
        description="Only movements of this type.",
    ),
]
EventTypeFilter = Annotated[
    str | None,
    QueryParameter(
        name="type",
        required=False,
        schema_extra={"enum": list(CATALOGUE)},
        description="Only events of this type.",
    ),
]
ReferenceFilter = Annotated[
    str | None,
    QueryParameter(
        max_length=128, pattern=REFERENCE_PATTERN, required=False, description="Only the movement with this reference."
    ),
]
Since = Annotated[
    str | None,
    QueryParameter(name="from", required=False, schema_extra=_INSTANT, description="Included; RFC 3339 with offset."),
]
Until = Annotated[
    str | None,
    QueryParameter(name="to", required=False, schema_extra=_INSTANT, description="Not included; RFC 3339 with offset."),
]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(max_length=512, required=False, description="`next_cursor` of the page before, as it came."),
]

Kind = TypeVar("Kind")


def read_parameter(text: str | None, kind: type[Kind], name: str) -> Kind | None:
    """
    The parameter called *name* as *kind*; None when it is left out.

    Raises:
        MalformedRequest: 400, if it does not fit.
    """
    if text is None:
        return None
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as error:
        raise invalid_parameter(name, str(error)) from None


def read_event_type(text: str | None) -> str | None:
    """
    The type of event that `type` names; None when it is left out.

    Raises:
        MalformedRequest: 400, if there are no such events.
    """
    if text is not None and text not in CATALOGUE:
        raise invalid_parameter("type", "there are no events of that type")
    return text
