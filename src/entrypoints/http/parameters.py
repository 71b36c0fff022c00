"""Parameters of paths and queries, with their bounds, as several operations share them."""

from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter, QueryParameter

from core.domain.transfers import TransferType
from entrypoints.http.pagination import MAX_PAGE
from entrypoints.http.schemas.fields import REFERENCE_PATTERN, USER_ID_PATTERN

_INSTANT = {"format": "date-time"}

WalletInPath = Annotated[UUID, PathParameter(description="The wallet's id.")]
TransferInPath = Annotated[UUID, PathParameter(description="The transfer's id.")]
HoldInPath = Annotated[UUID, PathParameter(description="The hold's id.")]
UserInPath = Annotated[str, PathParameter(pattern=USER_ID_PATTERN, description="Your own id of the user.")]

UserFilter = Annotated[
    str | None, QueryParameter(pattern=USER_ID_PATTERN, required=False, description="Only this user's.")
]
WalletFilter = Annotated[UUID | None, QueryParameter(required=False, description="Only this wallet's.")]
TypeFilter = Annotated[
    TransferType | None, QueryParameter(name="type", required=False, description="Only movements of this type.")
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
