"""A child with 2,000 entries: every page of it stays light, the timeline has all of them on its pages, each
once, and what is hidden among them is in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bench.children_page import fill
from gateway.exchange.judge import Judge
from gateway.hub import versions
from gateway.web.statics import STATICS
from mappings import telling
from tests.web.conftest import Pages
from tests.web.person import Person
from tests.web.test_coordinator import HIDDEN, PARTS, child, count, written
from tests.web.test_seats import MINE
from tests.web.test_statics import LIGHT, loaded

MANY = 2_000


def teacher(pages: Pages, entries: int) -> Person:
    """Emma's, logged in, with so much in her log."""
    fill(pages, entries, {"utsteder": pages.provider.url, "subjekt": "kari"})
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def test_a_child_with_two_thousand_entries(pages: Pages) -> None:
    kari = teacher(pages, MANY)
    written(pages, id="e-n9", tekst=HIDDEN, sperre=["NORS"])
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


# --- what a view does: the same few statements however much there is, each content once, few words ----------


@contextmanager
def noted(pages: Pages) -> Iterator[Counter[str]]:
    """How often what costs is done."""
    found: Counter[str] = Counter()
    engine = pages.service.store.engine

    def statement(*_: Any) -> None:
        found["statements"] += 1

    def counted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **more: Any) -> Any:
            found[name] += 1
            return work(*given, **more)

        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "unpack", counted("opened", versions.unpack))
        patch.setattr(Judge, "view", counted("judged", Judge.view))
        patch.setattr(telling, "title_of", counted("titles", telling.title_of))
        patch.setattr(telling, "text_of", counted("texts", telling.text_of))
        event.listen(engine, "before_cursor_execute", statement)
        try:
            yield found
        finally:
            event.remove(engine, "before_cursor_execute", statement)


def test_a_view_opens_and_judges_everything_once_and_reads_the_words_of_its_page(pages: Pages) -> None:
    kari = teacher(pages, 300)
    here = kari.get(MINE).link("Emma")
    kari.get(here)
    own = pages.patient("e-n1")
    with pages.service.store.read("fjordbyen") as connection:
        held = versions.of_person(connection, "fjordbyen", own)
    with noted(pages) as found:
        kari.get(here)
    assert found["opened"] <= len(held) + 20  # and who it is that reads, once each step
    assert found["judged"] == len({one.item for one in held.values()})
    assert 50 <= found["titles"] + found["texts"] <= 4 * 50
    assert found["statements"] <= 25
