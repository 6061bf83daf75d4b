"""The operators' pages in a real browser, through the certified provider: a lane is stopped by mouse and let
go on by keyboard, a record is tried on the bench; nothing breaks on a phone, in the dark or at 200 %."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect

from tests.api.conftest import records
from tests.web.browser import DESK, fits, log_in, press_until, somebody
from tests.web.conftest import OPERATOR, Pages
from tests.web.operations.test_lanes import waits


def test_an_operators_day(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    waits(pages, "no-log-or-plan-there")
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Drift", OPERATOR, "Slik står det til")
        fits(page, "Slik står det til")
        page.get_by_role("link", name="logg", exact=True).first.click()
        fits(page, "System: logg")
        page.get_by_role("link", name="Mål", exact=True).first.click()
        fits(page, "Melding: Mål")
        page.get_by_role("link", name="Køer").click()
        fits(page, "Køer")
        page.get_by_role("link", name="Til plan").first.click()
        fits(page, "Kø til plan")
        stop = page.get_by_role("region", name="Stopp køen")
        stop.get_by_label("Hvorfor").select_option("Avtalt stans hos mottakeren")
        stop.get_by_role("button").click()
        expect(page.get_by_text("Køen er stoppet.")).to_be_visible()
        press_until(page, "Hvorfor")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Køen er sluppet.")).to_be_visible()
        page.get_by_role("link", name="Prøvebenk").click()
        fits(page, "Prøvebenk", "tom")
        goal = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
        page.get_by_label("Post", exact=True).fill(json.dumps(goal | {"tekst": "<b>x</b>" + "æ" * 200}))
        page.get_by_role("button", name="Prøv").click()
        expect(page.get_by_text("Kommer likt tilbake")).to_be_visible()
        fits(page, "Prøvebenk")
        page.get_by_role("link", name="Ruter").click()
        page.get_by_role("link", name="logg → plan").click()
        fits(page, "Ruter")
        page.get_by_role("link", name="Kontroll").click()
        fits(page, "Kontroll av oppsettet")
