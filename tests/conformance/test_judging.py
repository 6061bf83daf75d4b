"""How warnings are accepted, and what happens where the validator cannot run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.conformance import hl7
from tests.conformance.accepted import accepted, judged
from tests.conformance.hl7 import Finding

NARRATIVE = Finding(
    "set: name", "Goal", "warning", "Goal", "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6",
    "Constraint failed: dom-6: 'A resource should have narrative for robust management'",
)  # fmt: skip


def test_a_listed_warning_stays_and_its_line_is_used() -> None:
    left, unused = judged([NARRATIVE])
    assert left == []
    assert len(unused) == len(accepted()) - 1


@pytest.mark.parametrize(
    "changed",
    [{"severity": "error"}, {"message_id": "dom-7"}, {"message": "something else"}],
)
def test_what_differs_is_not_accepted(changed: dict[str, str]) -> None:
    other = dataclasses.replace(NARRATIVE, **changed)  # type: ignore[arg-type]
    assert judged([other])[0] == [other]


def test_a_place_counts() -> None:
    label = next(one for one in accepted() if one.where == "*meta.security")
    there = Finding("a: b", "Goal", "warning", "Goal.meta.security[0]", label.message_id, label.contains)
    assert judged([there])[0] == []
    elsewhere = dataclasses.replace(there, location="Goal.category[0]")
    assert judged([elsewhere])[0] == [elsewhere]


def test_information_is_no_fault() -> None:
    assert judged([dataclasses.replace(NARRATIVE, severity="information", message_id="x")])[0] == []


@pytest.mark.skipif(
    not hl7.NATIONAL.is_dir(), reason="the national profiles are missing (../shared/profiles)"
)
def test_without_java_it_is_skipped_by_hand_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="java is missing"):
        hl7.needed()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="must judge"):
        hl7.needed()
