"""Writing in a real browser, at the certified provider: what is wrong, lost sessions, what follows a decision
and a handover, and print."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import records
from tests.api.test_conflicts import OURS, THEIRS, dispute
from tests.web.browser import DESK, HOSTILE, PHONE, Keyboard, fits, press_until, somebody
from tests.web.conftest import Pages
from tests.web.test_seats import with_user
from tests.web.test_writing import entries


@pytest.fixture
def office(site: tuple[Pages, str]) -> tuple[Pages, str]:
    """A gateway with Emma's log and plan, which disagree about a goal; her teacher may log in."""
    pages, _ = site
    dispute(pages, records("stafettlogg", "emma"))
    with_user(pages, "e-d1", "kari")
    return site


def log_in(page: Page, url: str) -> None:
    """Emma's teacher, through the provider's own page, to Emma."""
    page.goto(f"{url}/logg-inn/helseid")
    page.get_by_label("Hvem er du?").fill("kari")
    page.get_by_role("button", name="Logg inn").click()
    page.get_by_role("link", name="Emma Sofie Testesen", exact=True).click()


def test_a_note_by_mouse_on_a_phone(chromium: Browser, office: tuple[Pages, str]) -> None:
    pages, url = office
    with somebody(chromium, PHONE) as page:
        log_in(page, url)
        page.get_by_role("link", name="Skriv", exact=True).click()
        page.get_by_role("link", name="Skriv et notat").click()
        page.get_by_role("button", name="Lagre notatet").click()
        page.get_by_role("alert").get_by_role("link", name="Skriv noe i minst ett").click()
        assert page.evaluate("document.activeElement.id") == "observasjon"
        page.get_by_label("Observasjon").fill(HOSTILE)
        page.get_by_role("button", name="Se hvem som får det").click()
        expect(page.get_by_text("Ingenting er lagret ennå")).to_be_visible()
        expect(page.get_by_role("row", name="BUP Fjordane")).to_contain_text("Nei.")
        assert "<b>to</b> ganger" in page.get_by_label("Observasjon").input_value()
        fits(page, "Nytt notat om Emma", "hvem som får det")
        page.get_by_role("button", name="Lagre notatet").dblclick()
        expect(page.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        fits(page, "Notatet er lagret")
        assert len(entries(pages, "notat")) == 2

        page.get_by_role("link", name="Skriv mer").click()
        page.get_by_role("link", name="Send en melding").click()
        page.get_by_label("Emne").fill("Møte")
        page.get_by_label("Melding", exact=True).fill("Passer tirsdag?")
        page.context.clear_cookies()
        page.get_by_role("button", name="Send meldingen").click()
        expect(page.get_by_label("Melding", exact=True)).to_have_value("Passer tirsdag?")
        fits(page, "Du er logget ut, men teksten din er her")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Logg inn på nytt").click()
        log_in(opened.value, url)
        page.get_by_role("button", name="Fortsett").click()
        expect(page.get_by_label("Melding", exact=True)).to_have_value("Passer tirsdag?")
        page.get_by_label("Berit Psykolog").check()
        page.get_by_role("button", name="Send meldingen").click()
        expect(page.get_by_role("heading", level=1, name="Meldingen er lagret")).to_be_visible()


def test_what_follows_a_decision_and_a_handover(chromium: Browser, office: tuple[Pages, str]) -> None:
    _, url = office
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        hand = Keyboard(page)
        hand.follow("Avgjør uenigheter")
        hand.follow("Mål: ")
        expect(page.get_by_text(OURS, exact=True)).to_be_visible()
        expect(page.get_by_text(THEIRS, exact=True)).to_be_visible()
        hand.tick("Det som står nå")
        hand.write("Hvorfor?", "Avtalt i møtet")
        hand.press("Avgjør")
        expect(page.get_by_role("heading", name="Dette er avgjort")).to_be_visible()
        fits(page, "Avgjør en uenighet om Emma", "avgjort")

        page.goto(page.url.partition("/uenighet")[0] + "/overfor")
        hand.tick(page.get_by_label(re.compile("Per Rådgiver")))
        hand.write("Hvorfor?", "Skolebytte")
        hand.press("Overfør stafettpinnen")
        fits(page, "Stafettpinnen er overført")


def test_who_would_get_it_is_asked_by_keyboard(chromium: Browser, office: tuple[Pages, str]) -> None:
    pages, url = office
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        press_until(page, "Skriv")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Skriv om Emma")).to_be_visible()
        press_until(page, "Skriv et lysglimt")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Nytt lysglimt om Emma")).to_be_visible()
        press_until(page, "Hva skjedde?")
        page.keyboard.type("Lo høyt i dag")
        press_until(page, "Se hvem som får det")
        page.keyboard.press("Enter")
        expect(page.get_by_role("row", name="BUP Fjordane")).to_contain_text("Ja.")
        fits(page, "Nytt lysglimt om Emma", "hvem som får det")
        press_until(page, "Lagre lysglimtet")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Lysglimtet er lagret")).to_be_visible()
        expect(page.get_by_text("Lo høyt i dag")).to_be_visible()
        assert len(entries(pages, "lysglimt")) == 3


def test_a_page_prints_without_what_is_clicked(chromium: Browser, office: tuple[Pages, str]) -> None:
    _, url = office
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation", name="Hovedmeny")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
