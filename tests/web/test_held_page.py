"""The page of who holds what from before: as the reader may see it, and nothing of what they may not."""

from __future__ import annotations

from gateway.consents.gathering import KINDS as OTHERS
from gateway.timeline import ALL as KINDS
from gateway.web.language import ALL
from tests.api.conftest import records
from tests.api.test_pull import pull
from tests.web.conftest import JONAS, JONAS_MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_consents import child


def held(person: Person, name: str = "Emma") -> Page:
    """The page, reached as a reader reaches it."""
    return person.get(child(person, name).link("Se hvem som har fått hva"))


def test_nothing_has_been_told_yet(mother: Person) -> None:
    assert "Ingen har fått noe" in held(mother).text


def test_what_bup_has_read_stands_there_with_why_and_until_it_ends(pages: Pages, mother: Person) -> None:
    own = pages.patient("e-n1")
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").status_code == 200
    shown = held(mother)
    assert "BUP Fjordane" in shown.text
    assert "Deles fortsatt." in shown.text
    assert "Mål" in shown.text
    ask = mother.get(child(mother).link("Trekk samtykket"))
    mother.post(next(action for action, _ in ask.forms if action.endswith("trekk")), ask.form("trekk"))
    after = held(mother)
    assert "Deles ikke lenger" in after.text
    assert "Deles fortsatt." not in after.text


def test_why_is_said_once_of_all_that_it_is_said_of_and_nothing_stands_there_as_a_code(
    pages: Pages, mother: Person
) -> None:
    own = pages.patient("e-n1")
    assert pages.get(f"/fhir/Patient?_id={own}", "bup").status_code == 200
    for kind in ("RelatedPerson", "CarePlan", "Consent", "Goal", "ServiceRequest"):
        assert pages.get(f"/fhir/{kind}?patient={own}", "bup").status_code == 200, kind
    shown = held(mother)
    assert shown.text.count("Alle som må bestemme, har samtykket til å dele dette med mottakeren.") == 1
    for words in ("Hvem det gjelder", "En som er med", "Mål: Sove hele natta", "Samtykke Sist"):
        assert words in shown.text
    assert not [code for code in ("person Sist", "deltaker Sist", "59284-0") if code in shown.text]


def test_a_place_that_has_it_in_two_systems_stands_there_with_which(pages: Pages, mother: Person) -> None:
    assert pages.hand_in("plan", records("individuell-plan", "emma")).status_code == 200
    cursor = pull(pages)["cursor"]
    pull(pages, cursor)
    assert "Koordinerende enhet, Fjordbyen kommune Deles" in held(mother).text
    assert pages.get(f"/timeline/{pages.patient('e-m1')}", "logg").status_code == 200
    shown = held(mother)
    for kind in ("stafettlogg", "individuell plan"):
        assert f"Koordinerende enhet, Fjordbyen kommune ({kind})" in shown.text


def test_a_guardian_finds_no_trace_of_what_is_kept_from_guardians(pages: Pages) -> None:
    """Jonas reads his own log on his page; the note in it is kept from his mother."""
    jonas, guardian = pages.person(), pages.person()
    jonas.log_in(JONAS)
    guardian.log_in(JONAS_MOTHER)
    assert "hasj" in jonas.get(child(jonas, "Jonas").link("Si ja til noen")).text
    theirs, own = held(guardian, "Jonas"), held(jonas, "Jonas")
    assert (theirs.status, own.status) == (200, 200)
    assert "hasj" not in theirs.html
    assert "Notat" not in theirs.text


def test_the_language_is_the_readers(pages: Pages, mother: Person) -> None:
    pages.get(f"/fhir/Goal?patient={pages.patient('e-n1')}", "bup")
    mother.get("/min-side/spraak/nn")
    assert "Kven har fått kva" in mother.get(child(mother).link("Sjå kven som har fått kva")).text


def test_every_kind_has_a_word_in_both_languages() -> None:
    for words in ALL.values():
        assert not [kind for kind in (*KINDS, *OTHERS.values()) if f"kind.{kind}" not in words.texts]
