"""The coordinators' pages at the front door: who needs attention first, the search, and one child over all
systems. What the reader's organization may not see leaves no trace in any of them."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.api.conftest import records
from tests.api.test_conflicts import OURS, THEIRS, dispute
from tests.api.test_notices import keep
from tests.api.world import fields
from tests.web.browser import HOSTILE
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_seats import MINE, by_hpr, told, with_user

EMMA, JONAS = "14831770229", "02861183354"
PARTS = ("", "/maal", "/deltakere", "/meldinger", "/deles-ikke")
HIDDEN = "kanarifugl"


@pytest.fixture
def kari(pages: Pages) -> Person:
    """Emma's teacher, who holds her log, logged in."""
    with_user(pages, "e-d1", "kari")
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def child(person: Person, part: str = "", name: str = "Emma") -> Page:
    """A page of one's child, reached as a reader reaches it."""
    page = person.get(MINE)
    return person.get(page.link(name) + part)


def written(pages: Pages, **changes: Any) -> None:
    """A note in Emma's log."""
    note = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-n1")
    pages.later()
    said = {**note, "endret": pages.now.isoformat(), "tidspunkt": pages.now.isoformat(), **changes}
    assert pages.hand_in("logg", [said]).json()["results"][0]["status"] == "stored"


# --- Mine barn -------------------------------------------------------------------------------------------


def test_what_is_overdue_and_what_nobody_is_responsible_for_stands_on_top(pages: Pages, kari: Person) -> None:
    keep(pages)
    page = kari.get(MINE)
    assert "Evalueringsfristen for et mål er gått ut." in page.text
    assert "Mål: Emma har minst én hun leker fast med" in page.text
    assert page.text.index("Evalueringsfristen") < page.text.index("Ingen er ansvarlig for et tiltak")
    assert "Nivå 2: tverretatlig samordning" in page.text


def test_what_two_systems_disagree_about_is_one_step_away(pages: Pages, kari: Person) -> None:
    dispute(pages, records("stafettlogg", "emma"))
    keep(pages)
    page = kari.get(MINE)
    opened = kari.get(page.link("Se begge og avgjør"))
    assert OURS in opened.text
    assert THEIRS in opened.text


def test_what_is_due_of_a_plan_itself_names_it_in_words(pages: Pages, kari: Person) -> None:
    me = {"utsteder": pages.provider.url, "subjekt": "kari"}
    plan = [
        one
        | ({"bruker": me} if one["id"] == "ei-d1" else {})
        | ({"revisjoner": ["2026-11-20"]} if one["type"] == "plan" else {})
        for one in records("individuell-plan", "emma")
    ]
    assert pages.hand_in("plan", plan).status_code == 200
    keep(pages)
    page = kari.get(MINE)
    assert "Tiden for revisjon av en plan er gått ut. Gå gjennom planen, eller flytt revisjonen." in page.text
    assert "Individuell plan (20. november 2026)" in page.text
    assert "individuell-plan" not in page.text


def test_others_who_take_part_see_the_child_and_nobody_s_tasks(pages: Pages) -> None:
    keep(pages)
    page = by_hpr(pages, "9144889").get(MINE)
    assert "Emma Sofie Testesen" in page.text
    assert "Evalueringsfristen" not in page.text


def test_the_list_can_be_narrowed_by_what_it_is_about(pages: Pages, kari: Person) -> None:
    keep(pages)
    everything = kari.get(MINE)
    late = kari.get(everything.link("Fristen er gått ut"))
    assert "Emma" in late.text
    assert "Ingen barn å vise her." in kari.get(f"{MINE}?vis=uenige").text
    assert kari.get(f"{MINE}?vis=Emma").status == 404


def test_a_child_of_one_s_own_is_found_by_number_and_nobody_else_s(pages: Pages, kari: Person) -> None:
    form = kari.get(MINE).form("/soek")
    found = kari.post(f"{MINE}/soek", {**form, "nummer": [f"{EMMA[:6]} {EMMA[6:]}"]})
    assert found.status == 200
    assert "Hva som har skjedd" in found.text
    answers = []
    for number in (JONAS, "13816798756", "12", ""):
        began = time.monotonic()
        answers.append(kari.post(f"{MINE}/soek", {**form, "nummer": [number]}))
        assert time.monotonic() - began >= 0.5
    assert {one.status for one in answers} == {422}
    assert len({one.html for one in answers}) == 1
    assert "Ingen av barna i listen din har dette nummeret." in answers[0].text
    assert JONAS not in answers[0].html


def test_a_number_is_never_read_from_an_address(kari: Person) -> None:
    assert kari.http.get(f"{MINE}/soek", params={"nummer": EMMA}).status_code == 404


# --- one child -------------------------------------------------------------------------------------------


def test_the_timeline_tells_who_wrote_what_when_where_and_at_which_level(kari: Person) -> None:
    page = child(kari)
    assert "12. oktober 2026 kl. 11.50 Lysglimt Lekte «politi og røver» med tre andre" in page.text
    assert "Kari Kontaktlærer , stafettholder, Skole · Stafettlogg · nivå 2" in page.text
    assert "Nivå 1 fra 9. februar 2026 til 4. mai 2026." in page.text
    assert "+47 55 50 43 21" in page.text


def test_the_timeline_is_narrowed_by_kind_service_system_and_since_the_last_meeting(
    pages: Pages, kari: Person
) -> None:
    assert pages.hand_in("plan", records("individuell-plan", "emma")).status_code == 200
    page = child(kari)
    here = kari.get(MINE).link("Emma")
    everything = count(page)
    kinds = count(kari.get(f"{here}?slag=lysglimt"))
    assert kinds == 2
    services = count(kari.get(f"{here}?tjeneste=skole"))
    since = count(kari.get(f"{here}?siden=moete"))
    systems = [count(kari.get(f"{here}?system={one}")) for one in ("logg", "plan")]
    assert 0 < services < everything
    assert 0 < since < everything
    assert sum(systems) >= everything > max(systems)
    assert "Ingenting å vise her." in kari.get(f"{here}?slag=finnesikke").text
    assert kari.get(f"{here}?slag=%3Cb%3E").status == 404


def count(page: Page) -> int:
    """How many entries there are."""
    words = page.text.split()
    return int(words[next(n for n, word in enumerate(words) if word.startswith("oppføring")) - 1])


def test_goals_measures_people_and_threads_have_pages(kari: Person) -> None:
    goals = child(kari, "/maal")
    assert "Sove hele natta i egen seng fem av sju netter." in goals.text
    assert "delvis nådd" in goals.text
    assert "Ingen har ansvar Observasjon i klasserommet" in goals.text
    assert "<svg" in goals.html
    assert "style=" not in goals.html
    people = child(kari, "/deltakere")
    assert "Grete Koordinator koordinator" in people.text
    assert "09898504473" not in people.html
    talks = child(kari, "/meldinger")
    assert "Passer 3. desember kl. 9 for BUP?" in talks.text
    assert talks.text.index("Passer 3. desember") < talks.text.index("Ja, vi kommer to stykker.")
    assert "Referat samarbeidsmøte 4. mai 2026" in talks.text


def test_who_left_stands_as_one_of_before(pages: Pages, kari: Person) -> None:
    told(pages, "e-d4", til="2026-10-01")
    page = child(kari, "/deltakere")
    assert page.text.index("Med før") < page.text.index("Per Rådgiver")


def test_what_is_not_shared_is_told_with_the_reason(pages: Pages, kari: Person) -> None:
    page = child(kari, "/deles-ikke")
    bup = kari.get(page.link("BUP Fjordane"))
    assert "Notat" in bup.text
    assert "Får ikke" in bup.text
    assert "/decisions" not in bup.html
    assert "Lysglimt" not in bup.text.partition("Får ikke")[2]


def test_all_that_keeps_something_back_is_said_not_who_decides_alone(kari: Person) -> None:
    page = child(kari, "/deles-ikke")
    bup = kari.get(page.link("BUP Fjordane"))
    who, lacking = "I denne alderen bestemmer", "har ikke gitt noe gyldig samtykke"
    assert 0 < bup.text.index(who) < bup.text.index(lacking)


def test_what_the_child_says_stands_as_what_the_child_says_and_kinds_are_told_apart(
    pages: Pages, kari: Person
) -> None:
    assert pages.hand_in("plan", records("individuell-plan", "emma")).status_code == 200
    page = child(kari)
    assert "«Sove uten å være redd»" in page.text
    choices = page.text.partition("Slag Alt ")[2].partition(" Tjeneste ")[0]
    assert "Hovedmål" in choices
    assert len(re.findall(r"\bMål\b", choices)) == 1


def test_a_log_that_is_closed_is_at_no_level_now(pages: Pages, kari: Person) -> None:
    assert "Nivå 2: tverretatlig samordning Stafettlogg." in child(kari).text
    told(pages, "emma-logg", status="avsluttet", avsluttet="2026-11-20")
    page = child(kari)
    assert "Nivå 2: tverretatlig samordning Stafettlogg." not in page.text
    assert "Nivået over tid" in page.text
    assert "Nivå 2" not in kari.get(MINE).text


def test_what_the_reader_s_service_may_not_see_leaves_no_trace(pages: Pages, kari: Person) -> None:
    """A note of the nurse's, of a kind that nobody has consented to, and one that is kept from everybody."""
    before = [child(kari, part).html for part in PARTS]
    found = count(child(kari))
    written(pages, id="e-n8", endretAv="e-d5", opprettetAv="e-d5", tekst=HIDDEN)
    written(pages, id="e-n9", tekst=HIDDEN, sperre=["NORS"])
    for html, part in zip(before, PARTS, strict=True):
        page = child(kari, part)
        assert HIDDEN not in page.html
        assert len(page.html) == len(html), part
    assert count(child(kari)) == found
    assert HIDDEN not in kari.get(MINE).html


def test_what_is_hidden_inside_an_item_is_not_told_as_left_out(pages: Pages, kari: Person) -> None:
    """The evaluation of a goal, which the reader's service does not get either."""
    told(pages, "e-s1", kategorier=["plan", "maal", "tiltak", "lysglimt", "moete", "melding", "dokument"])
    bare = {"id": "e-m9", "endretAv": "e-d5", "opprettetAv": "e-d5", "tekst": "Et nytt mål"}
    told(pages, "e-m1", **bare)
    page = child(kari, "/deles-ikke")
    before = {name: kari.get(page.link(name)).text for name in ("BUP Fjordane", "PPT for Indre Fjord")}
    story = child(kari).text
    told(pages, "e-m1", **bare, evaluering={"dato": "2026-10-28", "tekst": HIDDEN, "resultat": "delvisNaadd"})
    assert child(kari).text == story
    for name, text in before.items():
        assert kari.get(page.link(name)).text == text, name


def test_what_others_wrote_shows_as_text(pages: Pages, kari: Person) -> None:
    written(pages, tekst=HOSTILE)
    page = child(kari)
    assert "<b>to</b>" not in page.html
    assert HOSTILE in page.text


def test_what_the_page_told_is_written_of_the_reader_s_service(pages: Pages, kari: Person) -> None:
    child(kari, "/maal")
    own = pages.patient("e-m1")
    log = fields(pages.get(f"/disclosures?patient={own}&limit=500", "drift"))["disclosures"]
    told = {one["ref"] for entry in log if entry["recipient"] == "~min-side" for one in entry["items"]}
    assert {pages.ref("e-m1"), pages.ref("e-t3")} <= told
    assert pages.ref("e-l1") not in told


def test_who_no_longer_takes_part_finds_no_page_of_the_child(pages: Pages, kari: Person) -> None:
    here = kari.get(MINE).link("Emma")
    with_user(pages, "e-d1", "kari", til="2026-11-01")
    for part in PARTS:
        assert kari.get(here + part).status == 404
