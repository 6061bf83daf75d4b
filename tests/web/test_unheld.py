"""Logs that nobody holds, at the front door: the coordinating unit of the municipality names a new
stafettholder where it takes part, and of the others learns that they are there and nothing of whom."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.issuer_server import Issuer
from tests.api.test_notices import keep
from tests.api.world import settings
from tests.web.conftest import Pages, Provider, with_logins
from tests.web.person import ORIGIN, Page, Person
from tests.web.test_seats import MINE, by_hpr, told

UNIT = "359797117"
LIST = f"{MINE}/uten-stafettholder"


@pytest.fixture
def pages(filled: Path, tmp_path: Path, issuer: Issuer, provider: Provider) -> Iterator[Pages]:
    """A gateway whose municipality has named its coordinating unit; nobody holds Emma's and Jonas's logs."""
    folder = tmp_path / "gateway"
    shutil.copytree(filled, folder)
    plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
    (first, *others) = plain.tenants
    named = first.model_copy(update={"coordinating_unit": UNIT})
    chosen = with_logins(plain, folder, provider, ORIGIN).model_copy(update={"tenants": (named, *others)})
    made = Pages(chosen, issuer, provider)
    told(made, "e-d1", til="2026-11-01")
    told(made, "j-d1", "jonas", til="2026-11-01")
    keep(made)
    yield made
    made.close()


def grete(pages: Pages, unit: str = UNIT) -> Person:
    """Of a coordinating unit, in Emma's log alone, as one who does not coordinate it."""
    told(pages, "e-d8", bruker={"utsteder": pages.provider.url, "subjekt": "grete"}, rolle="aktoer",
         enhet={"orgnr": unit, "navn": "Koordinerende enhet"})  # fmt: skip
    keep(pages)
    one = pages.person()
    one.log_in("grete", "helseid")
    return one


def test_the_unit_names_a_stafettholder_from_its_working_list(pages: Pages) -> None:
    one = grete(pages)
    page = one.get(MINE)
    assert "Ingen er stafettholder eller koordinator nå." in page.text
    where = page.link("Utpek stafettholder")
    form = one.get(where)
    assert "Loggen har ingen stafettholder nå." in form.text
    to = form.labels["Per Rådgiver"].removeprefix("t-")
    done = one.post(where, form.form("/overfor") | {"til": [to], "grunn": ["Kari har sluttet"]})
    assert "Stafettpinnen er overført" in done.text
    pages.later()
    keep(pages)
    again = one.get(MINE)
    assert "Ingen er stafettholder eller koordinator nå." not in again.text
    assert "Utpek stafettholder" not in again.text
    assert one.get(where).status == 404, "once somebody holds it, it is not the unit's to hand over"
    assert (
        one.post(
            where, form.form("/overfor") | {"til": [to], "grunn": ["Igjen"], "noekkel": ["A" * 22]}
        ).status
        == 404
    )


def test_of_the_others_it_learns_that_they_are_there_and_nothing_of_whom(pages: Pages) -> None:
    one = grete(pages)
    page = one.get(MINE)
    assert "1 stafettlogg eller plan i kommunen har ingen som holder den." in page.text
    shown = one.get(page.link("Se hvilke"))
    assert rows(shown) == 1
    assert "Stafettlogg" in shown.text
    assert "21. november 2026" in shown.text
    for word in ("Jonas", "Emma", "Siv", "hasj", pages.patient("j-d1"), pages.ref("jonas-logg")):
        assert word not in shown.html, word


def rows(page: Page) -> int:
    return page.html.count('<th scope="row"')


def test_nobody_else_has_such_a_list_or_names_anybody(pages: Pages) -> None:
    nurse = by_hpr(pages, "9144889")
    foreign = grete(pages, unit="362819482")
    for person in (nurse, foreign):
        page = person.get(MINE)
        assert "i kommunen har ingen som holder den" not in page.text
        assert "Utpek stafettholder" not in page.text
        assert person.get(LIST).status == 404
        assert person.get(page.link("Emma") + "/overfor").status == 404


def test_where_somebody_holds_it_the_unit_does_not_hand_it_over(pages: Pages) -> None:
    told(pages, "e-d1", til=None)
    one = grete(pages)
    page = one.get(MINE)
    assert "Utpek stafettholder" not in page.text
    assert one.get(page.link("Emma") + "/overfor").status == 404
