"""Real tokens with real proofs: a certified provider, configured like HelseID, two processes of one gateway,
and callers who come as they should and as they should not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key

from adapters.contract import Again
from gateway import config, jsontext
from gateway.access import scopes
from gateway.access.nonces import PURPOSE, WINDOW_SECONDS, Nonces
from gateway.access.tokens_out import token_source
from gateway.config import System
from gateway.hub import shown_proofs
from gateway.hub.persons import IdentifierKey
from gateway.hub.store import Store
from tests import peers
from tests.access.client_at_helseid import Client, new_key, parts
from tests.access.forged import FORGED
from tests.access.forging import AROUND, BASE, HOST, PREFIX, SECURITY_LEVEL
from tests.access.issuer_server import AUDIENCE, Issuer
from tests.access.possession import Holder, Sent
from tests.end_to_end.configuration import toml
from tests.end_to_end.fresh import database
from tests.end_to_end.served import serving

ALGORITHMS = ("ES256", "PS256", "RS256")
ASKED = "/lanes"
SCOPE = PREFIX + scopes.LANES_READ
OTHER = PREFIX + scopes.WORK_READ
Pair = tuple[str, str]


@dataclass
class Served:
    """The gateway's two processes, and its callers by the algorithm that they and their provider use."""

    config: Path
    doors: Pair
    machines: dict[str, Client]
    people: Client
    unbound: Client
    key: Key

    def ask(self, sent: Sent, door: int = 0) -> httpx.Response:
        """One request to one of the processes, as a proxy would hand it on."""
        with httpx.Client(base_url=self.doors[door], trust_env=False, timeout=30) as http:
            headers = [*AROUND, *sent.headers]
            return http.request(sent.method, sent.address, headers=headers, content=sent.body)

    def get(self, client: Client, token: str, nonce: str | None, door: int = 0) -> httpx.Response:
        """One read with a proof."""
        proof = client.proof("GET", BASE + ASKED, nonce, token)
        headers = [("authorization", f"DPoP {token}"), ("dpop", proof)]
        return self.ask(Sent("GET", ASKED, headers), door)


def told(client: Client, algorithm: str) -> dict[str, Any]:
    """The issuer's table."""
    return {
        "issuer": client.provider,
        "audience": AUDIENCE,
        "algorithms": [algorithm],
        "organizations": "helseid",
        "scope_prefix": PREFIX,
        "level_claim": SECURITY_LEVEL,
        "levels": ["4"],
    }


def known(client: Client) -> dict[str, Any]:
    """The client's table: an operator."""
    may = {"scopes": [scopes.LANES_READ], "tenant": "fjordbyen", "organization": client.organization}
    return {"issuer": client.provider, "client_id": client.name, **may}


def configuration(machines: dict[str, Client], others: list[Client], municipal: str) -> dict[str, Any]:
    """The file: each provider as an issuer, and one whose tokens are bearer tokens."""
    one = {"issuer": municipal, "client_id": "drift", "tenant": "fjordbyen", "scopes": [scopes.LANES_READ]}
    system = {"id": "logg", "adapter": "stafettlogg", "organization": "362819482", "deliver": "none"}
    return {
        "public_url": BASE,
        "hosts": [HOST],
        "embedded_worker": False,
        "tenants": [{"id": "fjordbyen", "name": "Fjordbyen kommune"}],
        "systems": [{**system, "tenant": "fjordbyen"}],
        "issuers": [
            *(told(client, algorithm) for algorithm, client in machines.items()),
            {"issuer": municipal, "audience": AUDIENCE, "tokens": "bearer"},
        ],
        "clients": [*map(known, (*machines.values(), *others)), one],
    }


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, issuer: Issuer
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("helseid")
    machines = {algorithm: Client("drift", algorithm=algorithm) for algorithm in ALGORITHMS}
    people, unbound = Client("people", people=True), Client("unbound", bound=False)
    keys = {algorithm: new_key(algorithm) for algorithm in ALGORITHMS}
    with ExitStack() as stack, ThreadPoolExecutor() as threads:  # what starts, starts at once

        def provide(algorithm: str) -> None:
            callers = [machines[algorithm], *([people, unbound] if algorithm == "ES256" else [])]
            profile = {"alg": algorithm, "audience": AUDIENCE, "scopes": [SCOPE, OTHER]}
            key = keys[algorithm].as_dict(private=True)
            registered = [one.registered() for one in callers]
            peer = stack.enter_context(peers.helseid(registered, keys=[key], **profile))
            for one in callers:
                one.provider = peer.url

        providing = threads.map(provide, ALGORITHMS)
        url = stack.enter_context(database(request, "postgresql", folder))
        list(providing)
        values = configuration(machines, [people, unbound], issuer.url)
        file = folder / "stafettbro.toml"
        file.write_text(toml({"database_url": url, "state_folder": str(folder / "state"), **values}))
        logs = [folder / f"{n}.log" for n in range(2)]
        doors = list(threads.map(lambda log: stack.enter_context(serving(file, log))[1], logs))
        yield Served(file, (doors[0], doors[1]), machines, people, unbound, keys["ES256"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_real_token_with_a_real_proof_is_let_in(served: Served, algorithm: str) -> None:
    client = served.machines[algorithm]
    token = client.token(SCOPE)
    first = served.get(client, token, None)
    assert (first.status_code, first.json()["code"]) == (401, "dpop-nonce")
    assert 'error="use_dpop_nonce"' in first.headers["www-authenticate"]
    second = served.get(client, token, first.headers["dpop-nonce"])
    assert second.status_code == 200, second.text
    assert served.get(client, token, second.headers["dpop-nonce"], door=1).status_code == 200


def test_a_proof_counts_at_one_process_once(served: Served) -> None:
    client = served.machines["ES256"]
    token = client.token(SCOPE)
    nonce = served.get(client, token, None).headers["dpop-nonce"]
    for first in (0, 1):
        proof = client.proof("GET", BASE + ASKED, nonce, token)
        sent = Sent("GET", ASKED, [("authorization", f"DPoP {token}"), ("dpop", proof)])
        assert served.ask(sent, first).status_code == 200
        again = served.ask(sent, 1 - first)
        assert (again.status_code, again.json()["code"]) == (401, "dpop-replayed")


def test_a_person_is_let_in_at_the_level_that_is_demanded(served: Served) -> None:
    for level, status in (("4", 200), ("3", 401)):
        token = served.people.token_of("somebody", level, SCOPE)
        assert parts(token)[1][SECURITY_LEVEL] == level
        nonce = served.get(served.people, token, None).headers.get("dpop-nonce")
        answer = served.get(served.people, token, nonce)
        assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "token-level"


def test_what_the_provider_gives_without_a_key_is_refused_either_way(served: Served) -> None:
    token = served.unbound.token(SCOPE)
    for scheme in ("Bearer", "DPoP"):
        answer = served.ask(Sent("GET", ASKED, [("authorization", f"{scheme} {token}")]))
        assert (answer.status_code, answer.json()["code"]) == (401, "token-unbound")


def test_a_scope_that_the_provider_did_not_give_is_not_there(served: Served) -> None:
    client = served.machines["ES256"]
    token = client.token(OTHER)
    nonce = served.get(client, token, None).headers["dpop-nonce"]
    answer = served.get(client, token, nonce)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_another_gateway_of_ours_is_let_in(served: Served, tmp_path: Path) -> None:
    client = served.machines["ES256"]
    (tmp_path / "key.jwk").write_bytes(jsontext.encode(client.own.as_dict(private=True)))
    credentials = {
        "kind": "helseid", "issuer": client.provider, "client_id": client.name, "scope": SCOPE,
        "key_ref": f"file:{tmp_path / 'key.jwk'}",
    }  # fmt: skip
    there = System.model_validate(
        {
            "id": "nabo", "tenant": "fjordbyen", "adapter": "fhir", "organization": "362819482",
            "url": BASE, "credentials": credentials,
        }
    )  # fmt: skip
    source = token_source(there)
    seen = []
    for _ in range(2):
        headers = asyncio.run(source.headers("GET", BASE + ASKED))
        answer = served.ask(Sent("GET", ASKED, list(headers.items())))
        again = source.heard(BASE + ASKED, headers, answer.status_code, answer.headers)
        seen.append((answer.status_code, again))
    assert seen == [(401, Again.NONCE), (200, None)]


def test_no_forged_request_is_accepted_by_a_running_gateway(served: Served, issuer: Issuer) -> None:
    client = served.machines["ES256"]
    token = client.token(SCOPE)
    header, claims = parts(token)
    assert (header["typ"], claims["aud"], claims["cnf"].keys()) == ("at+jwt", AUDIENCE, {"jkt"})
    now = int(time.time())
    settings = config.load(served.config)
    secret = IdentifierKey.of(settings).derived(PURPOSE)
    store = Store(settings.database_url)
    with store.outside() as connection:
        since = shown_proofs.begun(connection, datetime.now(UTC)).isoformat()
    store.close()
    assert isinstance(client.proving, ECKey)
    one = Holder(
        base=BASE,
        nonce=served.get(client, token, None).headers["dpop-nonce"],
        key=client.proving,
        token=token,
        header=header,
        claims=claims,
        issuer=served.key,
        neighbour=issuer.url,
        bearer=issuer.token(client_id="drift", scope=scopes.LANES_READ, iat=now, exp=now + 600),
        stale=Nonces(secret, lambda: time.time() - 2 * WINDOW_SECONDS).fresh(since),
        path=ASKED,
    )
    assert served.ask(one.sent()).status_code == 200
    wrong = []
    for number, forged in enumerate(FORGED):
        sent = forged.make(one)
        if forged.twice:
            assert served.ask(sent).status_code == 200
        answer = served.ask(sent, number % 2)
        found = forged.fault(answer.status_code, answer.headers, answer.json())
        if found:
            wrong.append(f"{forged.name}: {found}")
    assert wrong == []
