"""What operators come to behind a form, in a real browser through the certified provider: a lane that is
stopped, a message with what it says, a record on the bench, all of it hostile."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect

from tests.api.conftest import records
from tests.web.browser import DESK, HOSTILE, fits, log_in, somebody
from tests.web.conftest import SEEING, Pages
from tests.web.operations.test_lanes import waits
from tests.web.test_seats import told

BOTH = "I mottakerens egen form"


def test_what_an_operator_asked_for(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    told(pages, "e-m1", tekst=HOSTILE)
    waits(pages, "no-log-or-plan-there")
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Drift", SEEING, "Slik står det til")
        page.get_by_role("link", name="Køer").click()
        page.get_by_role("link", name="Til plan").first.click()
        stop = page.get_by_role("region", name="Stopp køen")
        stop.get_by_label("Hvorfor").select_option("Avtalt stans hos mottakeren")
        stop.get_by_role("button").click()
        expect(page.get_by_text("Køen er stoppet.")).to_be_visible()
        fits(page, "Kø til plan", "stoppet")
        page.get_by_role("link", name="Systemer").click()
        page.get_by_role("link", name="logg", exact=True).first.click()
        page.get_by_role("link", name="Mål", exact=True).first.click()
        page.get_by_label("Slik mottakeren kan se det").select_option("plan")
        page.get_by_label("Hvorfor").select_option("Feilsøking")
        page.get_by_role("button", name="Vis innhold").click()
        expect(page.get_by_text("Slik plan kan se det nå.")).to_be_visible()
        expect(page.get_by_role("heading", name=BOTH)).to_be_visible()
        expect(page.get_by_text("<b>to</b> ganger").first).to_be_visible()  # as text
        fits(page, "Melding: Mål", "med innhold")
        page.get_by_role("link", name="Prøvebenk", exact=True).click()
        goal = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
        page.get_by_label("Post", exact=True).fill(json.dumps(goal | {"tekst": HOSTILE}))
        page.get_by_role("button", name="Prøv").click()
        expect(page.get_by_text("Kommer likt tilbake")).to_be_visible()
        fits(page, "Prøvebenk", "prøvd")
        page.get_by_role("link", name="Kontroll").click()
        page.get_by_role("button", name="Prøv databasen og forbindelsene").click()
        expect(page.get_by_text("Databasen og forbindelsene er prøvd.")).to_be_visible()
        fits(page, "Kontroll av oppsettet", "prøvd")
