"""The environment, checked once: a typing error is never silently a default."""

from pathlib import Path

import pytest

from entrypoints.settings import InvalidSettings, Settings

DATABASE = "postgresql://bursar:hunter2@db.example/bursar"
PEPPER = "p" * 32
ENVIRONMENT = {"BURSAR_DATABASE_URL": DATABASE, "PATH": "/usr/bin", "HOME": "/root"}


def settings(**variables: str) -> Settings:
    """Settings of a small environment, changed by these variables."""
    return Settings.from_environment(ENVIRONMENT | variables)


def test_a_database_is_all_that_must_be_said() -> None:
    found = settings()
    assert found.database_url.reveal() == DATABASE
    assert (found.host, found.port, found.workers, found.log_level) == ("127.0.0.1", 8080, 1, "info")
    assert found.redis_url is None


def test_without_a_database_nothing_starts() -> None:
    with pytest.raises(InvalidSettings, match="database_url"):
        Settings.from_environment({})


def test_numbers_and_paths_are_read_from_text() -> None:
    found = settings(
        BURSAR_PORT="9000", BURSAR_SHUTDOWN_GRACE_SECONDS="2.5", BURSAR_CHECKPOINT_DIRECTORY="/var/lib/bursar"
    )
    assert (found.port, found.shutdown_grace_seconds) == (9000, 2.5)
    assert found.checkpoint_directory == Path("/var/lib/bursar")


@pytest.mark.parametrize("name", ["BURSAR_PROT", "BURSAR_DATABASE_POOL", "BURSAR_", "BURSAR_PORT_"])
def test_a_name_we_do_not_know_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings, match=f"`{name.removeprefix('BURSAR_').lower()}`"):
        settings(**{name: "1"})


def test_the_names_of_other_programs_are_their_own() -> None:
    assert repr(settings(DATABASE_PASSWORD="x", BURSARY="x", MY_BURSAR_PORT="1")) == repr(settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PORT", "80.5"),
        ("PORT", ""),
        ("PORT", " 80"),
        ("WORKERS", "0"),
        ("WORKERS", "yes"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "101"),
        ("SHUTDOWN_GRACE_SECONDS", "-1"),
        ("SHUTDOWN_GRACE_SECONDS", "nan"),
        ("SHUTDOWN_GRACE_SECONDS", "inf"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "INFO"),
    ],
)
def test_a_bad_value_is_refused_and_its_variable_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=f"BURSAR_{name}"):
        settings(**{f"BURSAR_{name}": value})


def test_the_customary_names_of_platforms_are_understood() -> None:
    found = Settings.from_environment({"DATABASE_URL": DATABASE, "REDIS_URL": "redis://cache.example"})
    assert found.database_url.reveal() == DATABASE
    assert found.redis_url is not None
    assert found.redis_url.reveal() == "redis://cache.example"


def test_our_own_names_win_over_the_customary_ones() -> None:
    assert settings(DATABASE_URL="postgresql://elsewhere").database_url.reveal() == DATABASE


def test_secrets_do_not_show_themselves() -> None:
    found = settings(
        BURSAR_MIGRATION_DATABASE_URL=DATABASE, BURSAR_REDIS_URL="redis://:hunter2@cache", BURSAR_API_KEY_PEPPER=PEPPER
    )
    for shown in (repr(found), str(found), f"{found.database_url}", f"{found.api_key_pepper!r:>5}"):
        assert "hunter2" not in shown
        assert PEPPER not in shown


def test_a_refusal_does_not_show_the_secrets_either() -> None:
    with pytest.raises(InvalidSettings) as refusal:
        settings(BURSAR_API_KEY_PEPPER=PEPPER, BURSAR_PORT="hunter2-by-mistake")
    shown = f"{refusal.value!r} {refusal.value.__cause__!r}"
    assert PEPPER not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("pepper", ["", "p" * 31])
def test_a_pepper_has_32_characters_at_least(pepper: str) -> None:
    with pytest.raises(InvalidSettings, match="BURSAR_API_KEY_PEPPER") as refusal:
        settings(BURSAR_API_KEY_PEPPER=pepper).pepper()
    assert pepper == "" or pepper not in str(refusal.value)


def test_a_missing_pepper_is_refused_where_one_is_needed() -> None:
    with pytest.raises(InvalidSettings, match="BURSAR_API_KEY_PEPPER"):
        settings().pepper()


def test_a_pepper_is_used_byte_for_byte() -> None:
    assert settings(BURSAR_API_KEY_PEPPER=PEPPER).pepper() == PEPPER.encode()


def test_settings_do_not_change_while_the_process_runs() -> None:
    with pytest.raises(AttributeError):
        settings().port = 1  # type: ignore[misc]  # what must fail
