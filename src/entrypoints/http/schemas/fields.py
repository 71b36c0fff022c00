"""Fields that several bodies share, with their bounds."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.application.transfers.request import Details
from core.domain.money import MAX_AMOUNT
from entrypoints.http.field_errors import FieldError, field_error
from entrypoints.http.problem_types import METADATA_TOO_LARGE, REPEATED_FIELD
from entrypoints.http.problems import MalformedRequest

MAX_METADATA_BYTES = 32_768

# `$` alone would let a line feed pass at the end in Python, and `\Z` is no part of the ECMA-262 dialect that clients
# read these patterns in: `$(?!\n)` means the end in both.
ASSET_CODE_PATTERN = r"^[A-Z][A-Z0-9_]{2,31}$(?!\n)"
PRINTABLE_PATTERN = r"^[^\x00-\x1f\x7f]*$(?!\n)"
REFERENCE_PATTERN = r"^[\x20-\x7e]*$(?!\n)"
USER_ID_PATTERN = r"^[A-Za-z0-9_.:@|-]{1,128}$(?!\n)"

Amount = Annotated[
    int,
    Meta(
        ge=1,
        description="Whole minor units of the asset (cents for USD).",
        examples=[1500],
        extra_json_schema={"maximum": MAX_AMOUNT},
    ),
]
Text = Annotated[
    str, Meta(min_length=1, max_length=500, pattern=PRINTABLE_PATTERN, description="Up to 500 characters.")
]
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=REFERENCE_PATTERN,
        description="Yours, unique for ever: a second transfer with it is refused.",
        examples=["invoice-2041"],
    ),
]
AssetCode = Annotated[str, Meta(pattern=ASSET_CODE_PATTERN, description="The asset's code.", examples=["USD"])]
UserId = Annotated[
    str,
    Meta(
        pattern=USER_ID_PATTERN,
        description="Your own id of the user: letters, digits and _ . : @ | -",
        examples=["user_alice"],
    ),
]
Metadata = Annotated[
    dict[str, Any], Meta(description=f"Any JSON object, up to {MAX_METADATA_BYTES} bytes.", examples=[{"order": "42"}])
]
StoredMetadata = Annotated[
    msgspec.Raw, Meta(description="As it was given, keys sorted.", extra_json_schema={"type": "object"})
]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body from a client."""


class MovementRequest(Request, frozen=True, kw_only=True):
    """What every movement of money may say about itself."""

    reference: Reference | None = None
    description: Text | None = None
    metadata: Metadata | None = None

    def details(self) -> Details:
        """The same for the core, metadata as canonical JSON text."""
        return Details(
            reference=self.reference,
            description=self.description,
            metadata=canonical_metadata(self._with_own_words(self.metadata)),
        )

    def own_words(self) -> dict[str, str]:
        """What only this kind of movement says; kept in the transfer's metadata."""
        return {}

    def _with_own_words(self, metadata: dict[str, Any] | None) -> dict[str, Any] | None:
        words = self.own_words()
        if metadata is not None and (twice := words.keys() & metadata.keys()):
            name = min(twice)
            raise MalformedRequest(
                REPEATED_FIELD, FieldError(f"#/metadata/{name}", f"metadata: {name} is a field of its own")
            )
        return {**metadata, **words} if metadata is not None else (words or None)


def canonical_metadata(metadata: dict[str, Any] | None) -> str | None:
    """
    Metadata as one exact text: keys sorted, no spaces.

    Raises:
        MalformedRequest: 400, above 32,768 bytes of JSON.
    """
    if metadata is None:
        return None
    encoded = msgspec.json.encode(metadata, order="deterministic")
    if len(encoded) > MAX_METADATA_BYTES:
        raise MalformedRequest(METADATA_TOO_LARGE, field_error(["metadata"], f"at most {MAX_METADATA_BYTES} bytes"))
    return encoded.decode()


def raw_json(text: str | None) -> msgspec.Raw | None:
    """Canonical JSON text, to be written into an answer as it is."""
    return None if text is None else msgspec.Raw(text.encode())
