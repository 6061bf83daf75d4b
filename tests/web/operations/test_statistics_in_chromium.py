"""Statistics in a real browser, through the certified provider: read and downloaded by mouse or by keyboard
alone, on a phone or at a desk; empty, full and late, in light and dark and at 200 %."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gateway.exchange import timers
from gateway.operating import statistics
from tests.web.browser import HANDS, SIZES, fits, somebody
from tests.web.conftest import OPERATOR, Pages
from tests.web.operations.test_statistics import filled

HEADING = "Statistikk"


@pytest.mark.parametrize(("hand", "size"), [("mouse", "1440"), ("keyboard", "360")])
def test_statistics_are_read_and_taken_away(
    chromium: Browser, site: tuple[Pages, str], hand: str, size: str
) -> None:
    pages, url = site
    with somebody(chromium, SIZES[size]) as page:
        me = HANDS[hand](page)
        me.log_in(url, "Drift", OPERATOR, "Slik står det til")
        me.follow("Statistikk", exact=True)
        expect(page.get_by_text("Barna er ikke talt ennå.")).to_be_visible()
        fits(page, HEADING, "tom")
        filled(pages)
        page.reload()
        expect(page.get_by_role("table", name="Barn med logg, etter nivå")).to_contain_text("skjult")
        fits(page, HEADING)
        name, content = me.downloaded("Last ned tallene (CSV)")
        assert name == "statistikk.csv"
        assert "1297" in content.decode("utf-8-sig")
        with pages.service.store.write("fjordbyen") as connection:
            late = pages.now.replace(month=10)
            timers.put(connection, "fjordbyen", statistics.STATISTICS, statistics.STATISTICS, late)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("forsinket")
        fits(page, HEADING, "forsinket")
