"""The sample children go in through the front door, and each of their records stands exactly where the table
what_goes_where.txt says, in the words it was written in; nothing else stands anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests import databases
from tests.access.issuer_server import Issuer
from tests.end_to_end import served, standing
from tests.end_to_end.fresh import database
from tests.end_to_end.served import Process
from tests.end_to_end.standing import Names, as_native, in_hub_names, in_names_of, said
from tests.end_to_end.systems import Systems
from tests.end_to_end.table import RECIPIENTS, Row, rows
from tests.end_to_end.wire import Request

ROWS = rows()
RECORDS = ("stafettlogg", "individuell-plan")
CONCERNS = (
    "sosialeVansker", "psykiskeVansker", "mindreAlvorlig", "rusmidler", "hoeytKonfliktnivaa",
    "uspesifisertUro", "Undring hos kontaktlærer etter jul", "Tiltak på skolen etter undringssamtale",
    "PPT og helsestasjon koblet", "Fråvær frå skulen", "PPT inn; alvorleg", "Barnevernet har gjort vedtak",
)  # fmt: skip
UNTOLD = (
    "Observasjon over to uker", "Står ved gjerdet", "hasj", "depresjon", "Alle held på sitt", "færre folk",
    "kommunensEgetSaksnummer", "2026/01423", "#2f7d5b",
)  # fmt: skip
PATIENTS = ("14831770229", "02861183354", "20910952472")
WHERE_AMINA_IS = ("Strandgata", "vidaregåande", "360189554", "Fjordbyen vid")


WHY = {"consent": "G1", "guardians": "B4", "third": "B5"}


@dataclass(frozen=True)
class Snapshot:
    """Everything that stands anywhere after the sample children went in, and everything that was sent."""

    sources: dict[str, dict[str, dict[str, Any]]]
    records: dict[str, dict[str, dict[str, Any]]]
    bup: list[dict[str, Any]]
    sent: dict[str, tuple[Request, ...]]
    names: Names
    decisions: dict[tuple[str, str], dict[str, Any]]
    disclosures: list[dict[str, Any]]

    def ref(self, row: Row) -> str:
        """What the row's record is in the hub."""
        found = [r for (s, r), n in self.names.natives.items() if (s, n) == (row.source, row.record)]
        assert len(found) == 1, row
        return found[0]

    def expected(self, recipient: str) -> set[str]:
        """References of what the gateway must have written at a recipient."""
        return {self.ref(row) for row in ROWS if row.stands(recipient)}


@pytest.fixture(scope="module", params=databases.KINDS)
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems, issuer: Issuer
) -> Iterator[Snapshot]:
    """All sample children told once, on each database."""
    folder = tmp_path_factory.mktemp("told")
    with (
        database(request, request.param, folder) as url,
        served.process(url, folder, systems, issuer) as running,
    ):
        yield _told(running)


def _told(running: Process) -> Snapshot:
    children = ("emma", "jonas", "amina")
    running.begin(*children)
    sources: dict[str, dict[str, Any]] = {name: {} for name in RECORDS}
    for child in children:
        for name in RECORDS:
            own = [] if (name, child) == ("individuell-plan", "jonas") else running.sample(name, child)
            sources[name] |= {record["id"]: record for record in own}
    return Snapshot(
        sources=sources,
        records={
            "stafettlogg": running.systems.stafettlogg.records(),
            "individuell-plan": running.systems.plan.records(),
        },
        bup=running.systems.bup.everything(),
        sent={name: tuple(wire.requests) for name, wire in running.systems.wires().items()},
        names=running.hub.names(),
        decisions=_decisions(running),
        disclosures=running.hub.disclosures(),
    )


def _decisions(running: Process) -> dict[tuple[str, str], dict[str, Any]]:
    """(recipient, hub reference) -> what GET /decisions says."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for person in {row.person for row in running.hub.links().values()}:
        for recipient in RECIPIENTS:
            answer = running.get(f"/decisions?patient={person}&recipient={recipient}")
            assert answer.status_code == 200, answer.text
            found |= {(recipient, one["item"]): one for one in answer.json()["items"]}
    return found


def test_the_table_has_a_line_for_every_record_of_the_samples(told: Snapshot) -> None:
    listed = {(row.source, row.record) for row in ROWS}
    assert listed == {(s, record) for s, records in told.sources.items() for record in records}


@pytest.mark.parametrize("system", RECORDS)
def test_a_systems_own_records_stay_as_they_were_written(told: Snapshot, system: str) -> None:
    for record_id, record in told.sources[system].items():
        assert told.records[system][record_id] == record


@pytest.mark.parametrize("system", RECORDS)
def test_nothing_else_stands_in_a_records_system(told: Snapshot, system: str) -> None:
    written = told.records[system].keys() - told.sources[system].keys()
    assert written == {told.names.at(system, ref) for ref in told.expected(system)}


@pytest.mark.parametrize(
    "row", [r for r in ROWS if any(r.stands(s) for s in RECORDS)], ids=lambda r: r.record
)
def test_a_record_reads_the_same_in_the_other_records_system(told: Snapshot, row: Row) -> None:
    system = next(s for s in RECORDS if row.stands(s))
    there = told.records[system][str(told.names.at(system, told.ref(row)))]
    source = in_names_of(system, row.source, told.sources[row.source][row.record], told.names)
    assert said(system, there) == said(row.source, source, row.without[system])
    frame = f"{row.child}-{'logg' if system == 'stafettlogg' else 'ip'}"
    assert there[standing.FRAME_KEY[system]] == frame


def test_nothing_else_stands_at_bup(told: Snapshot) -> None:
    ours = in_hub_names(told.bup)
    items = told.expected("bup")
    owned = {
        ref
        for ref in ours
        if ref.partition("/")[2].rpartition("-")[0] in {i.partition("/")[2] for i in items}
    }
    teams = {ref.replace("CarePlan/", "CareTeam/") for ref in items if ref.startswith("CarePlan/")}
    assert {r for r in ours if r.startswith("Observation/")} == {
        r for r in owned if r.startswith("Observation/")
    }
    assert ours.keys() - owned == items | teams
    strangers = [r for r in told.bup if f"{r['resourceType']}/{r['id']}" and not _has_ours(r)]
    assert sorted(r["resourceType"] for r in strangers) == ["Patient"] * 3


def _has_ours(resource: dict[str, Any]) -> bool:
    return any(i.get("system", "").endswith("/id/item") for i in resource.get("identifier", []))


@pytest.mark.parametrize("row", [r for r in ROWS if r.stands("bup")], ids=lambda r: r.record)
def test_a_record_reads_the_same_at_bup(told: Snapshot, row: Row) -> None:
    ours = in_hub_names(told.bup)
    there = as_native(row.source, told.ref(row), ours, told.names)
    source = told.sources[row.source][row.record]
    known = {k: v for k, v in source.items() if k not in ("kommunensEgetSaksnummer", "fargekode")}
    assert there["type"] == source["type"]
    assert said(row.source, there) == said(row.source, known, row.without["bup"])


def test_logs_and_plans_at_bup_list_their_goals_measures_and_team(told: Snapshot) -> None:
    ours = in_hub_names(told.bup)
    for frame in ("emma-logg", "emma-ip", "jonas-logg"):
        system = "individuell-plan" if frame == "emma-ip" else "stafettlogg"
        key = standing.FRAME_KEY[system]
        plan = ours[next(told.ref(row) for row in ROWS if row.record == frame)]
        members = [
            told.ref(row)
            for row in ROWS
            if row.stands("bup")
            and row.source == system
            and told.sources[system][row.record].get(key) == frame
        ]
        measures = [
            ref for ref in members if ref.startswith("ServiceRequest/") and ours[ref]["intent"] == "plan"
        ]
        people = [ref for ref in members if ref.startswith(("PractitionerRole/", "RelatedPerson/"))]
        team = ours[plan["id"].join(("CareTeam/", ""))]
        assert {g["reference"] for g in plan["goal"]} == {r for r in members if r.startswith("Goal/")}
        assert {a["reference"]["reference"] for a in plan["activity"]} == set(measures)
        assert [t["reference"] for t in plan["careTeam"]] == [f"CareTeam/{plan['id']}"]
        assert {p["member"]["reference"] for p in team["participant"]} == set(people)


def test_goals_and_measures_at_bup_lead_to_their_outcome(told: Snapshot) -> None:
    ours = in_hub_names(told.bup)
    goal = next(told.ref(row) for row in ROWS if row.record == "e-m2")
    evaluation = f"Observation/{goal.partition('/')[2]}-evaluering"
    assert [r["reference"] for r in ours[goal]["outcomeReference"]] == [evaluation]
    measure = next(told.ref(row) for row in ROWS if row.record == "e-t2")
    effect = ours[f"Observation/{measure.partition('/')[2]}-effekt"]
    assert [r["reference"] for r in effect["basedOn"]] == [measure]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.record)
def test_the_gateway_says_why(told: Snapshot, row: Row) -> None:
    for recipient, cell in row.cells.items():
        decision = told.decisions[(recipient, told.ref(row))]
        if cell == "yes":
            assert decision["outcome"] == "permit"
        elif cell == "redacted":
            assert decision["outcome"] == "redact"
            assert "B1" in [reason["rule"] for reason in decision["decisions"][0]["reasons"]]
        elif cell in WHY:
            first = decision["decisions"][0]
            assert (decision["outcome"], first["outcome"]) == ("deny", "deny")
            assert WHY[cell] in [reason["rule"] for reason in first["reasons"]]
        inside = {tuple(d["categories"]): d["outcome"] for d in decision["decisions"]}
        assert cell == "own" or inside.get(("bekymring",), "deny") == "deny"


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_no_request_was_refused(told: Snapshot, recipient: str) -> None:
    writes = [r for r in told.sent[recipient] if r.writes]
    assert writes, recipient
    assert {r.status for r in writes} <= {200, 201}
    assert {d["state"] for d in told.disclosures} == {"delivered"}


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_each_was_written_once(told: Snapshot, recipient: str) -> None:
    """A record leaves once; again only when something it names has got its id there since."""
    delivered = [item["ref"] for d in told.disclosures if d["recipient"] == recipient for item in d["items"]]
    again = {ref for ref in delivered if delivered.count(ref) > 1}
    assert {ref.partition("/")[0] for ref in again} <= {"Goal", "CarePlan", "CareTeam"}
    assert all(delivered.count(ref) < 4 for ref in again)


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_concerns_and_what_was_held_back_are_in_no_request(told: Snapshot, recipient: str) -> None:
    for request in told.sent[recipient]:
        found = [word for word in (*CONCERNS, *UNTOLD) if word in _readable(request)]
        assert not found, f"{request.method} {request.target}: {found}"


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_nothing_that_tells_where_amina_is_stands_in_any_request(told: Snapshot, recipient: str) -> None:
    for request in told.sent[recipient]:
        assert not [word for word in WHERE_AMINA_IS if word in _readable(request)], request.target


def test_a_national_id_stands_in_the_search_for_the_patient_and_nowhere_else(told: Snapshot) -> None:
    numbers = {
        "14831770229",
        "02861183354",
        "09898504473",
        "01828303534",
        "11877904689",
        "30847742387",
        "20910952472",
    }
    searches = 0
    for requests in told.sent.values():
        for request in requests:
            if (request.method, request.path) == ("POST", "/fhir/Patient/_search"):
                searches += 1
                assert not [n for n in numbers if n in request.target]
                assert [n for n in numbers if n in request.text] in [[own] for own in PATIENTS]
            else:
                assert not [n for n in numbers if n in _readable(request)], request.target
    assert searches == len(PATIENTS)


def _readable(request: Request) -> str:
    """The request as anyone could read it: JSON escapes undone."""
    text = request.text
    try:
        return text + json.dumps(json.loads(request.body), ensure_ascii=False) if request.body else text
    except ValueError:
        return text
