"""The connected systems of these tests, as those who work in them see them: BUP's FHIR server (Medplum's
router and validator) and two records systems. Reached directly here; the gateway goes by the wire."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway import jsontext
from mappings.canonical import BASE, FNR, MIDDLE_NAME, identifier_system
from tests.end_to_end.wire import Wire, tapped
from tests.peers import Peer, medplum, records_server

OURS = identifier_system("item")
FHIR = "application/fhir+json"
TYPES = (
    "Appointment", "Binary", "CarePlan", "CareTeam", "Communication", "Consent", "DocumentReference", "Goal",
    "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole", "Provenance",
    "RelatedPerson", "ServiceRequest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordsSystem:
    """A stafettlogg or plan system: its own people write in it, and the gateway writes into it."""

    peer: Peer
    wire: Wire
    variant: Mapping[str, str] = field(default_factory=dict)  # ids: theirs, versions: no

    def seed(self, records: list[dict[str, Any]]) -> None:
        """What its own people write."""
        body = jsontext.encode(records)
        httpx.post(f"{self.peer.control}/own", content=body, trust_env=False).raise_for_status()

    def records(self) -> dict[str, dict[str, Any]]:
        """All it holds, by id."""
        found: dict[str, dict[str, Any]] = {}
        after, more = "0", True
        while more:
            page = self._get(f"/records?after={after}&limit=100")
            found |= {one["record"]["id"]: one["record"] for one in page["records"]}
            after, more = page["cursor"], page["more"]
        return found

    def record(self, record_id: str) -> dict[str, Any]:
        """One record."""
        found: dict[str, Any] = self._get(f"/records/{record_id}")
        return found

    def save(self, record: dict[str, Any]) -> None:
        """One of its own people saves a record."""
        self.seed([record])

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self.peer.url}{path}", headers=self.peer.headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return jsontext.decode(answer.content)

    def clear(self) -> None:
        """As new."""
        _clear(self.peer, self.wire)


@dataclass(frozen=True, slots=True)
class Bup:
    """BUP's FHIR server."""

    peer: Peer
    wire: Wire

    def admit(self, child: dict[str, Any]) -> str:
        """BUP has this child as a patient; returns "Patient/…"."""
        name: dict[str, Any] = {"family": child["navn"]["etternavn"], "given": [child["navn"]["fornavn"]]}
        if child["navn"].get("mellomnavn"):
            name["extension"] = [{"url": MIDDLE_NAME, "valueString": child["navn"]["mellomnavn"]}]
        identifier = {"system": FNR, "value": child["fnr"]}
        patient = {"resourceType": "Patient", "identifier": [identifier], "name": [name]}
        return f"Patient/{self.create({**patient, 'birthDate': child['foedt']})['id']}"

    def everything(self) -> list[dict[str, Any]]:
        """Every resource there."""
        return [resource for kind in TYPES for resource in self.all(kind)]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every resource of a type."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask("GET", f"/{kind}?_count=50&_offset={len(found)}")
            entries = page.get("entry", [])
            found += [entry["resource"] for entry in entries]
            if len(entries) < 50:
                return found

    def read(self, reference: str) -> dict[str, Any]:
        """One resource as it is now."""
        found: dict[str, Any] = self._ask("GET", f"/{reference}")
        return found

    def create(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Someone at BUP writes something new."""
        found: dict[str, Any] = self._ask("POST", f"/{resource['resourceType']}", resource)
        return found

    def save(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Someone at BUP saves a resource they have read."""
        version = resource["meta"]["versionId"]
        condition = {"If-Match": f'W/"{version}"'}
        path = f"/{resource['resourceType']}/{resource['id']}"
        found: dict[str, Any] = self._ask("PUT", path, resource, condition)
        return found

    def _ask(self, method: str, path: str, body: Any = None, condition: dict[str, str] | None = None) -> Any:
        headers = {**self.peer.headers, **(condition or {}), "Content-Type": FHIR}
        content = None if body is None else jsontext.encode(body)
        answer = httpx.request(
            method, f"{self.peer.url}{path}", headers=headers, content=content, trust_env=False, timeout=30
        )
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.status_code} {answer.text}"
        return jsontext.decode(answer.content)

    def rounds(self) -> int:
        """How often the gateway has begun to ask for changes, from the first type on."""
        asked = [r for r in list(self.wire.requests) if r.method == "GET" and r.path.count("/") == 2]
        kinds = [r.path.rpartition("/")[2] for r in asked]
        return sum(kind == "CarePlan" != before for before, kind in zip(["", *kinds], kinds, strict=False))

    def clear(self) -> None:
        """As new."""
        _clear(self.peer, self.wire)


def hub_id(resource: dict[str, Any]) -> str | None:
    """Our id of a resource at BUP: what the gateway wrote carries it."""
    for one in resource.get("identifier", []):
        if one.get("system") == OURS:
            return str(one["value"])
    return None


def without_server_parts(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without id, version and time, which its server sets."""
    kept = copy.deepcopy(resource)
    kept.pop("id", None)
    meta = {k: v for k, v in kept.pop("meta", {}).items() if k not in ("versionId", "lastUpdated", "author")}
    return {**kept, "meta": meta} if meta else kept


def extension(resource: dict[str, Any], name: str) -> Any:
    """The value of one of our extensions, None without it."""
    for one in resource.get("extension", []):
        if one["url"] == f"{BASE}/StructureDefinition/{name}":
            return next(v for k, v in one.items() if k.startswith("value"))
    return None


def _clear(peer: Peer, wire: Wire) -> None:
    peer.faults()
    peer.clear()
    peer.forget_arrivals()
    wire.forget()


@dataclass(frozen=True, slots=True)
class Systems:
    """The three of them."""

    stafettlogg: RecordsSystem
    plan: RecordsSystem
    bup: Bup

    def clear(self) -> None:
        """As new, for the next test."""
        for one in (self.stafettlogg, self.plan, self.bup):
            one.clear()

    def wires(self) -> dict[str, Wire]:
        """The tapped lines by system id."""
        return {
            "stafettlogg": self.stafettlogg.wire,
            "individuell-plan": self.plan.wire,
            "bup": self.bup.wire,
        }


@contextmanager
def running(**plan_variant: str) -> Iterator[Systems]:
    """All three, as processes of their own, until the block ends. plan_variant: a weaker plan system."""
    with (
        medplum() as fhir,
        records_server() as log,
        records_server(**plan_variant) as plan,
        tapped(fhir.url) as fhir_wire,
        tapped(log.url) as log_wire,
        tapped(plan.url) as plan_wire,
    ):
        made = (RecordsSystem(log, log_wire), RecordsSystem(plan, plan_wire, plan_variant))
        yield Systems(*made, Bup(fhir, fhir_wire))
