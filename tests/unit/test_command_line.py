"""What the command line says to its user when it cannot go on."""

import pytest

from entrypoints.cli.main import main


@pytest.mark.parametrize("command", ["api", "migrate", "seed", "maintain", "verify"])
def test_a_missing_setting_is_told_in_a_sentence(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "BURSAR_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    assert main([command]) != 0

    told = capsys.readouterr().err
    assert "database_url" in told
    assert "Traceback" not in told


def test_an_unknown_setting_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BURSAR_DATABASE_URL", "postgresql://nobody@127.0.0.1/none")
    monkeypatch.setenv("BURSAR_PROT", "8080")

    assert main(["api"]) == 1
    assert "prot" in capsys.readouterr().err
