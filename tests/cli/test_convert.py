"""`convert`: there and back gives each record as it was; what is refused is named, the rest is converted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway import jsontext
from tests.cli.conftest import ROOT, SAMPLES, Installation, Invoke, Run

OWN = sorted(SAMPLES.glob("*/*.json"))
SHARED = ROOT.parent / "shared" / "data"


def exact(value: Any) -> bytes:
    """A value as text in which 1.1 and 1.10 differ, and the order of keys does not count."""
    return msgspec.json.encode(_with_written_numbers(value), order="sorted")


def _with_written_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _with_written_numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_written_numbers(v) for v in value]
    return value if isinstance(value, str | bool) or value is None else {"number": str(value)}


def there_and_back(run: Run, system: str, content: bytes) -> Any:
    there = run("convert", system, stdin=content)
    assert (there.returncode, there.stderr) == (0, b"")
    assert jsontext.decode(there.stdout)["resourceType"] == "Bundle"
    back = run("convert", "--back", system, stdin=there.stdout)
    assert (back.returncode, back.stderr) == (0, b"")
    return jsontext.decode(back.stdout)


@pytest.mark.parametrize("path", OWN, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_record_of_the_demo_comes_back_as_it_was(run: Run, path: Path) -> None:
    content = path.read_bytes()
    assert exact(there_and_back(run, path.parent.name, content)) == exact(jsontext.decode(content))


@pytest.mark.parametrize(
    "name",
    ["stafettlogg/emma", "stafettlogg/jonas", "stafettlogg/amina", "individuell-plan/emma",
     "individuell-plan/amina"],
)  # fmt: skip
def test_every_shared_record_comes_back_as_it_was(run: Run, shared_data: Path, name: str) -> None:
    content = (shared_data / f"{name}.json").read_bytes()
    assert exact(there_and_back(run, name.partition("/")[0], content)) == exact(jsontext.decode(content))


def test_what_fhir_cannot_say_comes_back(invoke: Invoke) -> None:
    goal = (
        '{"type":"maal","id":"m1","logg":"l1","endret":"2026-05-04T10:30:00.120+02:00","endretAv":"d1",'
        '"tekst":"Gå på skolen","status":"aktiv","vekt":1.10,"tomt":"","liste":[],'
        '"stort":12345678901234567890.5}'
    )
    there = invoke("convert", "stafettlogg", stdin=goal)
    back = invoke("convert", "--back", "stafettlogg", stdin=there.stdout)
    assert exact(jsontext.decode(back.stdout)) == exact([jsontext.decode(goal)])
    assert '"vekt":1.10' in back.stdout
    assert "Gå på skolen" in back.stdout  # UTF-8, not escapes


def test_a_refused_record_is_named_and_the_rest_converted(invoke: Invoke) -> None:
    good = {"type": "lysglimt", "id": "l-1", "logg": "l", "endret": "2026-05-04T10:30:00+02:00",
            "endretAv": "d", "tekst": "Hun lo i dag", "tidspunkt": "2026-05-04T10:00:00+02:00"}  # fmt: skip
    bad = good | {"id": "l-2", "endret": "i går", "tekst": "hemmelig"}
    done = invoke("convert", "stafettlogg", stdin=jsontext.encode([bad, good]).decode())
    assert done.exit_code == 1
    assert re.match(r"record 1 \(l-2\): endret: .+", done.stderr)
    assert "hemmelig" not in done.stderr
    assert "i går" not in done.stderr
    back = invoke("convert", "--back", "stafettlogg", stdin=done.stdout)
    assert jsontext.decode(back.stdout) == [good]


def test_the_shared_bad_records_are_refused_by_field(run: Run, shared_data: Path) -> None:
    done = run("convert", "stafettlogg", shared_data / "stafettlogg" / "rot.json")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert len({line.partition(":")[0] for line in lines}) == 7
    assert any(line.startswith("record 3 (r-m2): endret:") for line in lines)


@pytest.mark.parametrize(
    ("stdin", "says"),
    [("", "empty"), ("[1", "not JSON"), ('{"resourceType":"Goal"}', "takes a FHIR Bundle")],
)
def test_input_that_cannot_be_read_is_said_in_words(invoke: Invoke, stdin: str, says: str) -> None:
    done = invoke("convert", "--back", "stafettlogg", stdin=stdin)
    assert (done.exit_code, done.stdout) == (3, "")
    assert says in done.stderr


def test_a_value_that_is_no_record_is_refused(invoke: Invoke) -> None:
    done = invoke("convert", "stafettlogg", stdin="[null, 7]")
    assert done.exit_code == 1
    assert done.stderr.startswith("record 1: the whole record: ")
    assert "record 2: " in done.stderr


def test_an_unknown_system_is_told_what_there_is(invoke: Invoke) -> None:
    done = invoke("convert", "kjernejournal", stdin="[]")
    assert done.exit_code == 3
    assert "stafettlogg, individuell-plan and leverandoer-x" in done.stderr
    assert "--mapping FILE" in done.stderr


def test_a_missing_file_is_named(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("convert", "stafettlogg", tmp_path / "borte.json")
    assert done.exit_code == 3
    assert done.stderr.strip() == f"{tmp_path / 'borte.json'}: No such file or directory"


def test_a_byte_order_mark_is_no_part_of_the_record(invoke: Invoke) -> None:
    assert invoke("convert", "stafettlogg", stdin="\ufeff[]").exit_code == 0


def test_a_mapping_file_of_ones_own(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[system]\nname = "x"\nsections = ["delmaal"]\n')
    done = invoke("convert", "x", "--mapping", file, stdin="[]")
    assert done.exit_code == 3
    assert "wrong.toml" in done.stderr


def test_a_configured_system_is_converted_by_its_mapping(installation: Installation, invoke: Invoke) -> None:
    file = SAMPLES / "stafettlogg" / "emma.json"
    text = installation.config.read_text().replace(
        'id = "individuell-plan"', 'id = "vaar-logg"\nmapping = "stafettlogg"'
    )
    installation.config.write_text(text.replace('recipient = "individuell-plan"', 'recipient = "vaar-logg"'))
    done = invoke("convert", "vaar-logg", file, "-c", installation.config)
    assert done.exit_code == 0, done.stderr
    fhir = invoke("convert", "bup", file, "-c", installation.config)
    assert fhir.exit_code == 3
    assert "speaks FHIR already" in fhir.stderr


def test_pretty_changes_no_value(invoke: Invoke) -> None:
    file = SAMPLES / "stafettlogg" / "emma.json"
    plain, pretty = invoke("convert", "stafettlogg", file), invoke("convert", "stafettlogg", file, "--pretty")
    assert pretty.stdout.count("\n") > 100 > plain.stdout.count("\n")
    assert exact(jsontext.decode(pretty.stdout)) == exact(jsontext.decode(plain.stdout))


def test_it_starts_without_the_service_behind_it() -> None:
    program = (
        "import sys; sys.argv = ['x', 'convert', 'stafettlogg']\n"
        "from gateway.cli import app\n"
        "try: app()\nexcept SystemExit as e: code = e.code\n"
        "heavy = {'fastapi', 'sqlalchemy', 'uvicorn', 'alembic', 'httpx', 'fhir'} & sys.modules.keys()\n"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"[]", capture_output=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
