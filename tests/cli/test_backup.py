"""`backup` and `restore` on both databases: the copy is one whole moment, a spoiled one is refused, and after
a restore everything that was withdrawn since stays withdrawn, or nothing starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway import config
from gateway.errors import ConfigurationError
from gateway.hub.store import Store
from gateway.intake import Offered
from gateway.service import build
from tests.cli.conftest import CONFIG, Invoke
from tests.databases import OWNER, as_role
from tests.end_to_end.invented import Child

TENANT = "fjordbyen"
CHILD = Child(3)
WITHDRAWN = {"tidspunkt": "2026-11-20T12:00:00+01:00", "av": f"{CHILD.log}-mor"}


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of an installation that knows nobody yet."""
    if not database_url.startswith("sqlite"):
        monkeypatch.setenv("STAFETTBRO_OWNER_URL", as_role(database_url, OWNER))
        monkeypatch.setenv("STAFETTBRO_BACKUP_URL", as_role(database_url, "postgres"))
    (tmp_path / "token").write_text("a-secret-that-must-not-be-shown")
    path = tmp_path / "stafettbro.toml"
    path.write_text(CONFIG.format(url=database_url, folder=tmp_path))
    return path


def take(path: Path, records: list[dict[str, Any]]) -> None:
    """As the stafettlogg hands them in."""
    service = build(config.load(path))
    try:
        system = service.settings.system("stafettlogg")
        assert system is not None
        answers = service.intake.take(system, [Offered(record) for record in records])
        assert {one.status.value for one in answers} <= {"stored", "unchanged"}, answers
    finally:
        service.close()


def count(path: Path, statement: str) -> int:
    store = Store(config.load(path).database_url)
    with store.read(TENANT) as connection:
        found = int(connection.execute(text(statement)).scalar_one())
    store.close()
    return found


def versions(path: Path) -> int:
    return count(path, "SELECT count(*) FROM resource_version")


def withdraw(path: Path) -> None:
    take(path, [CHILD.consent("s", 60) | {"trukket": WITHDRAWN}])


def withdrawals(path: Path) -> int:
    """Versions of the child's consent."""
    return count(path, "SELECT count(*) FROM resource_version WHERE ref LIKE 'Consent/%'")


def backed_up(invoke: Invoke, installation: Path, folder: Path) -> int:
    """A copy of an installation that knows the child; how many versions it holds."""
    take(installation, [*CHILD.log_records(), CHILD.goal("m1", 1)])
    done = invoke("backup", str(folder), "--config", str(installation))
    assert done.exit_code == 0, done.output
    return versions(installation)


def test_a_copy_brings_back_that_moment_and_what_was_withdrawn_since(
    invoke: Invoke, installation: Path, tmp_path: Path
) -> None:
    before = backed_up(invoke, installation, tmp_path / "copy")
    consents = withdrawals(installation)
    take(installation, [CHILD.goal("m2", 2)])
    withdraw(installation)
    assert versions(installation) > before
    done = invoke("restore", str(tmp_path / "copy"), "--config", str(installation), "--replace")
    assert done.exit_code == 0, done.output
    assert "1 withdrawals" in done.output
    assert withdrawals(installation) == consents + 1
    assert versions(installation) == before + 1  # the goal that came later has to come again


def test_without_its_journal_a_restored_database_is_of_no_use(
    invoke: Invoke, installation: Path, tmp_path: Path
) -> None:
    backed_up(invoke, installation, tmp_path / "copy")
    withdraw(installation)
    journal = tmp_path / "state" / "journal" / "consents.ndjson"
    journal.unlink()
    with pytest.raises(ConfigurationError, match="journal is missing"):
        build(config.load(installation))
    refused = invoke("restore", str(tmp_path / "copy"), "--config", str(installation), "--replace")
    assert (refused.exit_code, "is missing" in refused.output) == (3, True)


def test_a_journal_that_is_lost_needs_every_route_closed(
    invoke: Invoke, installation: Path, tmp_path: Path
) -> None:
    backed_up(invoke, installation, tmp_path / "copy")
    withdraw(installation)
    (tmp_path / "state" / "journal" / "consents.ndjson").unlink()
    words = ["restore", str(tmp_path / "copy"), "--config", str(installation), "--replace", "--journal-lost"]
    refused = invoke(*words)
    assert (refused.exit_code, "open = false" in refused.output) == (3, True)
    routes = installation.read_text().replace("\nopen = false", "")
    installation.write_text(routes.replace("[[routes]]", "[[routes]]\nopen = false"))
    done = invoke(*words)
    assert done.exit_code == 0, done.output
    build(config.load(installation)).close()


def test_an_older_journal_stops_every_start(invoke: Invoke, installation: Path, tmp_path: Path) -> None:
    backed_up(invoke, installation, tmp_path / "copy")
    journal = tmp_path / "state" / "journal" / "consents.ndjson"
    older = journal.read_bytes()
    withdraw(installation)
    journal.write_bytes(older)
    with pytest.raises(ConfigurationError, match="older"):
        build(config.load(installation))


@pytest.mark.parametrize("spoil", ["cut", "changed", "no manifest"])
def test_a_copy_that_is_not_whole_changes_nothing(
    invoke: Invoke, installation: Path, tmp_path: Path, spoil: str
) -> None:
    held = backed_up(invoke, installation, tmp_path / "copy")
    copy = next(p for p in (tmp_path / "copy").iterdir() if p.name != "manifest.json")
    whole = copy.read_bytes()
    if spoil == "no manifest":
        (tmp_path / "copy" / "manifest.json").unlink()
    else:
        copy.write_bytes(whole[:-1] if spoil == "cut" else whole[:-1] + bytes([whole[-1] ^ 1]))
    refused = invoke("restore", str(tmp_path / "copy"), "--config", str(installation), "--replace")
    assert refused.exit_code == 3
    assert versions(installation) == held


def test_nothing_is_put_over_a_database_or_a_copy_that_is_there(
    invoke: Invoke, installation: Path, tmp_path: Path
) -> None:
    held = backed_up(invoke, installation, tmp_path / "copy")
    assert invoke("restore", str(tmp_path / "copy"), "--config", str(installation)).exit_code == 3
    assert invoke("backup", str(tmp_path / "copy"), "--config", str(installation)).exit_code == 3
    assert versions(installation) == held
