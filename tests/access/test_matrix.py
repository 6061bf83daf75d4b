"""Who may do what at each route of the published contract: the table matrix.txt against the gateway. A route
without a row fails, and so does a row whose answer is another than the gateway's.

What is not for a caller is answered exactly as what is not there, and no answer but the maker's, the reader's
and the operator's tells anything of Emma."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import httpx
import pytest

from gateway.access import scopes
from tests.access import town
from tests.access.errands import ERRANDS, Errand
from tests.access.matrix import OF_CLIENTS, Row, published, rows
from tests.access.town import CANARIES, READS, Things, Town, made_up
from tests.api.world import fields

TABLE = rows(OF_CLIENTS)
CLIENTS = {
    "maker": "logg", "planner": "plan", "reader": "bup", "welfare": "barnevern", "stranger": "fremmed",
    "operator": "drift", "neighbour": "nabobup", "elsewhere": "nabodrift", "several": "felles",
    "narrow": "logg", "reads": "logg", "writes": "logg", "expired": "logg",
}  # fmt: skip
OUTSIDE = frozenset(
    {"welfare", "stranger", "neighbour", "elsewhere", "several", "nobody", "expired", "session"}
)
ACQUAINTED = frozenset({"maker", "planner", "reader", "operator"})  # know Emma, and may ask in vain
SCOPE = re.compile(r'scope="([a-z.]+)"')


@dataclass(frozen=True)
class Counter:
    """Where callers of every kind come to ask."""

    town: Town
    cookie: str
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)  # one signature each: they are the cost

    def ask(self, role: str, row: Row, errand: Errand, things: Things) -> httpx.Response:
        """One request."""
        own = {"own": CLIENTS.get(role, "logg")}
        path, content, headers = errand.sent(things | own)
        given = headers | self._shown(role, row.method, path)
        return self.town.world.http.request(
            row.method, path, content=content, headers=given, follow_redirects=False
        )

    def _shown(self, role: str, method: str, path: str) -> dict[str, str]:
        client = CLIENTS.get(role)
        if role == "session":
            return {"Cookie": f"__Host-stafettbro={self.cookie}", "Origin": town.ORIGIN}
        if client is None:
            return {}
        if role == "expired":
            return self._bearer(client, scopes.ALL, before=1200)
        if role == "narrow":
            bare = self._bearer(client, frozenset({"noe.annet"}))
            refused = self.town.world.http.request(method, path, headers=bare)
            needed = SCOPE.findall(refused.headers.get("www-authenticate", ""))
            return self._bearer(client, scopes.ALL - set(needed))
        return self._bearer(client, {"reads": READS, "writes": scopes.ALL - READS}.get(role, scopes.ALL))

    def _bearer(self, client: str, wanted: frozenset[str], before: int = 0) -> dict[str, str]:
        """A token that was given so many seconds ago, for ten minutes; of now, for an hour."""
        scope, given = " ".join(sorted(wanted)), int(time.time()) - before
        ends = given + (600 if before else 3600)
        if (client, f"{scope} {before}") not in self.tokens:
            token = self.town.world.issuer.token(client_id=client, iat=given, exp=ends, scope=scope)
            self.tokens[client, f"{scope} {before}"] = token
        return {"Authorization": f"Bearer {self.tokens[client, f'{scope} {before}']}"}


@pytest.fixture(scope="module")
def counter(municipalities: Town) -> Counter:
    return Counter(municipalities, municipalities.session(town.MOTHER))


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {row.route for row in TABLE} == set(published())
    assert [row.name for row in TABLE] == list(ERRANDS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_each_caller_is_answered_as_the_table_says(counter: Counter, row: Row) -> None:
    errand, things = ERRANDS[row.name], dict(counter.town.things)
    used, wrong = False, []
    for role, expected in row.answers.items():
        if used and errand.fresh is not None:
            things |= errand.fresh(counter.town)
        answer = counter.ask(role, row, errand, things)
        used = answer.is_success
        found = f"{answer.status_code}{'*' if _is_as_nothing(counter, role, row, answer, things) else ''}"
        if found != expected:
            wrong.append(f"{role}: {found}, not {expected}: {answer.text[:300]}")
        told = _told(answer, things, errand) if _is_outside(role, row) or not answer.is_success else []
        if told:
            wrong.append(f"{role} is told of {told}: {answer.text[:300]}")
    assert wrong == []


def _is_outside(role: str, row: Row) -> bool:
    """Whether nothing at all of Emma is for this caller. Reports are for child welfare."""
    return role in OUTSIDE and not (role == "welfare" and "/welfare/" in row.name)


def _is_as_nothing(counter: Counter, role: str, row: Row, answer: httpx.Response, things: Things) -> bool:
    """Whether the caller would be answered just so if there were no such thing. Who is not let in at all has
    not come that far."""
    if answer.status_code in (401, 403):
        return False
    errand = ERRANDS[row.name]
    nothing = made_up(things)
    if role in ACQUAINTED and errand.about is not None:
        nothing = things | {errand.about: nothing[errand.about]}
    elif role in ACQUAINTED and errand.named - {"person", "own"}:
        nothing["person"] = things["person"]
    absent = counter.ask(role, row, errand, nothing)
    return _plain(answer, things) == _plain(absent, nothing)


def _plain(answer: httpx.Response, things: Things) -> tuple[object, ...]:
    """All of an answer, without what the caller gave."""
    text, headers = answer.text, dict(answer.headers)
    for name, value in things.items():
        if len(value) > 8:
            text = text.replace(value, f"<{name}>")
    headers.pop("content-length", None)
    return answer.status_code, text, tuple(sorted(headers.items()))


def _told(answer: httpx.Response, things: Things, errand: Errand) -> list[str]:
    """What of Emma stands in an answer beside what the caller gave."""
    path, content, _ = errand.sent(things | {"own": ""})
    given = path + (content or b"").decode()
    text = answer.text + str(dict(answer.headers))
    ids = [value for value in things.values() if len(value) > 8]
    return [one for one in (*CANARIES, *ids) if one in text and one not in given]


def test_who_asks_in_vain_does_not_learn_it_from_the_audit(counter: Counter) -> None:
    """What a system asked for is in the audit, for that system too; of whom, only where it knows them."""
    things, world = counter.town.things, counter.town.world
    asked = [row for row in TABLE if row.answers["stranger"] in ("404*", "200*") and row.method == "GET"]
    assert len(asked) > 15

    def entries(named: Things) -> list[object]:
        before = _number(world.get("/fhir/AuditEvent?_count=1", "fremmed"))
        for row in asked:
            counter.ask("stranger", row, ERRANDS[row.name], named)
        listed = fields(world.get("/fhir/AuditEvent?_count=100", "fremmed"))["entry"]
        found = [one["resource"] for one in listed if int(one["resource"]["id"].split("-")[1]) > before]
        return [{k: v for k, v in one.items() if k != "id"} for one in found]

    there, nowhere = entries(things), entries(made_up(things))
    assert len(there) > 15  # what consent does not gate leaves no entry
    assert there == nowhere


def _number(answer: httpx.Response) -> int:
    return max(
        (int(one["resource"]["id"].split("-")[1]) for one in fields(answer).get("entry", [])), default=0
    )
