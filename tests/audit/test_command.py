"""`stafettbro audit` as an operator sees it: a sentence, or what is wrong and where, and an exit code."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway import config
from gateway.cli import app
from gateway.hub.audit.heads import Head
from gateway.service import build
from tests.audit.standing import TENANT, Standing, filled

CONFIG = """
database_url = "sqlite:///{folder}/stafettbro.db"
state_folder = "{folder}"
audit_folder = "{folder}/beside"
audit_key_file = "{folder}/key.pem"
systems = []

[[tenants]]
id = "fjordbyen"
name = "Fjordbyen kommune"
"""


@pytest.fixture
def folder(sqlite_url: str, tmp_path: Path) -> Path:
    filled(sqlite_url, tmp_path).close()
    (tmp_path / "stafettbro.toml").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words, "--config", str(folder / "stafettbro.toml")])


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "stafettbro.db")) as connection, connection:
        connection.execute(statement)


def test_a_whole_one_is_said_to_be(folder: Path) -> None:
    done = run(folder, "verify")
    assert (done.exit_code, "Nothing was changed." in done.stdout) == (0, True)
    told = json.loads(run(folder, "verify", "--json").stdout)
    assert (told["whole"], told["entries"], told["heads"]) == (True, 55, 5)


def test_what_was_changed_is_named_and_the_exit_code_is_not_zero(folder: Path) -> None:
    change(folder, "UPDATE disclosure SET recipient = 'ppt' WHERE id LIKE '00000009%'")
    change(folder, "DELETE FROM audit WHERE number = 7")
    done = run(folder, "verify")
    assert done.exit_code == 1
    said = done.stdout.replace("\n", " ")
    assert said.index("entry 7 is gone") < said.index(
        "disclosure 00000009-0000-4000-8000-000000000000 was changed"
    )


def test_a_chain_that_was_cut_off_is_found_by_what_was_signed(folder: Path) -> None:
    change(folder, "DELETE FROM audit WHERE number > 40")
    change(folder, "DELETE FROM audit_block WHERE number > 2")
    told = json.loads(run(folder, "verify", "--json").stdout)
    assert {"where": "block 3", "what": "was signed and is gone: the chain was cut off"} in told["faults"]


def test_that_a_copy_was_put_back_is_signed_and_hides_nothing_that_was(sqlite_url: str, folder: Path) -> None:
    toml = str(folder / "stafettbro.toml")
    build(config.load(Path(toml))).close()  # as the gateway starts: the journal is there from then on
    assert CliRunner().invoke(app, ["backup", str(folder / "copy"), "--config", toml]).exit_code == 0
    later = Standing(sqlite_url, folder)
    later.note(900)
    assert later.sealer.round(TENANT)
    signed = later.signed()
    later.close()
    back = CliRunner().invoke(app, ["restore", str(folder / "copy"), "--config", toml, "--replace"])
    assert back.exit_code == 0, back.output
    done = run(folder, "verify")
    assert done.exit_code == 0, done.stdout
    after = Standing(sqlite_url, folder)
    lines = after.signed()
    after.close()
    assert lines[: len(signed)] == signed
    assert [one.restored for one in lines[len(signed) :] if isinstance(one, Head)] == [True]


def test_heads_without_their_key_are_no_proof_and_that_is_said(folder: Path) -> None:
    (folder / "key.pem").unlink()
    done = run(folder, "verify")
    assert done.exit_code == 3
    assert not (folder / "key.pem").exists()


def test_the_stream_goes_on_where_it_stopped(folder: Path) -> None:
    (folder / "stafettbro.toml").write_text(
        CONFIG.format(folder=folder).replace(
            "systems = []", f'systems = []\naudit_stream = {{ file = "{folder}/out" }}'
        )
    )
    assert run(folder, "stream").exit_code == 0
    assert run(folder, "stream").exit_code == 0
    assert len((folder / "out").read_bytes().splitlines()) == 55
