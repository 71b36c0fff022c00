"""The results of a run of the kit, as a file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run; *operations* are those that each gateway declares."""

    checks: Sequence[CheckResult]
    operations: Mapping[str, Sequence[str]]

    def failed(self, gateway: str) -> set[str]:
        """The checks that a gateway failed."""
        return {each.check for each in self.checks if each.gateway == gateway and each.verdict is Verdict.FAILED}


def written(checks: Sequence[CheckResult], operations: Mapping[str, Sequence[str]]) -> str:
    """A run as JSON."""
    return json.dumps({"operations": operations, "checks": [asdict(each) for each in checks]}, indent=1)


def read(text: str) -> Results:
    """
    A run from JSON.

    Raises:
        ValueError: If it is none.
    """
    document: dict[str, Any] = json.loads(text)
    checks = [CheckResult(**{**each, "verdict": Verdict(each["verdict"])}) for each in document["checks"]]
    return Results(checks, document["operations"])
