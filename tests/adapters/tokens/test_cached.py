"""A token is fetched once, renewed in time, and dropped when it is not accepted; each failure has a name."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from typing import Any

import pytest

from adapters.contract import Again, NoToken, Write
from adapters.stafettlogg import Stafettlogg
from adapters.tokens.dpop import Proofs
from adapters.tokens.faults import SENTENCES, About
from tests.adapters.tokens.conftest import Clock, Issuer, shown, source

URL = "http://127.0.0.1/api"


def test_one_token_serves_all_until_shortly_before_its_end(issuer: Issuer, clock: Clock) -> None:
    one = source(issuer.url, clock)

    async def together() -> list[Any]:
        return await asyncio.gather(*(one.headers("GET", URL) for _ in range(20)))

    assert asyncio.run(together()) == [{"Authorization": "Bearer t1"}] * 20
    assert (len(issuer.asked), issuer.most) == (1, 1)
    clock.time += 269
    assert shown(one) == "Bearer t1"
    clock.time += 1  # thirty seconds left
    assert shown(one) == "Bearer t2"
    assert issuer.asked[0][1] == {"grant_type": ["client_credentials"], "scope": ["a b"]}


def test_a_short_lived_token_is_used_for_half_its_life(issuer: Issuer, clock: Clock) -> None:
    issuer.answer = {"token_type": "Bearer", "expires_in": 10}
    one = source(issuer.url, clock)
    assert shown(one) == "Bearer t1"
    clock.time += 4.9
    assert shown(one) == "Bearer t1"
    clock.time += 0.2
    assert shown(one) == "Bearer t2"


def test_a_token_that_was_not_accepted_is_dropped_unless_it_was_replaced(
    issuer: Issuer, clock: Clock
) -> None:
    one = source(issuer.url, clock)
    old = {"Authorization": shown(one)}
    assert one.heard(URL, old, 403, {}) is None
    assert shown(one) == "Bearer t1"
    assert one.heard(URL, old, 401, {}) is Again.SHOWN
    assert shown(one) == "Bearer t2"
    assert one.heard(URL, old, 401, {}) is Again.SHOWN  # another delivery's, answered late
    assert shown(one) == "Bearer t2"


@pytest.mark.parametrize(("way", "header"), [("basic", "me%3Ax:geheim%261"), ("post", None)])
def test_the_client_shows_itself_either_way(
    issuer: Issuer, clock: Clock, way: str, header: str | None
) -> None:
    shown(source(issuer.url, clock, way=way))
    said, form = issuer.asked[0]
    assert (said and b64decode(said.removeprefix("Basic ")).decode()) == header
    assert form.get("client_secret") == (["geheim&1"] if header is None else None)


CASES = [
    (401, {"error": "invalid_client"}, "token-client"),
    (400, {"error": "invalid_client", "error_description": "geheim"}, "token-client"),
    (401, {}, "token-client"),
    (400, {"error": "unauthorized_client"}, "token-client"),
    (400, {"error": "invalid_grant"}, "token-grant"),
    (400, {"error": "invalid_scope"}, "token-scope"),
    (400, {"error": "invalid_target"}, "token-resource"),
    (400, {"error": "invalid_dpop_proof"}, "token-proof"),
    (400, {"error": ["geheim"]}, "token-refused"),
    (403, {"error": "geheim"}, "token-refused"),
    (404, {}, "token-answer"),
    (302, {}, "token-answer"),
    (500, {}, "token-unavailable"),
    (429, {}, "token-unavailable"),
    (200, {"token_type": "mac"}, "token-answer"),
    (200, {"token_type": "DPoP"}, "token-answer"),
    (200, {"token_type": "Bearer", "access_token": 7}, "token-answer"),
    (200, {"token_type": "Bearer", "access_token": ""}, "token-answer"),
    (200, {"token_type": "Bearer", "access_token": "a\r\nStafettbro-Source: b"}, "token-answer"),
    (200, {"token_type": "Bearer", "access_token": "to kens"}, "token-answer"),
    (200, "geheim, not JSON", "token-answer"),
    (200, {"token_type": "Bearer", "more": "x" * 300_000}, "token-answer"),
]


@pytest.mark.parametrize(("status", "answer", "code"), CASES)
def test_what_goes_wrong_has_a_code_and_names_the_system(
    issuer: Issuer, clock: Clock, status: int, answer: Any, code: str
) -> None:
    issuer.status, issuer.answer = status, answer
    issuer.headers = {"Location": issuer.url} if status == 302 else {}
    with pytest.raises(NoToken) as told:
        shown(source(issuer.url, clock))
    assert told.value.code == code
    assert told.value.unreached
    assert re.match(f"{code}: Ingen adgang til bup: ", told.value.detail)
    assert "geheim" not in repr(told.value)
    assert told.value.__cause__ is None


def test_a_token_of_bearers_is_not_used_where_it_is_to_be_bound(issuer: Issuer, clock: Clock) -> None:
    with pytest.raises(NoToken) as told:
        shown(source(issuer.url, clock, proofs=Proofs()))
    assert told.value.code == "token-unbound"


@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant"])
def test_who_does_not_know_us_is_asked_once_more_and_no_more(
    issuer: Issuer, clock: Clock, error: str
) -> None:
    issuer.status, issuer.answer = 400, {"error": error}
    with pytest.raises(NoToken):
        shown(source(issuer.url, clock))
    assert len(issuer.asked) == 2


def test_a_nonce_is_asked_for_once_and_no_more(issuer: Issuer, clock: Clock) -> None:
    issuer.status, issuer.answer = 400, {"error": "use_dpop_nonce"}
    issuer.headers = {"DPoP-Nonce": "always the same"}
    with pytest.raises(NoToken) as told:
        shown(source(issuer.url, clock, proofs=Proofs()))
    assert (told.value.code, len(issuer.asked)) == ("token-proof", 2)


def test_a_failure_is_not_tried_again_by_everyone_who_waits(issuer: Issuer, clock: Clock) -> None:
    issuer.status = 500
    one = source(issuer.url, clock)

    async def together() -> list[Any]:
        return await asyncio.gather(*(one.ready() for _ in range(8)), return_exceptions=True)

    errors = asyncio.run(together())
    assert {error.detail for error in errors} == {errors[0].detail}
    assert len({id(error) for error in errors}) == 8
    assert len(issuer.asked) == 1
    issuer.status = 200
    clock.time += 2
    assert shown(one) == "Bearer t2"


def test_a_token_that_cannot_be_renewed_in_the_middle_means_that_nothing_was_sent(
    issuer: Issuer, clock: Clock
) -> None:
    one = source(issuer.url, clock)

    async def work() -> None:
        adapter = Stafettlogg("http://127.0.0.1:1", one)
        await adapter.prepare()
        clock.time += 300
        issuer.status = 400
        try:
            await adapter.write(Write("Goal/m1", {"type": "maal"}, None, None, "a1"))
        finally:
            await adapter.close()

    with pytest.raises(NoToken) as told:
        asyncio.run(work())
    assert told.value.unreached
    assert len(issuer.asked) == 2  # and is not asked again and again


def test_an_issuer_that_asks_to_wait_is_waited_for(issuer: Issuer, clock: Clock) -> None:
    issuer.status, issuer.headers = 503, {"Retry-After": "17"}
    with pytest.raises(NoToken) as told:
        shown(source(issuer.url, clock))
    assert told.value.retry_after == 17.0


def test_nobody_at_the_token_address(unused_address: str, clock: Clock) -> None:
    with pytest.raises(NoToken) as told:
        shown(source(f"{unused_address}/token", clock))
    assert told.value.code == "token-unreached"
    cause = told.value.__cause__ is None and told.value.__suppress_context__
    assert cause  # it would hold the request, and with it the secret


@pytest.mark.parametrize("code", SENTENCES)
def test_a_reason_is_short_enough_to_be_kept(code: str) -> None:
    longest = About("s" * 40, "helseid-sts.test.nhn.no.example.kommune.no")
    assert len(longest.failure(code).detail) <= 255
