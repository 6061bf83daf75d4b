"""The page of statistics and its file: what was published and no more, hidden where it is hidden."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from gateway.exchange import timers
from gateway.hub import published
from gateway.hub.published import Published
from gateway.operating import statistics
from gateway.operating.clerk import Clerk
from gateway.web.operations.statistics_pages import plain
from tests.web.conftest import Pages
from tests.web.operations.test_figures import column
from tests.web.person import Person

PAGE, FILE = "/min-side/drift/statistikk", "/min-side/drift/statistikk.csv"
TIMES = {"10": 5, "40": 10, "93": 10}


def publish(pages: Pages, since: str, **counts: dict[str, int]) -> None:
    """Counts of a day, as the night that ends the counting publishes them."""
    whole = {**statistics.empty(), **counts}
    with pages.service.store.write("fjordbyen") as connection:
        statistics.publish(connection, "fjordbyen", whole, date.fromisoformat(since))
        timers.put(connection, "fjordbyen", statistics.STATISTICS, statistics.STATISTICS, pages.now)


def filled(pages: Pages) -> None:
    """Two quarters: all is shown of the first, a level is hidden in the second."""
    publish(pages, "2026-08-03", levels={"0": 9, "1": 40, "2": 1234, "3": 8})
    publish(
        pages,
        "2026-11-20",
        levels={"0": 9, "1": 50, "2": 1234, "3": 4},
        evaluations={"overdue": 25, "in-time": 75},
        measures={"overdue": 3, "in-time": 75},
        time=TIMES,
    )


def rows(somebody: Person, **headers: str) -> list[list[str]]:
    """The file's."""
    answer = somebody.http.get(FILE, headers=headers)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_before_anybody_is_counted_it_says_so(pages: Pages, operator: Person) -> None:
    shown = operator.get(PAGE)
    assert shown.status == 200
    assert "Barna er ikke talt ennå." in shown.text
    assert len(rows(operator)) == 1


def test_each_quarter_shows_what_was_published(pages: Pages, operator: Person) -> None:
    filled(pages)
    shown = operator.get(PAGE)
    assert column(shown, 0, "Nivå 2") == ["1\xa0234", "1\xa0234"]
    assert column(shown, 0, "Nivå 3") == ["skjult", "8"]
    assert column(shown, 0, "Nivå 0") == ["skjult", "9"]
    assert column(shown, 0, "I alt") == ["1\xa0297", "1\xa0291"]
    assert column(shown, 1, "Halvparten, høyst (median)")[0] == "40 dager"
    assert column(shown, 2, "Over fristen")[0].startswith("25")
    assert "(25 %)" in shown.text
    assert column(shown, 3, "Over fristen") == ["skjult", "skjult"]
    assert column(shown, 3, "Innen fristen") == ["skjult", "skjult"]
    assert "4. kvartal 2026 (til nå)" in shown.text
    assert "Tall fra 3. august 2026" in shown.text


def test_the_file_has_the_same_and_no_more(pages: Pages, operator: Person) -> None:
    filled(pages)
    found = rows(operator)
    assert found[0] == ["Emne", "Kvartal", "Tall fra", "Hva", "Antall"]
    levels = {(row[1], row[3]): row[4] for row in found if row[0] == "Barn med logg, etter nivå"}
    assert levels["4. kvartal 2026", "Nivå 3"] == levels["4. kvartal 2026", "Nivå 0"] == "skjult"
    assert levels["3. kvartal 2026", "Nivå 3"] == "8"
    assert levels["4. kvartal 2026", "I alt"] == "1297"
    assert {row[4] for row in found[1:] if row[0] == "Barn med frist for tiltak"} == {"skjult", "78"}
    answer = operator.http.get(FILE)
    assert answer.headers["content-disposition"] == 'attachment; filename="statistikk.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    assert rows(operator, **{"Accept-Language": "nn"})[0][3:] == ["Kva", "Mengd"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert plain(cell) == f"'{cell}"
    assert plain(f"Nivå {cell}") == f"Nivå {cell}"


def test_a_municipality_with_two_children_shows_neither(pages: Pages, operator: Person) -> None:
    """Emma and Jonas have a log each, with deadlines that have passed."""
    for _ in range(3):
        Clerk(pages.service.store, pages.service.settings, pages.service.clock).go()
    with pages.service.store.read("fjordbyen") as connection:
        known = published.of_topic(connection, "fjordbyen", "levels")[0]
    assert sum(known.counts.values()) == 2
    shown = operator.get(PAGE)
    assert {cell for n in range(4) for cell in _cells(shown, n)} == {"skjult"}
    assert {row[4] for row in rows(operator)[1:]} == {"skjult"}
    for word in ("Emma", "Jonas", "Solvang"):
        assert word not in shown.html


def _cells(shown: Any, table: int) -> list[str]:
    names = ("Nivå 0", "Nivå 1", "Nivå 2", "Nivå 3", "I alt") if table == 0 else ()
    times = ("En fjerdedel av barna, høyst", "Halvparten, høyst (median)", "Tre fjerdedeler, høyst")
    due = ("Over fristen", "Innen fristen", "I alt")
    return [cell for name in (names or (times if table == 1 else due)) for cell in column(shown, table, name)]


def test_a_count_that_is_a_day_late_is_told(pages: Pages, operator: Person) -> None:
    filled(pages)
    assert "forsinket" not in operator.get(PAGE).text
    with pages.service.store.write("fjordbyen") as connection:
        late = pages.now.replace(month=10)
        timers.put(connection, "fjordbyen", statistics.STATISTICS, statistics.STATISTICS, late)
    assert "Tellingen er forsinket." in operator.get(PAGE).text


def test_what_was_shown_stays_as_it_was_shown(pages: Pages, operator: Person) -> None:
    """A release that would hide less, or more, tells nothing new of a day that is over."""
    told = {"cells": {"0": None, "1": None, "2": None, "3": 7}, "whole": None}
    made = Published(date(2026, 8, 3), {"0": 10, "1": 10, "2": 10, "3": 7}, told)
    with pages.service.store.write("fjordbyen") as connection:
        published.publish(connection, "fjordbyen", "levels", made)
    assert column(operator.get(PAGE), 0, "Nivå 1") == ["skjult", "skjult"]
