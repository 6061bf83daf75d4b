"""A child with 2,000 entries: every page of it stays light, the timeline has all of them on its pages, each
once, and what is hidden among them is in none."""

from __future__ import annotations

import pytest

from bench.children_page import fill
from gateway.web.statics import STATICS
from tests.web.conftest import Pages
from tests.web.person import Person
from tests.web.test_coordinator import HIDDEN, PARTS, child, count, written
from tests.web.test_seats import MINE
from tests.web.test_statics import LIGHT, loaded

MANY = 2_000


@pytest.fixture
def kari(pages: Pages) -> Person:
    """Emma's teacher, logged in, with very much in her log."""
    fill(pages, MANY, {"utsteder": pages.provider.url, "subjekt": "kari"})
    written(pages, id="e-n9", tekst=HIDDEN, sperre=["NORS"])
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def test_a_child_with_two_thousand_entries(kari: Person) -> None:
    for part in PARTS:
        page = child(kari, part)
        loads = {address.rpartition("/")[2] for address in loaded(page.html)}
        assert len(page.html.encode()) + sum(len(STATICS[name].content) for name in loads) < LIGHT, part
        assert HIDDEN not in page.html
    here = kari.get(MINE).link("Emma")
    found = count(kari.get(here))
    assert found > MANY
    last = -(-found // 50)
    seen = [kari.get(f"{here}?side={side}").html.count('<div class="when') for side in (1, last, last + 1)]
    assert seen == [50, found - 50 * (last - 1), 0]
    oldest = kari.get(f"{here}?slag=lysglimt&side=9")
    assert "Oppføring 1995." in oldest.text
