"""What every record has: who and when, labels, third persons, registered in error, what stays in the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings import reading
from mappings.canonical import RECORDED_IN_ERROR, identifier_system
from mappings.model import ITEM, Ids, NotExpressible, State
from tests.mappings.factories import CHANGED, LOG, PLAN, get, ids, put, record

ERROR = {"tidspunkt": "2026-11-01T10:00:00+01:00", "av": "d1", "grunn": "Feil barn"}


def lysglimt(**fields: Any) -> dict[str, Any]:
    return record("lysglimt", tekst="Lo høyt", tidspunkt="2026-10-12T11:50:00+02:00", **fields)


def test_who_wrote_and_when_stand_in_provenance_alone() -> None:
    focus = put(lysglimt()).focus
    provenance = focus["provenance"]
    assert provenance["recorded"] == CHANGED
    assert provenance["target"] == [{"reference": "Communication/h"}]
    who = {"identifier": {"system": identifier_system("record/stafettlogg"), "value": "d1"}}
    assert [agent["who"] for agent in provenance["agent"]] == [who]
    assert (
        put(lysglimt() | {"endret": "2026-11-01T00:00:00Z"}, state=put(lysglimt())).focus[ITEM] == focus[ITEM]
    )


def test_first_author_and_time_are_kept_beside_the_last() -> None:
    native = lysglimt(opprettet="2026-10-12", opprettetAv="d2")
    agents = put(native).focus["provenance"]["agent"]
    assert [a["type"]["coding"][0]["code"] for a in agents] == ["enterer", "author"]
    assert get(State(put(native).focus)) == native


def test_a_writer_of_another_system_is_found_by_reference_or_left_out() -> None:
    focus = dict(put(lysglimt()).focus)
    for who, expected in (
        ({"reference": "PractitionerRole/r1"}, "d1"),
        ({"reference": "PractitionerRole/unknown"}, None),
        ({"identifier": {"system": identifier_system("record/other"), "value": "d1"}}, None),
    ):
        focus["provenance"] = {**focus["provenance"], "agent": [{"who": who}]}
        assert get(State(focus)).get("endretAv") == expected


def test_without_a_writer_the_system_stands_there() -> None:
    native = {k: v for k, v in lysglimt().items() if k != "endretAv"}
    state = put(native)
    assert state.focus["provenance"]["agent"][0]["who"]["identifier"]["value"] == "stafettlogg"
    assert get(State(state.focus)) == native


def test_labels_stand_in_security_and_read_back() -> None:
    state = put(lysglimt(sperre=["NORN_FORANS", "NORS"], sensitivitet=["PSY", "R"]))
    assert reading.labels_of(state.focus[ITEM]) == {"NORN_FORANS", "NORS"}
    assert reading.sensitivity_of(state.focus[ITEM]) == {"PSY", "R"}
    assert get(State(state.focus))["sensitivitet"] == ["PSY", "R"]
    assert "meta" not in put(lysglimt(), state=state).focus[ITEM]


def test_security_of_others_stays_beside_ours() -> None:
    state = put(lysglimt(sperre=["NORS"]))
    other = {"system": "http://example.org/s", "code": "X"}
    meta = {"security": [other, *state.focus[ITEM]["meta"]["security"]]}
    mixed = State({**state.focus, ITEM: {**state.focus[ITEM], "meta": meta}})
    assert put(lysglimt(sperre=["NORU"]), state=mixed).focus[ITEM]["meta"]["security"][0] == other


def test_third_persons() -> None:
    focal = put(lysglimt(tredjeperson=["d2", "borte"])).focus[ITEM]
    unresolved = f"{identifier_system('record/stafettlogg')}|borte"
    assert reading.third_persons_of(focal) == {"RelatedPerson/f1", unresolved}


@pytest.mark.parametrize(
    ("native", "mapping"),
    [
        (record("maal", tekst="x", status="delvisNaadd", evaluering={"tekst": "e"}), LOG),
        (record("tiltak", status="paaVent", effekt={"tekst": "e"}), LOG),
        (record("moete", tid="2026-11-01T10:00:00Z", slutt="2026-11-01T11:00:00Z", referat="r"), LOG),
        (record("moete", tid="2026-11-01T10:00:00Z"), LOG),
        (record("deltaker", rolle="aktoer"), LOG),
        (record("deltaker", rolle="barn"), LOG),
        (record("samtykke", trukket={"tidspunkt": "2026-11-01"}), LOG),
        (record("dokument", tittel="t"), LOG),
        (record("plan", status="aktiv", person={"foedt": "2010-01-01"}), PLAN),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
def test_registered_in_error_withdraws_and_the_status_survives(native: dict[str, Any], mapping: Any) -> None:
    before = put(native, mapping)
    state = put({**native, "feilregistrert": ERROR}, mapping, before)
    assert reading.in_error(state.focus[ITEM])
    assert not reading.in_error(before.focus[ITEM])
    assert any(e["url"] == RECORDED_IN_ERROR for e in state.focus[ITEM]["extension"])
    for slot in set(state.focus) - {ITEM, "provenance", "barn"}:
        assert reading.in_error(state.focus[slot])
    assert get(state, mapping) == {**native, "feilregistrert": ERROR}
    assert put(native, mapping, state).focus == before.focus
    assert mapping.describe({**native, "feilregistrert": ERROR}).withdrawn


def test_withdrawn_by_a_stranger_is_registered_in_error_at_the_time_it_was_recorded() -> None:
    state = put(record("maal", tekst="x", status="aktiv"))
    gone = {**state.focus[ITEM], "lifecycleStatus": "entered-in-error"}
    native = get(State({**state.focus, ITEM: gone}))
    assert native["feilregistrert"] == {"tidspunkt": CHANGED}
    assert "status" not in native
    with pytest.raises(NotExpressible):
        get(State({ITEM: gone}))


def test_unknown_keys_and_empty_values_wait_in_the_rest() -> None:
    native = lysglimt(versjon=7, farge={"r": Decimal("1.10")}, sperre=[], tredjeperson=None)
    state = put(native)
    assert get(state) == native
    assert set(state.rest["keys"]) == {"versjon", "farge", "sperre", "tredjeperson"}
    assert "1.10" in str(get(state)["farge"]["r"])


def test_an_empty_value_gives_way_to_what_another_system_says() -> None:
    state = put(record("notat", tekst="a", tolkning=""))
    other = put(record("notat", tekst="a", tolkning="Redd")).focus
    assert get(State(other, state.rest))["tolkning"] == "Redd"
    again = put(get(State(other, state.rest)), state=State(other, state.rest))
    assert again.rest == state.rest


def test_odd_texts_reach_fhir_readable_and_come_back_as_written() -> None:
    native = lysglimt() | {"tekst": "a\x01b", "endret": "2026-10-29t13:02:10z"}
    state = put(native)
    assert state.focus[ITEM]["payload"] == [{"contentString": "ab"}]
    assert state.focus["provenance"]["recorded"] == "2026-10-29T13:02:10Z"
    assert get(state) == native


def test_the_frame_is_read_from_where_the_record_lies() -> None:
    focal = {"resourceType": "Goal", "id": "h", "lifecycleStatus": "active", "description": {"text": "x"}}
    assert get(State({ITEM: focal}))["logg"] == "logg"
    elsewhere = Ids("Patient/p1", "CarePlan/none", "stafettlogg", {}, {"Goal/h": "own"})
    assert "logg" not in LOG.get(State({ITEM: focal}), elsewhere)
    assert ids("Goal/h").natives["Goal/h"] == "own"


def test_what_vanishes_from_a_record_in_error_is_gone_all_the_same() -> None:
    full = record("maal", tekst="x", status="aktiv", evaluering={"tekst": "e"}, feilregistrert=ERROR)
    without = {key: value for key, value in full.items() if key != "evaluering"}
    assert "evaluering" not in get(State(put(without, state=put(full)).focus))


def test_what_waits_in_the_rest_waits_on_while_other_fields_change() -> None:
    other = put(record("notat", tekst="a", tolkning="Redd")).focus
    state = State(other, put(record("notat", tekst="a", tolkning="")).rest)
    assert put({**get(state), "tekst": "b"}, state=state).rest == state.rest


def test_a_resource_is_left_exactly_as_it_is_when_only_its_writer_changes() -> None:
    state = put(record("maal", tekst="x", status="aktiv"))
    gone = State({**state.focus, ITEM: {**state.focus[ITEM], "lifecycleStatus": "entered-in-error"}})
    again = put({**get(gone), "endretAv": "d2"}, state=gone)
    assert again.focus[ITEM] == gone.focus[ITEM]
