"""A report of a wrong patient and what becomes of it, at the front door: BUP's psychologist reports, Emma's
teacher, who holds her log, says whether it is the right child, and the psychologist reads the answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.world import fields
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_clinic import PLANS, address, emma
from tests.web.test_clinic import again as berit_again
from tests.web.test_seats import MINE, PSYCHOLOGIST, by_hpr, told, with_user

SAID = "Fødselsdatoen stemmer ikke <b>hos oss</b>"
BUP = "BUP Fjordane, Indre Fjord"
CLOSED = f"{BUP} meldte feil pasient"


@pytest.fixture
def kari(pages: Pages) -> Person:
    """Emma's teacher, who holds her log, logged in."""
    with_user(pages, "e-d1", "kari")
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def report(pages: Pages, reason: str = SAID) -> Person:
    """The psychologist, who has just reported."""
    berit = by_hpr(pages, PSYCHOLOGIST)
    where = address(emma(berit))
    form = berit.get(f"{where}/feil-pasient").form("/feil-pasient")
    assert "Lukket" in berit.post(f"{where}/feil-pasient", {**form, "grunn": [reason]}).text
    return berit


def settling(person: Person) -> tuple[str, Page]:
    """The page where it is settled, reached as a reader reaches it."""
    where = person.get(MINE).link("Avklar feil pasient")
    return where, person.get(where)


def settle(person: Person, choice: str, reason: str = "Ringte dem") -> Page:
    """Said, read through and confirmed."""
    where, page = settling(person)
    return confirmed(person, where, page, choice, reason)


def confirmed(person: Person, where: str, page: Page, choice: str, reason: str = "Ringte dem") -> Page:
    """The same, from a page with the form."""
    form = where.rpartition("/")[2]
    sure = person.post(where, {**page.form(form), "valg": [choice], "grunn": [reason]})
    assert sure.status == 200, sure.text
    return person.post(where, sure.form(form))


def acts(pages: Pages) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fields(pages.get(f"/people/{pages.patient('e-m1')}/acts", "drift"))["acts"]
    return found


def sees(pages: Pages) -> bool:
    """Whether BUP's own system gets Emma's goals."""
    own = pages.patient("e-m1")
    return bool(pages.get(f"/fhir/Goal?patient={own}", "bup").json()["total"])


def test_it_stands_first_in_the_list_and_on_every_page_of_the_child(pages: Pages, kari: Person) -> None:
    report(pages)
    page = kari.get(MINE)
    assert "Alt er lukket for dem. Avklar om det er riktig barn." in page.text
    here = page.link("Emma Sofie Testesen")
    for part in ("", "/maal", "/deltakere", "/meldinger", "/deles-ikke"):
        assert CLOSED in kari.get(here + part).text
    _, found = settling(kari)
    assert f"Berit Psykolog hos {BUP} meldte 21. november 2026" in found.text
    assert "Fødselsdatoen stemmer ikke &lt;b&gt;hos oss&lt;/b&gt;" in found.html
    assert f"Ingen hos {BUP} ser noe om Emma Sofie Testesen" in found.text


def test_the_right_child_is_shared_again_only_once_it_is_confirmed(pages: Pages, kari: Person) -> None:
    report(pages)
    where, page = settling(kari)
    form = where.rpartition("/")[2]
    sure = kari.post(where, {**page.form(form), "valg": ["riktig"], "grunn": ["Ringte dem"]})
    assert "Dele igjen?" in sure.text
    assert not sees(pages), "nothing is done before it is confirmed"
    assert [one["kind"] for one in acts(pages)] == ["wrong-person"]
    pages.later()
    done = kari.post(where, sure.form(form))
    assert f"Avklart: delt igjen med {BUP}" in done.text
    assert "Avgjort av deg" in done.text or "Avgjort av Kari Kontaktlærer" in done.text
    assert sees(pages)
    assert "feil pasient" not in kari.get(MINE).text
    assert CLOSED not in kari.get(kari.get(MINE).link("Emma")).text
    kinds = {one["kind"]: one for one in acts(pages)}
    assert kinds.keys() == {"wrong-person", "right-person"}
    assert kinds["wrong-person"]["ended"] is not None
    assert (kinds["right-person"]["by"], kinds["right-person"]["reason"]) == (
        "Kari Kontaktlærer",
        "Ringte dem",
    )
    assert "wrong-person" not in [one["kind"] for one in fields(pages.get("/notices", "logg"))["notices"]]
    assert kari.post(where, sure.form(form)).status == 200, "sent twice, it is answered once"
    assert len(acts(pages)) == 2


def test_the_clinic_reads_what_became_of_its_report(pages: Pages, kari: Person) -> None:
    berit = report(pages)
    assert "Dere meldte feil pasient 21. november 2026. Ingen har svart ennå." in berit.get(PLANS).text
    settle(kari, "riktig", "Vi ringte: <i>fødselsdato</i> er rettet")
    page = emma(berit_again(pages))
    assert "Dere meldte feil pasient, og har fått svar" in page.text
    assert "Det ble avklart 21. november 2026 at det er riktig barn." in page.text
    assert "Vi ringte: &lt;i&gt;fødselsdato&lt;/i&gt; er rettet" in page.html


def test_the_wrong_child_stays_closed_and_the_clinic_is_told_that_alone(pages: Pages, kari: Person) -> None:
    berit = report(pages)
    done = settle(kari, "feil", "KANARI")
    assert f"Avklart: fortsatt lukket for {BUP}" in done.text
    assert not sees(pages)
    assert "Avklar feil pasient" not in kari.get(MINE).text
    assert f"Lukket for {BUP}" in kari.get(kari.get(MINE).link("Emma")).text
    shown = berit.get(PLANS)
    assert "Kommunen svarte 21. november 2026 at det var feil barn." in shown.text
    closed = berit.get(re.sub(r"/feil-pasient.*", "", _closed(berit)))
    assert "må den som koordinerer i kommunen, dele igjen" in closed.text
    for answer in (shown, closed):
        for word in ("KANARI", "Emma", "Kari"):
            assert word not in answer.html


def _closed(berit: Person) -> str:
    """The plan as it was called before it was closed."""
    desk = berit.http.app.state.web  # type: ignore[attr-defined]
    from gateway.web.door import handle

    session = desk.sessions.find(berit.http.cookies.get("__Host-stafettbro"), desk.service.clock())
    with desk.service.store.read("fjordbyen") as connection:
        from gateway.web.seats import Office, seats

        (one,) = seats(connection, desk, session, desk.service.clock(), Office.CLINIC)
    return f"{PLANS}/{handle(session, one.frame)}"


def test_a_wrong_answer_is_undone_from_the_page_or_by_a_new_report(pages: Pages, kari: Person) -> None:
    report(pages)
    settle(kari, "feil")
    pages.later()
    where = kari.get(kari.get(MINE).link("Emma")).link("Se hva som er avgjort")
    page = kari.get(where)
    assert "Behold lukket" not in page.text
    assert "delt igjen" in confirmed(kari, where, page, "riktig").text
    assert sees(pages)
    pages.later()
    report(pages, "Likevel ikke")
    assert not sees(pages)
    where, page = settling(kari)
    assert "Likevel ikke" in page.text
    assert SAID not in page.text


def test_what_is_wrong_is_said_and_what_was_typed_stays(pages: Pages, kari: Person) -> None:
    report(pages)
    where, page = settling(kari)
    form = where.rpartition("/")[2]
    faulty = kari.post(where, {**page.form(form), "grunn": ["Ringte"], "steg": ["bekreftet"]})
    assert (faulty.status, "Velg hva dere har funnet ut." in faulty.text) == (422, True)
    assert ">Ringte</textarea>" in faulty.html
    faulty = kari.post(where, {**page.form(form), "valg": ["feil"], "steg": ["bekreftet"]})
    assert (faulty.status, "Skriv hvorfor." in faulty.text) == (422, True)
    long = kari.post(where, {**page.form(form), "valg": ["feil"], "grunn": ["x" * 501]})
    assert long.status == 422
    assert [one["kind"] for one in acts(pages)] == ["wrong-person"]


def test_two_who_answer_at_once_are_not_both_heard(pages: Pages, kari: Person) -> None:
    report(pages)
    where, page = settling(kari)
    form = where.rpartition("/")[2]
    sure = kari.post(where, {**page.form(form), "valg": ["feil"], "grunn": ["Ringte"]})
    (act,) = acts(pages)
    own = pages.patient("e-m1")
    assert pages.post(f"/people/{own}/acts/{act['id']}/end", "drift").status_code == 200
    late = kari.post(where, sure.form(form))
    assert late.status == 422
    assert [one["kind"] for one in acts(pages)] == ["wrong-person"]
    assert sees(pages)


def test_what_was_typed_is_kept_when_the_session_has_ended(pages: Pages, kari: Person) -> None:
    report(pages)
    where, page = settling(kari)
    form = {**page.form(where.rpartition("/")[2]), "valg": ["riktig"], "grunn": ["Ringte dem i dag"]}
    kari.http.cookies.clear()
    lost = kari.post(where, form)
    assert (lost.status, "Ringte dem i dag" in lost.html) == (401, True)
    kari.log_in("kari", "helseid")
    kept = kari.post(where, {**lost.form(where), "grunn": ["Ringte dem i dag"]})
    assert (kept.status, ">Ringte dem i dag</textarea>" in kept.html) == (409, True)
    assert [one["kind"] for one in acts(pages)] == ["wrong-person"]


def test_nobody_else_sees_or_settles_it(pages: Pages, kari: Person) -> None:
    """A nurse who takes part, a coordinator at BUP itself, and families."""
    berit = report(pages)
    told(pages, "e-d6", rolle="koordinator")
    where, page = settling(kari)
    nurse = by_hpr(pages, "9144889")
    shown = nurse.get(nurse.get(MINE).link("Emma"))
    assert "feil pasient" not in shown.text
    for other in (nurse, berit):
        assert other.get(where).status == 404
    assert "Avklar feil pasient" not in berit.get(MINE).html
    with_user(pages, "e-d1", "kari", rolle="aktoer")
    assert kari.get(where).status == 404, "who coordinates no longer settles nothing"
    assert kari.post(where, page.form(where.rpartition("/")[2])).status == 404
