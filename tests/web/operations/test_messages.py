"""The way of a message on the operators' pages: references, codes and times for everybody with the role; what
it says for those with a right of its own, as its recipient may see it, and never of the protected."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from gateway.consents.onlookers import OPERATIONS
from gateway.exchange.disclosures import of_person
from gateway.hub.audit import listing
from gateway.hub.audit.listing import Wanted
from gateway.hub.schema.tables import disclosure
from tests.access.town import CANARIES
from tests.api.conftest import records
from tests.web.conftest import Pages
from tests.web.operations.test_lanes import waits
from tests.web.person import Page, Person
from tests.web.test_consents import child

GOAL = "friminutt"  # stands in a goal of Emma's that BUP may see


def message(pages: Pages, somebody: Person, native: str) -> str:
    """The address of a message, as this session has it."""
    from gateway.web.operations.naming import sealed

    desk = pages.app.state.web
    key = somebody.http.cookies.get("__Host-stafettbro", domain="testserver.local")
    session = desk.sessions.find(key, pages.now)
    return f"/min-side/drift/melding/{sealed(session, 'item', pages.ref(native))}"


def show(pages: Pages, somebody: Person, native: str, recipient: str = "bup", why: str = "asked") -> Page:
    address = message(pages, somebody, native)
    shown = somebody.get(address)
    fields = {"bevis": shown.forms[0][1]["bevis"], "mottaker": [recipient], "grunn": [why]}
    return somebody.post(f"{address}/innhold", fields)


def disclosed(pages: Pages) -> list[dict[str, object]]:
    with pages.service.store.read("fjordbyen") as connection:
        every = of_person(connection, "fjordbyen", pages.patient("e-m1"))
    return [one for one in every if one["recipient"] == OPERATIONS]


def test_the_way_of_a_message_without_a_word_of_it(pages: Pages, operator: Person) -> None:
    pages.get(f"/fhir/Goal?patient={pages.patient('e-m1')}", "bup")
    system = operator.get("/min-side/drift/system/logg")
    assert "Mål" in system.links
    shown = operator.get(message(pages, operator, "e-m1"))
    assert shown.status == 200
    for said in ("Fra logg", "Ble til", "Kan deles", "Levert", "lest", "G1", "Innholdet er skjult"):
        assert said in shown.text, said
    for page in (system, shown):
        assert [one for one in CANARIES if one in page.html] == []
    assert disclosed(pages) == []


def test_every_message_of_every_system_is_masked(pages: Pages, operator: Person) -> None:
    """Each page that can be reached from the systems and the lanes, gone through: no child in any."""
    waits(pages)
    for path in ("Goal", "Communication", "CarePlan"):
        pages.get(f"/fhir/{path}?patient={pages.patient('e-m1')}", "bup")
    seen, asked = set[str](), ["/min-side/drift", "/min-side/drift/koer?tilstand=alle"]
    while asked:
        address = asked.pop()
        if address in seen:
            continue
        seen.add(address)
        page = operator.get(address)
        stuck = "/ruter?" in address and "ingenting leveres" in page.text
        assert page.status == (422 if stuck else 200), address
        assert [one for one in CANARIES if one in page.html] == [], address
        asked += map(html.unescape, re.findall(r'href="(/min-side/drift[^"]*)"', page.html))
    assert len([one for one in seen if "/melding/" in one]) > 15


def test_without_the_right_there_is_no_such_page(pages: Pages, operator: Person) -> None:
    found = show(pages, operator, "e-m1")
    assert found.status == 404
    assert GOAL not in found.html
    assert disclosed(pages) == []


def test_with_the_right_it_is_shown_and_written_down(pages: Pages, seeing: Person) -> None:
    assert GOAL not in seen_before(pages, seeing)
    found = show(pages, seeing, "e-m1")
    assert GOAL in found.text
    (one,) = disclosed(pages)
    items = one["items"]
    assert isinstance(items, list)
    assert [(told["ref"], told["ground"]) for told in items if "Goal/" in told["ref"]] == [
        (pages.ref("e-m1"), "operations")
    ]
    assert (one["channel"], one["state"]) == ("page", "delivered")
    with pages.service.store.read("fjordbyen") as connection:
        every = listing.looked(connection, "fjordbyen", Wanted(person=pages.patient("e-m1"), limit=20))
    said = next(entry for entry in every if entry.action == "content shown")
    assert (said.client, said.details) == (one["client"], {"as": "bup", "why": "asked"})
    assert str(one["client"]).startswith("operator/")


def seen_before(pages: Pages, seeing: Person) -> str:
    return seeing.get(message(pages, seeing, "e-m1")).html


def test_the_family_reads_that_it_was_looked_at(pages: Pages, seeing: Person, mother: Person) -> None:
    show(pages, seeing, "e-m1")
    page = mother.get(child(mother).link("Se hvem som har sett hva"))
    assert "En som drifter løsningen, så på" in page.text
    held = mother.get(child(mother).link("Se hvem som har fått hva"))
    assert "drift" not in held.text.lower().replace("logget inn med", "")


def test_what_the_recipient_may_not_have_is_shown_to_nobody(pages: Pages, seeing: Person) -> None:
    """BUP may not see the note: no consent says so."""
    assert pages.outcome("e-n1") == "deny"
    found = show(pages, seeing, "e-n1")
    assert found.status == 404
    assert disclosed(pages) == []


def test_a_withdrawal_closes_it_here_too(pages: Pages, seeing: Person, mother: Person) -> None:
    assert GOAL in show(pages, seeing, "e-m1").text
    ask = mother.get(child(mother).link("Trekk samtykket"))
    mother.post(next(action for action, _ in ask.forms if action.endswith("trekk")), ask.form("trekk"))
    assert pages.outcome("e-m1") == "deny"
    assert show(pages, seeing, "e-m1").status == 404


@pytest.mark.parametrize("said", ["fortrolig", "strengtFortrolig"])
def test_of_the_protected_nothing_is_ever_shown(pages: Pages, seeing: Person, said: str) -> None:
    """B1 stands above the right, whatever the recipient may have."""
    log = next(one for one in records("stafettlogg", "emma") if one["type"] == "stafettlogg")
    barn = log["barn"] | {"adressebeskyttelse": said}
    pages.hand_in("logg", [log | {"barn": barn, "endret": "2026-11-21T12:30:00+01:00"}])
    found = show(pages, seeing, "e-m1")
    assert GOAL not in found.html
    assert [one for one in CANARIES if one in found.html] == []
    assert disclosed(pages) == []


def test_without_a_reason_it_stays_masked(pages: Pages, seeing: Person) -> None:
    found = show(pages, seeing, "e-m1", why="")
    assert found.status == 422
    assert GOAL not in found.html
    assert disclosed(pages) == []


def test_what_came_meanwhile_is_not_told_unseen(
    pages: Pages, seeing: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the writing the goal changes: the look is made again."""
    from gateway.web.operations import content

    true, handed = content.records_of, []

    def late(*given: object) -> object:
        if not handed:
            goal = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
            said = {"endret": "2026-11-21T12:40:00+01:00", "tekst": "Noe ganske annet"}
            handed.append(pages.hand_in("logg", [goal | said]).status_code)
        return true(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(content, "records_of", late)
    found = show(pages, seeing, "e-m1")
    assert handed == [200]
    assert "Noe ganske annet" in found.text
    assert GOAL not in found.text
    assert len(disclosed(pages)) == 1


def test_the_log_of_what_was_told_holds_no_content(pages: Pages, seeing: Person) -> None:
    show(pages, seeing, "e-m1")
    with pages.service.store.read("fjordbyen") as connection:
        rows = connection.execute(select(disclosure).where(disclosure.c.recipient == OPERATIONS)).all()
    assert rows
    assert [one for one in CANARIES if one in repr(rows)] == []
