"""A system behind HelseID: assertions of ten seconds, tokens bound to our key, a fresh proof for each
request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Adapter, Leave, NoToken, TakenOver, Unavailable
from gateway.access.tokens_out import token_source
from gateway.config import System
from tests.access.tokens_out.conftest import (
    ES256,
    ES384,
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

TRUST = {
    "purpose": "COC", "purpose_details": "15", "healthcare_service": "S03", "profession": "SP",
    "legal_entity": "359797117", "point_of_care": "359797125", "department": "101", "decision": "d-1",
}  # fmt: skip


@pytest.fixture(scope="module")
def running(records: Peer) -> Iterator[Guarded]:
    known = [
        client("stafettbro", ES256, RSA, scope="records"),
    ]
    with machines(known, kind="helseid", dpop=True, upstream=records.url, token=records.token) as peer:
        yield Guarded(peer, records)


@pytest.fixture
def helseid(running: Guarded) -> Guarded:
    return fresh(running)


def connected(helseid: Guarded, folder: Path, *keys: Any, **changes: Any) -> System:
    given = {
        "kind": "helseid", "issuer": helseid.peer.url, "client_id": "stafettbro", "scope": "records",
        "organization": "359797117",
    }  # fmt: skip
    if "key_ref" not in changes:
        changes["key_ref"] = kept(folder, *(keys or (ES256,)))
    return system(helseid.url, **{**given, **changes})


def test_records_go_through_and_every_request_has_its_own_proof(helseid: Guarded, tmp_path: Path) -> None:
    assert [one.remote_id for one in written(connected(helseid, tmp_path), "m1", "m2")] == ["m1", "m2"]
    assert helseid.stored() == ["m1", "m2"]
    seen = helseid.seen()
    proofs = [one["claims"] for one in seen["proofs"]]
    assert len({one["jti"] for one in proofs}) == len(proofs) == len(seen["requests"]) >= 3
    assert {one["htu"] for one in proofs} == {f"{helseid.url}/records/m1", f"{helseid.url}/records/m2"}
    assert len(seen["tokens"]) == 1
    assert {one["scheme"] for one in seen["requests"]} == {"DPoP"}
    assert not any("d" in one["header"]["jwk"] for one in seen["proofs"])


def test_the_assertion_says_who_for_whom_and_why(helseid: Guarded, tmp_path: Path) -> None:
    written(connected(helseid, tmp_path, parent_organization="310167208", trust=TRUST), "m1")
    shown = helseid.seen()["assertions"]
    assert (
        len({one["claims"]["jti"] for one in shown}) == len(shown) == 2
    )  # the second with the issuer's nonce
    claims = shown[0]["claims"]
    assert claims["exp"] - claims["nbf"] == 10
    assert shown[0]["header"]["typ"] == "client-authentication+jwt"
    assert claims["aud"] == helseid.peer.url
    organization, trust = claims["assertion_details"]
    assert organization == {
        "type": "helseid_authorization",
        "practitioner_role": {
            "organization": {
                "identifier": {
                    "system": "urn:oid:1.0.6523", "type": "ENH", "value": "NO:ORGNR:310167208:359797117",
                }
            }
        },
    }  # fmt: skip
    assert trust["type"] == "nhn:tillitsrammeverk:parameters"
    assert trust["care_relationship"]["purpose_of_use"] == {
        "code": "COC", "system": "urn:oid:2.16.840.1.113883.1.11.20448",
    }  # fmt: skip
    assert trust["care_relationship"]["decision_ref"] == {"id": "d-1", "user_selected": False}
    assert trust["practitioner"]["department"]["system"] == "urn:oid:2.16.578.1.12.4.1.4.102"


@pytest.mark.parametrize(("key", "alg"), [(ES256, "ES256"), (RSA, "PS256"), (RSA, "RS256")])
def test_every_algorithm_of_the_profile_is_let_in(
    helseid: Guarded, tmp_path: Path, key: Any, alg: str
) -> None:
    stated = {"alg": alg} if alg == "RS256" else {}
    one = connected(helseid, tmp_path, key_ref=kept(tmp_path, key, **stated))
    written(one, "m1")
    assert {shown["header"]["alg"] for shown in helseid.seen()["assertions"]} == {alg}


def test_a_configured_key_binds_tokens_over_restarts(helseid: Guarded, tmp_path: Path) -> None:
    path = tmp_path / "dpop.jwk"
    path.write_text(json.dumps(STRANGER.as_dict(private=True)))
    one = connected(helseid, tmp_path, dpop_key_ref=f"file:{path}")
    for name in ("m1", "m2"):
        written(one, name)
    assert {json.dumps(one["header"]["jwk"]) for one in helseid.seen()["proofs"]} == {
        json.dumps({name: STRANGER.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")})
    }


def test_a_new_key_is_tried_first_and_the_old_one_goes_on_until_it_is_known(
    helseid: Guarded, tmp_path: Path
) -> None:
    one = connected(helseid, tmp_path, STRANGER, ES256)  # the new one is not registered yet

    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        kept(tmp_path, RSA)  # another key takes its place while we run
        helseid.switch(revoke=True)
        await adapter.write(goal("m2"))

    at_work(one, work)
    kids = [shown["header"]["kid"] for shown in helseid.seen()["assertions"]]
    assert kids == [ES256.kid, ES256.kid, RSA.kid]  # with the nonce of the issuer the second time
    assert len(helseid.stored()) == 2


def test_a_token_that_was_taken_back_is_replaced_once_and_the_record_arrives_once(
    helseid: Guarded, tmp_path: Path
) -> None:
    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        helseid.switch(revoke=True)
        await adapter.write(goal("m2"))

    at_work(connected(helseid, tmp_path), work)
    seen = helseid.seen()
    assert len(seen["tokens"]) == 2
    assert helseid.stored() == ["m1", "m2"]


def test_who_is_never_let_in_asks_twice_and_waits(helseid: Guarded, tmp_path: Path) -> None:
    helseid.switch(refuse=True)
    with pytest.raises(Unavailable) as told:
        written(connected(helseid, tmp_path), "m1")
    assert told.value.status == 401
    assert len(helseid.seen()["requests"]) == 2
    assert helseid.stored() == []


def test_what_was_sent_and_turned_away_is_not_told_as_unsent(helseid: Guarded, tmp_path: Path) -> None:
    """The first request left, with its content, even if there is no token for a second."""

    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        (tmp_path / "key.jwk").unlink()
        helseid.switch(revoke=True)
        await adapter.write(goal("m2"))

    with pytest.raises(Unavailable) as told:
        at_work(connected(helseid, tmp_path), work)
    assert (told.value.status, told.value.unreached) == (401, False)
    assert told.value.detail.startswith("token-secret: ")
    assert helseid.stored() == ["m1"]


def test_a_stale_nonce_costs_one_more_request_and_a_named_one_none(helseid: Guarded, tmp_path: Path) -> None:
    async def work(adapter: Adapter) -> list[int]:
        await adapter.write(goal("m1"))
        counted = []
        for name, switches in (("m2", {"newNonce": True}), ("m3", {"nextNonce": True}), ("m4", {})):
            helseid.switch(**switches)
            before = len(helseid.seen()["requests"])
            await adapter.write(goal(name))
            counted.append(len(helseid.seen()["requests"]) - before)
        return counted

    assert at_work(connected(helseid, tmp_path), work) == [2, 1, 1]


def test_both_at_once_are_healed_once_each(helseid: Guarded, tmp_path: Path) -> None:
    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        helseid.switch(newNonce=True, revoke=True)
        await adapter.write(goal("m2"))

    at_work(connected(helseid, tmp_path), work)
    assert len(helseid.stored()) == 2


def test_one_fetch_serves_deliveries_that_begin_together(helseid: Guarded, tmp_path: Path) -> None:
    async def work(adapter: Adapter) -> None:
        await asyncio.gather(*(adapter.write(goal(f"m{n}")) for n in range(8)))
        helseid.switch(revoke=True, newNonce=True)
        await asyncio.gather(*(adapter.write(goal(f"n{n}")) for n in range(8)))

    at_work(connected(helseid, tmp_path), work)
    seen = helseid.seen()
    assert len(seen["tokens"]) == 2
    assert len(seen["assertions"]) == 3  # the first of all learned the issuer's nonce
    assert len(helseid.stored()) == 16


def test_a_run_that_was_taken_over_while_it_was_let_in_sends_nothing(
    helseid: Guarded, tmp_path: Path
) -> None:
    ours = iter([True, True, False])  # before the attempt, before its bytes; then the nonce is asked for
    write = replace(goal("m1"), leave=Leave(lambda: next(ours)))
    with pytest.raises(TakenOver):
        at_work(connected(helseid, tmp_path), lambda adapter: adapter.write(write))
    assert helseid.stored() == []


WRONG = [
    ({"client_id": "nobody"}, "token-client"),
    ({"scope": "system/*.cruds"}, "token-scope"),
    ({"resource": "https://other.example"}, "token-resource"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
def test_what_is_set_up_wrong_is_told_before_anything_is_sent(
    helseid: Guarded, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(NoToken) as told:
        written(connected(helseid, tmp_path, **changes), "m1")
    assert told.value.code == code
    assert "Ingen adgang til bup: localhost" in told.value.detail
    assert helseid.seen()["requests"] == []


def test_a_key_that_is_not_registered_lets_nobody_in(helseid: Guarded, tmp_path: Path) -> None:
    with pytest.raises(NoToken) as told:
        written(connected(helseid, tmp_path, STRANGER), "m1")
    assert told.value.code == "token-client"
    assert len(helseid.seen()["assertions"]) == 0  # none had a signature that holds


def test_an_assertion_of_another_kind_is_refused_by_the_provider(helseid: Guarded, tmp_path: Path) -> None:
    """What the profile asks for is asked for: the provider is as strict as HelseID."""
    one = connected(helseid, tmp_path).credentials.model_dump(exclude_none=True)
    one |= {"kind": "client-credentials", "dpop": True, "token_url": f"{helseid.peer.url}/token"}
    del one["issuer"], one["organization"]  # then the assertion is made out to the address
    with pytest.raises(NoToken) as told:
        written(system(helseid.url, **one), "m1")
    assert told.value.code == "token-client"


def test_metadata_of_another_issuer_is_not_believed(helseid: Guarded, tmp_path: Path) -> None:
    one = connected(helseid, tmp_path, issuer=helseid.peer.url.replace("localhost", "127.0.0.1"))
    with pytest.raises(NoToken) as told:
        written(one, "m1")
    assert told.value.code == "token-metadata"


def test_a_key_that_is_gone_while_we_run_stops_the_next_token(helseid: Guarded, tmp_path: Path) -> None:
    source = token_source(connected(helseid, tmp_path))
    (tmp_path / "key.jwk").unlink()
    with pytest.raises(NoToken) as told:
        asyncio.run(source.ready())
    assert told.value.code == "token-secret"


def test_the_larger_curve_is_not_of_this_client(helseid: Guarded, tmp_path: Path) -> None:
    with pytest.raises(NoToken):
        written(connected(helseid, tmp_path, ES384), "m1")
