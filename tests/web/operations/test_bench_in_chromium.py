"""The mapping bench in a real browser, through the certified provider: a record is pasted and decided under
assumptions, and one of the hub is fetched, by mouse and by keyboard alone, on a phone and at a desk."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from tests.api.conftest import records
from tests.web.browser import DESK, HANDS, HOSTILE, SIZES, fits, log_in, somebody
from tests.web.conftest import OPERATOR, SEEING, Pages

GOAL = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("hand", HANDS)
def test_a_record_is_pasted_and_one_is_fetched(
    chromium: Browser, site: tuple[Pages, str], hand: str, size: str
) -> None:
    _, url = site
    with somebody(chromium, SIZES[size]) as page:
        does = HANDS[hand](page)
        log_in(page, url, "Drift", SEEING, "Slik står det til")
        does.follow("Prøvebenk")
        does.write("Post", json.dumps(GOAL | {"tekst": "Noe ganske nytt"}))
        does.choose("Alle som må bestemme, har samtykket til", "bup")
        does.press("Prøv")
        bup = page.get_by_role("article", name="bup")
        expect(bup.get_by_text("Noe ganske nytt")).to_be_visible()
        expect(page.get_by_role("article", name="lege").get_by_text("Noe ganske nytt")).to_have_count(0)
        does.use(bup.locator("summary"))
        expect(bup.get_by_text("Noe ganske nytt")).to_be_hidden()
        fetch = page.get_by_role("region", name="Hent en post som er her")
        does.choose(fetch.get_by_label("System", exact=True), "logg")
        does.write("Systemets egen id for posten", "e-m1")
        does.choose(fetch.get_by_label("Hvorfor"), "Henvendelse fra en tjeneste eller familie")
        does.press("Hent posten")
        expect(page.get_by_role("heading", name="Mål fra logg")).to_be_visible()
        expect(page.get_by_role("article", name="bup").get_by_text("Goal").first).to_be_visible()


def test_the_bench_fits_empty_full_and_with_what_is_wrong(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    with somebody(chromium, DESK, 404) as page:
        log_in(page, url, "Drift", SEEING, "Slik står det til")
        page.get_by_role("link", name="Prøvebenk").click()
        fits(page, "Prøvebenk", "med rett, tom")
        page.get_by_label("Post", exact=True).fill("{")
        page.get_by_role("button", name="Prøv", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        fits(page, "Prøvebenk", "med rett, feil")
        page.get_by_label("Post", exact=True).fill(json.dumps([GOAL | {"tekst": HOSTILE}, {"type": "x"}]))
        page.get_by_role("button", name="Prøv", exact=True).click()
        fits(page, "Prøvebenk", "med rett, full")
        page.get_by_label("Post", exact=True).fill(json.dumps(GOAL))
        page.get_by_label("Avgjør for").select_option("Et barn som er her")
        page.get_by_label("Barnet (vår id").fill(pages.patient("e-m1"))
        page.get_by_label("Hvorfor").first.select_option("Henvendelse fra en tjeneste eller familie")
        page.get_by_role("button", name="Prøv", exact=True).click()
        fits(page, "Prøvebenk", "for et barn")
        fetch = page.get_by_role("region", name="Hent en post som er her")
        fetch.get_by_role("button").click()
        fetch.get_by_label("Systemets egen id").fill("finnes-ikke")
        fetch.get_by_label("Hvorfor").select_option("Henvendelse fra en tjeneste eller familie")
        fetch.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        fits(page, "Prøvebenk", "hentet, finnes ikke")
        fetch.get_by_label("Systemets egen id").fill("e-m1")
        fetch.get_by_label("Hvorfor").select_option("Henvendelse fra en tjeneste eller familie")
        fetch.get_by_role("button").click()
        fits(page, "Prøvebenk", "hentet")


def test_without_the_right_it_fits_too(chromium: Browser, site: tuple[Pages, str]) -> None:
    _, url = site
    with somebody(chromium, DESK) as page:
        log_in(page, url, "Drift", OPERATOR, "Slik står det til")
        page.get_by_role("link", name="Prøvebenk").click()
        fits(page, "Prøvebenk", "uten rett")
        page.get_by_label("Eksempel").select_option("stafettlogg/emma")
        page.get_by_role("button", name="Prøv", exact=True).click()
        expect(page.get_by_role("heading", name="Hva hver mottaker ville fått")).to_be_visible()
        fits(page, "Prøvebenk", "uten rett, hele loggen")
