"""
What the README tells a newcomer to type is what continuous integration runs.

A command that only a document knows stops working without anybody noticing.
"""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e "
DEMO_COMMAND = INSTALL + "'.[embedded]' && .venv/bin/bursar demo"
TEST_COMMAND = INSTALL + "'.[dev]' && .venv/bin/task test"


def commands_of_the_readme() -> list[str]:
    """Take the lines that set up an environment out of the README's sh fences."""
    fences = re.findall(
        r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [line for fence in fences for line in fence.splitlines() if "-m venv" in line]


def test_the_readme_gives_the_two_commands() -> None:
    """Each works in a fresh clone, on a machine with Python and nothing else."""
    assert commands_of_the_readme() == [DEMO_COMMAND, TEST_COMMAND]


def test_continuous_integration_runs_the_second_command() -> None:
    """Nothing before it, nothing after it: what it needs, the README's reader would need too."""
    script = ROOT / ".ci" / "run"
    code = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert code == ["set -eu", 'cd "$(dirname "$0")/.."', TEST_COMMAND]
    assert os.access(script, os.X_OK)
