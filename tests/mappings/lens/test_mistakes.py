"""A mistake in a mapping file is named by file, line and rule, wherever the rule comes from, with what was
probably meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mappings import load
from mappings.lens.declaration import BadDeclaration

FILE = """
[system]
name = "vendor"
uses = "felles"
frame_key = "LoggNr"
type = "Radtype"
id = "{LoggNr}/{RadNr}"
changed = "Endret"
sections = ["MÅL", "TILTAK"]

[csv]
columns = ["LoggNr", "RadNr"]
encoding = "cp1252"

[codes]
ord = { Ny = "draft" }

[section.rad]
common = false
[section.rad.fields]
Endret = { slot = "provenance", to = "recorded", as = "time", form = "dd.MM.yyyy HH:mm",\
 zone = "Europe/Oslo", required = true }

[section."MÅL"]
like = "rad"
resource = "Goal"
[section."MÅL".fields]
Tekst = { to = "description.text" }
Frist = { to = "target[0].dueDate", as = "date", form = "dd.MM.yyyy" }

[section.TILTAK]
like = "rad"
resource = "ServiceRequest"
[section.TILTAK.fields]
Status = { to = "status", codes = "ord", open = true }
"Hvem (nr)" = { to = "performer[0]", as = "display" }
"Mål" = { to = "goal*", as = "ref", id = "{LoggNr}/{}", separator = "," }
[section.TILTAK.fields.Navn]
parts = "{fornavn} {etternavn}"
fields = { fornavn = { to = "a" }, etternavn = { to = "b" } }
"""


def refused(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadDeclaration) as bad:
        load(str(folder / "mine.toml"))
    return str(bad.value)


def test_the_file_itself_is_right(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(FILE, encoding="utf-8")
    assert load(str(tmp_path / "mine.toml")).name == "vendor"


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ('as = "date"', 'as = "dato"', "section.MÅL.fields.Frist.as", "did you mean `date`?"),
        ("codes =", "kodes =", "section.TILTAK.fields.Status.kodes", "did you mean `codes`?"),
        ('codes = "ord"', 'codes = "ort"', "section.TILTAK.fields.Status.codes", "did you mean `ord`?"),
        ("open = true", "open = 1", "section.TILTAK.fields.Status.open", "true or false"),
        ('"TILTAK"]', '"TILTAKK"]', "system.sections", "did you mean `TILTAK`?"),
        ('type = "Radtype"', 'typ = "Radtype"', "system.typ", "did you mean `type`?"),
        ('encoding = "cp1252"', 'encoding = "cp99999"', "csv.encoding", "cp1252"),
        ('form = "dd.MM.yyyy" }', 'form = "dd.MM.åååå" }', "section.MÅL.fields.Frist.form", "yyyy"),
        ('form = "dd.MM.yyyy" }', 'form = "dd.MM.yyyy HH:mm" }', "section.MÅL.fields.Frist.form", "zone"),
        ('.yyyy" }', '.yyyy HH:mm", zone = "UTC" }', "section.MÅL.fields.Frist.form", "HH"),
        ('zone = "Europe/Oslo"', 'zone = "Europe/Oslå"', "section.rad.fields.Endret.form", "Europe/Oslå"),
        ("} {etternavn}", "}{etternavn}", "section.TILTAK.fields.Navn.parts", "nothing between"),
        ("{fornavn} {etternavn}", "{fornamn} {etternavn}", "section.TILTAK.fields.Navn.parts", "'fornamn'"),
        ('id = "{LoggNr}/{}"', 'id = "{LoggNr}/"', "section.TILTAK.fields.Mål.id", "must hold {}"),
        ('"goal*"', '"goal"', "section.TILTAK.fields.Mål.separator", "*"),
        ('to = "performer[0]"', 'to = "performer[1]"', "section.TILTAK.fields.Hvem (nr).to", "performer[1]"),
        ('changed = "Endret"', 'changed = "endret"', "system.changed", "did you mean `Endret`?"),
        ('like = "rad"', 'like = "rand"', "section.MÅL.like", "did you mean `rad`?"),
        ('"draft" }', '"draft", Gammel = 3 }', "codes.ord", "native = FHIR code"),
        ('{ Ny = "draft" }', '["Ny", "Ny"]', "codes.ord", "holds a code twice"),
        ('{ Ny = "draft" }', "[1, true]", "codes.ord", "true counts as 1"),
        ('columns = ["LoggNr", "RadNr"]', "", "csv", "`columns` is missing"),
    ],
)  # fmt: skip
def test_it_names_line_and_rule(tmp_path: Path, old: str, new: str, rule: str, said: str) -> None:
    text = FILE.replace(old, new, 1)
    message = refused(tmp_path, text)
    place, _, rest = message.partition(": ")
    wrong = text.splitlines()[int(place.removeprefix("mine.toml:")) - 1]
    assert rest.startswith((f"[{rule}] ", f"[section.MÅL{rule.removeprefix('section.rad')}] "))
    assert said in rest
    assert new in wrong or rule.rpartition(".")[2] in wrong


def test_a_mistake_in_a_used_file_is_named_there(tmp_path: Path) -> None:
    (tmp_path / "below.toml").write_text(FILE.replace('as = "date"', 'as = "dagen"'), encoding="utf-8")
    assert "below.toml:28: [section.MÅL.fields.Frist.as]" in refused(
        tmp_path, '[system]\nuses = "below.toml"\n'
    )


def test_what_is_no_toml_is_named_by_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, '[system]\nname = "a\n').startswith("mine.toml:2: no TOML: ")


def test_a_name_that_needs_quotes_is_said_to(tmp_path: Path) -> None:
    said = refused(tmp_path, FILE.replace('"Mål" =', "Mål ="))
    assert said.startswith("mine.toml:36: no TOML: ")
    assert 'in quotes: "Mål"' in said


def test_a_file_that_uses_itself(tmp_path: Path) -> None:
    assert "uses itself" in refused(tmp_path, '[system]\nuses = "mine.toml"\n')


CONCEPTS: dict[str, dict[str, Any]] = {
    "conceptmap": {"group": [{"element": [{"code": "Ny", "target": [{"code": "draft"}]}]}]},
    "codesystem": {"concept": [{"code": "draft", "concept": [{"code": "active"}]}]},
    "valueset": {"compose": {"include": [{"concept": [{"code": "draft"}]}]}},
}
TYPES = {"conceptmap": "ConceptMap", "codesystem": "CodeSystem", "valueset": "ValueSet"}


@pytest.mark.parametrize(
    ("sort", "codes"),
    [
        ("conceptmap", {"Ny": "draft"}),
        ("codesystem", {"draft": "draft", "active": "active"}),
        ("valueset", {"draft": "draft"}),
    ],
)
def test_code_tables_may_lie_beside_the_file(tmp_path: Path, sort: str, codes: dict[str, str]) -> None:
    resource = {"resourceType": TYPES[sort], **CONCEPTS[sort]}
    (tmp_path / "codes.json").write_text(json.dumps(resource), encoding="utf-8")
    text = FILE.replace('{ Ny = "draft" }', f'{{ {sort} = "codes.json" }}')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert load(str(tmp_path / "mine.toml")).declared.codes["ord"] == codes


@pytest.mark.parametrize("content", [None, "{", '{"resourceType": "Goal"}', '{"resourceType": "ConceptMap"}'])
def test_a_code_table_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "codes.json").write_text(content, encoding="utf-8")
    said = refused(tmp_path, FILE.replace('{ Ny = "draft" }', '{ conceptmap = "codes.json" }'))
    assert said.startswith("mine.toml:16: [codes.ord.conceptmap] codes.json")
