"""What a redacted copy no longer tells, by any way that FHIR offers."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import Plan, edition, held, redact
from consent.names import DATA_ABSENT, REDACTED
from consent.words import SHORTEST

MASKED = {"extension": [{"url": DATA_ABSENT, "valueCode": "masked"}]}
HIDDEN = Plan(hidden=frozenset({"Goal/secret", "Observation/secret"}))


def cut(resource: dict[str, Any], plan: Plan = HIDDEN) -> dict[str, Any]:
    """The redacted copy, where there is one; what was given is as it was."""
    before = copy.deepcopy(resource)
    made = redact(resource, plan)
    assert resource == before
    assert made is not None
    return made


def plan_of(*references: str) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": "p",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
        "goal": [{"reference": r} for r in references],
    }


def test_nothing_hidden_gives_an_equal_copy_without_a_mark() -> None:
    resource = plan_of("Goal/1")
    made = cut(resource)
    assert made == resource
    assert made is not resource
    assert made["goal"] is not resource["goal"]


def test_a_reference_to_what_is_hidden_goes_and_leaves_no_empty_place() -> None:
    made = cut(plan_of("Goal/1", "Goal/secret", "Goal/2"))
    assert [g["reference"] for g in made["goal"]] == ["Goal/1", "Goal/2"]
    assert made["meta"]["security"] == [REDACTED]
    assert "goal" not in cut(plan_of("Goal/secret"))


@pytest.mark.parametrize(
    "reference", ["Goal/secret", "Goal/secret/_history/3", "https://server.example/fhir/Goal/secret"]
)
def test_however_a_reference_is_written(reference: str) -> None:
    assert "secret" not in json.dumps(cut(plan_of(reference)))


def test_what_is_hidden_itself_does_not_go_at_all() -> None:
    assert redact({"resourceType": "Goal", "id": "secret"}, HIDDEN) is None


def test_a_required_element_is_marked_as_masked() -> None:
    resource = {
        "resourceType": "Goal",
        "id": "1",
        "lifecycleStatus": "active",
        "subject": {"reference": "Patient/1"},
    }
    resource |= {"description": {"text": "Hemmelig mål"}}
    plan = Plan(elements=frozenset({"Goal.description", "Goal.lifecycleStatus"}))
    made = cut(resource, plan)
    assert made["description"] == MASKED
    assert made["_lifecycleStatus"] == MASKED
    assert "lifecycleStatus" not in made


def test_an_element_by_path_and_an_extension_by_url() -> None:
    resource = plan_of() | {
        "note": [{"text": "Skjult ord", "time": "2026-01-01"}],
        "extension": [
            {"url": "http://x/a", "valueString": "skjult tekst"},
            {"url": "http://x/b", "valueCode": "b"},
        ],
    }
    made = cut(resource, Plan(elements=frozenset({"CarePlan.note", "CarePlan.extension(http://x/a)"})))
    assert "note" not in made
    assert [e["url"] for e in made["extension"]] == ["http://x/b"]


def test_the_same_words_elsewhere_go_too_and_so_does_the_narrative() -> None:
    resource = plan_of() | {
        "title": "Plan om hasjbruk i helgene",
        "description": "Noe helt annet",
        "text": {"status": "generated", "div": "<div>hasjbruk</div>"},
        "note": [{"text": "hasjbruk"}],
    }
    made = cut(resource, Plan(elements=frozenset({"CarePlan.note"})))
    assert "hasjbruk" not in json.dumps(made)
    assert "text" not in made
    assert made["description"] == "Noe helt annet"


def test_words_of_what_went_for_other_words_go_as_well() -> None:
    resource = plan_of() | {
        "note": [{"text": "Tante Berta"}],
        "title": "Tante Berta bor i nabohuset",
        "description": "Sa: Tante Berta bor i nabohuset og passer katten",
    }
    made = cut(resource, Plan(elements=frozenset({"CarePlan.note"})))
    assert "title" not in made
    assert "description" not in made


def test_contained_resources_nothing_points_to_any_more_are_gone() -> None:
    resource = plan_of() | {
        "contained": [
            {"resourceType": "Practitioner", "id": "a", "name": [{"family": "Skjultnavn"}]},
            {"resourceType": "Practitioner", "id": "b", "name": [{"family": "Synlig"}]},
        ],
        "author": {"reference": "#a"},
        "contributor": [{"reference": "#b"}],
    }
    made = cut(resource, Plan(elements=frozenset({"CarePlan.author"})))
    assert [c["id"] for c in made["contained"]] == ["b"]
    assert "Skjultnavn" not in json.dumps(made)


def test_a_primitive_goes_with_its_sibling() -> None:
    resource = plan_of() | {"title": "Skjult", "_title": {"extension": [{"url": "u", "valueCode": "nb"}]}}
    made = cut(resource, Plan(elements=frozenset({"CarePlan.title"})))
    assert not {"title", "_title"} & set(made)


def test_a_list_of_primitives_that_loses_one_loses_its_siblings() -> None:
    resource = plan_of() | {
        "instantiatesUri": ["urn:ute", "https://server.example/Goal/secret"],
        "_instantiatesUri": [None, {"extension": [{"url": "u", "valueCode": "nb"}]}],
    }
    made = cut(resource)
    assert made["instantiatesUri"] == ["urn:ute"]
    assert "_instantiatesUri" not in made


def test_version_time_and_source_of_a_redacted_copy_are_not_told() -> None:
    resource = plan_of("Goal/secret") | {
        "meta": {"versionId": "7", "lastUpdated": "2026-01-01T00:00:00Z", "source": "urn:x", "profile": ["p"]}
    }
    assert set(cut(resource)["meta"]) == {"profile", "security"}


def test_the_edition_changes_only_when_what_is_seen_does() -> None:
    first = plan_of("Goal/1", "Goal/secret") | {"meta": {"versionId": "1"}}
    second = plan_of("Goal/1", "Observation/secret") | {"meta": {"versionId": "2"}}
    third = plan_of("Goal/1", "Goal/2")
    assert edition(cut(first)) == edition(cut(second))
    assert edition(cut(first)) != edition(cut(third))


def test_a_provenance_of_hidden_things_alone_is_gone() -> None:
    resource = {
        "resourceType": "Provenance",
        "id": "x",
        "target": [{"reference": "Goal/secret"}, {"reference": "Goal/1"}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"reference": "PractitionerRole/1"}}],
    }
    assert cut(resource)["target"] == [{"reference": "Goal/1"}]
    assert redact(resource | {"target": [{"reference": "Goal/secret"}]}, HIDDEN) is None


def test_a_denial_never_loses_its_actor() -> None:
    provision = {
        "type": "deny",
        "actor": [{"role": {"coding": [{"code": "IRCP"}]}, "reference": {"reference": "Goal/secret"}}],
    }
    resource = {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": {},
        "category": [],
        "provision": provision,
    }
    assert cut(resource)["provision"]["actor"][0]["reference"] == MASKED


def test_a_bundle_tells_nothing_of_entries_that_are_gone() -> None:
    entries = [
        plan_of("Goal/1"),
        {"resourceType": "Goal", "id": "secret"},
        {"resourceType": "Goal", "id": "1"},
    ]
    bundle = {"resourceType": "Bundle", "id": "b", "type": "searchset", "total": 3}
    bundle["entry"] = [{"fullUrl": f"urn:x:{r['id']}", "resource": r} for r in entries]
    made = cut(bundle)
    assert len(made["entry"]) == 2
    assert "total" not in made
    assert "secret" not in json.dumps(made)


# --- address protection

PLACES = frozenset({"Fjordbyen vidaregåande skule", "360189554", "Strandgata 4", "BUP Fjordane, Indre Fjord"})
PROTECTED = Plan("fortrolig", PLACES)
STRICT = Plan("strengtFortrolig", PLACES)


def measure(note: str = "Ro og tid.") -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "t1",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
        "code": {"text": "Samtaler"},
        "note": [{"text": note}],
        "identifier": [{"system": "urn:kilde", "value": "sak-2026-17"}],
        "performer": [
            {"reference": "PractitionerRole/1"},
            {"reference": "Organization/9", "display": "Nordskogen skole"},
        ],
        "locationReference": [{"reference": "Location/1", "display": "Rådhuset"}],
    }


@pytest.mark.parametrize(
    "note",
    [
        "Møt henne på Fjordbyen vidaregåande skule",
        "hun bor nå i fjordbyens sentrum",
        "inngang fra Strandgata 4",
        "kom til Storgata 12",
        "ved Kirkegata",
        "Storveien nr. 3 B",
        "postboks 18",
        "5003 Bergen",
        "ring 99 88 77 66",
        "ring +47 99887766",
        "se https://skole.example",
        "rektor@skole.example",
        "orgnr 360189554",
    ],
)
def test_free_text_that_reveals_a_place_is_held_until_it_is_released(note: str) -> None:
    resource = measure(note)
    assert "note" not in cut(resource, PROTECTED)
    (waiting,) = [h for h in held(resource, PROTECTED) if h.key]
    assert (waiting.resource, waiting.path) == ("ServiceRequest/t1", "note[0].text")
    released = Plan("fortrolig", PLACES, frozenset({waiting.key or ""}))
    assert cut(resource, released)["note"] == [{"text": note}]
    edited = measure(note + " i dag")
    assert "note" not in cut(edited, released)


@pytest.mark.parametrize(
    "note", ["Ro og tid.", "Til stede 80 % i Vg3.", "I 2026 og 2027", "NAV fra 18 år.", "Individuelt, BUP."]
)
def test_free_text_without_a_place_goes_where_the_address_is_protected(note: str) -> None:
    assert cut(measure(note), PROTECTED)["note"] == [{"text": note}]


def test_no_free_text_goes_where_the_address_is_strictly_protected() -> None:
    made = cut(measure(), STRICT)
    assert not {"note", "code"} & set(made)
    assert made["status"] == "active"
    assert len([h for h in held(measure(), STRICT) if h.key]) == 2


def test_units_places_and_source_identifiers_go_and_nobody_can_release_them() -> None:
    made = cut(measure(), PROTECTED)
    assert made["performer"] == [{"reference": "PractitionerRole/1"}]
    assert not {"identifier", "locationReference"} & set(made)
    gone = [h.path for h in held(measure(), PROTECTED) if h.key is None]
    assert gone == ["identifier[0]", "performer[1]", "locationReference[0]"]


def test_the_name_of_a_unit_goes_from_everywhere_though_nobody_listed_it() -> None:
    made = cut(measure("Nordskogen skole er bra"), Plan("fortrolig"))
    assert "Nordskogen" not in json.dumps(made)


def test_what_is_released_goes_whole_and_lets_nothing_else_through() -> None:
    """Places in a list move when others are taken out; a release is of a text, not of a place in a list."""
    released, held_back, other = "Kom til Storgata 12", "Hun bor i Nordskogen", "Møt i Nordskogen igjen"
    resource = measure() | {"note": [{"text": t} for t in (held_back, released, "Ro og tid.", other)]}
    plan = Plan("fortrolig", frozenset({"Nordskogen"}))
    keys = {h.path: h.key or "" for h in held(resource, plan)}
    made = cut(resource, Plan("fortrolig", plan.places, frozenset({keys["note[1].text"]})))
    assert [n["text"] for n in made["note"]] == [released, "Ro og tid."]


def test_what_is_released_goes_though_it_names_a_unit_that_does_not() -> None:
    resource = measure("Møt på Nordskogen skole")
    (waiting,) = [h for h in held(resource, Plan("fortrolig", frozenset({"Nordskogen skole"}))) if h.key]
    plan = Plan("fortrolig", frozenset({"Nordskogen skole"}), frozenset({waiting.key or ""}))
    made = cut(resource, plan)
    assert made["note"] == resource["note"]
    assert len(made["performer"]) == 1


@pytest.mark.parametrize("kind", ["Organization", "Location", "HealthcareService", "Endpoint"])
def test_a_unit_or_place_itself_does_not_go(kind: str) -> None:
    assert redact({"resourceType": kind, "id": "1", "name": "X"}, PROTECTED) is None


def test_the_child_keeps_its_national_id_and_loses_where_it_lives() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "1",
        "identifier": [
            {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "20910952472"},
            {"system": "urn:kilde", "value": "elev-7"},
        ],
        "name": [{"given": ["Amina"], "family": "Syntetisk"}],
        "telecom": [{"value": "99887766"}],
        "address": [{"city": "Fjordbyen"}],
        "contact": [{"address": {"city": "Fjordbyen"}}],
        "managingOrganization": {"reference": "Organization/9"},
        "generalPractitioner": [{"reference": "Practitioner/2"}],
    }
    made = cut(patient, PROTECTED)
    assert set(made) == {"resourceType", "id", "identifier", "name", "meta"}
    assert [i["value"] for i in made["identifier"]] == ["20910952472"]


def test_a_meeting_loses_its_place_and_keeps_its_people() -> None:
    meeting = {
        "resourceType": "Appointment",
        "id": "m",
        "status": "booked",
        "participant": [
            {"actor": {"type": "Location", "display": "Rådhuset"}, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/1"}, "status": "accepted"},
        ],
    }
    made = cut(meeting, PROTECTED)
    assert made["participant"] == [meeting["participant"][1]]
    alone = cut(meeting | {"participant": meeting["participant"][:1]}, PROTECTED)
    assert alone["participant"] == [{"actor": MASKED, "status": "needs-action"}]


def test_an_attachment_is_held_and_released_one_by_one() -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "SGVp", "title": "Referat"}}],
    }
    assert cut(document, PROTECTED)["content"] == [{"attachment": MASKED}]
    keys = frozenset(h.key or "" for h in held(document, PROTECTED))
    assert len(keys) == 1
    released = cut(document, Plan("fortrolig", PLACES, keys))
    assert released["content"] == document["content"]


def test_nobody_can_be_told_from_a_provenance() -> None:
    resource = {
        "resourceType": "Provenance",
        "id": "x",
        "target": [{"reference": "Goal/1"}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [
            {
                "who": {"identifier": {"system": "urn:kilde", "value": "a-d1"}},
                "onBehalfOf": {"reference": "Organization/9"},
            }
        ],
        "location": {"reference": "Location/1"},
    }
    made = cut(resource, PROTECTED)
    assert made["agent"] == [{"who": MASKED}]
    assert "location" not in made


# --- over random resources

WORDS = ("hasjbruk", "depresjon", "Tante Berta", "nabohuset", "voldsutsatt", "Åsen gård", "sykehuset i nord")
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
notes = st.lists(st.fixed_dictionaries({"text": texts}, optional={"time": st.just("2026-01-01")}), max_size=3)
coding = st.just([{"system": "urn:s", "code": "kodeord"}])
codes = st.fixed_dictionaries({"text": texts}, optional={"coding": coding})
named = st.sampled_from(("Goal/1", "Goal/2", "Goal/secret", "Observation/secret"))
references = named.map(lambda r: {"reference": r})
practitioner = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "hasjbruk"}]}
extensions = st.lists(
    st.fixed_dictionaries(
        {"url": st.sampled_from(("http://x/a", "http://x/b"))}, optional={"valueString": texts}
    )
    | references.map(lambda r: {"url": "http://x/c", "valueReference": r}),
    max_size=3,
)
measures = st.fixed_dictionaries(
    {
        "resourceType": st.just("ServiceRequest"),
        "id": st.just("1"),
        "status": st.just("active"),
        "intent": st.just("plan"),
        "subject": st.just({"reference": "Patient/1"}),
    },
    optional={
        "code": codes,
        "note": notes,
        "patientInstruction": texts,
        "extension": extensions,
        "supportingInfo": st.lists(references, max_size=3),
        "contained": st.just([practitioner]),
        "requester": st.just({"reference": "#p"}),
        "text": texts.map(lambda t: {"status": "generated", "div": f"<div>{t}</div>"}),
    },
)
ELEMENTS = (
    *(f"ServiceRequest.{n}" for n in ("code", "note", "patientInstruction", "requester", "extension")),
    "ServiceRequest.note.text",
    "ServiceRequest.code.text",
    "ServiceRequest.extension(http://x/a)",
)


def words_at(resource: dict[str, Any], path: str) -> set[str]:
    """The strings of what a path names, found without the library's own walk."""
    _, _, names = path.partition(".")
    names, _, url = names.partition("(")
    nodes: list[Any] = [resource]
    for name in names.split("."):
        found = [n[name] for n in nodes if isinstance(n, dict) and name in n]
        nodes = [one for value in found for one in (value if isinstance(value, list) else [value])]
    if url:
        nodes = [n for n in nodes if n.get("url") == url.rstrip(")")]
    return {s for node in nodes for s in strings(node)}


def strings(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {
            s
            for k, v in node.items()
            if k not in ("url", "system", "reference", "status")
            for s in strings(v)
        }
    if isinstance(node, list):
        return {s for v in node for s in strings(v)}
    return (
        {node} if isinstance(node, str) and not node.startswith("2026") and len(node) >= SHORTEST else set()
    )


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(measures, st.frozensets(st.sampled_from(ELEMENTS), max_size=3), st.booleans())
def test_a_redacted_copy_contains_no_string_of_a_hidden_element(
    resource: dict[str, Any], elements: frozenset[str], hiding: bool
) -> None:
    secrets = {s for path in elements for s in words_at(resource, path)}
    plan = Plan(elements=elements, hidden=HIDDEN.hidden if hiding else frozenset())
    made = json.dumps(cut(resource, plan), ensure_ascii=False)
    assert not [s for s in secrets if s in made]
    assert not hiding or "secret" not in made


@settings(max_examples=200)
@given(measures, st.sampled_from((PROTECTED, STRICT)))
def test_redacting_again_takes_nothing_more(resource: dict[str, Any], plan: Plan) -> None:
    once = cut(resource, plan)
    assert cut(once, plan) == once


@pytest.mark.parametrize("place", ["Fjordbyen legesenter", "masked"])
def test_what_was_masked_before_is_masked_still_and_the_walk_ends(place: str) -> None:
    """Found by the simulator (seed 75): a mark of ours was cut and set anew, for ever."""
    plan = Plan(protection="strengtFortrolig", places=frozenset({place}))
    resource = {
        "resourceType": "Provenance",
        "id": "1",
        "target": [{"reference": "Goal/1"}],
        "recorded": "2026-12-03T12:00:00Z",
        "agent": [{"who": MASKED}],
        "meta": {"security": [REDACTED]},
    }
    assert cut(resource, plan) == resource
    assert held(resource, plan) == ()
    named = {**resource, "agent": [{"who": {"display": place}}, {"who": MASKED}]}
    assert cut(named, plan)["agent"] == [{"who": MASKED}, {"who": MASKED}]
