"""A conflict on the pages: both values with who said them and when, each as far as this reader may see it;
decided as POST /conflicts/{id}/decide decides it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.web.coordinator.conflict_look import label
from tests.api.conftest import records
from tests.api.test_conflicts import OURS, THEIRS, Disputed, dispute
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_seats import with_user
from tests.web.test_writing import home, kari, logged_in


@pytest.fixture
def disputed(pages: Pages) -> Disputed:
    """The log and the plan disagree about a goal."""
    emma: list[dict[str, Any]] = records("stafettlogg", "emma")
    return dispute(pages, emma)


def opened(pages: Pages, person: Person) -> tuple[str, Page]:
    """The page of the one conflict, reached as a reader reaches it."""
    there = person.get(f"{home(pages, person)}/uenighet")
    (path,) = (href for href in there.links.values() if "/uenighet/" in href)
    return path, person.get(path)


def test_both_values_stand_there_with_who_said_them_and_when(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    _, shown = opened(pages, teacher)
    assert OURS in shown.text
    assert THEIRS in shown.text
    assert "(stafettlogg) · deg · 21. november 2026 kl. 12.01" in shown.text
    assert "(individuell plan)" in shown.text


def test_what_is_chosen_stands_with_the_reason_and_who_decided(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    done = teacher.post(path, shown.form(path[-24:]) | {"valg": ["theirs"], "grunn": ["Avtalt i møtet"]})
    assert "Dette er avgjort" in done.text
    assert "Avgjort av deg." in done.text
    assert "Avtalt i møtet" in done.text
    assert disputed.current()["description"]["text"] == THEIRS
    assert disputed.told("drift") == []
    assert "Det er ingenting å avgjøre nå." in teacher.get(f"{home(pages, teacher)}/uenighet").text


def test_words_of_ones_own(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    said = {"valg": ["value"], "verdi": ["Begge deler"], "grunn": ["Foreldrene ville ha begge"]}
    teacher.post(path, shown.form(path[-24:]) | said)
    assert disputed.current()["description"]["text"] == "Begge deler"


def test_another_day_is_chosen_as_a_day_and_anything_else_is_said_to_be_none(pages: Pages) -> None:
    made = dispute(pages, records("stafettlogg", "emma"))
    made.decide()
    assert made.in_log(evalueringsfrist="2026-12-11") == "stored"
    assert made.in_plan(evalueringsfrist="2026-12-23") == "conflict"
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    form = shown.form(path[-24:]) | {"valg": ["value"], "grunn": ["Midt imellom"]}
    wrong = teacher.post(path, form | {"verdi": ["15.12.2026"]})
    assert (wrong.status, wrong.links["Velg en dato."]) == (422, "#verdi")
    assert teacher.post(path, form | {"verdi": ["2026-12-15"]}).status == 200
    assert made.current()["target"][0]["dueDate"] == "2026-12-15"


def test_a_state_is_one_of_those_that_were_said_and_nothing_that_somebody_would_have_to_spell(
    pages: Pages,
) -> None:
    made = dispute(pages, records("stafettlogg", "emma"))
    made.decide()
    assert made.in_log(status="avbrutt") == "stored"
    assert made.in_plan(status="naadd") == "conflict"
    shown = opened(pages, kari(pages))[1]
    assert "Det som det andre systemet sa" in shown.text
    assert "Noe annet, som jeg skriver selv" not in shown.text


def test_faults_name_the_field_and_keep_what_was_typed(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    wrong = teacher.post(path, shown.form(path[-24:]) | {"grunn": ["Fordi"]})
    assert wrong.status == 422
    assert wrong.links["Velg hva som skal stå."] == "#valg"
    assert "Fordi" in wrong.html
    assert [one["state"] for one in disputed.told("drift")] == ["open"]


def test_what_was_shown_is_decided_or_nothing(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    disputed.in_log(tekst="Loggens nye ord")
    late = teacher.post(path, shown.form(path[-24:]) | {"valg": ["theirs"], "grunn": ["Avtalt"]})
    assert late.status in (404, 409)
    assert disputed.current()["description"]["text"] == "Loggens nye ord"


def test_only_who_coordinates_finds_it(pages: Pages, disputed: Disputed) -> None:
    with_user(pages, "e-d4", "per")
    teacher, per = kari(pages), logged_in(pages, "per")
    path, _ = opened(pages, teacher)
    assert "Det er ingenting å avgjøre nå." in per.get(f"{home(pages, per)}/uenighet").text
    assert per.get(f"{home(pages, per)}/uenighet/{path[-24:]}").status == 404


def test_what_the_reader_may_not_see_is_not_there(pages: Pages, disputed: Disputed) -> None:
    hidden = [{**one, "sperre": ["NORU"]} for one in records("stafettlogg", "emma") if one["id"] == "e-m1"]
    pages.later()
    said = {**hidden[0], "tekst": OURS, "endret": pages.now.isoformat()}
    assert pages.hand_in("logg", [said]).status_code == 200
    teacher = kari(pages)
    shown = teacher.get(f"{home(pages, teacher)}/uenighet")
    assert "Det er ingenting å avgjøre nå." in shown.text
    assert OURS not in shown.html
    assert THEIRS not in shown.html


def test_a_session_that_ends_loses_no_reason(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    form = shown.form(path[-24:]) | {"valg": ["theirs"], "grunn": ["Avtalt i møtet"]}
    teacher.http.cookies.clear()
    kept = teacher.post(path, form)
    assert (kept.status, "Avtalt i møtet" in kept.html) == (401, True)
    teacher.log_in("kari", "helseid")
    again = teacher.post(path, form)
    assert (again.status, "Avtalt i møtet" in again.html) == (409, True)
    assert [one["state"] for one in disputed.told("drift")] == ["open"]


def test_a_reason_is_not_lost_where_the_conflict_is_not_there_any_more(
    pages: Pages, disputed: Disputed
) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    form = shown.form(path[-24:]) | {"valg": ["theirs"], "grunn": ["Avtalt i møtet"], "hvilken": ["A" * 24]}
    teacher.log_in("kari", "helseid")
    kept = teacher.post(path, form)
    assert (kept.status, "Avtalt i møtet" in kept.html) == (404, True)


def test_a_version_without_end_is_an_old_one(pages: Pages, disputed: Disputed) -> None:
    teacher = kari(pages)
    path, shown = opened(pages, teacher)
    form = shown.form(path[-24:]) | {"valg": ["theirs"], "grunn": ["Avtalt"], "versjon": ["9" * 5_000]}
    assert teacher.post(path, form).status == 409


def test_a_place_is_called_by_its_longest_name() -> None:
    assert label("Goal.description") == "goal"
    assert label("Goal.target[0].dueDate") == "deadline"
    assert label("Patient.name") == "other"
