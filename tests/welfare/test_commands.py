"""What the command line does for the store of reports: `migrate` makes it, `check` looks at its key and its
recipient."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.end_to_end.configuration import toml
from tests.welfare.conftest import with_welfare


@pytest.fixture
def config(tmp_path: Path, issuer: Issuer) -> Path:
    hub = worlds.settings(f"sqlite:///{tmp_path / 'hub.db'}", tmp_path / "state", issuer)
    values = with_welfare(hub).model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    values["welfare"] = {"key_ref": "env:WELFARE_KEY"}
    path = tmp_path / "stafettbro.toml"
    path.write_text(toml(values), encoding="utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_migrate_makes_the_store_with_the_configured_key(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WELFARE_KEY", "a1" * 32)
    assert run("migrate", "--config", str(config)).exit_code == 0
    state = config.parent / "state"
    assert (state / "welfare.db").exists()
    assert not (state / "welfare.key").exists()
    monkeypatch.setenv("WELFARE_KEY", "b2" * 32)
    again = run("migrate", "--config", str(config))
    assert again.exit_code != 0
    assert "sealed with another key" in " ".join(again.output.split())


def test_check_says_that_the_key_is_not_there(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WELFARE_KEY", raising=False)
    said = " ".join(run("check", "--offline", "--config", str(config)).output.split())
    assert "the secret env:WELFARE_KEY is not set" in said
    monkeypatch.setenv("WELFARE_KEY", "a1" * 32)
    said = " ".join(run("check", "--offline", "--config", str(config)).output.split())
    assert "WELFARE_KEY is not set" not in said


def test_a_system_that_only_gets_reports_needs_no_route(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WELFARE_KEY", "a1" * 32)
    lines = run("check", "--offline", "--config", str(config)).output.splitlines()
    warned = [line for line in lines if "no route begins" in line]
    told = {word for line in warned for word in line.split()}
    assert "barnevern" not in told
    assert "ppt" in told
