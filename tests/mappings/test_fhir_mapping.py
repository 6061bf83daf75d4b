"""FHIR peers: both lens laws, what is renamed, what is hidden, what is told of a resource."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical import BELONGS_TO, MARK, identifier_system
from mappings.fhir import OURS, FhirMapping, item_identifier
from mappings.model import EMPTY, ITEM, Ids, MappingError, NotExpressible, RecordRefused, State
from mappings.references import references

MAPPING = FhirMapping()
EXAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "fhir"
PAIRS = {
    "Goal/17": "Goal/3f",
    "Patient/9": "Patient/p1",
    "CareTeam/4": "CareTeam/c1",
    "Observation/2": "Observation/o1",
}
CHANGED = "2026-11-20T10:00:00.123+01:00"


def ids(pairs: dict[str, str] | None = None, frame: str = "CarePlan/f1") -> Ids:
    refs = PAIRS if pairs is None else pairs
    return Ids("Patient/p1", frame, "bup", refs, {hub: native for native, hub in refs.items()})


def native(**parts: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": "17", "meta": {"lastUpdated": CHANGED, "versionId": "3"}, **parts}


def settled(record: dict[str, Any]) -> dict[str, Any]:
    """Without what the server sets at each write."""
    meta = {k: v for k, v in record.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    rest = {k: v for k, v in record.items() if k != "meta"}
    return {**rest, "meta": meta} if meta else rest


def exact(value: Any) -> bytes:
    return msgspec.json.Encoder(order="deterministic", decimal_format="number").encode(value)


def focus(**parts: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": "3f", **parts}


def shown(resource: dict[str, Any]) -> dict[str, Any]:
    return MAPPING.get(State({ITEM: resource}), ids())


def test_put_names_everything_by_the_hubs_ids() -> None:
    state = MAPPING.put(native(subject={"reference": "Patient/9"}), EMPTY, ids(frame=""))
    assert state.focus[ITEM] == focus(subject={"reference": "Patient/p1"})


def test_put_joins_a_new_resource_to_the_frame_and_get_hides_it() -> None:
    state = MAPPING.put(native(), EMPTY, ids())
    assert state.focus[ITEM]["extension"] == [
        {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/f1"}}
    ]
    assert "extension" not in MAPPING.get(state, ids())


def test_put_refuses_ids_without_the_record_itself() -> None:
    with pytest.raises(MappingError):
        MAPPING.put(native(), EMPTY, ids({}))


def test_an_unknown_reference_comes_back_to_its_own_peer_and_tells_others_whose_it_is() -> None:
    record = native(expressedBy={"reference": "Practitioner/9", "display": "Lege"})
    state = MAPPING.put(record, EMPTY, ids())
    assert state.focus[ITEM]["expressedBy"]["reference"] == "urn:stafettbro:peer:bup:Practitioner/9"
    assert MAPPING.get(state, ids())["expressedBy"] == record["expressedBy"]
    other = Ids("Patient/p1", "", "legevakt", {}, {})
    named = {"system": identifier_system("record/bup"), "value": "Practitioner/9"}
    told = MAPPING.get(State(state.focus), other)
    assert told["expressedBy"] == {"display": "Lege", "identifier": named}
    edited = {**told, "id": "5", "startDate": "2026-12-01"}
    again = MAPPING.put(edited, State(state.focus), at_other("Goal/5"))
    assert again.focus[ITEM]["expressedBy"] == state.focus[ITEM]["expressedBy"]


def at_other(own: str) -> Ids:
    return Ids("Patient/p1", "", "legevakt", {own: "Goal/3f"}, {"Goal/3f": own})


def test_an_attachment_at_a_peer_is_called_the_same_elsewhere() -> None:
    attachment = {"contentType": "application/pdf", "url": "Binary/7", "title": "Referat"}
    record = native(content=[{"attachment": attachment}, {"attachment": {"url": "Binary/8"}}, {"id": "c"}])
    state = MAPPING.put(record, EMPTY, ids(frame=""))
    assert MAPPING.get(state, ids())["content"] == record["content"]
    other = MAPPING.get(State(state.focus), at_other("Goal/5"))
    assert other["content"] == [
        {"attachment": {"contentType": "application/pdf", "title": "Referat"}},
        {"id": "c"},
    ]


def test_get_adds_our_identifier_and_put_takes_it_off() -> None:
    out = shown(focus(identifier=[{"value": "123"}]))
    assert out["identifier"] == [{"value": "123"}, item_identifier("3f")]
    assert MAPPING.put(out, EMPTY, ids(frame="")).focus[ITEM]["identifier"] == [{"value": "123"}]


def test_a_record_the_peer_made_is_not_marked_as_ours() -> None:
    assert "identifier" not in MAPPING.get(MAPPING.put(native(), EMPTY, ids()), ids())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Composition", {"system": OURS, "value": "3f"}), ("Binary", None), ("Goal", [item_identifier("3f")])],
)
def test_the_identifier_has_the_form_of_its_type(kind: str, expected: Any) -> None:
    assert shown({"resourceType": kind, "id": "3f"}).get("identifier") == expected


def test_get_names_the_peers_id_or_none() -> None:
    assert shown(focus())["id"] == "17"
    assert "id" not in shown(focus(id="not-there"))


def test_get_sends_of_meta_only_labels_tags_and_profiles() -> None:
    meta = {"versionId": "5", "lastUpdated": CHANGED, "source": "urn:inside", "security": [{"code": "R"}]}
    assert shown(focus(meta=meta))["meta"] == {"security": [{"code": "R"}]}
    assert "meta" not in shown(focus(meta={"versionId": "5"}))


@pytest.mark.parametrize("kind", ["Patient", "Provenance", "AuditEvent"])
def test_what_never_travels_this_way(kind: str) -> None:
    assert MAPPING.slots({"resourceType": kind, "id": "p1"}) is None
    with pytest.raises(NotExpressible):
        shown({"resourceType": kind, "id": "p1"})


def test_without_the_person_there_is_nothing_to_send() -> None:
    state = State({ITEM: focus(subject={"reference": "Patient/p1"})})
    with pytest.raises(NotExpressible):
        MAPPING.get(state, ids({"Goal/17": "Goal/3f"}))


def test_a_consent_is_never_sent_without_someone_it_names() -> None:
    consent = {"resourceType": "Consent", "id": "3f"}
    stranger = {"reference": "PractitionerRole/x"}
    narrowed = {**consent, "provision": {"provision": [{"type": "deny", "actor": [{"reference": stranger}]}]}}
    with pytest.raises(NotExpressible):
        shown(narrowed)
    with pytest.raises(NotExpressible):
        shown({**consent, "provision": {"data": [{"meaning": "instance", "reference": stranger}]}})
    named = {**stranger, "identifier": {"system": "urn:x", "value": "9"}}
    out = shown({**consent, "provision": {"actor": [{"reference": named}]}})
    assert out["provision"]["actor"] == [{"reference": {"identifier": named["identifier"]}}]


HIDDEN = {"reference": "Observation/secret", "display": "Kari"}


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (
            {"expressedBy": HIDDEN, "startDate": "2026-01-01"},
            {"startDate": "2026-02-02"},
            {"expressedBy": HIDDEN, "startDate": "2026-02-02"},
        ),
        (
            {"outcomeReference": [HIDDEN, {"reference": "Observation/o1"}]},
            {"outcomeReference": [{"reference": "Observation/2"}, {"reference": "CareTeam/4"}]},
            {"outcomeReference": [HIDDEN, {"reference": "Observation/o1"}, {"reference": "CareTeam/c1"}]},
        ),
        (
            {"note": [{"text": "gammelt", "time": "2026", "authorReference": HIDDEN}]},
            {"note": [{"text": "nytt", "time": "2026"}]},
            {"note": [{"text": "nytt", "time": "2026", "authorReference": HIDDEN}]},
        ),
        (
            {"note": [{"text": "en", "authorReference": HIDDEN}]},
            {"note": [{"text": "en helt annen"}]},
            {"note": [{"text": "en helt annen"}]},
        ),
        (
            {"expressedBy": HIDDEN},
            {"expressedBy": {"reference": "Patient/9"}},
            {"expressedBy": {"reference": "Patient/p1"}},
        ),
        ({"startDate": "2026-01-01", "note": [{"text": "x"}]}, {}, {}),
        (
            {"outcomeReference": [{"reference": "Observation/o1"}, HIDDEN]},
            {"outcomeReference": [{"reference": "CareTeam/4"}]},
            {"outcomeReference": [{"reference": "CareTeam/c1"}, HIDDEN]},
        ),
    ],
)
def test_what_a_peer_did_not_see_survives_its_edit(
    before: dict[str, Any], edit: dict[str, Any], after: dict[str, Any]
) -> None:
    state = State({ITEM: focus(**before)})
    seen = shown(focus(**before))
    answer = {**{k: v for k, v in seen.items() if k not in before}, **edit}
    assert MAPPING.put(answer, state, ids()).focus[ITEM] == focus(**after)


def test_a_decimal_that_only_looks_equal_is_a_change() -> None:
    before = {"target": [{"detailQuantity": {"value": Decimal("1.10")}}], "expressedBy": HIDDEN}
    answer = {**shown(focus(**before)), "target": [{"detailQuantity": {"value": Decimal("1.1")}}]}
    after = MAPPING.put(answer, State({ITEM: focus(**before)}), ids()).focus[ITEM]
    assert str(after["target"][0]["detailQuantity"]["value"]) == "1.1"
    assert after["expressedBy"] == HIDDEN


# The laws

KEYS = ["subject", "note", "member", "meta", "extension", "target", "identifier"]
LEAF = st.one_of(
    st.integers(0, 2),
    st.booleans(),
    st.text("ab", max_size=2),
    st.sampled_from([Decimal("1.10"), Decimal("1.1"), Decimal("1.0")]),
)


def pointer(targets: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"reference": st.sampled_from(targets)},
        optional={"display": st.just("Kari"), "identifier": st.just({"value": "1"})},
    )


def element(targets: list[str]) -> st.SearchStrategy[Any]:
    base = st.one_of(LEAF, pointer(targets))
    return st.recursive(
        base,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3),
            st.dictionaries(
                st.sampled_from(["text", "member", "a", "_a", "url"]), inner, min_size=1, max_size=3
            ),
        ),
        max_leaves=8,
    )


def resource(targets: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    extension = st.lists(
        st.builds(lambda v: {"url": "http://x", "valueReference": v}, pointer(targets)),
        min_size=1,
        max_size=2,
    )
    identifier = st.lists(
        st.sampled_from([{"value": "1"}, item_identifier("3f"), {**item_identifier("3f"), "use": "usual"}]),
        min_size=1,
        max_size=3,
    )
    meta = st.fixed_dictionaries(
        {},
        optional={
            "source": st.just("urn:s"),
            "tag": st.lists(st.just({"code": "t"}), min_size=1, max_size=2),
            "security": st.lists(st.sampled_from([{"code": "R"}, {"code": "N"}]), min_size=1, max_size=2),
            "versionId": st.just("1"),
        },
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "subject": pointer(targets),
            "note": st.lists(element(targets), min_size=1, max_size=4),
            "target": st.dictionaries(st.sampled_from("abc"), element(targets), min_size=1, max_size=3),
            "extension": extension,
            "identifier": identifier,
            "meta": meta.filter(bool),
        },
    )


NATIVE_TARGETS = [
    "Patient/9",
    "Observation/2",
    "Practitioner/7",
    "Goal/17/_history/2",
    "#in",
    "http://a/Goal/1",
]
HUB_TARGETS = ["Patient/p1", "Observation/o1", "Goal/secret", "urn:stafettbro:peer:bup:Goal/x", "#in"]
BELONGING = {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/f1"}}


@st.composite
def states(draw: st.DrawFn) -> State:
    """States as the hub may hold them: put there by a peer, or written by others."""
    parts = draw(resource(HUB_TARGETS))
    marks = [e for e in parts.get("identifier", []) if e == {"value": "1"}]
    parts = {**parts, "identifier": marks} if marks else {k: v for k, v in parts.items() if k != "identifier"}
    if draw(st.booleans()):
        parts = {**parts, "extension": [*parts.get("extension", []), BELONGING]}
    return State({ITEM: focus(**parts)}, None)


@given(resource(NATIVE_TARGETS))
def test_put_get(parts: dict[str, Any]) -> None:
    record = native(**parts)
    assert exact(settled(MAPPING.get(MAPPING.put(record, EMPTY, ids()), ids()))) == exact(settled(record))


@given(resource(NATIVE_TARGETS), states())
def test_put_get_over_what_was_there(parts: dict[str, Any], state: State) -> None:
    record = native(**parts)
    assert exact(settled(MAPPING.get(MAPPING.put(record, state, ids()), ids()))) == exact(settled(record))


@given(states())
def test_get_put(state: State) -> None:
    record = MAPPING.get(state, ids())
    again = MAPPING.put(record, state, ids())
    assert exact(again.focus[ITEM]) == exact(state.focus[ITEM])
    assert again.rest == state.rest


@given(resource(NATIVE_TARGETS), states())
def test_putting_twice_is_putting_once(parts: dict[str, Any], state: State) -> None:
    once = MAPPING.put(native(**parts), state, ids())
    twice = MAPPING.put(native(**parts), once, ids())
    assert exact(twice.focus[ITEM]) == exact(once.focus[ITEM])
    assert twice.rest == once.rest


@given(states())
def test_nothing_without_a_partner_leaves(state: State) -> None:
    assert references(MAPPING.get(state, ids())) <= {*PAIRS, "Goal/x"}


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*.json")) or [None], ids=lambda p: p.stem if p else "-"
)
def test_the_official_examples_come_back_unchanged(path: Path | None) -> None:
    if path is None:
        pytest.skip("HL7's examples are not beside the project (../shared/data/fhir)")
    record = msgspec.json.Decoder(Any, float_hook=Decimal).decode(path.read_bytes())
    own = f"{record['resourceType']}/{record['id']}"
    for known in ({own: f"{record['resourceType']}/h"}, {r: r + "-h" for r in {own, *references(record)}}):
        state = MAPPING.put(record, EMPTY, ids(known))
        assert exact(settled(MAPPING.get(state, ids(known)))) == exact(settled(record))


# describe


def test_the_heading_of_a_resource() -> None:
    heading = MAPPING.describe(
        native(subject={"reference": "Patient/9"}, outcomeReference=[{"reference": "Observation/2"}])
    )
    assert (heading.id, heading.type, heading.resource_type, heading.subject) == (
        "Goal/17",
        "Goal",
        "Goal",
        "Patient/9",
    )
    assert (heading.frame, heading.is_frame, heading.withdrawn) == (None, False, False)
    assert heading.changed.isoformat() == "2026-11-20T10:00:00.123000+01:00"
    assert heading.mentions == ("Observation/2", "Patient/9")


def test_our_id_is_the_one_we_wrote_though_another_stafettbro_wrote_its_own() -> None:
    both = native(identifier=[item_identifier("fremmed"), item_identifier("vaar")])
    assert MAPPING.describe(both).ours == "Goal/vaar"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"resourceType": None}, "resourceType"),
        ({"id": "not valid"}, "id"),
        ({"meta": {}}, "meta.lastUpdated"),
        ({"meta": {"lastUpdated": "2026-11-20"}}, "meta.lastUpdated"),
        ({"identifier": ["x"]}, "identifier"),
        ({"extension": "x"}, "extension"),
    ],
)
def test_what_is_missing_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        MAPPING.describe({**native(), **wrong})
    assert [p.field for p in refused.value.problems] == [field]


@pytest.mark.parametrize(
    ("parts", "subject"),
    [
        ({"patient": {"reference": "Patient/9"}}, "Patient/9"),
        ({"for": {"reference": "Patient/9"}}, "Patient/9"),
        (
            {
                "participant": [
                    {"actor": {"reference": "Patient/9"}},
                    {"actor": {"reference": "Practitioner/1"}},
                ]
            },
            "Patient/9",
        ),
        (
            {"participant": [{"actor": {"reference": "Patient/9"}}, {"actor": {"reference": "Patient/8"}}]},
            None,
        ),
        ({"subject": {"reference": "Group/1"}}, None),
        ({}, None),
    ],
)
def test_who_it_is_about(parts: dict[str, Any], subject: str | None) -> None:
    assert MAPPING.describe(native(**parts)).subject == subject


@pytest.mark.parametrize(
    "parts",
    [
        {"status": "entered-in-error"},
        {"lifecycleStatus": "entered-in-error"},
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"meta": {"lastUpdated": CHANGED, "tag": [{"system": MARK, "code": "withdrawn"}]}},
    ],
)
def test_registered_in_error_is_told(parts: dict[str, Any]) -> None:
    assert MAPPING.describe({**native(), **parts}).withdrawn


def test_a_patient_tells_who_it_is() -> None:
    fnr = ("urn:oid:2.16.578.1.12.4.1.4.1", "synthetic")
    patient = native(
        resourceType="Patient",
        birthDate="2015-03-01",
        identifier=[{"system": "urn:local", "value": "7"}, {"system": fnr[0], "value": fnr[1]}],
    )
    heading = MAPPING.describe(patient)
    assert heading.subject == "Patient/17"
    assert heading.person is not None
    assert heading.person.identifiers == (fnr, ("urn:local", "7"))
    assert str(heading.person.born) == "2015-03-01"
