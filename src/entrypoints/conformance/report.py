"""
The capability matrix, made of what the kit has seen: `python -m entrypoints.conformance.report results.json…`.

An operation is shown as supported where it is declared and every check that speaks of it passed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.domain.gateway_capabilities import GatewayOperation
from entrypoints.conformance.results import CheckResult, Declared, Results, Verdict, read

TITLES = {
    "C01": "What is not declared is refused without a call; what is declared is there",
    "C02": "Automatic and manual capture, in parts, over-capture refused, cancel before and after",
    "C03": "Refunds, whole and in parts; never more than was captured",
    "C04": "Every decline has its code and class; unknown codes and changed documents do no harm",
    "C05": "The key goes with every request for an effect; twice is once",
    "C06": "Fault matrix: what surely did not happen is told from what may have",
    "C07": "After an unknown outcome, a repetition or look-up finds one effect; absence is proof only if declared",
    "C08": "No repetitions of its own; deadlines, cancellation, 200 calls at once",
    "C09": "Webhooks: only what the provider signed, just now, for our account",
    "C10": "Events in any order and twice end in the same picture",
    "C11": "Webhook before the answer, return and poll at once: one capture",
    "C12": "Refund and payout fail after success; refunds made elsewhere are discovered",
    "C13": "Minor units with 0, 2 and 3 decimals; amounts that differ are a conflict",
    "C14": "The payer's return proves nothing",
    "C15": "Credentials, card numbers and addresses are seen nowhere",
    "C16": "Movements: every line once, they add up, the cursor goes on",
    "C17": "Payouts: made, polled, canceled, failed, returned",
    "C18": "Wrong keys and unknown settings are found at once",
}
"""What each check shows, for people."""

_EVERY_CALL = ("C01", "C05", "C06", "C07", "C08", "C15")
SPEAKING_OF: Mapping[GatewayOperation, Sequence[str]] = {
    GatewayOperation.CREATE_PAYMENT: ("C02", "C04", "C13", *_EVERY_CALL),
    GatewayOperation.CONFIRM_PAYMENT: ("C11", "C14", *_EVERY_CALL),
    GatewayOperation.CAPTURE: ("C02", *_EVERY_CALL),
    GatewayOperation.CANCEL: ("C02", *_EVERY_CALL),
    GatewayOperation.REFUND: ("C03", "C12", "C13", *_EVERY_CALL),
    GatewayOperation.CREATE_PAYOUT: ("C12", "C13", "C17", *_EVERY_CALL),
    GatewayOperation.CANCEL_PAYOUT: ("C17", *_EVERY_CALL),
    GatewayOperation.LIST_MOVEMENTS: ("C01", "C16"),
}
"""Which checks an operation has to pass to be shown as supported."""

_WEBHOOKS = ("C09", "C10", "C11")
_HEAD = """# What the gateways can do

Made by `python -m entrypoints.conformance.report` of the results of the [conformance kit](writing-an-adapter.md), not
of claims: an operation is shown as supported where the adapter declares it and every check that speaks of it passed. Do
not edit.

"""
_FOOT = """
C19, that each check catches an adapter broken for it, is `tests/conformance/broken`.
"""


def matrix(results: Results) -> str:
    """The whole page, the same for the same results."""
    gateways = sorted(results.declared)
    rule = "|---" * (len(gateways) + 1) + "|"
    lines = ["| operation | " + " | ".join(gateways) + " |", rule]
    lines += [
        _row(operation.value, [_operation(results, name, operation) for name in gateways])
        for operation in GatewayOperation
    ]
    lines += [
        _row("webhooks", [_webhooks(results, name) for name in gateways]),
        _row("currencies", [_currencies(results.declared[name]) for name in gateways]),
        _row("maturity", [results.declared[name].maturity for name in gateways]),
        *("", "## Checks", ""),
        "| check | " + " | ".join(gateways) + " |",
        rule,
    ]
    lines += [
        _row(f"{check} {title}", [_verdict(results.of(name, check)) for name in gateways])
        for check, title in TITLES.items()
    ]
    return _HEAD + "\n".join(lines) + "\n" + _FOOT


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the matrix of these results, or write it to `--output`."""
    parser = argparse.ArgumentParser(description="The capability matrix of conformance results.")
    parser.add_argument("results", nargs="+", type=Path, help="what --conformance-results wrote")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    runs = [read(path.read_text(encoding="utf-8")) for path in options.results]
    page = matrix(
        Results(
            [check for run in runs for check in run.checks],
            {name: declared for run in runs for name, declared in run.declared.items()},
        )
    )
    if options.output is None:
        sys.stdout.write(page)
    else:
        options.output.write_text(page, encoding="utf-8")


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def _operation(results: Results, gateway: str, operation: GatewayOperation) -> str:
    declared = results.declared[gateway].operations.get(operation.value)
    if declared is None:
        return "no"
    return _proven(results, gateway, SPEAKING_OF[operation]) + (f": {declared}" if declared else "")


def _webhooks(results: Results, gateway: str) -> str:
    return _proven(results, gateway, _WEBHOOKS) if results.declared[gateway].webhooks else "no"


def _proven(results: Results, gateway: str, checks: Sequence[str]) -> str:
    """Yes, or what is wrong with the claim."""
    failed = [check for check in checks if check in results.failed(gateway)]
    if failed:
        return f"declared, but {', '.join(failed)} failed"
    untried = [check for check in checks if not _passed(results.of(gateway, check))]
    return f"declared, but {', '.join(untried)} not tried" if untried else "yes"


def _currencies(declared: Declared) -> str:
    return "all" if declared.currencies is None else ", ".join(declared.currencies)


def _passed(found: Sequence[CheckResult]) -> int:
    return sum(each.verdict is Verdict.PASSED for each in found)


def _verdict(found: Sequence[CheckResult]) -> str:
    if not found:
        return "not run"
    failed = sorted({each.test for each in found if each.verdict is Verdict.FAILED})
    if failed:
        return "FAILED: " + ", ".join(failed)
    skipped = len(found) - _passed(found)
    return f"{_passed(found)} passed" + (f", {skipped} skipped" if skipped else "")


if __name__ == "__main__":
    main()
