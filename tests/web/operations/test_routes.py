"""The preview of a route counts everybody: a few before the page is given, the others after it, and it says
how far it has come."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.hub.schema.tables import person
from gateway.operating import counting, forecast
from gateway.operating.counting import Count, Counts, Route
from gateway.operating.forecast import Forecast, Sum, every_id
from gateway.web.operations import preview_pages
from gateway.web.operations.preview_pages import AT_ONCE, SoMany
from tests.access.town import CANARIES
from tests.web.conftest import Pages
from tests.web.person import Person

PREVIEW = "/min-side/drift/ruter?fra=logg&til=plan"


def many(pages: Pages, more: int) -> int:
    """So many more persons, of whom nothing is known; how many there are then."""
    named = {"tenant": "fjordbyen", "change_no": 1, "facts_no": 1, "created": pages.now}
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(insert(person), [{**named, "id": str(uuid.uuid4())} for _ in range(more)])
    return len(list(every_id(pages.service.store, "fjordbyen")))


def whole(pages: Pages) -> tuple[Forecast, Sum]:
    """What the command counts."""
    service = pages.service
    giver, getter = service.settings.system("logg"), service.settings.system("plan")
    assert giver is not None
    assert getter is not None
    settings, _ = forecast.as_if_open(service.settings, giver, getter)
    looking = Forecast(
        service.store, service.facts, settings, "logg", getter, service.mappings["plan"], pages.now
    )
    total = Sum()
    for one in every_id(service.store, "fjordbyen"):
        looking.add(one, total)
    return looking, total


def test_everybody_is_counted_though_the_page_does_not_wait(
    pages: Pages, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = many(pages, 3 * AT_ONCE)
    monkeypatch.setattr(preview_pages, "SECONDS", 3600.0)
    first = operator.get(PREVIEW)
    assert f"Så langt er {AT_ONCE} av {everyone} personer sett på." in first.text
    shown = operator.get(first.link("Se hvor langt det er kommet"))
    assert "Alle er sett på." in shown.text
    _, total = whole(pages)
    assert total.persons == everyone > 3 * AT_ONCE
    said = f"{total.records} poster ville blitt skrevet, for {total.reached} av {everyone} personer."
    assert said in shown.text
    assert [one for one in CANARIES if one in shown.html] == []


def test_without_more_time_every_look_goes_on_where_it_was(
    pages: Pages, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = many(pages, 2 * AT_ONCE)
    monkeypatch.setattr(preview_pages, "SECONDS", -1.0)
    assert f"Så langt er {AT_ONCE} av {everyone} personer" in operator.get(PREVIEW).text
    assert f"Så langt er {2 * AT_ONCE} av {everyone} personer" in operator.get(PREVIEW).text
    assert "Alle er sett på." in operator.get(PREVIEW).text


def test_a_look_while_another_counts_does_not_wait(pages: Pages) -> None:
    """One at a time: who comes second is told how far it is."""
    many(pages, 3)
    looking, _ = whole(pages)
    count = Count.of_everybody(pages.service.store, looking)
    inside, on = threading.Event(), threading.Event()

    def slowly() -> bool:
        inside.set()
        return on.wait(20)

    first = threading.Thread(target=count.on, args=(slowly,))
    first.start()
    assert inside.wait(20)
    count.on(SoMany(1_000))
    assert (count.total.persons, count.done) == (0, False)
    on.set()
    first.join(20)
    assert count.done
    assert count.total.persons == count.of


def test_a_count_that_broke_is_begun_anew(
    pages: Pages, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_pages, "AT_ONCE", 0)
    monkeypatch.setattr(preview_pages, "SECONDS", 3600.0)
    with monkeypatch.context() as broken:
        broken.setattr(Forecast, "add", failing)
        assert operator.get(PREVIEW).status == 200
        assert "Alle er sett på." not in operator.get(PREVIEW).text
    operator.get(PREVIEW)
    shown = operator.get(PREVIEW)
    assert "Alle er sett på." in shown.text
    assert f"av {len(list(every_id(pages.service.store, 'fjordbyen')))} personer" in shown.text


def failing(*_: Any) -> Any:
    raise RuntimeError("not expected")


def test_what_was_counted_is_kept_for_a_while_and_for_few_routes(pages: Pages) -> None:
    looking, _ = whole(pages)
    counts = Counts()
    begin: Callable[[], Count] = lambda: Count.of_everybody(pages.service.store, looking)  # noqa: E731
    first = counts.at(Route("fjordbyen", "logg", "plan"), pages.now, begin)
    assert counts.at(Route("fjordbyen", "logg", "plan"), pages.now, begin) is first
    assert counts.at(Route("fjordbyen", "plan", "logg"), pages.now, begin) is not first
    later = pages.now + counting.KEPT * 2
    assert counts.at(Route("fjordbyen", "logg", "plan"), later, begin) is not first
    for number in range(counting.MOST + 5):
        counts.at(Route("fjordbyen", f"s-{number}", "plan"), pages.now, begin)
    assert len(counts._kept) == counting.MOST
