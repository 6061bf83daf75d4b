"""The clinicians' pages in a real browser, through the real login at the certified provider: what is new
since the last visit, what is missing in an answer, and a plan that is closed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser import DESK, HOSTILE, PHONE, fits, press_until, somebody
from tests.web.browser import log_in as through
from tests.web.conftest import Pages
from tests.web.test_much_shared import more
from tests.web.test_seats import told, with_user

PLAN, WRITE = "Stafettlogg: Emma", "Skriv til koordinatoren: Emma"


@pytest.fixture
def clinic(site: tuple[Pages, str]) -> tuple[Pages, str]:
    """A gateway where BUP's psychologist has a user at the provider, and the address of its pages."""
    pages, _ = site
    with_user(pages, "e-d6", "berit")
    told(pages, "e-me1", tekst=HOSTILE)
    return site


def log_in(page: Page, url: str) -> None:
    """As BUP's psychologist, at the login of the health service."""
    through(page, url, "Helseid", "berit", "Delte planer")


def press(page: Page, name: str, heading: str) -> None:
    """By keyboard: to what has this name, and on to the page with this heading."""
    press_until(page, name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_what_is_new_since_the_last_visit_stands_first(chromium: Browser, clinic: tuple[Pages, str]) -> None:
    pages, url = clinic
    with somebody(chromium, PHONE) as page:
        log_in(page, url)
        press(page, "Emma Sofie Testesen", PLAN)
        expect(page.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        press(page, "Skriv til koordinatoren", WRITE)
        press_until(page, "Melding")
        page.keyboard.type("Vi har ledig time onsdag.")
        press(page, "Se over før du sender", "Se over før du sender")
        fits(page, "Se over før du sender")
        press(page, "Logg ut", "Du er logget ut")

    told(pages, "e-m1", tekst="Et nytt ord i målet.")
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        expect(page.get_by_text("1 nytt siden sist")).to_be_visible()
        press(page, "Emma Sofie Testesen", PLAN)
        expect(page.get_by_role("heading", name="Nytt siden")).to_be_visible()
        expect(page.get_by_text("Endret", exact=True).first).to_be_visible()
        fits(page, PLAN, "noe nytt")


def test_an_answer_outlives_the_session_it_was_typed_in(chromium: Browser, clinic: tuple[Pages, str]) -> None:
    with somebody(chromium, PHONE) as page:
        log_in(page, clinic[1])
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        page.get_by_role("link", name="Svar på dette").first.click()
        page.get_by_label("Melding").fill("Vi har ledig time\nonsdag.")
        page.context.clear_cookies()
        page.get_by_role("button", name="Se over før du sender").click()
        fits(page, "Du er logget ut, men teksten din er her", "svar")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Logg inn på nytt").click()
        log_in(opened.value, clinic[1])
        page.get_by_role("button", name="Fortsett").click()
        expect(page.get_by_label("Melding")).to_have_value("Vi har ledig time\nonsdag.")
        fits(page, WRITE, "etter ny innlogging")
        page.get_by_role("button", name="Se over før du sender").click()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Vi har ledig time onsdag.")).to_be_visible()


def test_a_plan_of_many_pages_is_read_by_keyboard(chromium: Browser, clinic: tuple[Pages, str]) -> None:
    pages, url = clinic
    more(pages, 0, 60)
    with somebody(chromium, PHONE) as page:
        log_in(page, url)
        press(page, "Emma Sofie Testesen", PLAN)
        fits(page, PLAN, "første side")
        press(page, "Neste side", PLAN)
        expect(page.get_by_text("Side 2 av 2")).to_be_visible()
        expect(page.get_by_role("region", name="Hvem du kan ringe")).to_contain_text("+47 55 50 43 21")
        fits(page, PLAN, "siste side")
        press(page, "Logg ut", "Du er logget ut")

    pages.later()
    more(pages, 100, 120)
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        expect(page.get_by_role("heading", name="Nytt siden")).to_be_visible()
        fits(page, PLAN, "mye nytt")
        page.get_by_role("link", name="Mål (").click()
        expect(page.get_by_role("heading", name="Mål", exact=True)).to_be_in_viewport()


def test_a_referral_is_answered_and_a_plan_closed_by_mouse(
    chromium: Browser, clinic: tuple[Pages, str]
) -> None:
    pages, url = clinic
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        page.get_by_role("link", name="Si hvor langt henvisningen er kommet").click()
        page.get_by_label("Avslag").check()
        page.get_by_role("button", name="Si det videre").click()
        expect(page.get_by_role("alert")).to_contain_text("Skriv hvorfor")
        fits(page, "Henvisningen for Emma", "feil")
        page.get_by_label("På venteliste").check()
        page.get_by_role("button", name="Si det videre").click()
        expect(page.get_by_text("På venteliste").first).to_be_visible()
        page.get_by_role("link", name="Svar på dette").first.click()
        page.get_by_label("Melding").fill("Ja.")
        page.get_by_role("button", name="Se over før du sender").click()
        page.get_by_role("button", name="Slett utkastet").click()
        page.get_by_role("link", name="Meld feil pasient").click()
        page.get_by_role("button", name="Meld feil pasient og lukk").click()
        fits(page, "Lukket: meldt som feil pasient")
        assert "Emma" not in page.content()
        page.get_by_role("link", name="Tilbake til delte planer").click()
        fits(page, "Delte planer", "lukket")
        assert "Emma" not in page.content()
        own = pages.patient("e-m1")
        (act,) = pages.get(f"/people/{own}/acts", "drift").json()["acts"]
        assert pages.post(f"/people/{own}/acts/{act['id']}/end", "drift").status_code == 200
        told(pages, "e-s1", trukket={"tidspunkt": pages.now.isoformat(), "av": "e-d2"})
        page.reload()
        expect(page.get_by_text("Ingen planer er delt med dere nå.")).to_be_visible()
        fits(page, "Delte planer", "ingen")
