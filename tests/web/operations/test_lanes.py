"""Lanes on the operators' pages: what waits and why, and what can be done about it, written down."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select, update

from gateway.hub.audit import listing
from gateway.hub.audit.listing import Wanted
from gateway.hub.schema.tables import lane, link, person, recipient
from tests.access.town import CANARIES
from tests.web.conftest import Pages
from tests.web.person import Page, Person


def waits(pages: Pages, error: str | None = None) -> str:
    """A lane of Emma's to the plan's system waits."""
    own, since = pages.patient("e-m1"), pages.now - timedelta(hours=1)
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(
            update(lane)
            .where(lane.c.tenant == "fjordbyen", lane.c.person == own, lane.c.recipient == "plan")
            .values(
                state="waiting",
                waiting_since=since,
                next_at=pages.now,
                last_error=error,
            )
        )
        found = connection.execute(
            select(lane.c.id).where(lane.c.person == own, lane.c.recipient == "plan")
        ).scalar_one()
    return str(found)


def state_of(pages: Pages, own: str) -> tuple[str, int, str | None]:
    with pages.service.store.read("fjordbyen") as connection:
        row = connection.execute(select(lane).where(lane.c.id == own)).one()
    return row.state, row.cursor, row.last_error


def opened(somebody: Person) -> Page:
    """The page of the lane to the plan's system."""
    return somebody.get(first(somebody))


def first(somebody: Person) -> str:
    """The address of the lane to the plan's system that has waited longest."""
    listed = somebody.get("/min-side/drift/koer?mottaker=plan").html
    return str(re.findall(r'href="(/min-side/drift/koer/[^"]+)"', listed)[0])


def do(somebody: Person, shown: Page, doing: str, why: str = "mended-there") -> Page:
    action = next(action for action, _ in shown.forms if action.endswith(doing))
    return somebody.post(action, shown.form(doing) | {"grunn": [why]})


def test_a_lane_says_why_it_waits_and_nothing_of_the_child(pages: Pages, operator: Person) -> None:
    waits(pages, "no-log-or-plan-there")
    listed, shown = operator.get("/min-side/drift/koer"), opened(operator)
    for page in (listed, shown):
        assert "Barnet har ingen logg eller plan hos mottakeren" in page.text
        assert [one for one in CANARIES if one in page.html] == []


def test_hold_release_and_replay_do_what_the_api_does_and_say_why(pages: Pages, operator: Person) -> None:
    own = waits(pages)
    after = do(operator, opened(operator), "stopp", "agreed-stop")
    assert "Køen er stoppet." in after.text
    assert after.html.count("Avtalt stans hos mottakeren") == 3  # why it stands, and a choice in both forms
    assert state_of(pages, own)[::2] == ("held", "agreed-stop")
    assert [action.rpartition("/")[2] for action, _ in after.forms][1:] == ["slipp", "paa-nytt"]
    on = do(operator, after, "slipp")
    assert state_of(pages, own)[::2] == ("waiting", None)
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(update(lane).where(lane.c.id == own).values(cursor=5))
    do(operator, on, "paa-nytt", "restored")
    assert state_of(pages, own) == ("waiting", 0, None)
    with pages.service.store.read("fjordbyen") as connection:
        found = listing.looked(connection, "fjordbyen", Wanted(person=pages.patient("e-m1"), limit=50))
    said = [(one.action, one.details["why"], one.source) for one in found if one.subject == own]
    assert said == [
        ("lane replayed", "restored", "page"),
        ("lane released", "mended-there", "page"),
        ("lane held", "agreed-stop", "page"),
    ]


def test_without_a_reason_nothing_is_done(pages: Pages, operator: Person) -> None:
    own = waits(pages)
    after = do(operator, opened(operator), "stopp", "")
    assert after.status == 422
    assert "Velg en grunn. Den skrives" in after.text
    assert do(operator, opened(operator), "stopp", "fordi Emma ringte").status == 422
    assert state_of(pages, own)[0] == "waiting"


def test_a_running_lane_is_left_alone(pages: Pages, operator: Person) -> None:
    own = waits(pages)
    shown = opened(operator)
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(update(lane).where(lane.c.id == own).values(state="running"))
    after = do(operator, shown, "stopp")
    assert after.status == 409
    assert "Ingenting er gjort." in after.text
    assert state_of(pages, own)[0] == "running"


def test_the_address_of_a_lane_is_of_one_session(pages: Pages, operator: Person, seeing: Person) -> None:
    own = waits(pages)
    address = first(operator)
    assert own not in address
    assert operator.get(address).status == 200
    assert seeing.get(address).status == 404
    other = operator.get(address.replace("/koer/", "/melding/"))
    assert other.status == 404


def test_what_is_down_comes_first_with_when_it_is_tried_again(pages: Pages, operator: Person) -> None:
    assert "Alle systemene svarer" in operator.get("/min-side/drift").text
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(
            update(recipient)
            .where(recipient.c.tenant == "fjordbyen", recipient.c.system == "bup")
            .values(breaker="open", last_error="connection refused", probe_at=pages.now)
        )
    shown = operator.get("/min-side/drift")
    assert "1 system trenger at noen ser på det" in shown.text
    assert "svarer ikke. Alt som skal dit, venter" in shown.text
    assert "connection refused" in shown.text
    assert shown.text.index("BUP Fjordane") < shown.text.index("Fjordbyen legesenter")


def test_what_a_recipient_refused_is_listed_by_type(pages: Pages, operator: Person) -> None:
    waits(pages)
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(
            link.insert().values(
                tenant="fjordbyen", system="plan", ref=pages.ref("e-m1"), person=pages.patient("e-m1"),
                hold="422 invalid", content=b"{}",
            )
        )  # fmt: skip
    shown = opened(operator)
    assert "Avvist av mottakeren" in shown.text
    assert "422 invalid" in shown.text


def test_the_neighbours_lanes_are_not_there(pages: Pages, operator: Person) -> None:
    theirs = {"tenant": "nabokommune", "person": "5d1e4b1c-0000-4000-8000-000000000001"}
    numbers = dict.fromkeys(("cursor", "facts_cursor", "wake", "wake_seen", "run", "attempts"), 0)
    with pages.service.store.write("nabokommune") as connection:
        named = {"tenant": "nabokommune", "id": theirs["person"], "change_no": 1, "facts_no": 1}
        connection.execute(person.insert().values(**named, created=pages.now))
        waiting = {"recipient": "nabologg", "id": theirs["person"], "state": "waiting"}
        connection.execute(lane.insert().values(**theirs, **waiting, **numbers))
    for path in ("", "/koer", "/koer?mottaker=nabologg"):
        shown = operator.get(f"/min-side/drift{path}").html
        assert "nabologg" not in shown.replace("mottaker=nabologg", "")
        assert theirs["person"] not in shown
    assert "nabologg" not in operator.get("/min-side/drift").html
    assert operator.get("/min-side/drift/system/nabologg").status == 404
