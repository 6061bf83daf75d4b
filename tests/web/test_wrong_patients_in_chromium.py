"""A report of a wrong patient is settled in a real browser, after the real login: by keyboard at a desk and
by mouse on a phone, and read by the clinician who made it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser import HANDS, HOSTILE, SIZES, Mouse, fits, log_in, somebody
from tests.web.conftest import Pages
from tests.web.test_seats import with_user

NAME = "Emma Sofie Testesen"


def as_kari(page: Page, url: str) -> None:
    """Emma's teacher, who holds her log."""
    log_in(page, url, "Helseid", "kari", "Mine barn")


@pytest.mark.parametrize(("hand", "size"), [("keyboard", "1440"), ("mouse", "360")])
def test_a_report_is_made_settled_and_read(
    chromium: Browser, site: tuple[Pages, str], hand: str, size: str
) -> None:
    pages, url = site
    with_user(pages, "e-d1", "kari")
    with_user(pages, "e-d6", "berit")
    with somebody(chromium, SIZES[size]) as page:
        hands: Mouse = HANDS[hand](page)
        log_in(page, url, "Helseid", "berit", "Delte planer")
        hands.follow(NAME)
        hands.follow("Meld feil pasient")
        hands.write("Hva er feil? Skriv ikke noe om barnet her.", HOSTILE)
        hands.press("Meld feil pasient og lukk")
        expect(page.get_by_text("Ingen har svart ennå.")).to_be_visible()
    with somebody(chromium, SIZES[size]) as page:
        hands = HANDS[hand](page)
        as_kari(page, url)
        expect(page.get_by_text("En mottaker har meldt feil pasient.")).to_be_visible()
        fits(page, "Mine barn", "feil pasient")
        hands.follow(NAME, exact=True)
        expect(page.get_by_text("meldte feil pasient")).to_be_visible()
        fits(page, NAME, "feil pasient")
        hands.follow("Avklar feil pasient")
        expect(page.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        fits(page, f"Feil pasient? {NAME}")
        hands.press("Se over")
        expect(page.get_by_role("alert")).to_contain_text("Velg hva dere har funnet ut.")
        fits(page, f"Feil pasient? {NAME}", "feil")
        hands.tick(page.get_by_label("Det var feil barn. Behold lukket."))
        hands.write("Hvorfor?", "Ringte dem")
        hands.press("Se over")
        fits(page, "Beholde lukket?")
        hands.press("Ja, behold lukket")
        expect(page.get_by_role("heading", name="Avklart: fortsatt lukket")).to_be_visible()
        fits(page, f"Feil pasient? {NAME}", "lukket")
        hands.tick(page.get_by_label("Det er riktig barn. Del igjen."))
        hands.write("Hvorfor?", "Det var rett likevel")
        hands.press("Se over")
        fits(page, "Dele igjen?")
        hands.press("Ja, del igjen")
        expect(page.get_by_role("heading", name="Avklart: delt igjen")).to_be_visible()
        fits(page, f"Feil pasient? {NAME}", "delt igjen")
    with somebody(chromium, SIZES[size]) as page:
        hands = HANDS[hand](page)
        log_in(page, url, "Helseid", "berit", "Delte planer")
        hands.follow(NAME)
        expect(page.get_by_text("Det var rett likevel")).to_be_visible()
        fits(page, "Stafettlogg: Emma", "svar på feil pasient")
