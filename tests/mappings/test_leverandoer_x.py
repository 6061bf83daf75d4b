"""A vendor's rows by a mapping file alone: what they become, what a change elsewhere becomes in their cells,
and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.csv_form import CsvForm, Unwritable
from gateway.file_form import csv_of
from mappings import canonical, load
from mappings.convert import from_bundle, to_bundle
from mappings.model import EMPTY, ITEM, Ids, RecordRefused, Resource, State

X = load("leverandoer-x")
COLUMNS = X.declared.csv.columns if X.declared.csv else ()
REFS = {"4711": "CarePlan/l", "4711/2": "Goal/m", "4711/3": "ServiceRequest/t", "4711/5": "Appointment/a"}
IDS = Ids("Patient/p", "CarePlan/l", "leverandoer-x", REFS, {ref: own for own, ref in REFS.items()})


def row(kind: str, number: str, **cells: str) -> dict[str, Any]:
    given = {"LoggNr": "4711", "Radtype": kind, "RadNr": number, "Sist endret": "04.05.2026 11:05", **cells}
    return {name: given.get(name.replace(" ", "_"), given.get(name, "")) for name in COLUMNS}


def form() -> CsvForm:
    found = csv_of(X)
    assert found is not None
    return found


LOG = row("LOGG", "1", Overskrift="Sofie Prøvesen (31921077435)", Tekst="Nivå 2", Status="Åpen",
          Ansvarlig="Kari Kontaktlærer", Endret_av="Kari Kontaktlærer")  # fmt: skip
GOAL = row("MÅL", "2", Tekst="Lese høyt", Status="Under arbeid", Frist="02.11.2026")
MEASURE = row("TILTAK", "3", Overskrift="Lesevenn", Tekst="Lesing", Status="Under arbeid",
              Ansvarlig="Per Rådgiver", Frist="18.12.2026", Knyttet_til_mål="2")  # fmt: skip
MEETING = row("MØTE", "5", Overskrift="Samarbeidsmøte", Tekst="Enige", Status="Gjennomført")


def item(native: dict[str, Any]) -> Resource:
    return X.put(native, EMPTY, IDS).focus[ITEM]


def edited(native: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The row after another system has changed members of its resource."""
    state = X.put(native, EMPTY, IDS)
    changed = State({**state.focus, ITEM: {**state.focus[ITEM], **members}}, state.rest)
    told = X.get(changed, IDS)
    return {name: value for name, value in told.items() if value != native.get(name)}


def test_the_export_comes_back_byte_for_byte(shared_data: Path) -> None:
    data = (shared_data / "stafettlogg" / "leverandoer-x.csv").read_bytes()
    rows = [record for _, record, _ in form().lines(form().text(data)) if record is not None]
    bundle, refused = to_bundle(X, "leverandoer-x", rows)
    back, lost = from_bundle(X, "leverandoer-x", bundle)
    assert (refused, lost, len(rows)) == ((), (), 6)
    assert form().bytes(back) == data


def test_the_log_is_about_the_child_whose_number_stands_in_the_heading() -> None:
    heading = X.describe(LOG)
    assert (heading.id, heading.frame) == ("4711", None)
    assert heading.person is not None
    assert heading.person.identifiers == ((canonical.FNR, "31921077435"),)
    child = X.put(LOG, EMPTY, IDS).focus["barn"]
    assert child["name"] == [{"given": ["Sofie"], "family": "Prøvesen"}]


@pytest.mark.parametrize(
    ("number", "system"), [("71921077186", canonical.DNR), ("83111025226", canonical.FHN)]
)
def test_a_number_of_another_kind_is_known_by_its_digits(number: str, system: str) -> None:
    log = {**LOG, "Overskrift": f"Sofie ({number})"}
    heading = X.describe(log)
    assert heading.person is not None
    assert heading.person.identifiers == ((system, number),)
    assert X.put(log, EMPTY, IDS).focus["barn"]["identifier"] == [{"system": system, "value": number}]


def test_names_are_shown_and_match_nobody() -> None:
    measure, heading = item(MEASURE), X.describe(MEASURE)
    assert measure["performer"] == [{"display": "Per Rådgiver"}]
    assert heading.needs == ("4711", "4711/2")
    assert heading.mentions == ()
    who = X.put(LOG, EMPTY, IDS).focus["provenance"]["agent"][0]["who"]
    assert who == {"display": "Kari Kontaktlærer"}


def test_what_a_coordinator_sees_of_each_row() -> None:
    goal, measure, meeting = item(GOAL), item(MEASURE), item(MEETING)
    assert goal["description"] == {"text": "Lese høyt"}
    assert (goal["lifecycleStatus"], goal["target"]) == ("active", [{"dueDate": "2026-11-02"}])
    assert (measure["code"], measure["note"]) == ({"text": "Lesevenn"}, [{"text": "Lesing"}])
    assert (measure["status"], measure["occurrencePeriod"]) == ("active", {"end": "2026-12-18"})
    assert measure["extension"][-1]["valueReference"] == {"reference": "Goal/m"}
    assert meeting["appointmentType"]["text"] == "Samarbeidsmøte"
    assert meeting["appointmentType"]["coding"][0]["code"] == "samarbeidsmoete"


@pytest.mark.parametrize(
    ("native", "members", "cells"),
    [
        (GOAL, {"lifecycleStatus": "cancelled"}, {"Status": "Avbrutt"}),
        (GOAL, {"lifecycleStatus": "completed"}, {"Status": "Avsluttet"}),
        (GOAL, {"target": [{"dueDate": "2027-01-15"}]}, {"Frist": "15.01.2027"}),
        (MEASURE, {"status": "on-hold"}, {"Status": "På vent"}),
        (MEASURE, {"occurrencePeriod": {"end": "2026-12-31T23:30:00Z"}}, {"Frist": "01.01.2027"}),
        (MEASURE, {"performer": [{"display": "Ny Mann"}]}, {"Ansvarlig": "Ny Mann"}),
        (MEETING, {"status": "cancelled", "extension": []}, {"Status": "Avlyst"}),
        (MEETING, {"appointmentType": {"text": "Pizzakveld"}}, {"Overskrift": "Pizzakveld"}),
    ],
)
def test_a_change_elsewhere_comes_back_in_the_vendors_words(
    native: dict[str, Any], members: dict[str, Any], cells: dict[str, str]
) -> None:
    told = edited(native, **members)
    assert {name: told[name] for name in cells} == cells


def test_several_goals_stand_in_one_cell() -> None:
    refs = {**REFS, "4711/7": "Goal/n"}
    ids = Ids("Patient/p", "CarePlan/l", "leverandoer-x", refs, {ref: own for own, ref in refs.items()})
    state = X.put({**MEASURE, "Knyttet til mål": "2, 7,"}, EMPTY, ids)
    goals = [e["valueReference"] for e in state.focus[ITEM]["extension"] if "pertains" in e["url"]]
    assert goals == [{"reference": "Goal/m"}, {"reference": "Goal/n"}]
    assert X.get(state, ids)["Knyttet til mål"] == "2, 7,"
    assert X.get(State(state.focus), ids)["Knyttet til mål"] == "2, 7"


def test_what_another_log_holds_is_not_told_as_if_it_were_here() -> None:
    natives = {**IDS.natives, "Goal/m": "4712/2"}
    state = X.put(MEASURE, EMPTY, IDS)
    told = X.get(State(state.focus), Ids("Patient/p", "CarePlan/l", "leverandoer-x", REFS, natives))
    assert "Knyttet til mål" not in told


def test_a_record_of_ours_is_known_again_by_our_id_in_its_last_cell() -> None:
    natives = {"CarePlan/l": "4711", "Goal/m": "0b1e"}
    told = X.get(X.put(GOAL, EMPTY, IDS), Ids("Patient/p", "CarePlan/l", "leverandoer-x", REFS, natives))
    assert (told["LoggNr"], told["RadNr"]) == ("4711", "0b1e")
    heading = X.describe({**GOAL, "RadNr": "0b1e"})
    assert (heading.id, heading.ours) == ("4711/0b1e", "Goal/0b1e")


def test_a_word_beyond_the_table_is_kept_and_said() -> None:
    native = {**GOAL, "Status": "Nesten i mål"}
    assert [(p.field, p.code) for p in X.describe(native).warnings] == [("Status", "unknown-code")]
    state = X.put(native, EMPTY, IDS)
    assert state.focus[ITEM]["lifecycleStatus"] == "active"
    assert X.get(state, IDS) == native


@pytest.mark.parametrize(
    ("native", "change", "field", "code"),
    [
        (GOAL, {"Radtype": "KAKE"}, "Radtype", "unknown-type"),
        (GOAL, {"Radtype": ""}, "Radtype", "missing"),
        (GOAL, {"RadNr": ""}, "RadNr", "missing"),
        (GOAL, {"Frist": "31.11.2026"}, "Frist", "not-a-time"),
        (GOAL, {"Sist endret": "04.05.2026"}, "Sist endret", "not-a-time"),
        (GOAL, {"Tekst": ""}, "Tekst", "missing"),
        (LOG, {"Overskrift": "Sofie Prøvesen"}, "Overskrift", "wrong-form"),
        (LOG, {"Overskrift": "Sofie (31921077436)"}, "Overskrift.nummer", "check-digit"),
    ],
)
def test_a_refused_row_names_its_column(
    native: dict[str, Any], change: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(RecordRefused) as refused:
        X.describe({**native, **change})
    assert [(p.field, p.code) for p in refused.value.problems] == [(field, code)]


def test_a_text_that_the_files_cannot_hold_is_refused_not_mangled() -> None:
    with pytest.raises(Unwritable) as unwritable:
        form().bytes([{**GOAL, "Tekst": "Bra 👍"}])
    assert unwritable.value.column == "Tekst"
    assert "👍" not in str(unwritable.value)


def test_of_two_words_for_one_code_the_first_is_told_and_the_written_one_kept() -> None:
    assert edited(MEASURE, status="completed")["Status"] == "Avsluttet"
    native = {**MEASURE, "Status": "Gjennomført"}
    assert X.get(X.put(native, EMPTY, IDS), IDS) == native


def test_when_it_was_changed_is_read_in_the_vendors_form() -> None:
    assert X.describe(GOAL).changed.isoformat() == "2026-05-04T11:05:00+02:00"


def test_a_writer_who_is_taken_away_leaves_the_system_itself() -> None:
    first = X.put({**GOAL, "Endret av": "Kari"}, EMPTY, IDS)
    (agent,) = X.put(GOAL, first, IDS).focus["provenance"]["agent"]
    assert agent["who"]["identifier"]["value"] == "leverandoer-x"


@pytest.mark.parametrize(
    ("coded", "text", "told"),
    [
        (
            "ansvarsgruppe",
            "Ansvarsgruppe",
            "Ansvarsgruppe",
        ),  # the second word of that code, as it was written
        ("evaluering", "Samarbeidsmøte", "Evalueringsmøte"),  # whoever set the code did not know of the text
        ("ukjent", "Samarbeidsmøte", "Samarbeidsmøte"),
    ],
)
def test_a_code_wins_over_a_text_that_says_something_else(coded: str, text: str, told: str) -> None:
    coding = [{"system": canonical.code_system("moeteslag"), "code": coded}]
    state = X.put(MEETING, EMPTY, IDS)
    changed = {**state.focus[ITEM], "appointmentType": {"coding": coding, "text": text}}
    assert X.get(State({**state.focus, ITEM: changed}), IDS)["Overskrift"] == told


def test_a_new_number_takes_the_place_of_the_old_one_alone() -> None:
    state = X.put(LOG, EMPTY, IDS)
    other = {"system": "urn:peer", "value": "17"}
    child = {**state.focus["barn"], "identifier": [other, *state.focus["barn"]["identifier"]]}
    log = {**LOG, "Overskrift": "Sofie Prøvesen (83111025226)"}
    after = X.put(log, State({**state.focus, "barn": child}, state.rest), IDS).focus["barn"]
    assert after["identifier"] == [{"system": canonical.FHN, "value": "83111025226"}, other]
