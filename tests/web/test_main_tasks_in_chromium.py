"""What each page is there for, done through the real login in a real browser: with the mouse and with the
keyboard alone, on a phone and at a desk."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import records
from tests.api.test_conflicts import OURS, THEIRS, dispute
from tests.web.browser import HANDS, HOSTILE, SIZES, Mouse, somebody
from tests.web.conftest import JONAS, MOTHER, SEEING, Pages
from tests.web.operations.test_lanes import waits
from tests.web.test_coordinator import EMMA
from tests.web.test_coordinator_in_chromium import NAME, furnished
from tests.web.test_seats import with_user
from tests.web.test_writing import entries

Site = tuple[Pages, str]
BUP = "BUP Fjordane, Indre Fjord"


@pytest.fixture(params=itertools.product(HANDS, SIZES), ids="-".join)
def hand(request: pytest.FixtureRequest, site: Site, chromium: Browser) -> Iterator[Mouse]:
    """Somebody with mouse or keyboard, and a window of a size; the site is there as long as they are."""
    way, size = request.param
    with somebody(chromium, SIZES[size]) as page:
        yield HANDS[way](page)


def text(page: Page, words: str | re.Pattern[str]) -> None:
    """It stands there."""
    expect(page.get_by_text(words).first).to_be_visible()


def pdf(hand: Mouse, link: str) -> str:
    """What the PDF behind a link is called."""
    name, made = hand.downloaded(link)
    assert made.startswith(b"%PDF-")
    return name


def test_a_coordinator_sees_who_comes_first_finds_a_child_and_reads(site: Site, hand: Mouse) -> None:
    pages, url = site
    furnished(pages)
    page = hand.page
    hand.log_in(url, "Helseid", "kari", "Mine barn")
    hand.follow("Fristen er gått ut")
    expect(page.get_by_text("Jonas")).to_have_count(0)
    hand.write("Fødselsnummer eller D-nummer", EMMA)
    hand.press("Finn")
    hand.comes(NAME)
    assert EMMA not in page.url
    hand.choose("Slag", "Lysglimt")
    hand.press("Vis")
    text(page, "2 oppføringer")
    hand.follow("Mål og tiltak")
    expect(page.get_by_role("img", name="Målene over tid")).to_be_visible()
    hand.follow("Deles ikke")
    hand.follow(BUP)
    text(page, "Får ikke")


def test_a_coordinator_writes_decides_prints_and_hands_over(site: Site, hand: Mouse) -> None:
    pages, url = site
    dispute(pages, records("stafettlogg", "emma"))
    with_user(pages, "e-d1", "kari")
    page = hand.page
    hand.log_in(url, "Helseid", "kari", "Mine barn")
    hand.follow(NAME)
    here = page.url
    hand.follow("Skriv", exact=True)
    hand.follow("Skriv et notat")
    hand.write("Observasjon", HOSTILE)
    hand.press("Lagre notatet")
    hand.comes("Notatet er lagret")
    text(page, "<b>to</b> ganger")
    hand.follow("Skriv mer")
    hand.follow("Send en melding")
    hand.write("Emne", "Møte")
    hand.write("Melding", "Passer tirsdag?")
    hand.tick(page.get_by_label("Berit Psykolog"))
    hand.press("Send meldingen")
    hand.comes("Meldingen er lagret")

    page.goto(here)
    hand.follow("Avgjør uenigheter")
    hand.follow("Mål: ")
    text(page, OURS)
    hand.tick("Det som det andre systemet sa")
    hand.write("Hvorfor?", "Avtalt i møtet")
    hand.press("Avgjør")
    text(page, "Dette er avgjort")
    text(page, THEIRS)

    page.goto(here)
    hand.follow("Skriv ut")
    assert pdf(hand, "Møteagenda") == "agenda.pdf"
    page.goto(f"{here}/skriv")
    hand.follow("Overfør stafettpinnen")
    hand.tick(page.get_by_label(re.compile("Per Rådgiver")))
    hand.write("Hvorfor?", "Skolebytte")
    hand.press("Overfør stafettpinnen")
    hand.comes("Stafettpinnen er overført")
    assert [len(entries(pages, kind)) for kind in ("notat", "overfoering")] == [2, 1]


def test_a_clinician_reads_files_answers_corrects_acknowledges_and_reports(site: Site, hand: Mouse) -> None:
    pages, url = site
    with_user(pages, "e-d6", "berit")
    page = hand.page
    hand.log_in(url, "Helseid", "berit", "Delte planer")
    hand.follow(NAME)
    hand.comes("Stafettlogg: Emma")
    assert pdf(hand, "Last ned som PDF") == "delt-plan.pdf"
    assert pdf(hand, "Last ned dokumentet") == "dokument.pdf"
    name, made = hand.downloaded("Last ned som FHIR")
    assert (name, json.loads(made)["resourceType"]) == ("delt-plan.json", "Bundle")
    hand.follow("Skriv til koordinatoren")
    hand.write("Emne", "Time")
    hand.write("Melding", "Vi har ledig time onsdag.")
    hand.press("Se over før du sender")
    hand.follow("Rett")
    hand.write("Melding", " Klokka ni.")
    hand.press("Se over før du sender")
    hand.press("Send")
    text(page, "Vi har ledig time onsdag. Klokka ni.")
    assert "Klokka ni." in pages.get(f"/timeline/{pages.patient('e-m1')}", "logg").text
    hand.press("Kvitter for at dere har sett dette")
    text(page, re.compile("kvittert 21. november 2026"))
    hand.follow("Si hvor langt henvisningen er kommet")
    hand.tick("På venteliste")
    hand.press("Si det videre")
    text(page, "På venteliste")
    hand.follow("Meld feil pasient")
    hand.press("Meld feil pasient og lukk")
    hand.comes("Lukket: meldt som feil pasient")
    assert "Emma" not in page.content()


def test_a_mother_looks_ahead_signs_and_takes_it_back(site: Site, hand: Mouse) -> None:
    pages, url = site
    page = hand.page
    hand.log_in(url, "Idporten", MOTHER, "Barn og planer")
    hand.follow(NAME)
    hand.follow(BUP)
    text(page, "Alle som må bestemme, har sagt ja.")
    hand.follow("Gi samtykke")
    hand.tick(page.get_by_role("group", name=BUP).get_by_label("Ja, del med dem"))
    hand.tick("Notater")
    hand.press("Se hva det betyr")
    hand.use(page.get_by_text(f"Se det slik {BUP} vil se det"))
    text(page, "Står ved gjerdet sju av ti friminutt")
    hand.press("Skriv under")
    text(page, "Har skrevet under")
    assert pages.outcome("e-m1") == "permit"
    pages.later()
    hand.follow("Tilbake")
    theirs = page.get_by_role("article").filter(has_text="Ja fra deg og")
    hand.go(theirs.get_by_role("link", name="Trekk samtykket"))
    hand.press("Ja, trekk samtykket")
    text(page, "Det er lukket")
    assert pages.outcome("e-m1") == "deny"
    hand.follow("Tilbake")
    hand.follow("Se hvem som har fått hva")
    hand.comes("Hvem har fått hva: Emma")


def test_a_young_person_writes_and_sees_who_has_seen(site: Site, hand: Mouse) -> None:
    pages, url = site
    assert pages.hand_in("logg", records("stafettlogg", "jonas")).status_code == 200
    page = hand.page
    hand.log_in(url, "Idporten", JONAS, "Barn og planer")
    hand.follow("Min plan")
    hand.write("Noe som har vært bra", HOSTILE)
    hand.press("Legg til")
    text(page, "<b>to</b> ganger")
    hand.follow("Se alle som har sett noe")
    hand.use(page.get_by_text("Hva det var").first)
    hand.follow("Innlogginger")
    hand.comes("Her er du logget inn")
    hand.press("Logg ut")
    hand.comes("Du er logget ut")


def test_an_operator_stops_and_releases_looks_and_tries(site: Site, hand: Mouse) -> None:
    pages, url = site
    waits(pages, "no-log-or-plan-there")
    page = hand.page
    hand.log_in(url, "Drift", SEEING, "Slik står det til")
    hand.follow("Køer")
    hand.follow("Til plan")
    stop = page.get_by_role("region", name="Stopp køen")
    hand.choose(stop.get_by_label("Hvorfor"), "Avtalt stans hos mottakeren")
    hand.press("Stopp køen", stop)
    text(page, "Køen er stoppet.")
    go = page.get_by_role("region", name="Slipp køen")
    hand.choose(go.get_by_label("Hvorfor"), "Feil er rettet hos mottakeren")
    hand.press("Slipp køen", go)
    text(page, "Køen er sluppet.")
    hand.follow("Systemer")
    hand.follow("logg", exact=True)
    hand.follow("Mål", exact=True)
    hand.choose("Slik mottakeren kan se det", "bup")
    hand.choose("Hvorfor", "Henvendelse fra en tjeneste eller familie")
    hand.press("Vis innhold")
    text(page, "Slik bup kan se det nå.")
    hand.follow("Prøvebenk")
    hand.choose("Eksempel med oppdiktede barn", "stafettlogg/emma")
    hand.press("Prøv")
    text(page, "Kommer likt tilbake")
    hand.follow("Ruter")
    hand.follow("logg → plan")
    text(page, "poster ville blitt skrevet")
    hand.follow("Kontroll")
    hand.press("Prøv databasen og forbindelsene")
    text(page, "Databasen og forbindelsene er prøvd.")
