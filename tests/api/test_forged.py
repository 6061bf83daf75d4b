"""At every protected route of the published contract, each forged request is refused for its own reason;
the right one, which they all come from, is let in."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from gateway.access.proof_key import ALGORITHMS
from gateway.hub import shown_proofs
from gateway.hub.schema.proofs import shown_proof
from tests.access import issuer_server
from tests.access.client_at_helseid import new_key, parts
from tests.access.forged import FORGED, PAGE, page
from tests.access.issuer_server import Issuer
from tests.access.possession import signed
from tests.api.bound import asked, holder, strict
from tests.api.test_notices import keep
from tests.api.world import World, settings

CONTRACT = Path(__file__).resolve().parents[2] / "openapi" / "stafettbro.json"
PLACES = {"system": "logg", "type": "Goal"}  # in paths; all else is "x"


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of each protected operation that is published."""
    for path, item in json.loads(CONTRACT.read_text())["paths"].items():
        for method, operation in item.items():
            if operation["security"]:
                yield method.upper(), re.sub(r"{(\w+)}", lambda m: PLACES.get(m[1], "x"), path)


ROUTES = tuple(routes())


@pytest.fixture(scope="module")
def helseid() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture
def strict_world(sqlite_url: str, tmp_path: Path, helseid: Issuer, issuer: Issuer) -> Iterator[World]:
    made = World(strict(settings(sqlite_url, tmp_path, issuer), helseid, issuer), issuer)
    yield made
    made.close()


def test_no_forged_request_is_accepted_at_any_route(
    strict_world: World, helseid: Issuer, issuer: Issuer
) -> None:
    one = holder(strict_world, helseid, issuer)
    assert len({forged.name for forged in FORGED}) == len(FORGED) >= 60
    assert len(ROUTES) >= 50

    async def all_of_them() -> list[str]:
        wrong = []
        for method, path in ROUTES:
            here = one.at(method, path)
            status, headers, body = await asked(strict_world, here.sent())
            if status == 401 or "www-authenticate" in headers or headers.get("dpop-nonce") is None:
                wrong.append(f"{method} {path}: the right request: {status} {headers} {body}")
            for forged in FORGED:
                sent = forged.make(here)
                if forged.twice:
                    assert (await asked(strict_world, sent))[0] != 401
                found = forged.fault(*await asked(strict_world, sent))
                if found:
                    wrong.append(f"{method} {path}: {forged.name}: {found}")
        return wrong

    assert asyncio.run(all_of_them()) == []


def test_the_page_shows_what_is_tried() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python -m tests.access.forged"


def test_a_worker_forgets_proofs_that_have_long_ended(world: World) -> None:
    with world.service.store.outside(write=True) as connection:
        for name, minutes in (("old", 6), ("newer", 4)):
            shown_proofs.remember(connection, name, world.now - timedelta(minutes=minutes))
    keep(world)
    with world.service.store.outside() as connection:
        assert {row.digest for row in connection.execute(select(shown_proof))} == {"newer"}


def test_a_caller_goes_on_with_one_more_try_where_proofs_were_forgotten(
    strict_world: World, helseid: Issuer, issuer: Issuer
) -> None:
    one = holder(strict_world, helseid, issuer).at("GET", "/lanes")
    before = one.sent()
    assert asyncio.run(asked(strict_world, before))[0] == 200
    with strict_world.service.store.outside(write=True) as connection:
        connection.execute(shown_proof.delete())
    for sent in (before, one.sent()):
        status, headers, body = asyncio.run(asked(strict_world, sent))
        assert (status, body["code"]) == (401, "dpop-nonce")
    again = replace(one, nonce=headers["dpop-nonce"])
    assert asyncio.run(asked(strict_world, again.sent()))[0] == 200
    assert asyncio.run(asked(strict_world, before))[2]["code"] == "dpop-nonce"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_proof_of_every_kind_of_key_counts(
    strict_world: World, helseid: Issuer, issuer: Issuer, algorithm: str
) -> None:
    one = holder(strict_world, helseid, issuer).at("GET", "/lanes")
    key = ECKey.generate_key("P-384") if algorithm == "ES384" else new_key(algorithm)
    token = one.reissued(cnf={"jkt": key.thumbprint()})
    claims = parts(one.proof(token))[1]
    header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)}
    sent = one.sent(token, signed(header, claims, key, algorithm))
    assert asyncio.run(asked(strict_world, sent))[0] == 200
