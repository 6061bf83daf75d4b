"""The form of a consent of a child with very many records: they are on pages, what is ticked goes along from
page to page, and only what was drawn is written as read."""

from __future__ import annotations

import re

from bench.children_page import KINDS
from gateway.web.outlook import EACH
from gateway.web.statics import STATICS
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_consents import BUP
from tests.web.test_min_plan_pages import last_told, mothers
from tests.web.test_statics import LIGHT, loaded

MANY = 2_000
LAST = re.compile(r"Side 1 av (\d+)")
NAMED = re.compile(r'<label class="ds-label" for="p-([\w-]{24})">([^<]*)</label>')
OTHERS = {
    "Patient",
    "PractitionerRole",
    "RelatedPerson",
    "CarePlan",
}  # who it is about, who takes part, the log


def opened(mother: Person, plan: str) -> tuple[str, Page]:
    path = f"{plan.removesuffix('/plan')}/nytt"
    return path, mother.get(path)


def offered(page: Page) -> dict[str, str]:
    """Handle of a record -> its title, of those that can be ticked on a page."""
    return dict(NAMED.findall(page.html))


def weight(page: Page) -> int:
    loads = {address.rpartition("/")[2] for address in loaded(page.html)}
    return len(page.html.encode()) + sum(len(STATICS[name].content) for name in loads)


def told(pages: Pages) -> int:
    """How many records the newest look told."""
    return len([ref for ref in last_told(pages) if ref.partition("/")[0] not in OTHERS])


def test_what_is_ticked_goes_along_from_page_to_page_into_the_consent(pages: Pages) -> None:
    mother, plan = mothers(pages, MANY)
    pages.later()  # looks have an order
    path, page = opened(mother, plan)
    ends = page.form("nytt")["til"]
    answers = {f"mottaker-{page.handle_of(BUP)}": ["ja"], "kategori": ["maal"], "formaal": ["Som avtalt"]}
    chosen: dict[str, str] = {}
    for side in (2, 3):
        assert (page.status, weight(page) < LIGHT) == (200, True)
        assert told(pages) == len(offered(page)) == 100 + len(chosen)
        own, title = list(offered(page).items())[-1]
        chosen[own] = title
        pages.later()
        page = mother.post(path, {**page.form("nytt"), **answers, "post": list(chosen), "side": [str(side)]})
        assert set(page.form("nytt")["post"]) == set(chosen)
        assert "Som avtalt" in page.html
    wrong = mother.post(path, {**page.form("nytt"), "til": ["2020-01-01"]})
    assert (wrong.status, offered(wrong)) == (422, offered(page))  # the page that it was sent from
    shown = mother.post(path, {**wrong.form("nytt"), "til": ends})
    kept = shown.html.partition("Disse oppføringene skal ikke deles")[2].partition("</dl>")[0]
    assert sorted(re.findall(r"<li>([^<]*)</li>", kept)) == sorted(chosen.values())


def test_everything_can_be_ticked_on_one_page_of_it(pages: Pages) -> None:
    mother, plan = mothers(pages, 250)
    pages.later()  # looks have an order
    path, page = opened(mother, plan)
    fields, found = page.form("nytt"), list(offered(page))
    assert len(found) == 100
    for side in (2, 3):
        found += offered(mother.post(path, {**fields, "side": [str(side)]}))
    assert len(found) == len(set(found)) >= 250
    assert set(offered(mother.post(path, {**fields, "side": ["9999"]}))) <= set(found)
    assert mother.post(path, {**fields, "side": ["²"]}).status == 200


def test_what_a_signature_would_mean_has_pages_and_tells_those_that_are_drawn(pages: Pages) -> None:
    mother, plan = mothers(pages, MANY)
    pages.later()  # looks have an order
    path, page = opened(mother, plan)
    everything = ["plan", "maal", "tiltak", "lysglimt", "notat", "melding"]
    form = {**page.form("nytt"), "kategori": everything}
    recipients = set(re.findall(r'name="(mottaker-[\w-]+)"', page.html))
    assert len(recipients) > 4
    assert weight(mother.post(path, {**form, **{own: ["ja"] for own in recipients}})) < LIGHT
    pages.later()
    shown = mother.post(path, {**form, f"mottaker-{page.handle_of(BUP)}": ["ja"]})
    look, last = path.replace("/nytt", "/se-over"), LAST.findall(shown.html)
    assert weight(shown) < LIGHT
    found = list[str]()
    for side in range(1, int(last[0]) + 1):
        shown = mother.get(f"{look}?side={side}")
        drawn = re.findall(r"Oppføring \d+\.", shown.html.partition("<details")[0])
        found += drawn
        assert 0 < told(pages) <= 3 * EACH  # of what waits, of what they have, of what they would see
        pages.later()
    named = {
        f"Oppføring {n}." for n in range(MANY) if KINDS[n % len(KINDS)] != "melding"
    }  # those by its subject
    assert set(found) == named
    signed = mother.post(look, shown.form("se-over"))
    assert (signed.status, "Gjelder ikke ennå" in signed.text) == (200, True)
