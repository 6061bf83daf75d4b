"""Who is visited, and which pages of theirs are pictured. The way there is by the words of links."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.demo.launched import Demo

Way = Callable[[Page], None]


@dataclass(frozen=True)
class Picture:
    """One page. way: from the page before it; dark: also in the dark."""

    name: str
    way: Way
    dark: bool = False


@dataclass(frozen=True)
class Visit:
    """One of the sample people, and the pages in the order they are gone through."""

    login: str  # what stands after "Logg inn med"
    person: str
    pictures: tuple[Picture, ...]


def link(words: str) -> Way:
    """Follow the first link that says so."""

    def go(page: Page) -> None:
        page.get_by_role("link", name=re.compile(re.escape(words))).first.click()

    return go


def log_of(child: str) -> Way:
    """Of a list where a child has log and plan, the log."""

    def go(page: Page) -> None:
        log = page.get_by_role("listitem").filter(has_text=child).filter(has_text="Stafettlogg")
        log.get_by_role("link", name=child).click()

    return go


def stay(_: Page) -> None:
    """Where one is already."""


def several(*ways: Way) -> Way:
    """One after the other."""

    def go(page: Page) -> None:
        for way in ways:
            way(page)

    return go


FAMILY, STAFF = "demoinnlogging for familier", "demoinnlogging for ansatte"
OPERATIONS = "demoinnlogging for drift"
EMMA = "Emma Sofie"
VISITS = (
    Visit(
        STAFF,
        "Grete Koordinator",
        (
            Picture("mine-barn", stay),
            Picture("barnet", link(EMMA), dark=True),
            Picture("maal", link("Mål og tiltak")),
            Picture("uenighet", several(link("Avgjør uenigheter"), link("Observasjon"))),
        ),
    ),
    Visit(STAFF, "Berit Psykolog", (Picture("delte-planer", stay), Picture("delt-plan", log_of(EMMA)))),
    Visit(FAMILY, "Ingrid Testesen", (Picture("samtykker", link(EMMA)), Picture("planen", link("Planen")))),
    Visit(OPERATIONS, "Didrik Driftsansvarlig", (Picture("drift", stay),)),
    Visit(FAMILY, "Jonas Prøve", (Picture("min-plan", several(link("Jonas"), link("Min plan"))),)),
)


def log_in(page: Page, demo: Demo, login: str, person: str) -> None:
    """From the address that `make run` prints, through the demo's own login."""
    page.goto(demo.url(0, "/min-side"))
    page.get_by_role("link", name=f"Logg inn med {login}").click()
    expect(page.get_by_role("heading", level=1, name="Hvem vil du være?")).to_be_visible()
    page.get_by_role("button", name=f"Logg inn som {person}").click()
    expect(page.get_by_role("button", name="Logg ut")).to_be_visible()
