"""A report from its reporter to child welfare's answer, through the front door: receipt, who may see it,
feedback, deadlines, and who looked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from gateway.errors import NotFound
from gateway.welfare.readings import Reader
from gateway.welfare.reports import Recipient
from gateway.welfare.tables import reading
from tests.api.world import World, fields
from tests.welfare.carrying import standing, until
from tests.welfare.reporting import CHILD, TEXT, report

REPORTS = "/welfare/reports"
SIGNED = "2026-11-22T09:00:00+01:00"


def sent(world: World, **changes: Any) -> dict[str, Any]:
    answer = world.post(REPORTS, "logg", report(**changes))
    assert answer.status_code == 200, answer.text
    return dict(fields(answer))


def answered(world: World, own: str, state: str, **more: Any) -> int:
    body = {"state": state, "time": world.now.isoformat(), **more}
    return world.post(f"{REPORTS}/{own}/feedback", "barnevern", body).status_code


def test_a_report_gets_a_receipt_and_a_repeat_the_identical_one(any_world: World) -> None:
    first = any_world.post(REPORTS, "logg", report())
    any_world.later(90)
    again = any_world.post(REPORTS, "logg", report())
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    receipt = fields(first)
    assert receipt["received"] == "2026-11-21T12:00:00+00:00"
    assert receipt["recipient"] == {
        "system": "barnevern",
        "organization": "387574913",
        "name": "Fjordbyen barneverntjeneste",
    }
    assert receipt["deadlines"] == {
        "assess": "2026-11-29T00:00:00+01:00",
        "answer": "2026-12-13T00:00:00+01:00",
        "investigate": "2027-03-01T00:00:00+01:00",
    }
    assert receipt["guardians"]["maySee"] is False
    assert "bm-oppdiktet" not in first.text


def test_the_same_report_from_many_at_once_is_one(any_world: World) -> None:
    office = any_world.service.welfare
    assert office is not None
    reader = Reader("fjordbyen", "logg", "logg", "359797117")
    to = Recipient("barnevern", "387574913", "Fjordbyen barneverntjeneste")
    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda _: office.reports.take(reader, to, report()), range(24)))
    assert len({receipt.id for receipt in receipts}) == 1
    assert len(standing(any_world)) == 1


def test_the_same_report_in_another_process_a_moment_before_is_the_same(any_world: World) -> None:
    office = any_world.service.welfare
    assert office is not None
    reader = Reader("fjordbyen", "logg", "logg", "359797117")
    to = Recipient("barnevern", "387574913", "Fjordbyen barneverntjeneste")
    with ThreadPoolExecutor(1) as other:
        with office.store.write("fjordbyen") as connection:
            first = office.reports._keep(connection, reader, to, report(), any_world.now)
            second = other.submit(office.reports.take, reader, to, report())
            if not office.store.sqlite:  # it has looked, found nothing, and waits for us to commit
                waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                until(lambda: bool(connection.execute(waiting).scalar()))
        assert second.result(30).id == first.id


def test_another_report_under_the_same_id_is_refused(any_world: World) -> None:
    sent(any_world)
    answer = any_world.post(REPORTS, "logg", report(beskrivelse="Noe annet."))
    assert (answer.status_code, fields(answer)["code"]) == (409, "report-differs")


def test_the_same_id_from_another_system_is_another_report(world: World) -> None:
    other = world.post(REPORTS, "plan", report())
    assert other.status_code == 200
    assert fields(other)["id"] != sent(world)["id"]


def test_everything_wrong_is_named_and_nothing_is_kept(world: World) -> None:
    answer = world.post(REPORTS, "logg", report(grunn=None, akutt="ja", barn={"fnr": "14831770228"}))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    body = fields(answer)
    assert [one["field"] for one in body["problems"]] == ["akutt", "barn.fnr", "grunn"]
    assert "14831770228" not in answer.text
    assert fields(world.get("/welfare/deadlines", "barnevern"))["reports"] == []


def test_only_the_two_it_is_between_find_it(world: World) -> None:
    own = sent(world)["id"]
    for client in ("logg", "barnevern"):
        assert world.get(f"{REPORTS}/{own}", client).status_code == 200
    for client in ("plan", "bup", "lege", "ppt", "nabo"):  # plan: another system of the same organization
        foreign = world.get(f"{REPORTS}/{own}", client)
        unknown = world.get(f"{REPORTS}/{own[:-4]}0000", client)
        assert (foreign.status_code, foreign.content) == (404, unknown.content), client
    assert world.get(f"{REPORTS}/{own}", "drift").status_code == 403  # acts for nobody


def test_a_system_that_another_organization_runs_now_finds_nothing(world: World) -> None:
    own = sent(world)["id"]
    office = world.service.welfare
    assert office is not None
    assert office.reports.read(Reader("fjordbyen", "logg", "logg", "359797117"), own).receipt.id == own
    for tenant, organization in (("fjordbyen", "362819482"), ("nabokommune", "359797117")):
        with pytest.raises(NotFound):
            office.reports.read(Reader(tenant, "logg", "logg", organization), own)


def test_what_is_told_never_holds_the_report(world: World) -> None:
    own = sent(world)["id"]
    for client in ("logg", "barnevern"):
        told = world.get(f"{REPORTS}/{own}", client).text
        assert not [word for word in (*CHILD.split(), TEXT, "bm-oppdiktet", "Kari") if word in told]


def test_the_reporter_reads_what_child_welfare_answers(any_world: World) -> None:
    own = sent(any_world)["id"]
    any_world.later(60)
    assert answered(any_world, own, "mottatt") == 200
    any_world.later(60)
    assert answered(any_world, own, "undersoekes", text="Vi ringer deg i morgen.") == 200
    told = fields(any_world.get(f"{REPORTS}/{own}", "logg"))["feedback"]
    assert [(one["state"], one["text"]) for one in told] == [
        ("mottatt", None),
        ("undersoekes", "Vi ringer deg i morgen."),
    ]


def test_the_same_word_again_is_kept_once(any_world: World) -> None:
    own = sent(any_world)["id"]
    any_world.later()
    path, body = f"{REPORTS}/{own}/feedback", {"state": "henlagt", "time": any_world.now.isoformat()}
    answers = [fields(any_world.post(path, "barnevern", body)) for _ in range(2)]
    assert answers == [{"report": own, "number": 1}] * 2
    assert fields(any_world.post(path, "barnevern", {**body, "text": "…"}))["number"] == 2


def test_only_the_receiving_service_answers(world: World) -> None:
    own = sent(world)["id"]
    body = {"state": "henlagt", "time": world.now.isoformat()}
    for client in ("logg", "plan", "bup", "nabo"):
        assert world.post(f"{REPORTS}/{own}/feedback", client, body).status_code == 404, client
    assert fields(world.get(f"{REPORTS}/{own}", "logg"))["feedback"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"state": "henlagt"},
        {"state": "glemt", "time": "2026-11-21T13:00:00+01:00"},
        {"state": "henlagt", "time": "2026-11-21T13:00:00"},
        {"state": "henlagt", "time": "2026-11-21T12:00:00+01:00"},  # before it came
        {"state": "henlagt", "time": "2026-11-21T16:00:00+01:00"},  # in the future
        {"state": "henlagt", "time": "2026-11-21T13:00:00+01:00", "text": ""},
        {"state": "henlagt", "time": "2026-11-21T13:00:00+01:00", "mer": 1},
    ],
)
def test_an_answer_that_cannot_be_is_refused(world: World, body: Any) -> None:
    own = sent(world)["id"]
    assert world.post(f"{REPORTS}/{own}/feedback", "barnevern", body).status_code == 422


def states(world: World) -> dict[str, str]:
    (one,) = fields(world.get("/welfare/deadlines", "barnevern"))["reports"]
    return {d["name"]: d["state"] for d in one["deadlines"]}


def test_deadlines_fall_due_and_are_met(any_world: World) -> None:
    own = sent(any_world)["id"]
    assert states(any_world) == {"assess": "due", "answer": "due", "investigate": "due"}
    any_world.now = datetime(2026, 11, 28, 22, 59, tzinfo=UTC)  # one minute to midnight in Oslo
    assert states(any_world)["assess"] == "due"
    overdue = "/welfare/deadlines?only=overdue"
    assert fields(any_world.get(overdue, "barnevern"))["reports"] == []
    any_world.later()
    assert states(any_world) == {"assess": "overdue", "answer": "due", "investigate": "due"}
    assert len(fields(any_world.get(overdue, "barnevern"))["reports"]) == 1
    answered(any_world, own, "mottatt")  # says that it came, and answers nothing
    assert states(any_world) == {"assess": "overdue", "answer": "due", "investigate": "due"}
    answered(any_world, own, "undersoekes")
    assert states(any_world) == {"assess": "met", "answer": "met", "investigate": "due"}
    any_world.now = datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
    assert states(any_world)["investigate"] == "overdue"
    answered(any_world, own, "tiltak")
    assert fields(any_world.get("/welfare/deadlines", "barnevern"))["reports"] == []


def test_a_report_that_is_dropped_has_no_deadlines_left(world: World) -> None:
    answered(world, sent(world)["id"], "henlagt")
    assert fields(world.get("/welfare/deadlines", "barnevern"))["reports"] == []


def test_deadlines_come_in_pages_and_for_the_receiver_alone(any_world: World) -> None:
    own = []
    for number in range(5):
        own.append(sent(any_world, id=f"bm-{number}")["id"])
        any_world.now += timedelta(seconds=number == 3)  # four at the same moment, over two pages
    seen, after = [], ""
    while after is not None:
        page = fields(any_world.get(f"/welfare/deadlines?limit=2{after and '&after=' + after}", "barnevern"))
        seen += [one["report"] for one in page["reports"]]
        after = page["next"]
    assert sorted(seen) == sorted(own)
    office = any_world.service.welfare
    assert office is not None
    other = Reader("fjordbyen", "annet", "annet", "387574913")  # another system of the same organization
    assert office.answers.due(other, after=None, limit=10, overdue=False) == []
    assert any_world.get("/welfare/deadlines", "logg").status_code == 404
    assert any_world.get("/welfare/deadlines", "nabo").status_code == 404


def test_who_did_what_is_noted_in_the_same_store(any_world: World) -> None:
    own = sent(any_world)["id"]
    any_world.get(f"{REPORTS}/{own}", "logg")
    any_world.get(f"{REPORTS}/{own}", "plan")  # finds nothing
    answered(any_world, own, "mottatt")
    any_world.get("/welfare/deadlines", "barnevern")
    office = any_world.service.welfare
    assert office is not None
    with office.store.read("fjordbyen") as connection:
        rows = connection.execute(select(reading)).all()
    assert {(r.act, r.client, r.organization, r.report) for r in rows} == {
        ("reported", "logg", "359797117", own),
        ("read", "logg", "359797117", own),
        ("answered", "barnevern", "387574913", own),
        ("deadlines", "barnevern", "387574913", None),
    }
    assert len(rows) == 4


def test_a_municipality_without_child_welfare_here_says_so(world: World) -> None:
    answer = world.post(REPORTS, "nabo", report())
    assert (answer.status_code, fields(answer)["code"]) == (409, "no-child-welfare")
