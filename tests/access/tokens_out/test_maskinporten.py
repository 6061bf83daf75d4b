"""A system behind Maskinporten: a grant of two minutes that is used once, and a token that is for us."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Adapter, NoToken
from adapters.tokens.maskinporten import consumer_of
from gateway.config import System
from tests.access.tokens_out.conftest import (
    ES256,
    RSA,
    STRANGER,
    Guarded,
    at_work,
    client,
    fresh,
    goal,
    kept,
    system,
    written,
)
from tests.peers import Peer, machines

OURS = "359797117"


@pytest.fixture(scope="module")
def running(records: Peer) -> Iterator[Guarded]:
    known = [client("stafettbro", RSA, ES256, token_endpoint_auth_method="none")]
    with machines(known, kind="maskinporten", upstream=records.url, token=records.token) as peer:
        yield Guarded(peer, records)


@pytest.fixture
def maskinporten(running: Guarded) -> Guarded:
    there = fresh(running)
    there.switch(consumer=OURS)
    return there


def connected(there: Guarded, folder: Path, *keys: Any, **changes: Any) -> System:
    given = {
        "kind": "maskinporten", "issuer": there.peer.url, "client_id": "stafettbro",
        "scope": "prefix:records", "organization": OURS, "resource": there.url,
        "key_ref": kept(folder, *(keys or (RSA,))),
    }  # fmt: skip
    return system(there.url, **{**given, **changes})


def test_a_grant_counts_for_two_minutes_and_is_used_once(maskinporten: Guarded, tmp_path: Path) -> None:
    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        maskinporten.switch(revoke=True, consumer=OURS)
        await adapter.write(goal("m2"))

    at_work(connected(maskinporten, tmp_path), work)
    first, second = (one["claims"] for one in maskinporten.seen()["assertions"])
    assert first["exp"] - first["iat"] == 120
    assert first["jti"] != second["jti"]
    assert (first["iss"], first["aud"]) == ("stafettbro", maskinporten.peer.url)
    assert (first["scope"], first["resource"]) == ("prefix:records", [maskinporten.url])
    assert "sub" not in first
    assert maskinporten.stored() == ["m1", "m2"]


def test_a_token_that_is_to_be_bound_and_is_not_is_not_used(maskinporten: Guarded, tmp_path: Path) -> None:
    with pytest.raises(NoToken) as told:
        written(connected(maskinporten, tmp_path, dpop=True), "m1")
    assert told.value.code == "token-unbound"
    assert maskinporten.seen()["requests"] == []


def test_a_token_for_another_organization_is_not_used(maskinporten: Guarded, tmp_path: Path) -> None:
    maskinporten.switch(consumer="310182053")
    with pytest.raises(NoToken) as told:
        written(connected(maskinporten, tmp_path), "m1")
    assert told.value.code == "token-consumer"
    assert maskinporten.seen()["requests"] == []


def test_on_behalf_of_one_that_delegated_the_token_is_for_that_one(
    maskinporten: Guarded, tmp_path: Path
) -> None:
    maskinporten.switch()  # the token is then for whoever the grant names
    written(connected(maskinporten, tmp_path, consumer="310167208"), "m1")
    assert maskinporten.seen()["assertions"][0]["claims"]["consumer_org"] == "310167208"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "prefix:other"}, "token-scope"),
        ({"resource": "https://other.example"}, "token-resource"),
    ],
)
def test_what_was_not_granted_has_a_name(
    maskinporten: Guarded, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(NoToken) as told:
        written(connected(maskinporten, tmp_path, **changes), "m1")
    assert told.value.code == code


def test_a_key_that_is_not_registered_yet_lets_the_old_one_go_on(
    maskinporten: Guarded, tmp_path: Path
) -> None:
    written(connected(maskinporten, tmp_path, STRANGER, ES256), "m1")
    assert [one["header"]["kid"] for one in maskinporten.seen()["assertions"]] == [ES256.kid]
    with pytest.raises(NoToken) as told:
        written(connected(maskinporten, tmp_path, STRANGER), "m2")
    assert told.value.code == "token-grant"


def test_deliveries_that_begin_together_use_one_grant(maskinporten: Guarded, tmp_path: Path) -> None:
    async def work(adapter: Adapter) -> None:
        await asyncio.gather(*(adapter.write(goal(f"m{n}")) for n in range(8)))

    at_work(connected(maskinporten, tmp_path), work)
    assert len(maskinporten.seen()["assertions"]) == 1


def token(claims: str) -> str:
    return f"e30.{urlsafe_b64encode(claims.encode()).rstrip(b'=').decode()}.c2ln"


@pytest.mark.parametrize(
    "said",
    [
        "opaque", "a.b", "..", "a.!!!!.c", token("[]"), token("{}"), token('{"consumer": "0192:359797117"}'),
        token('{"consumer": {"authority": "iso6523-actorid-upis"}}'),
        token('{"consumer": {"authority": "other", "ID": "0192:359797117"}}'),
        token('{"consumer": {"authority": "iso6523-actorid-upis", "ID": "0088:359797117"}}'),
    ],
)  # fmt: skip
def test_a_token_that_does_not_say_whose_it_is_is_nobodys(said: str) -> None:
    assert consumer_of(said) is None
    ours = '{"consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:359797117"}}'
    assert consumer_of(token(ours)) == OURS
