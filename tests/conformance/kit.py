"""Running the kit as the author of an adapter does: in a process of its own."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from entrypoints.conformance.results import Results, read

ROOT = Path(__file__).parents[2]
CHECKS = [f"C{number:02}" for number in range(1, 19)]
LONGEST_RUN_SECONDS = 900.0


async def run_kit(harnesses: Sequence[str], home: Path) -> Results:
    """The verdicts on these harnesses; that some checks fail is for the caller to judge."""
    results, log = home / "results.json", home / "kit.log"
    command = [
        *("-m", "pytest", "-q", "-p", "entrypoints.conformance.plugin", "-p", "no:cacheprovider", "--tb=short"),
        *("--pyargs", "entrypoints.conformance.checks"),
        *(f"--gateway-harness={name}" for name in harnesses),
        f"--conformance-results={results}",
    ]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            async with asyncio.timeout(LONGEST_RUN_SECONDS):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode in {0, 1}, log.read_text(encoding="utf-8")[-4_000:]
    return read(results.read_text(encoding="utf-8"))
