"""Fields that several bodies share, with their bounds."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.application.transfers.request import Details
from entrypoints.http.problems import MalformedRequest

MAX_METADATA_BYTES = 32_768

Amount = Annotated[
    int, Meta(ge=1, description="Whole minor units of the asset (cents for USD), at most 10^15.", examples=[1500])
]
Text = Annotated[
    str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\Z", description="Up to 500 characters.")
]
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[\x20-\x7e]*\Z",
        description="Yours, unique for ever: a second transfer with it is refused.",
        examples=["invoice-2041"],
    ),
]
AssetCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{2,31}\Z", description="The asset's code.", examples=["USD"])]
UserId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.:@|-]{1,128}\Z",
        description="Your own id of the user: letters, digits and _ . : @ | -",
        examples=["user_alice"],
    ),
]
Metadata = Annotated[
    dict[str, Any], Meta(description=f"Any JSON object, up to {MAX_METADATA_BYTES} bytes.", examples=[{"order": "42"}])
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
                400, f"metadata: {name} is a field of its own", code="repeated_field", pointer=f"#/metadata/{name}"
            )
        return {**metadata, **words} if metadata is not None else (words or None)


def canonical_metadata(metadata: dict[str, Any] | None) -> str | None:
    """
    Metadata as one exact text: keys sorted, no spaces.

    Raises:
        MalformedRequest: 400, above 32,768 bytes.
    """
    if metadata is None:
        return None
    encoded = msgspec.json.encode(metadata, order="deterministic")
    if len(encoded) > MAX_METADATA_BYTES:
        raise MalformedRequest(
            400, f"metadata: at most {MAX_METADATA_BYTES} bytes", code="metadata_too_large", pointer="#/metadata"
        )
    return encoded.decode()


def raw_json(text: str | None) -> msgspec.Raw | None:
    """Canonical JSON text, to be written into an answer as it is."""
    return None if text is None else msgspec.Raw(text.encode())
