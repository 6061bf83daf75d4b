"""Real records and resources with something in them turned into something else: refused or taken, never a
5xx, and what comes after is taken as before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import jsontext
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.api.conftest import records
from tests.api.test_fhir_read import matches, person
from tests.api.test_fhir_write import entry, goal, send, transaction
from tests.api.world import World, fields
from tests.databases import SqliteTemplate

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=6), st.just([]), st.just({}),
    st.just([None]), st.just({"reference": 7}), st.just([{"coding": None}]), st.just("Ω" * 300),
    st.just([[]]),
    st.decimals(allow_nan=False, allow_infinity=False), st.just({"extension": "x"}), st.just("2026-99-99"),
)  # fmt: skip
QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from places(part, (*path, name))


@st.composite
def broken(draw: st.DrawFn, whole: Any) -> Any:
    """A copy with one or two places changed, or gone."""
    made = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 2))):
        spots = list(places(made))
        if not spots:
            return made
        *way, last = draw(st.sampled_from(spots))
        holder = made
        for step in way:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = copy.deepcopy(draw(ODD))
        else:
            del holder[last]
    return made


@pytest.fixture(scope="module")
def world(
    issuer: Issuer, _sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("broken")
    with _sqlite_template.copy(folder) as url:
        made = World(worlds.settings(url, folder, issuer), issuer)
        made.hand_in("logg", records("stafettlogg", "emma"))
        yield made
        made.close()


def test_records_with_something_broken_harm_nothing(world: World) -> None:
    emma = records("stafettlogg", "emma")

    @QUICK
    @given(st.sampled_from(emma).flatmap(broken), st.sampled_from(emma))
    def run(bad: Any, good: dict[str, Any]) -> None:
        answer = world.hand_in("logg", [bad, good])
        assert answer.status_code == 200, (bad, answer.text)
        assert len(fields(answer)["results"]) == 2
        alone = world.hand_in("logg", bad)
        assert alone.status_code < 500, (bad, alone.text)

    run()


def test_resources_of_a_fhir_system_with_something_broken_harm_nothing(world: World) -> None:
    number = records("stafettlogg", "emma")[0]["barn"]["fnr"]
    meta = {"lastUpdated": "2026-11-20T10:00:00Z", "versionId": "1"}
    patient = {
        "resourceType": "Patient", "id": "p1", "meta": meta,
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number}],
    }  # fmt: skip
    aim = goal("p1") | {"id": "g1", "meta": meta, "category": [{"coding": [{"code": "x"}]}]}
    world.hand_in("bup", patient)

    @QUICK
    @given(st.sampled_from([patient, aim]).flatmap(broken))
    def run(bad: Any) -> None:
        answer = world.hand_in("bup", bad)
        assert answer.status_code < 500, (bad, answer.text)

    run()


def test_what_is_written_under_fhir_with_something_broken_harms_nothing(world: World) -> None:
    own = person(world, records("stafettlogg", "emma")[0])
    shown = matches(world.get(f"/fhir/ServiceRequest?patient={own}", "bup"))
    samples = [goal(own), *shown, *matches(world.get(f"/fhir/Communication?patient={own}", "bup"))]

    @QUICK
    @given(st.sampled_from(samples).flatmap(broken))
    def run(bad: Any) -> None:
        kind = bad.get("resourceType") if isinstance(bad, dict) else None
        kind = kind if isinstance(kind, str) and kind.isalpha() and kind.isascii() else "Goal"
        made = send(world, "POST", f"/fhir/{kind}", bad)
        assert made.status_code < 500, (bad, made.text)
        both = transaction(entry("POST", kind, bad), entry("POST", "Goal", goal(own)))
        together = send(world, "POST", "/fhir", both)
        assert together.status_code < 500, (bad, together.text)

    run()


def test_after_all_that_everything_still_reads(world: World) -> None:
    own = person(world, records("stafettlogg", "emma")[0])
    for path in (f"/timeline/{own}", f"/fhir/Goal?patient={own}", f"/fhir/CarePlan?patient={own}"):
        for client in ("logg", "bup"):
            answer = world.get(path, client)
            assert answer.status_code == 200, (path, client, answer.text)
            assert jsontext.decode(answer.content)
    assert world.get(f"/decisions?patient={own}&recipient=bup", "drift").status_code == 200
