"""`bursar demo`: one command, nothing to set up, and everything in it comes out as it should."""

from time import monotonic

from e2e.bursar_command import run_bursar

LONGEST_SECONDS = 60


async def test_the_demo_tells_its_story_in_less_than_a_minute() -> None:
    begun = monotonic()
    status, told = await run_bursar("demo", timeout_seconds=LONGEST_SECONDS)

    assert status == 0, told
    assert monotonic() - begun < LONGEST_SECONDS
    steps = [line for line in told.splitlines() if line.startswith("• ")]
    assert len(steps) >= 5, told
    assert "refused: insufficient_funds" in told
    assert "The books are right" in told.splitlines()[-2]
