"""Two Stafettbros, as processes: a municipality's with a stafettlogg, and a neighbour's with a plan system.
One is the other's FHIR server; nothing more is needed for both directions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import jsontext
from gateway.access import scopes
from gateway.demo.sample_children import records
from mappings.canonical import identifier_system
from tests.access import issuer_server
from tests.access.issuer_server import AUDIENCE, Issuer
from tests.end_to_end.configuration import ORGANIZATIONS, toml
from tests.end_to_end.served import serving
from tests.end_to_end.waiting import wait_until
from tests.peers import Peer, records_server

TODAY = datetime.now(UTC).date()
SHARED = ["Goal", "ServiceRequest", "Communication"]
OFTEN = 0.2
SCHOOL, UNIT = "362819482", "359797117"


@dataclass
class Town:
    """One gateway and the system of records beside it."""

    url: str
    peer: Peer
    system: str
    issuer: Issuer

    def write(self, record: dict[str, Any]) -> dict[str, Any]:
        """Someone writes in the system, which tells its gateway."""
        new = {**record, "endret": datetime.now(UTC).isoformat()}
        return self.hand_in([new])[0]

    def hand_in(self, several: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Records of the system, into it and then to the gateway."""
        body = jsontext.encode(several)
        httpx.post(f"{self.peer.control}/own", content=body, trust_env=False).raise_for_status()
        headers = {**self.bearer(self.system), "Content-Type": "application/json"}
        path = f"{self.url}/systems/{self.system}/records"
        answer = httpx.post(path, content=body, headers=headers, timeout=60, trust_env=False)
        results: list[dict[str, Any]] = jsontext.decode(answer.raise_for_status().content)["results"]
        assert {one["status"] for one in results} == {"stored"}, results
        return results

    def bearer(self, client: str) -> dict[str, str]:
        """A token of a client of this gateway."""
        return {"Authorization": f"Bearer {token(self.issuer, client)}"}

    def holds(self, text: str) -> list[dict[str, Any]]:
        """Records of the system that say this."""
        page = httpx.get(
            f"{self.peer.url}/records?after=0&limit=500", headers=self.peer.headers, trust_env=False
        )
        found = [one["record"] for one in jsontext.decode(page.raise_for_status().content)["records"]]
        newest = {one["id"]: one for one in found}
        return [one for one in newest.values() if one.get("tekst") == text]

    def identifiers(self, text: str) -> list[dict[str, Any]]:
        """What the goal that says this is known by, as the neighbour's gateway tells the municipality's."""
        headers = self.bearer("nabo")
        (child,) = {lane["patient"] for lane in self._lanes()}
        path = f"{self.url}/fhir/Goal?patient={child.removeprefix('Patient/')}"
        answer = httpx.get(path, headers=headers, timeout=30, trust_env=False)
        goals = [one["resource"] for one in jsontext.decode(answer.content)["entry"]]
        (found,) = [one for one in goals if one["description"]["text"] == text]
        known: list[dict[str, Any]] = found["identifier"]
        return known

    def told(self) -> int:
        """How much has ever left this gateway, to anyone, about anyone."""
        people = {lane["patient"] for lane in self._lanes()}
        return sum(len(self._get(f"/disclosures?patient={p}&limit=500")["disclosures"]) for p in people)

    def quiet(self) -> bool:
        """Whether no lane has anything to do; who only asks has a lane that nobody runs."""
        return all(lane["state"] == "idle" for lane in self._lanes() if lane["recipient"] != "nabo")

    def _lanes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("/lanes?limit=500")["lanes"]
        return found

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self.url}{path}", headers=self.bearer("drift"), timeout=30, trust_env=False)
        return jsontext.decode(answer.raise_for_status().content)


def token(issuer: Issuer, client: str) -> str:
    now = int(time.time())
    return issuer.token(client_id=client, iat=now, exp=now + 3600, scope=" ".join(sorted(scopes.ALL)))


def configured(folder: Path, issuer: Issuer, systems: list[dict[str, Any]]) -> Path:
    """stafettbro.toml of one town: everything routed everywhere, so that consent alone decides."""
    folder.mkdir()
    names = [one["id"] for one in systems]
    values = {
        "installation": f"by-{folder.name}",
        "database_url": f"sqlite:///{folder}/hub.db",
        "state_folder": str(folder / "state"),
        "tenants": [{"id": "by", "name": "By"}],
        "organizations": [{"number": n, "name": name, "regime": r} for n, (name, r) in ORGANIZATIONS.items()],
        "systems": [{"tenant": "by", **one} for one in systems],
        "routes": [{"source": a, "recipient": b} for a in names for b in names if a != b],
        "issuers": [{"issuer": issuer.url, "audience": AUDIENCE, "tokens": "bearer"}],
        "clients": [
            {"issuer": issuer.url, "client_id": name, "tenant": "by", "scopes": sorted(scopes.ALL)}
            | ({} if name == "drift" else {"system": name})
            for name in (*names, "drift")
        ],
    }
    path = folder / "stafettbro.toml"
    path.write_text(toml(values), encoding="utf-8")
    return path


def secret(folder: Path, name: str, text: str) -> dict[str, Any]:
    """Credentials that lie in a file."""
    path = folder / name
    path.write_text(text)
    return {"kind": "bearer", "token_ref": f"file:{path}"}


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Town]]:
    """The municipality and its neighbour, who know the same child."""
    folder = tmp_path_factory.mktemp("towns")
    with ExitStack() as stack:
        issuer = stack.enter_context(issuer_server.running())
        log, plan = stack.enter_context(records_server()), stack.enter_context(records_server())
        own: dict[str, Any] = {
            "adapter": "individuell-plan",
            "organization": UNIT,
            "audience": "participants",
        }
        there = [
            {"id": "plan", **own, "url": plan.url, "credentials": secret(folder, "plan", plan.token)},
            {"id": "nabo", "adapter": "fhir", "organization": SCHOOL, "deliver": "none"},
        ]
        config = configured(folder / "b", issuer, there)
        _, b = stack.enter_context(serving(config, folder / "b.log"))
        here = [
            {
                "id": "logg", "adapter": "stafettlogg", "organization": SCHOOL, "audience": "participants",
                "url": log.url, "readers": ["guardians"], "credentials": secret(folder, "logg", log.token),
            },
            {
                "id": "b", "adapter": "fhir", "organization": UNIT, "url": f"{b}/fhir", "poll_by": "patient",
                "poll_seconds": OFTEN, "types": SHARED, "takes": SHARED,
                "credentials": secret(folder, "b.token", token(issuer, "nabo")),
            },
        ]  # fmt: skip
        config = configured(folder / "a", issuer, here)
        _, a = stack.enter_context(serving(config, folder / "a.log"))
        municipality, neighbour = Town(a, log, "logg", issuer), Town(b, plan, "plan", issuer)
        neighbour.hand_in([*records("individuell-plan", "emma", TODAY), *consented()])
        municipality.hand_in(records("stafettlogg", "emma", TODAY))
        wait_until(lambda: municipality.quiet() and neighbour.quiet(), "both have come to rest")
        yield municipality, neighbour


def consented() -> list[dict[str, Any]]:
    """Emma's parents in the neighbour's plan, and what they let it share."""
    past = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    base = {"plan": "emma-ip", "endret": past, "endretAv": "ei-d1"}
    kin = {"type": "deltaker", **base, "rolle": "foresatt", "foreldreansvar": "felles", "fra": "2020-01-01"}
    name = {"fornavn": "Ingrid", "etternavn": "Testesen"}
    return [
        {**kin, "id": "ei-d8", "navn": name, "fnr": "09898504473"},
        {**kin, "id": "ei-d9", "navn": name | {"fornavn": "Øyvind"}, "fnr": "01828303534"},
        {
            "type": "samtykke", "id": "ei-s1", **base, "giver": ["ei-d8", "ei-d9"], "form": "skriftlig",
            "mottakere": [SCHOOL, UNIT, "343231946"], "kategorier": ["plan", "maal", "tiltak", "melding"],
            "formaalKode": "samordning", "formaal": "samordning", "fra": past[:10],
            "til": (TODAY + timedelta(days=200)).isoformat(),
        },
    ]  # fmt: skip


def test_a_goal_of_ours_stands_in_their_plan_and_their_edit_comes_back(towns: tuple[Town, Town]) -> None:
    here, there = towns
    first, second = "Emma sover hele natta.", "Emma sover hele natta, hver natt."
    goal = {"type": "maal", "id": "to-byer", "logg": "emma-logg", "endretAv": "e-d1", "status": "aktiv"}
    here.write({**goal, "tekst": first})
    wait_until(lambda: len(there.holds(first)) == 1, "the goal stands in the neighbour's plan")
    wait_until(lambda: here.quiet() and there.quiet(), "both have come to rest")
    (copy,) = there.holds(first)
    there.write({**copy, "tekst": second, "endretAv": "ei-d1"})
    wait_until(lambda: [one["id"] for one in here.holds(second)] == ["to-byer"], "the edit stands in the log")
    nothing_echoes(here, there)
    assert (len(here.holds(second)), len(there.holds(second))) == (1, 1)
    systems = {one["system"] for one in there.identifiers(second)}
    assert systems == {identifier_system("by-a/item"), identifier_system("by-b/item")}


def test_a_goal_of_theirs_stands_in_our_log_and_our_edit_comes_back(towns: tuple[Town, Town]) -> None:
    here, there = towns
    first, second = "Emma sykler til skolen.", "Emma sykler til skolen hver dag."
    goal = {"type": "hovedmaal", "id": "ei-to", "plan": "emma-ip", "endretAv": "ei-d1", "status": "aktiv"}
    there.write({**goal, "tekst": first})
    wait_until(lambda: len(here.holds(first)) == 1, "the goal stands in our log")
    wait_until(lambda: here.quiet() and there.quiet(), "both have come to rest")
    (copy,) = here.holds(first)
    here.write({**copy, "tekst": second, "endretAv": "e-d1"})
    wait_until(lambda: [one["id"] for one in there.holds(second)] == ["ei-to"], "the edit stands in the plan")
    nothing_echoes(here, there)
    assert (len(here.holds(second)), len(there.holds(second))) == (1, 1)


def nothing_echoes(here: Town, there: Town) -> None:
    """After both have come to rest nothing is written any more, though they go on asking each other."""
    wait_until(lambda: here.quiet() and there.quiet(), "both have come to rest")
    written = [len(town.peer.arrivals()) for town in (here, there)]
    sent = here.told()
    asked = there.told()
    wait_until(lambda: there.told() > asked + 3, "more rounds of asking")
    wait_until(lambda: here.quiet() and there.quiet(), "both are still at rest")
    assert [len(town.peer.arrivals()) for town in (here, there)] == written
    assert here.told() == sent
