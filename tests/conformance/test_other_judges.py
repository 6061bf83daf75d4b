"""Everything that the project emits is valid R4 to two other judges too: fhir.resources, and the validator of
a FHIR server that others wrote, to which it is really written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway import jsontext
from mappings.model import Resource
from tests import peers
from tests.conformance.emitted import Emitted

pytestmark = pytest.mark.conformance
NEVER_WRITTEN = frozenset({"CapabilityStatement", "OperationOutcome"})  # a server answers with them


def faults_of(resource: Resource) -> str | None:
    """What fhir.resources finds wrong, if anything."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError as error:
        return str(error)
    return None


def test_fhir_resources_accepts_every_resource(everything: tuple[Emitted, ...]) -> None:
    found = {f"{one.set}: {one.name}": fault for one in everything if (fault := faults_of(one.resource))}
    assert not found, f"{len(found)} refused, as {next(iter(found.items()))}"


@pytest.mark.peer
def test_medplums_validator_accepts_every_resource(
    everything: tuple[Emitted, ...], validator: peers.Peer, client: httpx.Client
) -> None:
    written = [one for one in everything if one.resource["resourceType"] not in NEVER_WRITTEN]
    assert len(written) > 1000
    answers = {f"{one.set}: {one.name}": _put(client, validator, one.resource) for one in written}
    refused = {name: answer.text for name, answer in answers.items() if not answer.is_success}
    assert not refused, f"{len(refused)} refused, as {next(iter(refused.items()))}"


@pytest.mark.peer
def test_both_judges_refuse_what_is_not_valid(validator: peers.Peer, client: httpx.Client) -> None:
    goal: dict[str, Any] = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active"}
    assert faults_of(goal) is not None
    assert _put(client, validator, goal).status_code == 400


@pytest.fixture(scope="module")
def validator() -> Iterator[peers.Peer]:
    """Medplum's router and validator as a process."""
    with peers.medplum() as peer:
        yield peer


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """One connection for all."""
    with httpx.Client(trust_env=False) as one:
        yield one


def _put(client: httpx.Client, peer: peers.Peer, resource: Resource) -> httpx.Response:
    """Write it under an id of the peer's kind."""
    own = str(uuid.uuid5(uuid.NAMESPACE_OID, jsontext.encode(resource).decode()))
    url = f"{peer.url}/{resource['resourceType']}/{own}"
    headers = {**peer.headers, "Content-Type": "application/fhir+json"}
    return client.put(url, content=jsontext.encode({**resource, "id": own}), headers=headers)
