"""The page of who has looked: as the reader may see it, and nothing of what they may not."""

from __future__ import annotations

import re

from bench.children_page import fill
from tests.web.conftest import JONAS, JONAS_MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_consents import child


def looked(person: Person, name: str = "Emma", link: str = "Se hvem som har sett hva") -> Page:
    """The page, reached as a reader reaches it."""
    return person.get(child(person, name).link(link))


def test_what_bup_looked_at_and_what_one_looked_at_oneself_stands_there(pages: Pages, mother: Person) -> None:
    own = pages.patient("e-n1")
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").status_code == 200
    shown = looked(mother)
    assert "BUP Fjordane, Indre Fjord søkte og fikk se" in shown.text
    assert "Du så på" in looked(mother).text
    assert "BUP Fjordane, Indre Fjord søkte og fekk sjå" not in shown.text


def test_the_language_is_the_readers(pages: Pages, mother: Person) -> None:
    pages.get(f"/fhir/Goal?patient={pages.patient('e-n1')}", "bup")
    mother.get("/min-side/spraak/nn")
    assert "søkte og fekk sjå" in looked(mother, link="Sjå kven som har sett kva").text


def test_that_somebody_saw_what_is_kept_from_guardians_leaves_no_trace_for_them(pages: Pages) -> None:
    """Jonas reads his own log on his page; the note in it is kept from his mother: she is told of one item
    less than he is."""
    jonas, guardian = pages.person(), pages.person()
    jonas.log_in(JONAS)
    guardian.log_in(JONAS_MOTHER)
    assert "hasj" in jonas.get(child(jonas, "Jonas").link("Si ja til noen")).text
    theirs, own = looked(guardian, "Jonas"), looked(jonas, "Jonas")
    assert (theirs.status, own.status) == (200, 200)
    count = [int(word) for word in own.text.split() if word.isdecimal() and int(word) < 100]
    hers = [int(word) for word in theirs.text.split() if word.isdecimal() and int(word) < 100]
    assert max(hers) < max(count)


def test_a_look_at_very_much_has_pages_of_its_own_with_each_thing_once(pages: Pages, mother: Person) -> None:
    fill(pages, 600, {"utsteder": pages.provider.url, "subjekt": "kari"})
    assert pages.get(f"/fhir/Goal?patient={pages.patient('e-n1')}&_count=200", "bup").status_code == 200
    whole = looked(mother)
    few = re.findall(r"Mål: Oppføring (\d+)", whole.html)
    assert 0 < len(few) <= 10
    address, found, sides = whole.link("Se alt fra"), list[str](), 0
    number = int(address.rpartition("=")[2])
    while address:
        shown = mother.get(address)
        found += re.findall(r"Mål: Oppføring (\d+)", shown.html)
        sides += 1
        address = next((to for said, to in shown.links.items() if said == "Neste side"), "")
    assert sides > 1
    assert len(found) == len(set(found)) == 120
    assert mother.get(f"{whole.link('Se alt fra').partition('?')[0]}?oppslag={number + 10_000}").status == 404
