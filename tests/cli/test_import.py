"""`import`: a file goes in whole, once, whatever happens on the way; the report says what became of each."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from gateway import jsontext
from gateway.hub.schema.tables import link
from gateway.hub.store import Store
from tests.cli.conftest import ROOT, SAMPLES, Installation, Invoke, children, install
from tests.sealed import looking, said

RECORDS = 20  # per child, beside the log


def many(count: int, editions: int = 1) -> bytes:
    """Invented children with a log, one participant and small good things each, the first of these in several
    editions; the log of every second one comes last."""
    out: list[dict[str, Any]] = []
    for child in range(count):
        log = f"logg-{child}"
        base = {"logg": log, "endret": "2026-05-04T10:30:00+02:00", "endretAv": f"d-{child}"}
        own: list[dict[str, Any]] = [
            {"type": "stafettlogg", "id": log, "endret": base["endret"], "endretAv": f"d-{child}",
             "status": "aktiv", "barn": {"navn": {"fornavn": "Barn", "etternavn": f"Nummer {child}"},
                                         "foedt": "2016-01-02", "adressebeskyttelse": "ugradert"}},
            {"type": "deltaker", "id": f"d-{child}", **base,
             "navn": {"fornavn": "Kari", "etternavn": "Lærer"}, "rolle": "stafettholder"},
            *({"type": "lysglimt", "id": f"g-{child}-{i}", **base, "tekst": f"Noe godt {i}",
               "tidspunkt": base["endret"]} for i in range(RECORDS - 1)),
        ]  # fmt: skip
        later = [
            own[2] | {"endret": f"2026-05-{4 + edition:02}T10:30:00+02:00", "tekst": f"Utgave {edition}"}
            for edition in range(1, editions)
        ]
        out += (own[::-1] if child % 2 else own) + later
    return jsontext.encode(out)


def start(installed: Installation, file: Path, *more: str) -> subprocess.Popen[bytes]:
    arguments = ["import", "stafettlogg", str(file), "-c", str(installed.config), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(holds: Callable[[], bool]) -> None:
    """Look until it holds, for at most a minute."""
    pause = threading.Event()
    for _ in range(6000):
        if holds():
            return
        pause.wait(0.01)
    pytest.fail("it never came to that")


def taken_in(installed: Installation) -> int:
    """How many records are in, as the hub says."""
    asked = text("SELECT coalesce(sum(position), 0) FROM import_part")
    try:
        with closing(Store(installed.url)) as store, store.read("fjordbyen") as connection:
            return int(connection.execute(asked).scalar_one())
    except DBAPIError:  # the tables are not there yet, or SQLite is being written to
        return 0


def reached(installed: Installation, records: float, process: subprocess.Popen[bytes]) -> bool:
    """Whether so much is in, or it has ended."""
    return taken_in(installed) >= records or process.poll() is not None


def report(file: Path) -> list[dict[str, Any]]:
    lines = file.with_name(f"{file.name}.stafettlogg.report.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def hub(installed: Installation) -> list[tuple[Any, ...]]:
    """What the hub holds, without its random ids: each record's own id, versions, and what is held of it."""
    with closing(looking(installed.url, installed.state)) as store, store.read("fjordbyen") as connection:
        links = connection.execute(select(link)).all()
        held = {row.native_id: jsontext.encode(said(connection, link, row)).decode() for row in links}
        versions = dict(
            connection.execute(text("SELECT ref, count(*) FROM resource_version GROUP BY ref")).all()
        )
        people = connection.execute(text("SELECT count(*) FROM person")).scalar()
    own = {row.ref.partition("/")[2]: row.native_id for row in links}
    own |= {row.person: f"person of {row.native_id}" for row in links if row.ref.startswith("CarePlan/")}
    out: list[tuple[Any, ...]] = [("persons", people), ("resources", len(versions), sum(versions.values()))]
    for row in links:
        content = held[row.native_id]
        for random, native in own.items():
            content = content.replace(random, native)
        out.append((row.native_id, versions[row.ref], content))
    return sorted(out, key=str)


def straight(tmp_path: Path, invoke: Invoke, content: bytes) -> list[tuple[Any, ...]]:
    """The hub after an import that nothing disturbed."""
    folder = tmp_path / "straight"
    folder.mkdir()
    installed = install(folder)
    (folder / "r.json").write_bytes(content)
    done = invoke("import", "stafettlogg", folder / "r.json", "-c", installed.config)
    assert done.exit_code == 0, done.output
    return hub(installed)


def test_a_file_goes_in_and_the_report_tells_of_each_record(
    installation: Installation, invoke: Invoke
) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma", "jonas"))
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    assert done.exit_code == 0, done.output
    records = jsontext.decode(file.read_bytes())
    lines = report(file)
    assert [line["id"] for line in lines] == [record["id"] for record in records]
    assert [line["number"] for line in lines] == list(range(1, len(records) + 1))
    assert {line["status"] for line in lines} == {"stored"}
    assert f"{len(records)}  stored" in done.stdout


def test_the_report_holds_nothing_of_the_content(installation: Installation, invoke: Invoke) -> None:
    bad = jsontext.decode(children("emma"))
    bad[0]["barn"]["fnr"] = "14831770220"
    bad[9] |= {"endret": "i går formiddag"}
    file = installation.folder / "r.json"
    file.write_bytes(jsontext.encode(bad))
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    assert done.exit_code == 1
    said = done.output + (file.with_name(f"{file.name}.stafettlogg.report.jsonl")).read_text()
    for secret in ("14831770220", "i går formiddag", "Testesen", "Solvang"):
        assert secret not in said
    rejected = {line["id"]: line["problems"] for line in report(file) if line["status"] == "rejected"}
    assert [p["field"] for p in rejected["emma-logg"]] == ["barn.fnr"]


def test_the_same_file_again_is_done_already_and_changes_nothing(
    installation: Installation, invoke: Invoke
) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    arguments = ("import", "stafettlogg", file, "-c", installation.config)
    invoke(*arguments)
    before = hub(installation)
    second = invoke(*arguments)
    assert (second.exit_code, "nothing was done" in second.stdout) == (0, True)
    third = invoke(*arguments, "--again")
    assert "unchanged" in third.stdout
    assert {line["status"] for line in report(file)} == {"unchanged"}
    assert hub(installation) == before


def test_killed_again_and_again_it_goes_on_and_ends_the_same(
    database_url: str, invoke: Invoke, tmp_path: Path
) -> None:
    """kill -9 at three points on the way, the processes beside it too where there are some."""
    content = many(24, editions=3)
    installed = install(tmp_path, database_url)
    file = tmp_path / "r.json"
    file.write_bytes(content)
    beside = () if database_url.startswith("sqlite") else ("--processes", "2")
    total = len(jsontext.decode(content))
    for part in (0.1, 0.3, 0.6):
        process = start(installed, file, *beside)
        until(partial(reached, installed, part * total, process))
        process.kill()
        process.communicate()
    assert 0 < taken_in(installed) < total
    done = invoke("import", "stafettlogg", file, "-c", installed.config, *beside)
    assert done.exit_code == 0, done.output
    assert [line["number"] for line in report(file)] == list(range(1, total + 1))
    assert {line["status"] for line in report(file)} == {"stored"}  # none was offered a second time
    assert hub(installed) == straight(tmp_path, invoke, content)


def test_killed_while_its_processes_start_it_leaves_none_behind(postgres_url: str, tmp_path: Path) -> None:
    installed = install(tmp_path, postgres_url)
    file = tmp_path / "r.json"
    file.write_bytes(many(40))
    process = start(installed, file, "--processes", "2")
    until(lambda: len(beneath(process.pid)) >= 2)
    process.kill()
    process.communicate(timeout=60)  # they hold its output open for as long as they live


def beneath(pid: int) -> list[str]:
    """The processes it has started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_interrupted_it_ends_what_is_under_way_and_says_how_to_go_on(
    installation: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    content = many(60)
    file = installation.folder / "r.json"
    file.write_bytes(content)
    process = start(installation, file)
    until(lambda: taken_in(installation) > 0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"goes on from there" in said
    assert b"Traceback" not in said
    assert len(report(file)) == taken_in(installation)
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 0
    assert hub(installation) == straight(tmp_path, invoke, content)


def test_what_the_hub_has_kept_and_the_working_file_has_not_is_known_all_the_same(
    installation: Installation, invoke: Invoke
) -> None:
    """The moment between the two: the crash that costs an answer."""
    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    invoke("import", "stafettlogg", file, "-c", installation.config)
    before, lines = hub(installation), report(file)
    with closing(sqlite3.connect(file.with_name(f"{file.name}.stafettlogg.report.jsonl.work"))) as work:
        work.execute("DELETE FROM answer")
        work.execute("UPDATE about SET told = 0")
        work.commit()
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 0
    assert report(file) == lines
    assert hub(installation) == before


def test_after_an_older_database_was_put_back_nothing_is_said_to_be_in(
    installation: Installation, invoke: Invoke
) -> None:
    first, file = installation.folder / "f.json", installation.folder / "r.json"
    first.write_bytes(children("jonas"))
    file.write_bytes(children("emma"))
    invoke("import", "stafettlogg", first, "-c", installation.config)
    arguments = ("import", "stafettlogg", file, "-c", installation.config)
    with closing(Store(installation.url)) as store:
        database = Path(str(store.url.database))
    older = database.read_bytes()
    before = hub(installation)
    assert invoke(*arguments).exit_code == 0
    after = hub(installation)
    for beside in ("-wal", "-shm"):
        database.with_name(database.name + beside).unlink(missing_ok=True)
    database.write_bytes(older)
    assert hub(installation) == before
    told = invoke(*arguments)
    assert (told.exit_code, "--again" in told.output) == (3, True), told.output
    assert "nothing was done" not in told.output
    assert invoke(*arguments, "--again").exit_code == 0
    assert hub(installation) == after


def test_the_rejected_are_listed_apart_without_content(installation: Installation, invoke: Invoke) -> None:
    records = jsontext.decode(children("emma"))
    records[9] |= {"endret": "i går formiddag"}
    file = installation.folder / "r.json"
    file.write_bytes(jsontext.encode(records))
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    assert done.exit_code == 1
    path = file.with_name(f"{file.name}.stafettlogg.report.jsonl.rejected.jsonl")
    assert str(path) in done.stdout.replace("\n", "")
    (line,) = [json.loads(one) for one in path.read_text().splitlines()]
    assert (line["number"], line["id"], line["problems"][0]["field"]) == (10, records[9]["id"], "endret")
    assert "formiddag" not in path.read_text()


def test_a_folder_of_files_goes_in_as_one_history(
    installation: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    content = many(6)
    records = jsontext.decode(content)
    folder = tmp_path / "eksport"
    folder.mkdir()
    (folder / "a.ndjson").write_bytes(b"\n".join(jsontext.encode(r) for r in records[:50]))
    (folder / "b.json").write_bytes(jsontext.encode(records[50:]))
    (folder / "les-meg.txt").write_text("ingenting")
    assert invoke("import", "stafettlogg", folder, "-c", installation.config).exit_code == 0
    assert [line["id"] for line in report(folder)] == [r["id"] for r in records]
    assert hub(installation) == straight(tmp_path, invoke, content)


def test_an_empty_folder_is_said_to_be_empty(
    installation: Installation, invoke: Invoke, tmp_path: Path
) -> None:
    (tmp_path / "tom").mkdir()
    done = invoke("import", "stafettlogg", tmp_path / "tom", "-c", installation.config)
    assert (done.exit_code, "no file to import" in done.stderr) == (3, True)


def test_lanes_that_history_wakes_wait_behind_what_is_written_today(
    installation: Installation, invoke: Invoke
) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 0
    with create_engine(installation.url).connect() as connection:
        lanes = connection.execute(text("SELECT state, backfill FROM lane")).all()
    assert {tuple(one) for one in lanes} == {("waiting", 1)}


def test_several_processes_are_for_postgresql(installation: Installation, invoke: Invoke) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    done = invoke("import", "stafettlogg", file, "-c", installation.config, "--processes", "2")
    assert (done.exit_code, "one process writes" in done.stderr) == (3, True)


def test_a_file_that_has_changed_is_taken_from_the_start(installation: Installation, invoke: Invoke) -> None:
    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    invoke("import", "stafettlogg", file, "-c", installation.config)
    file.write_bytes(children("jonas", "emma"))
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 0
    statuses = {line["id"]: line["status"] for line in report(file)}
    assert (statuses["jonas-logg"], statuses["emma-logg"]) == ("stored", "unchanged")


def test_what_waits_is_counted_when_all_is_in(installation: Installation, invoke: Invoke) -> None:
    records = jsontext.decode(children("emma"))
    stray = records[1] | {"id": "d-x", "logg": "finnes-ikke"}
    file = installation.folder / "r.json"
    file.write_bytes(jsontext.encode([stray, *records[::-1]]))
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    assert done.exit_code == 0
    assert "; 1 still wait" in done.stdout


def test_an_unreadable_line_harms_itself_alone(installation: Installation, invoke: Invoke) -> None:
    records = jsontext.decode(children("emma"))
    file = installation.folder / "r.ndjson"
    lines = [jsontext.encode(r) for r in records]
    file.write_bytes(b"\n".join([lines[0], b'{"type": "maal", ', b"\xff\xfe", *lines[1:]]))
    assert invoke("import", "stafettlogg", file, "-c", installation.config).exit_code == 1
    assert [line["status"] for line in report(file)] == ["stored", "rejected", "rejected"] + ["stored"] * (
        len(records) - 1
    )


def test_an_unknown_system_is_told_which_there_are(installation: Installation, invoke: Invoke) -> None:
    done = invoke("import", "visma", SAMPLES / "stafettlogg" / "emma.json", "-c", installation.config)
    assert done.exit_code == 3
    assert "stafettlogg, individuell-plan, bup" in done.stderr


def test_two_imports_with_one_report_do_not_mix(installation: Installation, invoke: Invoke) -> None:
    from gateway.cli.import_work import Work

    file = installation.folder / "r.json"
    file.write_bytes(children("emma"))
    other = Work(file.with_name("r.json.stafettlogg.report.jsonl"), "other", again=False)
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    other.close()
    assert done.exit_code == 3
    assert "Another import" in done.stderr


def test_it_goes_in_on_postgresql_too(postgres_url: str, tmp_path: Path, invoke: Invoke) -> None:
    content = many(12)
    installed = install(tmp_path, postgres_url)
    file = tmp_path / "r.json"
    file.write_bytes(content)
    assert invoke("import", "stafettlogg", file, "-c", installed.config).exit_code == 0
    assert [entry[:2] for entry in hub(installed)] == [
        entry[:2] for entry in straight(tmp_path, invoke, content)
    ]
