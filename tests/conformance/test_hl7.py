"""HL7's own validator over everything that the project emits: no errors, and no warning without a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from mappings import load
from tests.conformance import spoiled
from tests.conformance.accepted import judged
from tests.conformance.conftest import Verdict, profiles
from tests.conformance.emitted import FILES, SYSTEMS, Emitted, is_bare, named
from tests.conformance.hl7 import Finding

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]
AT_LEAST = 1000


def test_at_least_a_thousand_of_every_type_are_judged(everything: tuple[Emitted, ...]) -> None:
    types = Counter(one.resource["resourceType"] for one in everything)
    assert types.total() >= AT_LEAST
    sections = {s.resource for name in SYSTEMS for s in load(name).sections}
    owned = {slot.resource for name in SYSTEMS for s in load(name).sections for slot in s.owned.values()}
    assert not (sections | owned) - set(types)
    ours = {"Bundle", "CapabilityStatement", "CareTeam", "OperationOutcome", "Patient", "Provenance"}
    assert not ours - set(types)


def test_every_child_and_every_section_is_among_them(everything: tuple[Emitted, ...]) -> None:
    names = {one.name for one in everything}
    assert {f"{name}/{s.declared.name}" for name in SYSTEMS for s in load(name).sections} <= names
    assert {named(path) for path in FILES} <= names


def test_every_resource_of_a_kind_of_ours_has_a_profile(everything: tuple[Emitted, ...]) -> None:
    without = {one.resource["resourceType"] for one in everything if not (profiles(one) or is_bare(one))}
    judged_as_r4 = {"AuditEvent", "Bundle", "Binary", "CapabilityStatement", "OperationOutcome"}
    assert without <= judged_as_r4 | {"ServiceRequest"}


def test_the_validator_finds_no_error_and_no_warning_without_a_reason(verdict: Verdict) -> None:
    left, unused = judged(verdict.of(verdict.resources, verdict.definitions))
    assert not left, f"{len(left)} findings\n" + "\n".join(sorted({str(one) for one in left})[:40])
    assert not unused, "accepted.txt accepts what nobody says:\n" + "\n".join(map(str, unused))


def test_every_definition_of_the_package_was_judged(verdict: Verdict) -> None:
    types = Counter(one.resource["resourceType"] for one in verdict.definitions)
    assert types["StructureDefinition"] > 50
    assert min(types[kind] for kind in ("CodeSystem", "ValueSet", "ConceptMap", "CapabilityStatement")) > 0


@pytest.mark.parametrize("what", spoiled.SPOILED)
def test_what_is_spoiled_is_refused_for_what_was_spoiled(verdict: Verdict, what: str) -> None:
    said = [f"{one.message_id} {one.message}" for one in errors(verdict, what)]
    assert any(spoiled.SPOILED[what][1] in one for one in said), said


def test_before_they_were_spoiled_they_were_sound(verdict: Verdict) -> None:
    assert not errors(verdict, spoiled.SOUND)


def errors(verdict: Verdict, of: str) -> list[Finding]:
    """What makes a set invalid."""
    return [one for one in verdict.findings[of] if one.severity in ("error", "fatal")]
