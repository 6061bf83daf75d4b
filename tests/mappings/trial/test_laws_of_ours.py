"""The laws of the lenses for every section of our mapping files, and every counterexample ever found."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mappings import files as files_folder
from mappings import jsontext, load
from mappings.lens.grammar import KINDS
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.trial.cases import Case
from mappings.trial.laws import LAWS, tried
from mappings.trial.search import bench, search
from mappings.trial.telling import told
from mappings.trial.values import GENERATED

CASES = 300
OURS = ("stafettlogg", "individuell-plan", "leverandoer-x")
FOUND = sorted((Path(__file__).parent.parent / "counterexamples").glob("*.json"))
SECTIONS = [
    pytest.param(load(name), section, id=f"{name}-{section.declared.name}")
    for name in OURS
    for section in load(name).sections
]


def test_every_file_of_ours_is_tried() -> None:
    files = Path(files_folder.__file__).parent.glob("*.toml")
    systems = {path.stem for path in files if "system" in tomllib.loads(path.read_text(encoding="utf-8"))}
    assert systems == set(OURS)


def test_every_kind_of_value_is_generated() -> None:
    assert set(KINDS) - {"frame"} <= GENERATED


@pytest.mark.parametrize(("mapping", "section"), SECTIONS)
def test_the_laws_hold(mapping: SystemMapping, section: Section) -> None:
    findings = search(mapping, section, cases=CASES, synonyms=mapping.name == "leverandoer-x")
    assert not findings, "\n\n".join(map(told, findings))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_once_found_holds(path: Path) -> None:
    found = jsontext.decode(path.read_bytes())
    mapping = load(found["mapping"])
    ready = bench(mapping, mapping.section(found["section"]))
    assert list(tried(ready, Case(**found["case"]), LAWS)) == []


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_each_counterexample_says_which_law_it_broke_and_why(path: Path) -> None:
    found = jsontext.decode(path.read_bytes())
    assert found["law"] in LAWS
    assert found["why"]
    assert found["case"]
