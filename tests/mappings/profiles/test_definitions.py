"""What is published is what is emitted: every code, extension and kind that the mapping files know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from mappings import canonical, derived, load, profiles
from mappings.convert import PLACEHOLDER
from mappings.lens.views import WITHDRAWN
from mappings.model import EMPTY, ITEM, Ids, Resource
from mappings.profiles.heading import UnknownTerm
from mappings.profiles.terminology import terminology

ROOT = Path(__file__).resolve().parents[3]


def defined(kind: str) -> dict[str, Resource]:
    return {one["id"]: one for one in profiles.definitions() if one["resourceType"] == kind}


def extensions() -> dict[str, Resource]:
    return {i: one for i, one in defined("StructureDefinition").items() if one["type"] == "Extension"}


def sources() -> Iterator[str]:
    for folder in ("mappings", "gateway", "consent", "adapters"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml") and "profiles" not in path.parts:
                yield path.read_text(encoding="utf-8")


def test_every_extension_that_is_named_anywhere_is_published() -> None:
    called = re.compile(r'extension\("([a-z-]+)"\)|["= ]extension\(([a-z-]+)\)[".]|@ext/([a-z-]{2,})')
    named = {name for text in sources() for names in called.findall(text) for name in names if name}
    assert named >= {"egne-ord", "del", "oppmoete", "belongs-to", "trukket", "measure", "moetestatus"}
    assert named - {"mellomnavn", "pertains-to-goal"} <= set(extensions())


def test_every_code_system_that_is_named_in_python_is_published() -> None:
    named = {name for text in sources() for name in re.findall(r'code_system\("([a-z-]+)"\)', text)}
    assert named >= {"tjeneste", "bti-nivaa", "mark"}
    assert named <= set(defined("CodeSystem"))


def test_every_code_system_of_the_mapping_files_is_published() -> None:
    text = (ROOT / "mappings" / "files" / "felles.toml").read_text(encoding="utf-8")
    named = set(re.findall(r"<([a-z-]+)>|@code/([a-z-]+)|coding\(([a-z-]+)\)", text))
    theirs = {"role-code", "foreldreansvar", "achievement", "x"}
    assert {name for names in named for name in names if name} - theirs <= set(defined("CodeSystem"))


def test_codes_are_those_of_the_mapping_files_and_in_their_own_words() -> None:
    services = defined("CodeSystem")["tjeneste"]
    declared = load("stafettlogg").declared.codes["tjeneste"]
    assert {one["code"] for one in services["concept"]} == set(declared.values())
    assert {one["display"] for one in services["concept"]} >= {"Barneverntjenesten", "Videregående skole"}


def test_every_mark_that_is_set_is_published() -> None:
    marks = {WITHDRAWN, PLACEHOLDER, derived.DERIVED_TEAM, derived.DOCUMENT["code"]}
    assert {one["code"] for one in defined("CodeSystem")["mark"]["concept"]} == marks


@pytest.mark.parametrize("change", [{"nytt": "Nytt"}, {"mobbing": None}])
def test_a_code_that_only_one_side_knows_stops_the_build(change: dict[str, str | None]) -> None:
    terms: dict[str, Any] = profiles._table("terms")
    table = terms["systems"]["bekymring"]
    codes = {code: text for code, text in {**table["codes"], **change}.items() if text}
    broken = {**terms, "systems": {"bekymring": {**table, "codes": codes}}}
    with pytest.raises(UnknownTerm, match=next(iter(change))):
        list(terminology(broken, (load("stafettlogg").declared,)))


def test_concept_maps_say_what_the_lens_does() -> None:
    pairs = {
        row["code"]: row["target"][0]
        for row in defined("ConceptMap")["tiltakstatus"]["group"][0]["element"]
    }  # fmt: skip
    assert pairs["gjennomfoert"] == {"code": "completed", "equivalence": "equivalent"}
    goals = defined("ConceptMap")["maalstatus"]["group"][0]["element"]
    assert {row["code"]: row["target"][0]["equivalence"] for row in goals} == {
        "foreslaatt": "equivalent", "aktiv": "wider", "naadd": "wider", "delvisNaadd": "wider",
        "ikkeNaadd": "wider", "avbrutt": "equivalent",
    }  # fmt: skip


def test_a_profile_stands_on_the_national_one_where_there_is_one() -> None:
    bases = {one["id"]: one["baseDefinition"] for one in defined("StructureDefinition").values()}
    national = "http://hl7.no/fhir/StructureDefinition/no-basis-"
    assert {name: base.removeprefix(national) for name, base in bases.items() if national in base} == {
        "barn": "Patient", "fagperson": "PractitionerRole", "familie": "RelatedPerson",
        "dokument": "DocumentReference", "moete": "Appointment",
    }  # fmt: skip


def test_every_profile_has_an_example_and_each_example_names_its_profile() -> None:
    named = Counter(name for one in profiles.examples() for name in profiles.profiles_of(one))
    own = {i for i, one in defined("StructureDefinition").items() if one["type"] != "Extension"}
    assert set(named) == own
    for one in profiles.examples():
        expected = [canonical.extension(name) for name in profiles.profiles_of(one)]
        assert one["meta"]["profile"] == expected


def test_what_is_emitted_names_no_profile() -> None:
    record = {"type": "lysglimt", "id": "l", "logg": "x", "endret": "2026-10-01T09:00:00Z", "tekst": "Bra!"}
    mapping = load("stafettlogg")
    ids = Ids("Patient/p", "CarePlan/c", "logg", {"l": "Communication/l", "x": "CarePlan/c"}, {})
    assert "meta" not in mapping.put(record, EMPTY, ids).focus[ITEM]


def test_every_definition_and_example_has_the_shape_of_fhir() -> None:
    for one in [*profiles.definitions(), *profiles.examples()]:
        get_fhir_model_class(one["resourceType"]).model_validate(one)


def test_names_and_urls_are_each_used_once() -> None:
    every = profiles.definitions()
    assert Counter(one["url"] for one in every).most_common(1)[0][1] == 1
    assert Counter((one["resourceType"], one["id"]) for one in every).most_common(1)[0][1] == 1
