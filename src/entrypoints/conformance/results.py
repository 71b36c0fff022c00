"""The results of a run of the kit, as a file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from core.domain.gateway_capabilities import Capabilities


class Verdict(StrEnum):
    """How one test of a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """
    One test, for one gateway.

    Attributes:
        check: `C01` to `C18`.
        detail: Why it failed or was skipped.
    """

    gateway: str
    check: str
    test: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """
    What a gateway says of itself.

    Attributes:
        currencies: ISO 4217 codes, or None for all.
        operations: In few words each, by name.
    """

    maturity: str
    webhooks: bool
    currencies: Sequence[str] | None
    operations: Mapping[str, str]

    @classmethod
    def of(cls, capabilities: Capabilities) -> "Declared":
        """Put *capabilities* in words."""
        return cls(
            maturity=capabilities.maturity.value,
            webhooks=capabilities.webhooks,
            currencies=None if capabilities.currencies is None else sorted(capabilities.currencies),
            operations={
                operation.value: ", ".join(
                    [
                        *(["in parts"] if declared.partial else []),
                        *(["several times"] if declared.multiple else []),
                        *(["outcome may come later"] if declared.asynchronous else []),
                        *(
                            [f"keys for {declared.idempotency.window.total_seconds() / 3_600:g} h"]
                            if declared.idempotency
                            else []
                        ),
                        *([f"look-up {declared.look_up}".replace("_", " ")] if declared.look_up != "none" else []),
                    ]
                )
                for operation, declared in capabilities.operations.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run, with what each gateway declares."""

    checks: Sequence[CheckResult]
    declared: Mapping[str, Declared] = field(default_factory=dict[str, Declared])

    def of(self, gateway: str, check: str) -> Sequence[CheckResult]:
        """What one check found about a gateway."""
        return [each for each in self.checks if each.gateway == gateway and each.check == check]

    def failed(self, gateway: str) -> set[str]:
        """The checks that a gateway failed."""
        return {each.check for each in self.checks if each.gateway == gateway and each.verdict is Verdict.FAILED}


def written(results: Results) -> str:
    """A run as JSON."""
    return json.dumps(
        {
            "declared": {name: asdict(each) for name, each in results.declared.items()},
            "checks": [asdict(each) for each in results.checks],
        },
        indent=1,
    )


def read(text: str) -> Results:
    """
    A run from JSON.

    Raises:
        ValueError: If it is none.
    """
    document: dict[str, Any] = json.loads(text)
    try:
        checks = [CheckResult(**{**each, "verdict": Verdict(each["verdict"])}) for each in document["checks"]]
        return Results(checks, {name: Declared(**each) for name, each in document["declared"].items()})
    except (KeyError, TypeError) as missing:
        raise ValueError(f"these are no results of the conformance kit: {missing}") from None
