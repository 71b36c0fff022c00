"""The image: what goes in, what stays out, and who it runs as."""

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from deploy.chart import IMAGE_USER, ROOT
from entrypoints.cli.main import COMMANDS
from entrypoints.settings import Settings

Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """The Dockerfile's instructions, stage by stage; what stands before the first FROM is left out."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: list[list[Instruction]] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            found.append([])
        if name and found:
            found[-1].append((name, rest.strip()))
    return found


def values(stage: list[Instruction], name: str) -> list[str]:
    """What instructions of that name say."""
    return [rest for instruction, rest in stage if instruction == name]


def copied_from_here() -> set[str]:
    """The files and folders that the build takes from the repository."""
    return {
        source
        for stage in stages()
        for rest in values(stage, "COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    }


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets it into the build; its last line that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.lstrip("!")
        if not pattern or line.startswith("#"):
            continue
        parts = [path, *map(str, Path(path).parents)]
        names = [Path(part).name for part in parts] if pattern.startswith("**/") else parts
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names if name not in {"", "."}):
            sent = line.startswith("!")
    return sent


def test_hadolint_finds_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    report = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (report.returncode, report.stdout, report.stderr) == (0, "", "")


def test_the_base_is_pinned_and_can_be_pinned_to_a_digest() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    found = re.search(r"^ARG PYTHON_IMAGE=python:(\d+\.\d+)(?:\.\d+)?-slim-\w+$", text, re.MULTILINE)
    assert found is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"] == f">={found[1]}"


def test_the_build_gets_all_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "constraints.txt", project["project"]["readme"], *project["project"]["license-files"]}
    needed.add(project["tool"]["uv"]["build-backend"]["module-root"])
    assert copied_from_here() == needed
    for path in needed:
        assert (ROOT / path).exists()
        assert is_sent(path), f"{path} is ignored"
    assert is_sent("src/adapters/postgres/migrations/versions/0001_ledger.sql")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".bursar/api.key",
        ".venv/bin/python",
        "seed.sql",
        "tests/conftest.py",
        "docker-compose.yml",
        "src/core/__pycache__/x.pyc",
        "src/core/x.pyc",
    ],
)
def test_what_the_build_does_not_need_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_every_installation_keeps_to_the_constraints() -> None:
    installations = re.findall(r"pip [^&]*?\binstall\b[^&]*", " & ".join(values(stages()[0], "RUN")))
    assert len(installations) == 2
    for installation in installations:
        assert "-c constraints.txt" in installation or "--no-deps" in installation


def test_no_build_tool_is_in_the_image() -> None:
    final = stages()[-1]
    run = " ".join(values(final, "RUN"))
    assert not re.search(r"\bapt|\binstall\b|gcc|curl", run)
    assert "uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip" in run
    assert values(final, "COPY") == ["--from=build /opt/bursar /opt/bursar"]
    assert "python -m venv --without-pip /opt/bursar" in values(stages()[0], "RUN")


def test_all_bytecode_is_made_while_it_is_built() -> None:
    build, final = (" ".join(values(stage, "RUN")) for stage in stages())
    assert "compileall -q -j 0 --invalidation-mode unchecked-hash /opt/bursar/lib" in build
    assert "compileall -q -j 0 --invalidation-mode unchecked-hash" in final


def test_the_image_runs_as_a_user_without_rights() -> None:
    final = stages()[-1]
    assert values(final, "USER") == [f"{IMAGE_USER}:{IMAGE_USER}"]
    assert IMAGE_USER >= 10_000, "a number that no user of the machine has"
    order = [name for name, _ in final]
    assert "RUN" not in order[order.index("USER") :]


def test_the_image_is_the_command_line() -> None:
    final = stages()[-1]
    assert json.loads(values(final, "ENTRYPOINT")[0]) == ["bursar"]
    (command,) = json.loads(values(final, "CMD")[0])
    assert command in COMMANDS


def test_the_image_holds_no_secret_and_only_settings_that_exist() -> None:
    told = " ".join(rest for stage in stages() for name, rest in stage if name in {"ENV", "ARG", "LABEL"})
    names = re.findall(r"\b([A-Z_]+)=", told)
    assert not [name for name in names if re.search("PASSWORD|SECRET|TOKEN|PEPPER|KEY|URL", name)]
    ours = {name.removeprefix("BURSAR_").lower() for name in names if name.startswith("BURSAR_")}
    assert ours <= set(Settings.__struct_fields__)
