"""The five minutes that README promises, step by step, in Chromium, against the demo as anyone starts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.launched import Demo, all_sent, start_and_wait
from tests.demo.running import until
from tests.screenshots.camera import DESK, window
from tests.screenshots.visits import FAMILY, OPERATIONS, STAFF, log_in, log_of
from tests.web.browser import chromium

__all__ = ["chromium"]

GOOD_NEWS = "Emma ropte hei over hele skolegården."


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = start_and_wait(tmp_path / "demo")
    yield running
    running.end()


@contextmanager
def somebody(chromium: Browser, demo: Demo, login: str, person: str) -> Iterator[Page]:
    """One of the demo's people, in a browser of their own."""
    expect.set_options(timeout=20_000)  # a busy machine takes its time
    page = window(chromium, DESK, "light")
    log_in(page, demo, login, person)
    yield page
    page.context.close()


def test_the_five_minutes_of_readme_go_as_they_are_told(chromium: Browser, demo: Demo) -> None:
    """Each step is a sentence of README's tour."""
    until(lambda: all_sent(demo))
    with somebody(chromium, demo, STAFF, "Grete Koordinator") as grete:
        expect(grete.get_by_role("heading", level=1, name="Mine barn")).to_be_visible()
        until(lambda: bool(grete.reload()) and grete.get_by_text("Må avgjøres").count() > 0)
        grete.get_by_role("link", name="Emma Sofie Testesen").first.click()
        grete.get_by_role("link", name="Skriv", exact=True).click()
        grete.get_by_role("link", name=re.compile("lysglimt")).click()
        grete.get_by_label("Hva skjedde?").fill(GOOD_NEWS)
        grete.get_by_role("button", name=re.compile("lysglimt")).click()
        expect(grete.get_by_text(GOOD_NEWS)).to_be_visible()
    until(lambda: GOOD_NEWS in demo.page(1, "/barn/emma-logg"))
    with (
        somebody(chromium, demo, STAFF, "Berit Psykolog") as berit,
        somebody(chromium, demo, FAMILY, "Ingrid Testesen") as mother,
    ):
        expect(berit.get_by_role("heading", level=1, name="Delte planer")).to_be_visible()
        log_of("Emma Sofie Testesen")(berit)
        expect(berit.get_by_text(GOOD_NEWS).first).to_be_visible()
        mother.get_by_role("link", name="Emma Sofie Testesen").click()
        mother.get_by_role("link", name=re.compile("Trekk samtykket")).click()
        mother.get_by_role("button", name="Ja, trekk samtykket").click()
        expect(mother.get_by_role("heading", name="Det er lukket")).to_be_visible()
        berit.goto(demo.url(0, "/min-side/delte-planer"))
        expect(berit.get_by_role("heading", level=1, name="Delte planer")).to_be_visible()
        expect(berit.get_by_role("listitem").filter(has_text="Emma")).to_have_count(0)
    assert GOOD_NEWS in demo.page(1, "/barn/emma-logg")
    with somebody(chromium, demo, OPERATIONS, "Didrik Driftsansvarlig") as didrik:
        expect(didrik.get_by_role("heading", level=1, name="Slik står det til")).to_be_visible()
        expect(didrik.get_by_text("Emma")).to_have_count(0)
