"""What the deployments set is what Bursar understands: a name it does not know would keep it from starting."""

from pathlib import Path

import pytest

from deploy.chart import FULL, VALUE_SETS
from deploy.compose import VARIABLES
from deploy.deployments import DATABASE, OWNER_DATABASE, REDIS, Deployed, in_the_cluster, on_one_machine
from entrypoints.cli.main import COMMANDS
from entrypoints.settings import Settings

PARTS = ["api", "worker", "migrate"]
ALL_ADDRESSES = "0.0.0.0"


EVERY_PROCESS = {f"compose-{part}": on_one_machine(part) for part in PARTS} | {
    f"{name}-{part}": in_the_cluster(values, part)
    for name, values in VALUE_SETS.items()
    for part in PARTS
    if part != "migrate" or values.get("migrate", {}).get("enabled", True)
}
every_process = pytest.mark.parametrize("deployed", EVERY_PROCESS.values(), ids=EVERY_PROCESS)


@every_process
def test_bursar_understands_its_whole_environment(deployed: Deployed) -> None:
    Settings.from_environment(deployed.environment)


@every_process
def test_bursar_knows_the_command(deployed: Deployed) -> None:
    (command,) = deployed.arguments
    assert command in COMMANDS


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_api_listens_where_it_is_asked(name: str) -> None:
    deployed = in_the_cluster(VALUE_SETS[name], "api")
    settings = Settings.from_environment(deployed.environment)
    assert (settings.host, settings.port) == (ALL_ADDRESSES, deployed.port)
    assert len(settings.pepper()) >= 32
    assert len(settings.sealing_key()) >= 32
    assert settings.database_url.reveal() == DATABASE
    assert settings.redis_url is not None
    assert settings.redis_url.reveal() == REDIS
    assert settings.migration_database_url is None, "the API must not be able to act as the tables' owner"


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_worker_listens_where_it_is_asked(name: str) -> None:
    deployed = in_the_cluster(VALUE_SETS[name], "worker")
    settings = Settings.from_environment(deployed.environment)
    assert (settings.host, settings.worker_port) == (ALL_ADDRESSES, deployed.port)
    assert len(settings.sealing_key()) >= 32
    assert settings.database_url.reveal() == DATABASE
    assert settings.redis_url is not None
    assert settings.redis_url.reveal() == REDIS
    assert settings.migration_database_url is None


def test_the_migration_acts_as_the_owner_and_knows_nobody_else() -> None:
    deployed = in_the_cluster(FULL, "migrate")
    secret = {value for name, value in deployed.environment.items() if name.startswith("BURSAR_")}
    assert secret == {OWNER_DATABASE}


def test_the_values_reach_the_settings() -> None:
    settings = Settings.from_environment(in_the_cluster(FULL, "api").environment)
    assert (settings.workers, settings.database_pool_size, settings.log_level) == (2, 25, "debug")
    assert settings.shutdown_grace_seconds == 20
    worker = Settings.from_environment(in_the_cluster(FULL, "worker").environment)
    assert (worker.worker_port, worker.worker_concurrency) == (9001, 8)
    assert worker.checkpoint_key_file == Path("/run/secrets/bursar/checkpoint.pem")
    for both in (settings, worker):
        assert both.fulfilment_url == "https://orders.example/handed-over"
        assert both.fulfilment_token is not None
        assert both.webhook_denied_networks == "100.100.0.0/16,2001:db8::/32"


@pytest.mark.parametrize("part", ["api", "worker"])
def test_on_one_machine_too_only_the_migration_is_the_owner(part: str) -> None:
    environment = on_one_machine(part).environment
    assert not any(VARIABLES["BURSAR_OWNER_PASSWORD"] in value for value in environment.values())
    assert not any(VARIABLES["POSTGRES_PASSWORD"] in value for value in environment.values())
    owner = on_one_machine("migrate").environment
    assert [name for name, value in owner.items() if VARIABLES["BURSAR_OWNER_PASSWORD"] in value] == [
        "BURSAR_DATABASE_URL"
    ]
