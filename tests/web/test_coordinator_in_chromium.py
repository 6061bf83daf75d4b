"""The coordinators' pages in a real browser, after the real login: with a child that has much, one
that has little, and what went wrong; and a page that is made anew while it is looked at."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

from tests.api.conftest import records
from tests.api.test_notices import keep
from tests.web.browser import DESK, HOSTILE, PHONE, fits, log_in, somebody
from tests.web.conftest import Pages
from tests.web.test_coordinator import HIDDEN, written
from tests.web.test_seats import with_user

NAME = "Emma Sofie Testesen"


def furnished(pages: Pages) -> None:
    """Emma's log and plan with their teacher as a user, and what a worker finds; Jonas's with little."""
    with_user(pages, "e-d1", "kari")
    assert pages.hand_in("plan", records("individuell-plan", "emma")).status_code == 200
    jonas = [one for one in records("stafettlogg", "jonas") if one["type"] in ("stafettlogg", "deltaker")]
    kari: dict[str, Any] = {"utsteder": pages.provider.url, "subjekt": "kari"}
    extra = {**jonas[1], "id": "j-d9", "rolle": "aktoer", "bruker": kari}
    assert pages.hand_in("logg", [*jonas, extra]).status_code == 200
    written(pages, tekst=HOSTILE, id="e-n7")
    keep(pages)


def test_a_child_of_whom_little_may_be_seen(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    furnished(pages)
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Helseid", "kari", "Mine barn")
        page.get_by_role("listitem").filter(has_text="aktoer").or_(
            page.get_by_role("link", name="Et barn")
        ).first.click()
        fits(page, "Et barn", "lite")
        page.goto(f"{url}/mine-barn/finnes-ikke")
        fits(page, "Fant ikke siden")


def test_on_paper_there_is_nothing_that_can_only_be_clicked(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    furnished(pages)
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Helseid", "kari", "Mine barn")
        page.get_by_role("link", name=NAME).click()
        clickable = page.locator("button, select, input:not([type=hidden]), nav a, .ds-button")
        expect(page.get_by_label("Slag")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.get_by_text("Hva som har skjedd")).to_be_visible()
        assert not [one.inner_text() for one in clickable.all() if one.is_visible()]


def test_a_new_entry_appears_by_itself_and_a_hidden_one_does_not(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    pages, url = site
    furnished(pages)
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Helseid", "kari", "Mine barn")
        with page.expect_response(lambda one: "/nytt?" in one.url):
            page.get_by_role("link", name=NAME).click()
        expect(page.locator("#tidslinje")).to_contain_text("oppføringer")
        page.get_by_label("Slag").focus()
        written(pages, id="e-n9", tekst=HIDDEN, sperre=["NORS"])
        written(pages, id="e-n10", tekst="Dette er nytt")
        expect(page.get_by_text("Dette er nytt")).to_be_visible(timeout=2_000)
        expect(page.get_by_role("status")).to_have_text("Tidslinjen er oppdatert. Noe nytt er kommet.")
        expect(page.get_by_label("Slag")).to_be_focused()
        assert HIDDEN not in page.content()
