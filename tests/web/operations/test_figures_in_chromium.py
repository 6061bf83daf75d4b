"""Figures over time in a real browser, through the certified provider: another stretch is chosen by mouse or
by keyboard alone, on a phone or at a desk; empty, full and late, in light and dark and at 200 %."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from gateway.exchange import timers
from gateway.hub.tallies import Kind
from gateway.operating import clerk
from tests.web.browser import HANDS, SIZES, fits, somebody
from tests.web.conftest import OPERATOR, Pages
from tests.web.operations.test_figures import counted


def aged(pages: Pages) -> None:
    """It was counted three hours ago."""
    with pages.service.store.write("fjordbyen") as connection:
        found = clerk.counted(connection, "fjordbyen")
        assert found is not None
        then = replace(found, at=pages.now - timedelta(hours=3)).plain()
        timers.put(connection, "fjordbyen", clerk.FIGURES, clerk.FIGURES, pages.now, then)


@pytest.mark.parametrize(("hand", "size"), [("mouse", "360"), ("keyboard", "1440")])
def test_how_it_went_over_time(chromium: Browser, site: tuple[Pages, str], hand: str, size: str) -> None:
    pages, url = site
    with somebody(chromium, SIZES[size]) as page:
        me = HANDS[hand](page)
        me.log_in(url, "Drift", OPERATOR, "Slik står det til")
        me.follow("Tall", exact=True)
        expect(page.get_by_text("Det er ikke talt noe ennå.")).to_be_visible()
        fits(page, "Tall over tid", "tom")
        counted(
            pages, *((ago, kind, "bup", 1_000_003 * (ago % 7)) for ago in range(0, 300, 3) for kind in Kind)
        )
        me.choose("System", "bup")
        me.press("Vis tall")
        expect(page.get_by_role("img", name="Tatt inn")).to_be_visible()
        fits(page, "Tall over tid")
        me.choose("Periode", "12 måneder")
        me.press("Vis tall")
        expect(page.get_by_role("table", name="Ut, nyeste øverst").locator("tbody tr")).to_have_count(12)
        expect(page).to_have_url(f"{url}/drift/tall?visning=maaneder&system=bup")
        aged(pages)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("Tallene er gamle")
        fits(page, "Tall over tid", "gammel")
