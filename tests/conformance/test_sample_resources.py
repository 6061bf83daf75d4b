"""Everything FHIR that the sample records become is valid R4, by two judges that others wrote: fhir.resources
and Medplum's validator. `make conformance` runs these; HL7's own validator joins them with issue 2."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from mappings import load
from mappings.model import EMPTY, Ids, Record, Resource
from tests import peers

SAMPLES = Path(__file__).resolve().parents[2] / "gateway" / "demo" / "samples"
FILES = sorted(SAMPLES.glob("*/*.json"))

pytestmark = pytest.mark.conformance


def reference(resource_type: str, name: str) -> str:
    """A hub reference, the same each time for the same name."""
    return f"{resource_type}/{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def resources(path: Path) -> Iterator[tuple[str, Resource]]:
    """(native id, resource) of everything one child's records become."""
    mapping = load(path.parent.name)
    records: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    headings = {record["id"]: mapping.describe(record) for record in records}
    refs = {name: reference(heading.resource_type, name) for name, heading in headings.items()}
    frame = next(refs[name] for name, heading in headings.items() if heading.is_frame)
    natives = {ref: name for name, ref in refs.items()}
    ids = Ids(reference("Patient", path.stem), frame, mapping.name, refs, natives)
    for record in records:
        for resource in mapping.put(record, EMPTY, ids).focus.values():
            yield record["id"], resource


def named(path: Path) -> str:
    """What a test over one file is called."""
    return f"{path.parent.name}/{path.stem}"


def faults_of(resource: Resource) -> str | None:
    """What fhir.resources finds wrong, if anything."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("path", FILES, ids=named)
def test_fhir_resources_accepts_every_resource(path: Path) -> None:
    found = list(resources(path))
    assert len(found) > 10
    assert {name: fault for name, resource in found if (fault := faults_of(resource))} == {}


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=named)
def test_medplums_validator_accepts_every_resource(path: Path, validator: peers.Peer) -> None:
    answers = {name: _put(validator, resource) for name, resource in resources(path)}
    assert {name: answer.text for name, answer in answers.items() if not answer.is_success} == {}


@pytest.mark.peer
def test_both_judges_refuse_what_is_not_valid(validator: peers.Peer) -> None:
    goal: dict[str, Any] = {"resourceType": "Goal", "id": str(uuid.uuid4()), "lifecycleStatus": "active"}
    assert faults_of(goal) is not None
    assert _put(validator, goal).status_code == 400


@pytest.fixture(scope="module")
def validator() -> Iterator[peers.Peer]:
    """Medplum's router and validator as a process."""
    with peers.medplum() as peer:
        yield peer


def _put(peer: peers.Peer, resource: Resource) -> httpx.Response:
    url = f"{peer.url}/{resource['resourceType']}/{resource['id']}"
    return httpx.put(url, json=resource, headers=peer.headers, trust_env=False)
