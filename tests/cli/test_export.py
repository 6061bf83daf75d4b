"""`export` writes everything about a person so that it can be read without the gateway, and notes it."""

from __future__ import annotations

import base64
import json
import re
import stat
import zipfile
from contextlib import closing
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import jsontext
from gateway.cli import export_files
from gateway.hub.schema.tables import disclosure, resource_version
from tests.cli.conftest import SAMPLES, Installation, Invoke, install
from tests.sealed import looking, said

EMMA = "14831770229"
NASTY = "<script>alert('x')</script> & \"sitat\" {{ 7*7 }} </dd>"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Path]:
    """Emma, with words that would harm a careless page, a second version, odd numbers and documents."""
    from typer.testing import CliRunner

    from gateway.cli import app

    folder = tmp_path_factory.mktemp("export")
    installed = install(folder)
    records = jsontext.decode((SAMPLES / "stafettlogg" / "emma.json").read_bytes())
    goal = next(r for r in records if r["type"] == "maal")
    later = goal | {
        "tekst": NASTY,
        "egneOrd": NASTY,
        "endret": "2026-11-20T10:00:00+01:00",
        "vekt": Decimal("1.10"),
    }
    document = next(r for r in records if r["type"] == "dokument") | {
        "id": "e-dok-html", "tittel": f"../../{EMMA} CON <b>.html", "mimetype": "text/html",
        "innhold": base64.b64encode(b"<script>alert(1)</script>").decode(),
    }  # fmt: skip
    runner = CliRunner()
    for name, content in (("first", records), ("second", [later, document])):
        file = folder / f"{name}.json"
        file.write_bytes(jsontext.encode(content))
        done = runner.invoke(app, ["import", "stafettlogg", str(file), "-c", str(installed.config)])
        assert done.exit_code == 0, done.output
    out = folder / "ut"
    done = runner.invoke(
        app, ["export", "stafettlogg:emma-logg", "-c", str(installed.config), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    return installed, out


class Page(HTMLParser):
    """What a browser makes of a page: its elements, attributes and text."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.links += [str(found[key]) for key in ("href", "src") if key in found]
        self.ids += [str(found["id"])] if "id" in found else []
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(path: Path) -> Any:
    return jsontext.decode(path.read_bytes())


def test_the_page_opens_and_shows_what_was_written_as_text(exported: tuple[Installation, Path]) -> None:
    page = Page((exported[1] / "index.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert page.text.count(NASTY) >= 2
    assert "script" not in page.tags
    assert "b" not in page.tags
    for word in ("Mål", "Tiltak", "Samtykke", "Emma Sofie Nygård Testesen", "Hvem har fått vite hva", "nådd"):
        assert word in page.text
    assert "maal" not in page.text.replace("e-maal", "")


def test_the_page_needs_nothing_but_the_files_beside_it(exported: tuple[Installation, Path]) -> None:
    out = exported[1]
    page = Page((out / "index.html").read_text(encoding="utf-8"))
    assert page.links
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert (out / link).is_file(), link
    assert "default-src 'none'" in (out / "index.html").read_text()


def test_every_version_is_there_with_its_digits(exported: tuple[Installation, Path]) -> None:
    installed, out = exported
    with closing(looking(installed.url, installed.state)) as store, store.read("fjordbyen") as connection:
        rows = connection.execute(select(resource_version)).all()
        kept = {(row.ref, row.version): said(connection, resource_version, row) for row in rows}
    for (ref, version), resource in kept.items():
        stored = read(out / export_files.version_path(ref, version))
        assert jsontext.encode(stored["resource"]) == jsontext.encode(resource)
    assert len(list((out / "versjoner").rglob("*.json"))) == len(rows)
    assert max(row.version for row in rows) == 2
    held = (out / "koblinger.json").read_text()
    assert re.search(r'"vekt"[^}]*\b1\.10\b', held)  # what this system alone holds


def test_the_bundle_holds_what_holds_now(exported: tuple[Installation, Path]) -> None:
    bundle = read(exported[1] / "bundle.json")
    goals = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Goal"]
    assert bundle["type"] == "collection"
    assert NASTY in [goal["description"]["text"] for goal in goals]
    assert len({e["fullUrl"] for e in bundle["entry"]}) == len(bundle["entry"])


def test_documents_are_byte_for_byte_under_names_that_harm_nobody(
    exported: tuple[Installation, Path],
) -> None:
    out = exported[1]
    source = next(r for r in read(SAMPLES / "stafettlogg" / "emma.json") if r["type"] == "dokument")
    files = sorted((out / "dokumenter").iterdir())
    contents = [file.read_bytes() for file in files]
    assert base64.b64decode(source["innhold"]) in contents
    active = files[contents.index(b"<script>alert(1)</script>")]
    assert active.suffix == ".txt"
    assert not any(EMMA in str(path) or ".." in path.name for path in out.rglob("*"))


def test_only_the_caller_may_read_it(exported: tuple[Installation, Path]) -> None:
    assert stat.S_IMODE(exported[1].stat().st_mode) == 0o700
    assert stat.S_IMODE((exported[1] / "index.html").stat().st_mode) == 0o600


def test_the_export_stands_among_the_disclosures(
    exported: tuple[Installation, Path], invoke: Invoke, tmp_path: Path
) -> None:
    installed, _ = exported
    done = invoke(
        "export",
        "--national-id",
        "-",
        "-c",
        installed.config,
        "--out",
        tmp_path / "ut.zip",
        stdin=f"{EMMA}\n",
    )
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "ut.zip") as archive:
        told = json.loads(archive.read("utleveringer.json"))
        assert "uttrekk på kommandolinja" in archive.read("index.html").decode()
    assert (told[0]["channel"], told[0]["state"]) == ("export", "delivered")
    assert told[0]["client"].startswith("command line: ")
    assert any(item["ref"].startswith("Goal/") for item in told[0]["items"])


def test_nothing_is_overwritten(exported: tuple[Installation, Path], invoke: Invoke) -> None:
    installed, out = exported
    before = (out / "index.html").read_bytes()
    done = invoke("export", "stafettlogg:emma-logg", "-c", installed.config, "--out", out)
    assert (done.exit_code, "exists already" in done.stderr) == (3, True)
    assert (out / "index.html").read_bytes() == before


@pytest.mark.parametrize(
    "arguments", [(), ("stafettlogg:emma-logg", "--national-id", "-"), ("--national-id", EMMA), (EMMA,)]
)
def test_a_person_is_named_once_and_never_by_number(
    exported: tuple[Installation, Path], invoke: Invoke, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = invoke("export", *arguments, "-c", exported[0].config, "--out", tmp_path / "x")
    assert done.exit_code == 3
    assert "Name the person once" in done.stderr or "not taken from a command line" in done.stderr
    assert EMMA not in done.output
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("title", "name"),
    [("Referat: mai/juni", "Referat_ mai_juni"), ("..", "uten navn"), ("Møte 4. mai", "Møte 4. mai"),
     ("a\x00b\nc", "a_b_c"), (f"om {EMMA}", "om nummer"), ("x" * 300, "x" * 80)],
)  # fmt: skip
def test_titles_become_names_of_files(title: str, name: str) -> None:
    assert export_files.safe(title) == name


# --- for one reader --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jonas(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Jonas, with a note that his guardians are not to know of."""
    from typer.testing import CliRunner

    from gateway.cli import app

    installed = install(tmp_path_factory.mktemp("jonas"))
    file, report = SAMPLES / "stafettlogg" / "jonas.json", installed.folder / "jonas.report.jsonl"
    arguments = ["import", "stafettlogg", str(file), "-c", str(installed.config), "--report", str(report)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return installed


def exported_for(installed: Installation, invoke: Invoke, reader: str) -> tuple[str, dict[str, Any]]:
    """All text of an export for a reader, and its bundle."""
    out = installed.folder / reader.replace(":", "-")
    done = invoke("export", "stafettlogg:jonas-logg", "--for", reader, "--out", out, "-c", installed.config)
    assert done.exit_code == 0, done.output
    files = {
        f.relative_to(out).as_posix(): f.read_text(errors="replace") for f in out.rglob("*") if f.is_file()
    }
    return "\n".join(files.values()), json.loads(files["bundle.json"])


def ids_of(role: str) -> list[str]:
    found = jsontext.decode((SAMPLES / "stafettlogg" / "jonas.json").read_bytes())
    return [r["id"] for r in found if r.get("rolle") == role]


def test_an_export_for_a_guardian_holds_what_guardians_may_see(jonas: Installation, invoke: Invoke) -> None:
    text, bundle = exported_for(jonas, invoke, f"stafettlogg:{ids_of('foresatt')[0]}")
    types = {one["resource"]["resourceType"] for one in bundle["entry"]}
    assert {"Goal", "ServiceRequest", "CarePlan", "Patient"} <= types
    assert "hasj" not in text  # the note that is withheld from guardians
    whole = jonas.folder / "whole"
    invoke("export", "stafettlogg:jonas-logg", "--out", whole, "-c", jonas.config)
    assert "hasj" in (whole / "index.html").read_text()
    assert len(bundle["entry"]) < len(json.loads((whole / "bundle.json").read_text())["entry"])


def test_an_export_for_the_child_holds_what_guardians_are_not_to_know(
    jonas: Installation, invoke: Invoke
) -> None:
    text, _ = exported_for(jonas, invoke, f"stafettlogg:{ids_of('barn')[0]}")
    assert "hasj" in text


def test_an_export_for_a_system_holds_what_a_delivery_would(jonas: Installation, invoke: Invoke) -> None:
    opened = jonas.config.read_text().replace("open = false", "open = true")
    jonas.config.write_text(opened)
    text, bundle = exported_for(jonas, invoke, "bup")
    types = {one["resource"]["resourceType"] for one in bundle["entry"]}
    assert "Goal" in types
    assert "Appointment" not in types  # nobody has consented to meetings
    assert "hasj" not in text


def test_an_export_for_nobody_who_takes_part_is_refused(jonas: Installation, invoke: Invoke) -> None:
    refused = invoke("export", "stafettlogg:jonas-logg", "--for", "stafettlogg:j-m1", "-c", jonas.config)
    assert refused.exit_code == 3
    assert "takes no part" in refused.stderr


def test_what_a_reader_gets_is_noted_with_its_ground(jonas: Installation, invoke: Invoke) -> None:
    exported_for(jonas, invoke, f"stafettlogg:{ids_of('foresatt')[-1]}")
    exports = (disclosure.c.recipient == "~export", disclosure.c.channel == "export")
    with closing(looking(jonas.url, jonas.state)) as store, store.read("fjordbyen") as connection:
        rows = connection.execute(select(disclosure).where(*exports)).all()
        last = [said(connection, disclosure, row) for row in rows]
    assert last
    assert {item["ground"] for items in last for item in items} <= {"access", "own"}
