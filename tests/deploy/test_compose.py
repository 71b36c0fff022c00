"""docker-compose.yml holds no password, opens nothing to the network, and starts in the right order."""

import os
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest

from deploy.chart import IMAGE_USER
from deploy.compose import COMPOSE_FILE, ROOT, VARIABLES, MissingVariable, services

OURS = ["migrate", "api", "worker"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Every service, with every variable set."""
    return services(VARIABLES)


def seconds(duration: str) -> int:
    """A duration in whole seconds, as this file writes them."""
    found = re.fullmatch(r"(\d+)s", duration)
    assert found is not None, duration
    return int(found[1])


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", [None, ""])
def test_without_a_password_nothing_starts(name: str, value: str | None) -> None:
    others = {other: known for other, known in VARIABLES.items() if other != name}
    with pytest.raises(MissingVariable, match=name):
        services(others if value is None else others | {name: value})


def test_no_password_stands_in_the_file() -> None:
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    for line in text.splitlines():
        for name in re.findall(r"[A-Z_]*(?:PASSWORD|PEPPER)[A-Z_]*(?=[:}])", line):
            assert "${" in line, f"{name} is given a value"
    assert re.findall(r"\$\{\w*(?:PASSWORD|PEPPER)\w*(?!\w*:\?)[^}]*\}", text) == [], "a default is no secret"
    assert re.findall(r"://[^@\s]*:(?!\$\{)[^@\s/]+@", text) == []


def test_everything_starts_after_what_it_needs(compose: dict[str, Any]) -> None:
    def conditions(name: str) -> dict[str, str]:
        return {other: how["condition"] for other, how in compose[name]["depends_on"].items()}

    assert conditions("migrate") == {"postgres": "service_healthy"}
    for name in ("api", "worker"):
        assert conditions(name) == {"migrate": "service_completed_successfully", "redis": "service_healthy"}
    for waited_for in ("postgres", "redis"):
        assert "healthcheck" in compose[waited_for]
    assert compose["migrate"]["restart"] == "no", "a migration that is restarted never completes"


def test_only_the_api_is_published_and_only_to_this_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8080:8080"]}
    assert {name for name, service in compose.items() if "outside" not in service["networks"]} == {
        "postgres",
        "redis",
        "migrate",
    }


@pytest.mark.parametrize("name", OURS)
def test_bursar_runs_as_nobody_and_writes_nowhere_but_tmp(compose: dict[str, Any], name: str) -> None:
    service = compose[name]
    assert service["user"] == f"{IMAGE_USER}:{IMAGE_USER}"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert all(mount.endswith(":/run/secrets/gateways:ro") for mount in service.get("volumes", []))


def test_everything_has_a_limit(compose: dict[str, Any]) -> None:
    for name, service in compose.items():
        assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys(), name


@pytest.mark.parametrize("name", ["api", "worker"])
def test_nobody_is_killed_while_still_writing(compose: dict[str, Any], name: str) -> None:
    grace = float(compose[name]["environment"]["BURSAR_SHUTDOWN_GRACE_SECONDS"])
    assert seconds(compose[name]["stop_grace_period"]) > grace + 5


def test_images_are_pinned_by_tag(compose: dict[str, Any]) -> None:
    for name, service in compose.items():
        repository, _, tag = service["image"].partition(":")
        assert repository, name
        assert re.match(r"\d", tag), f"{name}: {service['image']} may be anything tomorrow"


def test_our_image_has_our_version(compose: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {compose[name]["image"] for name in OURS} == {f"bursar:{version}"}


def test_files_that_are_mounted_exist(compose: dict[str, Any]) -> None:
    mounted = [volume for volume in compose["postgres"]["volumes"] if volume.startswith("./")]
    assert len(mounted) == 1
    assert all((ROOT / volume.partition(":")[0]).is_file() for volume in mounted)


def test_compose_itself_understands_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("Docker Compose is not installed here")
    command = [docker, "compose", "--file", str(COMPOSE_FILE), "config", "--quiet"]
    report = subprocess.run(command, env={**os.environ, **VARIABLES}, capture_output=True, text=True, check=False)
    assert (report.returncode, report.stderr) == (0, "")
