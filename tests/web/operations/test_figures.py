"""The page of figures over time: what was counted, by system and stretch of time, as a picture that a table
beside it says again; what was not counted is not said to be nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from consent.days import day
from gateway.hub import tallies
from gateway.hub.tallies import Count, Kind
from gateway.operating.clerk import Clerk
from tests.web.conftest import OPERATOR, Pages
from tests.web.person import Page, Person

TALL = "/min-side/drift/tall"


def counted(pages: Pages, *counts: tuple[int, Kind, str, int]) -> None:
    """Everything has been counted by now; and this besides: (days ago, kind, system, number)."""
    worker = Clerk(pages.service.store, pages.service.settings, pages.service.clock)
    for _ in range(80):
        worker.go()
    today = day(pages.now)
    with pages.service.store.write("fjordbyen") as connection:
        rows = [Count(today - timedelta(days=ago), kind, system, n) for ago, kind, system, n in counts]
        tallies.add(connection, "fjordbyen", rows)


class _Tables(HTMLParser):
    """Cells of each table, row by row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        self._in = self._in or tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.tables[-1][-1][-1] += data.strip()


def column(page: Page, table: int, heading: str) -> list[str]:
    """A column of one of the tables, newest first."""
    head, *rows = _Tables(page.html).tables[table]
    return [row[head.index(heading)] for row in rows]


def heights(page: Page, kind: str) -> list[float]:
    """The heights of a picture's columns, in percent."""
    found = re.search(rf'aria-labelledby="bilde-{kind}-navn.*?</svg>', page.html, re.S)
    assert found is not None
    return [float(one) for one in re.findall(r'class="column"[^>]* height="([\d.]+)%"', found[0])]


def test_before_anything_is_counted_it_says_so(pages: Pages, operator: Person) -> None:
    shown = operator.get(TALL)
    assert shown.status == 200
    assert "Det er ikke talt noe ennå." in shown.text
    assert "<svg" not in shown.html


def test_the_table_says_what_the_picture_shows(pages: Pages, operator: Person) -> None:
    counted(pages, (0, Kind.REFUSED_IN, "logg", 12_345), (0, Kind.WAIT, "bup", 3 * 3600))
    shown = operator.get(TALL)
    taken = column(shown, 0, "Tatt inn")
    assert len(taken) == 14
    assert int(taken[0].replace("\xa0", "")) > 10  # Emma's and Jonas's logs came today
    assert set(taken[1:]) == {"0"}
    assert len(heights(shown, "taken")) == 1
    assert column(shown, 0, "Avvist på vei inn") == ["12\xa0345", *["ikke talt"] * 13]
    assert column(shown, 2, "Lengste ventetid")[0] == "3 t"
    assert "I alt 12 345, flest" in shown.text
    assert "Ingen i denne perioden." in shown.text


def test_one_system_has_its_own_figures(pages: Pages, operator: Person) -> None:
    counted(
        pages, (1, Kind.DELIVERED, "bup", 4), (1, Kind.DELIVERED, "plan", 8), (2, Kind.DELIVERED, "bup", 1)
    )
    words = "Tatt imot"
    assert column(operator.get(TALL), 1, words)[:4] == ["0", "12", "1", "0"]
    shown = operator.get(f"{TALL}?system=bup")
    assert column(shown, 1, words)[:4] == ["0", "4", "1", "0"]
    assert heights(shown, "delivered") == [25, 100]
    assert column(shown, 0, "Tatt inn") == ["0"] * 14


@pytest.mark.parametrize(("view", "rows", "newest"), [("uker", 12, "11"), ("maaneder", 12, "16")])
def test_weeks_and_months_are_sums(pages: Pages, operator: Person, view: str, rows: int, newest: str) -> None:
    """The day of the tests is a Saturday, the 21st."""
    counted(pages, *((ago, Kind.HELD, "plan", n) for ago, n in ((0, 1), (5, 10), (6, 5), (70, 100))))
    found = column(operator.get(f"{TALL}?visning={view}"), 1, "Holdt tilbake")
    assert len(found) == rows
    assert found[0] == newest
    assert "100" in found


def test_where_nobody_has_counted_for_hours_it_says_so(pages: Pages, operator: Person) -> None:
    counted(pages)
    assert "Tallene er gamle" not in operator.get(TALL).text
    pages.later(60 * 3)
    operator.log_in(OPERATOR, "drift")
    shown = operator.get(TALL)
    assert "Tallene er gamle: sist talt 21. november 2026" in shown.text
    assert 'role="alert"' in shown.html


@pytest.mark.parametrize(
    "asked", ["system=finnes-ikke", "visning=aar", "system=<b>", "visning=uker&system=nabo"]
)
def test_what_is_not_there_is_not_found(pages: Pages, operator: Person, asked: str) -> None:
    assert operator.get(f"{TALL}?{asked}").status == 404


def test_nothing_of_a_child_stands_there(pages: Pages, operator: Person) -> None:
    counted(pages)
    shown = operator.get(f"{TALL}?visning=maaneder").html
    for word in ("Emma", "Jonas", "Solvang", pages.patient("e-m1"), "e-m1"):
        assert word not in shown
