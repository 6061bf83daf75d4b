"""The pages of who can come in, in a real browser, through the certified provider: somebody is taken out by
mouse and by keyboard alone while their own browser stands open; nothing breaks on a phone, in the dark or at
200 %."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser import DESK, HANDS, fits, log_in, somebody
from tests.web.conftest import OPERATOR, Pages
from tests.web.test_seats import with_user

TITLE = "Personer og tilgang"
ASKED = "Avslutt tilgangen?"


@pytest.mark.parametrize("way", HANDS)
def test_somebody_is_taken_out_and_let_in_again(chromium: Browser, site: tuple[Pages, str], way: str) -> None:
    pages, url = site
    with_user(pages, "e-d1", "siv")
    with somebody(chromium, DESK, 403) as own, somebody(chromium, DESK) as page:
        hand = HANDS[way](page)
        log_in(own, url, "Helseid", "siv", "Mine barn")
        hand.log_in(url, "Drift", OPERATOR, "Slik står det til")
        hand.follow(TITLE)
        hand.comes(TITLE)
        fits(page, TITLE, f"{way} uten avsluttede")
        hand.follow("Avslutt tilgang for siv", exact=True)
        fits(page, ASKED, way)
        hand.press("Avslutt tilgangen")
        expect(page.get_by_text("Velg en grunn. Den skrives")).to_be_visible()
        fits(page, ASKED, f"{way} uten grunn")
        hand.choose("Hvorfor", "Har sluttet")
        hand.press("Avslutt tilgangen")
        expect(page.get_by_text("Tilgangen er avsluttet.")).to_be_visible()
        fits(page, TITLE, f"{way} med avsluttet")
        own.get_by_role("link", name="Emma").first.click()
        fits(own, "Tilgangen din er avsluttet", way)
        expect(own.get_by_text("Emma")).to_have_count(0)
        own.get_by_role("link", name="Til forsiden").click()
        own.get_by_role("link", name="Logg inn med Helseid").click()
        expect(own.get_by_role("heading", level=1, name="Tilgangen din er avsluttet")).to_be_visible()
        hand.press("Gi tilbake tilgangen til siv")
        expect(page.get_by_text("Tilgangen er gitt tilbake.")).to_be_visible()
        log_in_again(own, url)


def log_in_again(own: object, url: str) -> None:
    """The provider knows them still."""
    from playwright.sync_api import Page

    assert isinstance(own, Page)
    own.goto(url)
    own.get_by_role("link", name="Logg inn med Helseid").click()
    expect(own.get_by_role("heading", level=1, name="Mine barn")).to_be_visible()


def test_somebody_who_does_not_stand_there(chromium: Browser, site: tuple[Pages, str]) -> None:
    _, url = site
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Drift", OPERATOR, "Slik står det til")
        page.get_by_role("link", name=TITLE).click()
        page.get_by_role("link", name="Avslutt tilgangen for en ansatt som ikke står her").click()
        fits(page, "Avslutt tilgangen for en ansatt som ikke står her", "tom")
        page.get_by_role("button", name="Se over").click()
        expect(page.get_by_text("Vi kan ikke lese dette.")).to_be_visible()
        fits(page, "Avslutt tilgangen for en ansatt som ikke står her", "feil")
        page.get_by_label("HPR-nummer", exact=True).check()
        page.get_by_label("Nummer eller bruker").fill("9144889")
        page.get_by_role("button", name="Se over").click()
        fits(page, ASKED, "ukjent")
        assert "9144889" not in page.url
        page.get_by_label("Hvorfor").select_option("Har sluttet")
        page.get_by_role("button", name="Avslutt tilgangen").click()
        expect(page.get_by_text("HPR-nummer 9144889")).to_be_visible()
