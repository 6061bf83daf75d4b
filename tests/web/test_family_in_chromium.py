"""What families come to beside their main tasks, in a real browser through the real login: a plan that is
full of what others wrote, one with nothing in it yet, and a session left open."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from bench.children_page import fill
from tests.api.conftest import records
from tests.web.browser import DESK, HOSTILE, PHONE, fits, log_in, press_until, somebody
from tests.web.conftest import JONAS, MOTHER, Pages
from tests.web.test_pages_in_chromium import HOME


def hand_in(pages: Pages, *found: dict[str, Any]) -> None:
    """Records of the log."""
    answers = pages.hand_in("logg", list(found)).json()["results"]
    assert {one["status"] for one in answers} == {"stored"}, answers


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


def follow(page: Page, name: str) -> None:
    """Go to a link with the tab key, and along it."""
    press_until(page, name)
    page.keyboard.press("Enter")


def test_older_lysglimt_and_goals_that_go_on_are_turned_to_by_key(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    fill(pages, 120, {"utsteder": pages.provider.url, "subjekt": "kari"})
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", MOTHER, HOME)
        page.get_by_role("link", name="Planen", exact=False).first.click()
        page.locator('a[rel=next][href$="#lysglimt"]').press("Enter")
        expect(page).to_have_url(re.compile(r"\?lysglimt=2#lysglimt$"))
        expect(page.get_by_text("Oppføring 50.")).to_be_visible()
        page.locator('a[rel=next][href$="#maal"]').press("Enter")
        expect(page).to_have_url(re.compile(r"\?lysglimt=2&maal=2#maal$"))
        expect(page.get_by_text("Oppføring 50.")).to_be_visible()
        fits(page, "Planen til Emma", "side to")
        page.locator('a[rel=prev][href$="#lysglimt"]').press("Enter")
        expect(page.get_by_text("Oppføring 0.")).to_be_visible()


def test_what_a_consent_keeps_back_is_ticked_on_more_than_one_page(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    fill(pages, 120, {"utsteder": pages.provider.url, "subjekt": "kari"})
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", MOTHER, HOME)
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        page.get_by_role("link", name="Gi samtykke").first.click()
        page.get_by_text("Vis oppføringene").click()
        entries = page.locator("input[name=post]")
        expect(entries).to_have_count(100)
        entries.nth(3).check()
        named = entries.nth(3).get_attribute("value")
        press_until(page, "Neste side")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Krysset av på andre sider:")).to_be_visible()
        expect(page.get_by_text("Nyeste først.")).to_be_in_viewport()
        expect(page.locator(f"input[value='{named}']")).to_be_checked()
        fits(page, "Gi samtykke: Emma", "flere sider")


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
