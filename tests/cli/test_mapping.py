"""`mapping check` and `mapping try`: what they say, how they end, and that they leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import jsontext
from mappings import load
from mappings.trial.cases import Case
from mappings.trial.laws import tried
from mappings.trial.search import bench
from tests.cli.conftest import ROOT, SAMPLES, Invoke

BROKEN = ROOT / "tests" / "mappings" / "broken"


def test_a_good_file_ends_with_0_and_tells_what_it_leaves_out(invoke: Invoke) -> None:
    result = invoke("mapping", "check", "individuell-plan", "--section", "hovedmaal", "--cases", 20)
    assert result.exit_code == 0
    assert "hovedmaal: the laws hold (20 cases" in result.stdout
    assert "unmapped: versjon" in result.stdout
    assert "in extensions: " in result.stdout
    assert "egneOrd" in result.stdout
    assert "startCodeableConcept" in result.stdout.partition("not shown: Goal")[2]


def test_a_broken_law_is_shown_with_record_fhir_and_arrow(invoke: Invoke) -> None:
    result = invoke("mapping", "check", BROKEN / "two-words-one-code.toml", "--cases", 40)
    assert result.exit_code == 1
    assert "goal: 1 of the laws broken" in result.stdout
    assert "[section.goal] fhir-alone" in result.stdout
    assert '"lifecycleStatus":"active"' in result.stdout
    assert '-> status: expected "startet", came "i gang"' in result.stdout
    assert "shared code: status (i gang and startet = active)" in result.stdout
    assert "code unknown here: status (accepted, cancelled, on-hold" in result.stdout


def test_words_that_mean_the_same_may_be_meant(invoke: Invoke) -> None:
    file = BROKEN / "two-words-one-code.toml"
    assert invoke("mapping", "check", file, "--cases", 40, "--synonyms", "--no-report").exit_code == 0


def test_a_mistake_is_named_with_file_line_and_rule_and_ends_with_3(invoke: Invoke) -> None:
    result = invoke("mapping", "check", BROKEN / "misspelt-key.toml")
    assert result.exit_code == 3
    assert "misspelt-key.toml:18: [section.goal.fields.notat.too] unknown: too; did you mean `to`?" in (
        result.stderr
    )


def test_a_section_that_is_not_there_is_answered_with_those_that_are(invoke: Invoke) -> None:
    result = invoke("mapping", "check", "stafettlogg", "--section", "mål")
    assert result.exit_code == 3
    assert "There is no section mål; there are stafettlogg, fagperson" in result.stderr


def test_json_gives_counterexamples_that_can_be_tried_again(invoke: Invoke) -> None:
    file = BROKEN / "two-fields-one-place.toml"
    result = invoke("mapping", "check", file, "--cases", 40, "--json")
    *found, end = [jsontext.decode(line) for line in result.stdout.splitlines()]
    assert end["broken"] == len(found) > 0
    assert {"kind": "shared place", "name": "tekst and overskrift", "more": "description.text"} in end[
        "leftOut"
    ]
    mapping = load(str(file))
    ready = bench(mapping, mapping.section("goal"))
    for one in found:
        assert one["law"] in dict(tried(ready, Case(**one["case"])))


def test_the_same_seed_gives_the_same_counterexample(invoke: Invoke) -> None:
    file = BROKEN / "two-fields-one-place.toml"
    first, second = (
        invoke("mapping", "check", file, "--cases", 40, "--json", "--no-report", "--seed", 7).stdout
        for _ in range(2)
    )
    assert first == second


def test_check_leaves_no_file_behind(tmp_path: Path) -> None:
    arguments = ["mapping", "check", "stafettlogg", "--section", "lysglimt", "--cases", "5"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_try_shows_both_directions_and_what_others_do_not_get(invoke: Invoke, tmp_path: Path) -> None:
    record = tmp_path / "goal.json"
    record.write_text(
        '{"type": "maal", "id": "m1", "logg": "l1", "endret": "2026-11-20T14:05:00+01:00", '
        '"tekst": "Komme seg på skolen", "farge": "grønn", "tall": 1.10}',
        encoding="utf-8",
    )
    result = invoke("mapping", "try", "stafettlogg", record)
    assert result.exit_code == 0
    assert '"text": "Komme seg på skolen"' in result.stdout
    assert "to its own system: equal" in result.stdout
    assert 'farge: "grønn" -> nothing' in result.stdout
    assert "tall: 1.10 -> nothing" in result.stdout
    short = invoke("mapping", "try", "stafettlogg", record, "--short")
    assert "resourceType" not in short.stdout


def test_try_reads_a_list_from_stdin(invoke: Invoke) -> None:
    emma = (SAMPLES / "stafettlogg" / "emma.json").read_text(encoding="utf-8")
    result = invoke("mapping", "try", "stafettlogg", "-", "--short", stdin=emma)
    assert result.exit_code == 0
    assert result.stdout.count("to its own system: equal") == len(jsontext.decode(emma))


def test_try_names_field_and_reason_of_a_refused_record(invoke: Invoke) -> None:
    result = invoke("mapping", "try", "stafettlogg", "-", stdin='{"type": "maal", "id": "m1", "logg": "l"}')
    assert result.exit_code == 1
    assert "refused: endret: Feltet mangler." in result.stdout


def test_try_reads_csv_where_the_file_says_how_it_is_written(invoke: Invoke, shared_data: Path) -> None:
    csv = shared_data / "stafettlogg" / "leverandoer-x.csv"
    result = invoke("mapping", "try", "leverandoer-x", csv, "--short")
    assert result.exit_code == 0
    assert result.stdout.count("to its own system: equal") == len(csv.read_bytes().splitlines()) - 1


@pytest.mark.parametrize("heavy", ["hypothesis", "fhir.resources"])
def test_other_commands_do_not_import_what_searching_needs(heavy: str) -> None:
    script = f"import sys, gateway.cli; sys.exit({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0
