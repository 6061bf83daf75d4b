"""What families do on the pages, in a real browser through the real login: see who gets what and why, look
before they sign, take it back in two clicks, read and write in the plan, and end a session left open."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import records
from tests.web.browser import DESK, HOSTILE, PHONE, fits, log_in, press_until, somebody
from tests.web.conftest import JONAS, MOTHER, Pages
from tests.web.test_pages_in_chromium import HOME

NOTE = "Står ved gjerdet sju av ti friminutt"


def hand_in(pages: Pages, *found: dict[str, Any]) -> None:
    """Records of the log."""
    answers = pages.hand_in("logg", list(found)).json()["results"]
    assert {one["status"] for one in answers} == {"stored"}, answers


def test_a_mother_sees_who_gets_what_looks_ahead_and_takes_it_back(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", MOTHER, HOME)
        page.get_by_role("link", name="Emma Sofie Testesen", exact=True).click()
        fits(page, "Samtykker: Emma", "rutenett")
        page.get_by_role("link", name="BUP Fjordane, Indre Fjord").first.click()
        expect(page.get_by_text("Alle som må bestemme, har sagt ja.").first).to_be_visible()
        expect(page.get_by_text("Emma ble bedt i bursdag!")).to_be_visible()
        expect(page.get_by_text(NOTE)).to_have_count(0)
        fits(page, "Slik ser BUP Fjordane")
        page.get_by_role("link", name="Gi samtykke").click()
        page.get_by_role("group", name="BUP Fjordane, Indre Fjord").get_by_label("Ja, del med dem").check()
        page.get_by_label("Notater", exact=True).check()
        page.get_by_role("button", name="Se hva det betyr").click()
        page.get_by_text("Se det slik BUP Fjordane, Indre Fjord vil se det").click()
        expect(page.get_by_role("group").get_by_text(NOTE)).to_be_visible()
        fits(page, "Se over", "slik de ser det")
        page.get_by_role("button", name="Skriv under").click()
        expect(page.get_by_text("Har skrevet under")).to_be_visible()
        assert pages.outcome("e-m1") == "permit"
        pages.later()
        page.get_by_role("link", name="Tilbake").click()
        theirs = page.get_by_role("article").filter(has_text="Ja fra deg og")
        theirs.get_by_role("link", name="Trekk samtykket").click()  # one click
        expect(page.get_by_text("Ingenting nytt deles etter dette samtykket.")).to_be_visible()
        page.get_by_role("button", name="Ja, trekk samtykket").click()  # two
        expect(page.get_by_role("heading", name="Det er lukket")).to_be_visible()
        assert pages.outcome("e-m1") == "deny"


def test_the_plan_full_of_everything_and_a_lysglimt_by_mouse(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    goal = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
    coming = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-mo1")
    changed = {"endret": "2026-11-20T12:00:00Z", "versjon": 9}
    hand_in(
        pages,
        {**goal, **changed, "egneOrd": HOSTILE},
        {**coming, "id": "e-mo2", "endret": "2026-11-20T12:00:00Z", "tid": "2026-12-03T09:00:00+01:00"},
    )
    own = pages.patient("e-m1")
    assert pages.get(f"/fhir/Goal?patient={own}", "bup").status_code == 200
    pages.later(2)
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", MOTHER, HOME)
        page.get_by_role("link", name="Planen", exact=False).first.click()
        expect(page.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        page.get_by_text("Hva det var").first.click()
        fits(page, "Planen til Emma", "full")
        with page.expect_download() as begun:
            page.get_by_role("link", name="Last ned dokumentet").click()
        assert begun.value.suggested_filename == "dokument.pdf"
        page.get_by_label("En liten, god ting som har skjedd").fill(HOSTILE + " Hun lo høyt i dag.")
        page.get_by_role("button", name="Legg til").click()
        expect(page.get_by_text("Hun lo høyt i dag.")).to_be_visible()
        fits(page, "Planen til Emma", "skrevet")
        page.get_by_role("link", name="Se alle som har sett noe").click()
        fits(page, "Hvem har sett på det som gjelder Emma", "med hva og hvorfor")


def test_a_young_person_by_keyboard_alone(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    assert pages.hand_in("logg", records("stafettlogg", "jonas")).status_code == 200
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Idporten", JONAS, HOME)
        follow(page, "Min plan")
        expect(page.get_by_role("heading", level=1)).to_have_text("Min plan: Jonas Prøve")
        press_until(page, "Noe som har vært bra")
        press_until(page, "Legg til")
        page.keyboard.press("Enter")
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Lysglimtet ble ikke lagt til")
        fits(page, "Min plan: Jonas", "feil")
        press_until(page, "Noe som har vært bra")
        page.keyboard.type("Gikk hele uka")
        press_until(page, "Legg til")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Gikk hele uka")).to_be_visible()
        fits(page, "Min plan: Jonas")
        press_until(page, "Se hvem som får vite hva")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Du og foreldrene dine bestemmer sammen")).to_be_visible()
        fits(page, "Hvem får vite hva om deg, Jonas")
        follow(page, "BUP Fjordane")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Slik ser BUP Fjordane")
        follow(page, "Si ja til noen")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Si ja til at noen")


def follow(page: Page, name: str) -> None:
    """Go to a link with the tab key, and along it."""
    press_until(page, name)
    page.keyboard.press("Enter")


def test_a_plan_with_nothing_in_it_yet(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    log, jonas = (r for r in records("stafettlogg", "jonas") if r["id"] in ("jonas-logg", "j-d5"))
    hand_in(pages, log, {**jonas, "endretAv": "j-d5"})
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", JONAS, HOME)
        page.get_by_role("link", name="Min plan").first.click()
        expect(page.get_by_text("Det står ingen mål her ennå.")).to_be_visible()
        fits(page, "Min plan: Jonas", "tom")
        page.get_by_role("link", name="Samtykker", exact=True).click()
        fits(page, "Hvem får vite hva om deg, Jonas", "tom")


def test_a_session_left_open_is_ended(chromium: Browser, site: tuple[Pages, str]) -> None:
    _, url = site
    with somebody(chromium, PHONE) as phone, somebody(chromium, DESK) as desk:
        log_in(phone, url, "Idporten", MOTHER, HOME)
        phone.get_by_role("link", name="Innlogginger").click()
        fits(phone, "Her er du logget inn", "bare her")
        log_in(desk, url, "Idporten", MOTHER, HOME)
        follow(desk, "Innlogginger")
        expect(desk.get_by_text("Annen nettleser nr. 1")).to_be_visible()
        follow(desk, "Logg inn på nytt")
        desk.get_by_label("Hvem er du?").fill(MOTHER)
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("heading", level=1)).to_have_text("Her er du logget inn")
        fits(desk, "Her er du logget inn", "flere")
        follow(desk, "Avslutt alle andre")
        expect(desk.get_by_text("Du er ikke logget inn noe annet sted.")).to_be_visible()
        phone.reload()
        expect(phone.get_by_role("heading", name="Logg inn")).to_be_visible()
