"""One installation, several municipalities: none sees another's, and a PPT that serves five of six sees what
is shared with it in each of its five, one at a time. A child known in all is a person in each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.access.tokens_in import Gate
from gateway.config import Settings
from gateway.errors import ConfigurationError
from tests.access.issuer_server import Issuer
from tests.api.test_fhir_read import FNR, matches
from tests.api.world import World, fields, settings

SERVED = tuple(f"kommune-{n}" for n in range(1, 6))
EVERY = (*SERVED, "kommune-6")
PPT = "321993516"


def configured(url: str, folder: Path, issuer: Issuer) -> dict[str, Any]:
    base = settings(url, folder, issuer).model_dump(mode="json")
    log = next(s for s in base["systems"] if s["id"] == "logg")
    office = {**next(s for s in base["systems"] if s["id"] == "bup"), "organization": PPT}
    scopes = base["clients"][0]["scopes"]
    client = {"issuer": issuer.url, "scopes": scopes}
    return base | {
        "tenants": [{"id": tenant, "name": tenant} for tenant in EVERY],
        "systems": [
            one
            for tenant in EVERY
            for one in (
                {**log, "id": f"logg-{tenant}", "tenant": tenant},
                {**office, "id": f"ppt-{tenant}", "tenant": tenant},
            )
        ],
        "routes": [{"source": f"logg-{t}", "recipient": f"ppt-{t}"} for t in EVERY],
        "clients": [
            *({**client, "client_id": f"logg-{t}", "tenant": t, "system": f"logg-{t}"} for t in EVERY),
            *({**client, "client_id": "ppt", "tenant": t, "system": f"ppt-{t}"} for t in SERVED),
        ],
    }


@pytest.fixture
def world(database_url: str, tmp_path: Path, issuer: Issuer, emma: list[dict[str, Any]]) -> Iterator[World]:
    """Six municipalities, in each of which Emma has a log with goals of its own."""
    made = World(Settings.model_validate(configured(database_url, tmp_path, issuer)), issuer)
    for tenant in EVERY:
        records = [{**r, "tekst": f"Mål i {tenant}"} if r["type"] == "maal" else r for r in emma]
        answer = made.hand_in(f"logg-{tenant}", records)
        assert {one["status"] for one in fields(answer)["results"]} == {"stored"}
    yield made
    made.close()


def find(world: World, number: str, tenant: str) -> list[dict[str, Any]]:
    """The child of this national id, as the PPT finds it in a municipality."""
    headers = world.headers("ppt", Stafettbro_System=f"ppt-{tenant}")
    answer = world.http.post("/fhir/Patient/_search", data={"identifier": f"{FNR}|{number}"}, headers=headers)
    return matches(answer)


def goals(world: World, person: str, tenant: str) -> str:
    answer = world.get(f"/fhir/Goal?patient={person}", "ppt", Stafettbro_System=f"ppt-{tenant}")
    return jsontext.encode(matches(answer)).decode()


def test_a_ppt_sees_what_is_shared_in_each_of_its_five(world: World, emma: list[dict[str, Any]]) -> None:
    number, seen = emma[0]["barn"]["fnr"], set()
    for tenant in SERVED:
        (child,) = find(world, number, tenant)
        told = goals(world, child["id"], tenant)
        assert [other for other in EVERY if f"Mål i {other}" in told] == [tenant]
        seen.add(child["id"])
    assert len(seen) == len(SERVED), "one national id, a person in each municipality"


def test_what_is_one_municipalitys_is_not_there_for_another(world: World, emma: list[dict[str, Any]]) -> None:
    (child,) = find(world, emma[0]["barn"]["fnr"], SERVED[0])
    for asked in (f"/fhir/Patient/{child['id']}", f"/disclosures?patient={child['id']}"):
        assert world.get(asked, "ppt", Stafettbro_System=f"ppt-{SERVED[0]}").status_code == 200
        assert world.get(asked, "ppt", Stafettbro_System=f"ppt-{SERVED[1]}").status_code == 404
        assert world.get(asked, f"logg-{EVERY[-1]}").status_code in (403, 404)


def test_a_request_is_about_one_municipality_and_says_which(world: World) -> None:
    asked = world.get("/notices", "ppt")
    assert (asked.status_code, "which-system" in asked.text) == (403, True)
    for other in (f"ppt-{EVERY[-1]}", f"logg-{SERVED[0]}", "finnes-ikke"):
        refused = world.get("/notices", "ppt", Stafettbro_System=other)
        assert (refused.status_code, "other-system" in refused.text) == (403, True)


def test_the_path_says_it_too_and_the_header_moves_nobody_else(
    world: World, emma: list[dict[str, Any]]
) -> None:
    log = f"logg-{SERVED[0]}"
    stays = world.post(f"/systems/{log}/records", log, emma[:1], Stafettbro_System=f"logg-{SERVED[1]}")
    assert stays.status_code == 200
    assert world.post(f"/systems/logg-{SERVED[1]}/records", log, emma[:1]).status_code == 404
    both = world.get(f"/systems/ppt-{SERVED[0]}/records", "ppt", Stafettbro_System=f"ppt-{SERVED[1]}")
    assert both.status_code in (403, 404)


def test_one_client_stands_once_in_a_municipality_and_never_as_operator_beside(
    tmp_path: Path, issuer: Issuer
) -> None:
    plain = configured("sqlite:///hub.db", tmp_path, issuer)
    served = next(c for c in plain["clients"] if c["client_id"] == "ppt")
    for wrong in (served, {**served, "tenant": EVERY[-1], "system": None}):
        given = Settings.model_validate(plain | {"clients": [*plain["clients"], wrong]})
        with pytest.raises(ConfigurationError, match="clients"):
            Gate(given)


def test_two_issuers_may_name_a_client_alike_only_where_it_is_the_same_system(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """What a client has done is known by its name: one would end the acts of the other."""
    given = configured(sqlite_url, tmp_path, issuer)
    second = {**given["issuers"][0], "issuer": "https://another.invalid"}
    ppt = next(one for one in given["clients"] if one["client_id"] == "ppt")

    def told(**changes: Any) -> Settings:
        other = {**ppt, "issuer": second["issuer"], **changes}
        return Settings.model_validate(
            given | {"issuers": [*given["issuers"], second], "clients": [*given["clients"], other]}
        )

    assert told()
    assert told(tenant="kommune-6", system="ppt-kommune-6")
    for changes in ({"system": f"logg-{ppt['tenant']}"}, {"system": None}):
        with pytest.raises(ValueError, match="two issuers have a client of this name"):
            told(**changes)
