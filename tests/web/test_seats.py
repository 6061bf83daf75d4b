"""Which logs and plans an employee finds after logging in, and which pages that opens: who takes part now,
in which role, for which service. All log in at the certified provider, but whoever has an HPR number: its
tokens say none."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access.people_login import identities
from tests.api.conftest import records
from tests.web.conftest import MOTHER, Pages
from tests.web.person import Page, Person

MINE = "/min-side/mine-barn"
NURSE, PSYCHOLOGIST, DOCTOR = "9144889", "9144897", "9144919"  # Emma's


def told(pages: Pages, native_id: str, child: str = "emma", **changes: Any) -> None:
    """A record of a child's log with something else in it."""
    found = next(one for one in records("stafettlogg", child) if one["id"] == native_id)
    pages.later()
    said = {**found, "endret": pages.now.isoformat(), **changes}
    answer = pages.hand_in("logg", [said])
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"][0]["status"] == "stored", answer.text


def with_user(pages: Pages, native_id: str, subject: str, child: str = "emma", **changes: Any) -> None:
    """A participant that is known at the login as this user."""
    user = {"utsteder": pages.provider.url, "subjekt": subject}
    told(pages, native_id, child, bruker=user, **changes)


def by_hpr(pages: Pages, number: str) -> Person:
    """Somebody whose session says an HPR number, as HelseID's tokens do."""
    desk = pages.app.state.web  # type: ignore[attr-defined]
    way = desk.logins["helseid"].login
    known = desk.participants.hashes(identities(way, {"sub": "ukjent", way.hpr_claim: number}))
    one = pages.person()
    one.http.cookies.set("__Host-stafettbro", desk.sessions.open(way, known, pages.now))
    return one


def first(person: Person) -> Page:
    """The page somebody comes to."""
    return person.get("/min-side")


def test_whoever_holds_a_log_finds_it_and_is_told_as_whom(pages: Pages) -> None:
    with_user(pages, "e-d1", "kari")
    kari = pages.person()
    page = kari.log_in("kari", "helseid")
    assert "Mine barn" in page.text
    assert "Emma Sofie Testesen" in page.text
    assert "Stafettlogg. Du er med som stafettholder." in page.text
    assert "Jonas" not in page.text
    assert "Du bestemmer hva som deles" not in page.text
    assert page.links["Mine barn"] == MINE


def test_the_family_s_login_finds_no_employee_and_the_staff_s_no_family(pages: Pages) -> None:
    with_user(pages, "e-d1", "kari")
    one, other = pages.person(), pages.person()
    assert "Vi finner ingen barn" in one.log_in("kari", "idporten").text
    assert one.get(MINE).status == 404
    assert "Vi finner ingen barn" in other.log_in(MOTHER, "helseid").text
    assert other.get(MINE).status == 404


def test_a_nurse_and_a_doctor_of_the_municipality_are_found_by_hpr_number(pages: Pages) -> None:
    for number in (NURSE, DOCTOR):
        page = first(by_hpr(pages, number))
        assert "Emma Sofie Testesen" in page.text
        assert "Stafettlogg. Du er med som ansatt." in page.text


def test_a_hospital_s_staff_get_no_page_of_the_municipality_s(pages: Pages) -> None:
    clinician = by_hpr(pages, PSYCHOLOGIST)
    assert clinician.get(MINE).status == 404
    assert "Mine barn" not in first(clinician).text


def test_whoever_coordinates_gets_the_coordinators_pages_at_a_hospital_too(pages: Pages) -> None:
    told(pages, "e-d6", rolle="koordinator")
    assert "Du er med som koordinator." in by_hpr(pages, PSYCHOLOGIST).get(MINE).text


@pytest.mark.parametrize("ends", ["2026-11-01", "2026-11-20"])
def test_who_no_longer_takes_part_is_out_at_once(pages: Pages, ends: str) -> None:
    with_user(pages, "e-d1", "kari")
    kari = pages.person()
    assert "Emma" in kari.log_in("kari", "helseid").text
    with_user(pages, "e-d1", "kari", til=ends)
    assert kari.get(MINE).status == 404
    assert "Emma" not in first(kari).text


def test_who_takes_part_later_is_not_in_yet(pages: Pages) -> None:
    with_user(pages, "e-d1", "kari", fra="2026-11-23")
    assert "Vi finner ingen barn" in pages.person().log_in("kari", "helseid").text


def test_a_log_of_a_child_with_a_strictly_protected_address_is_closed_to_staff(pages: Pages) -> None:
    """That there is a log in this municipality would tell where the child lives (B1)."""
    with_user(pages, "e-d1", "kari")
    kari = pages.person()
    kari.log_in("kari", "helseid")
    log = next(one for one in records("stafettlogg", "emma") if one["type"] == "stafettlogg")
    told(pages, log["id"], barn={**log["barn"], "adressebeskyttelse": "strengtFortrolig"})
    assert kari.get(MINE).status == 404
    assert "Emma" not in first(kari).text


def test_who_decides_in_the_parents_place_keeps_the_way_to_the_consents(pages: Pages) -> None:
    order = {"type": "forhold", "id": "j-f1", "logg": "jonas-logg", "slag": "omsorgsovertakelse"}
    said = {"endret": "2026-11-21T12:00:00Z", "endretAv": "j-d1", "verdi": True, "fra": "2026-11-01"}
    assert pages.hand_in("logg", [{**order, **said}]).json()["results"][0]["status"] == "stored"
    with_user(pages, "j-d1", "siv", "jonas")
    siv = pages.person()
    page = siv.log_in("siv", "helseid")
    assert list(page.links)[2:4] == ["Barn og planer", "Mine barn"]
    assert "Gi samtykke" in siv.get(page.link("Jonas")).text
    assert "Jonas" in siv.get(page.link("Mine barn")).text


def test_what_an_employee_was_shown_is_written_as_told(pages: Pages) -> None:
    with_user(pages, "e-d1", "kari")
    kari = pages.person()
    kari.log_in("kari", "helseid")
    mother = pages.person()
    mother.log_in(MOTHER)
    looked = mother.get(mother.get(first(mother).link("Emma")).link("Se hvem som har sett hva"))
    assert "Solvang barneskole så på 2 opplysninger." in looked.text
