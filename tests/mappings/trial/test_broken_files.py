"""Files that are wrong, of many kinds: each is refused with the mistake's place, or with the right
counterexample. What each has wrong stands in its first line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings import load
from mappings.lens.declaration import BadDeclaration
from mappings.trial.search import Finding, search
from mappings.trial.telling import told

FOLDER = Path(__file__).parent.parent / "broken"
MISTAKES = {  # file -> line, rule, and what is said of it
    "key-that-is-no-member": (20, "section.goal.fields.frister.key", "'dag' is not declared"),
    "misspelt-key": (18, "section.goal.fields.notat.too", "did you mean `to`?"),
    "no-such-way": (18, "section.goal.fields.frist.to", "'target[1]'"),
    "no-toml": (9, "", "no TOML"),
    "split-without-sign": (19, "section.goal.fields.navn.parts", "nothing between two names"),
    "time-without-zone": (18, "section.goal.fields.frist.form", "need `zone`"),
    "unknown-table": (21, "section.goal.fields.status.codes", "did you mean `status`?"),
}
COUNTEREXAMPLES = {  # file -> section, law, where, and what the smallest record holds beside what it must
    "cannot-be-told-apart": ("sub", "put-get", "type", set()),
    "constant-eats-a-value": ("goal", "fhir-alone", "tekst", {"notat"}),
    "kind-overwritten": ("goal", "fhir-alone", "", {"slag"}),
    "list-swallows-others": ("goal", "foreign-kept", "identifier", set()),
    "list-without-key": ("goal", "element-kept", "target[0].id", {"frister"}),
    "no-subject": ("goal", "valid", "item: Goal.subject: missing", set()),
    "no-such-element": ("goal", "valid", "item: Goal.remark: extra forbidden", {"notat"}),
    "place-read-by-another": ("goal", "fhir-alone", "notat", {"notat"}),
    "required-and-nowhere": ("goal", "fhir-alone", "", {"farge"}),
    "same-id-for-all": ("goal", "fhir-alone", "sak", {"over"}),
    "split-half-forgotten": ("goal", "fhir-alone", "navn", {"navn"}),
    "time-in-a-day": ("goal", "valid", "item: Goal.startDate: value error", {"start"}),
    "two-branches-alike": ("goal", "fhir-alone", "status", {"status"}),
    "two-fields-one-place": ("goal", "fhir-alone", "tekst", {"overskrift"}),
    "two-words-one-code": ("goal", "fhir-alone", "status", {"status"}),
    "word-without-code": ("goal", "accepted", "rolle", {"rolle"}),
}
ALWAYS = {"type", "id", "sak", "sist", "tekst"}


def test_every_broken_file_is_told_of() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == {*MISTAKES, *COUNTEREXAMPLES}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_rule(name: str) -> None:
    line, rule, said = MISTAKES[name]
    with pytest.raises(BadDeclaration) as caught:
        load(str(FOLDER / f"{name}.toml"))
    assert (caught.value.file, caught.value.line, caught.value.where) == (f"{name}.toml", line, rule)
    assert said in caught.value.reason


@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_a_broken_law_is_shown_by_the_smallest_record(name: str) -> None:
    section, law, where, fields = COUNTEREXAMPLES[name]
    found = {one.law: one for one in findings(name, section)}
    assert law in found, sorted(found)
    assert found[law].broken.where == where
    native = found[law].broken.native
    assert set(native) == ALWAYS & set(native) | fields
    assert law in told(found[law])


def findings(name: str, section: str) -> tuple[Finding, ...]:
    """What is found in one section of a broken file."""
    mapping = load(str(FOLDER / f"{name}.toml"))
    return search(mapping, mapping.section(section), cases=60)


def test_two_words_for_one_code_may_be_meant() -> None:
    mapping = load(str(FOLDER / "two-words-one-code.toml"))
    assert search(mapping, mapping.section("goal"), cases=60, synonyms=True) == ()
