"""Polling against servers of different habits: none may lose a change or keep us going round for ever."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from adapters import fhir_poll
from adapters.contract import Unavailable
from adapters.transport import Answer

pytestmark = pytest.mark.anyio
START = datetime.fromisoformat("2026-11-21T10:00:00+00:00")


class Server:
    """A server that pages by offset over what it holds now; `before` may change that between two pages."""

    def __init__(
        self, times: dict[str, int], *, sorts: bool = True, links_expire: bool = False, kind: str = "Goal"
    ) -> None:
        self.kind = kind
        self.times = dict(times)  # id -> second
        self.sorts = sorts
        self.links_expire = links_expire
        self.asked: list[dict[str, str]] = []

    def change(self, name: str, second: int) -> None:
        self.times[name] = second

    async def get(self, path: str) -> Answer:
        query = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
        self.asked.append(query)
        if self.links_expire and "offset" in query:
            return answer(410, {})
        held = [self._resource(n, s) for n, s in self.times.items()]
        if self.sorts:
            held.sort(key=lambda r: str(r["meta"]["lastUpdated"]))
        if "_lastUpdated" in query:
            since = datetime.fromisoformat(query["_lastUpdated"].removeprefix("ge"))
            held = [r for r in held if datetime.fromisoformat(r["meta"]["lastUpdated"]) >= since]
        offset, count = int(query.get("offset", "0")), int(query["_count"])
        rest = {k: v for k, v in query.items() if k not in ("offset", "_count")}
        following = "&".join(f"{k}={v.replace('+', '%2B')}" for k, v in rest.items())
        link = f"{self.kind}?{following}&_count={count}&offset={offset + count}"
        links = [{"relation": "next", "url": link}] if offset + count < len(held) else []
        entries = [{"resource": one} for one in held[offset : offset + count]]
        return answer(200, {"resourceType": "Bundle", "entry": entries, "link": links})

    def _resource(self, name: str, second: int) -> dict[str, Any]:
        time = (START + timedelta(seconds=second)).isoformat()
        return {
            "resourceType": self.kind,
            "id": name,
            "meta": {"lastUpdated": time, "versionId": str(second)},
        }


def answer(status: int, body: Any) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(body).encode())


async def collect(server: Server, cursor: str | None = None, size: int = 2) -> tuple[set[str], str | None]:
    found: set[str] = set()
    for _ in range(50):
        page = await fhir_poll.page(server.get, cursor, ("Goal",), size)
        found |= {f"{one.remote_id}@{one.version}" for one in page.records}
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("polling went on for ever")


async def test_a_change_between_two_pages_hides_nobody() -> None:
    server = Server({"a": 1, "b": 2, "c": 3, "d": 4})
    first = await fhir_poll.page(server.get, None, ("Goal",), 2)
    server.change("a", 9)  # moves to the end; by offset, c would now lie on the page that we have read
    found, _ = await collect(server, first.cursor)
    assert {"Goal/c@3", "Goal/d@4", "Goal/a@9"} <= found


async def test_many_changes_at_one_instant() -> None:
    server = Server({str(n): 1 for n in range(7)})
    assert len((await collect(server))[0]) == 7


async def test_a_server_that_does_not_sort() -> None:
    server = Server({"a": 5, "b": 1, "c": 4, "d": 2, "e": 3}, sorts=False)
    found, cursor = await collect(server)
    assert len(found) == 5
    _, cursor = await collect(server, cursor)  # what a link brought counts once another round has begun
    server.asked.clear()
    await collect(server, cursor)
    assert server.asked[0]["_lastUpdated"] == "ge2026-11-21T09:50:05+00:00"


async def test_the_next_round_asks_from_ten_minutes_before() -> None:
    server = Server({"a": 1, "b": 3600})
    _, cursor = await collect(server)
    server.asked.clear()
    found, again = await collect(server, cursor)
    assert server.asked[0]["_lastUpdated"] == "ge2026-11-21T10:50:00+00:00"
    assert found == {"Goal/b@3600"}
    assert (await collect(server, again)) == (found, again)


@pytest.mark.parametrize("history", [False, True])
async def test_a_change_to_a_type_that_was_asked_about_hours_before_the_round_was_over(history: bool) -> None:
    goals, tasks = Server({"a": 1}), Server({"t": 1}, kind="Task")
    cursor: str | None = None
    found: set[str | None] = set()

    async def get(path: str) -> Answer:
        return await (goals if path.startswith("Goal") else tasks).get(
            path.replace("_since=", "_lastUpdated=ge")
        )

    for step in range(8):
        page = await fhir_poll.page(get, cursor, ("Goal", "Task"), 9, history=history)
        cursor = page.cursor
        found |= {one.remote_id for one in page.records}
        if step == 0:  # the server is away for a day; then both are changed before it is asked about tasks
            goals.change("b", 80_000)
            tasks.change("u", 86_400)
    assert found == {"Goal/a", "Task/t", "Goal/b", "Task/u"}


async def test_a_type_in_which_nothing_happens_is_not_read_from_its_own_past_for_ever() -> None:
    goals, tasks = Server({"a": 1}), Server({"t": 90_000}, kind="Task")
    cursor: str | None = None

    async def get(path: str) -> Answer:
        return await (goals if path.startswith("Goal") else tasks).get(path)

    for _ in range(6):
        cursor = (await fhir_poll.page(get, cursor, ("Goal", "Task"), 9)).cursor
    assert goals.asked[-1]["_lastUpdated"] == tasks.asked[-1]["_lastUpdated"]


async def test_a_cursor_of_the_release_before_goes_on_and_it_can_read_ours() -> None:
    server = Server({"a": 1, "b": 3600})
    found, cursor = await collect(server, json.dumps({"since": "2026-11-21T11:00:00+00:00", "seen": None}))
    assert found == {"Goal/b@3600"}
    assert cursor is not None
    assert json.loads(cursor)["since"] == "2026-11-21T11:00:00+00:00"


async def test_a_link_that_has_grown_old_is_asked_for_anew() -> None:
    server = Server({str(n): 1 for n in range(5)})
    cursor = None
    for _ in range(2):
        cursor = (await fhir_poll.page(server.get, cursor, ("Goal",), 2)).cursor
    server.links_expire = True
    expired = await fhir_poll.page(server.get, cursor, ("Goal",), 2)
    assert (expired.records, expired.more) == ((), True)
    server.links_expire = False
    assert len((await collect(server, expired.cursor))[0]) == 5


async def test_links_that_never_work_are_told_and_not_tried_for_ever() -> None:
    server = Server({str(n): 1 for n in range(5)}, links_expire=True)
    with pytest.raises(Unavailable):
        await collect(server)


async def test_a_type_the_server_does_not_have() -> None:
    async def none(_: str) -> Answer:
        return answer(404, {})

    page = await fhir_poll.page(none, None, ("Goal",), 2)
    assert (page.records, page.more) == ((), False)


async def test_a_type_that_is_away_for_a_while_is_read_from_where_it_was_known() -> None:
    """Half of a server is taken down and answers 404, while the other half has news: what changed before it
    is back is not passed over."""
    goals, tasks, away = Server({"a": 1}), Server({"t": 1}, kind="Task"), False

    async def get(path: str) -> Answer:
        if path.startswith("Goal"):
            return answer(404, {}) if away else await goals.get(path)
        return await tasks.get(path)

    async def round_from(cursor: str | None) -> tuple[set[str | None], str | None]:
        found: set[str | None] = set()
        while True:
            page = await fhir_poll.page(get, cursor, ("Goal", "Task"), 2)
            found |= {one.remote_id for one in page.records}
            cursor = page.cursor
            if not page.more:
                return found, cursor

    _, cursor = await round_from(None)
    away = True
    goals.change("b", 3600)
    for second in (7200, 14_400, 21_600):
        tasks.change(f"t{second}", second)
        _, cursor = await round_from(cursor)
    away = False
    goals.change("c", 21_601)
    goals.change("d", 21_602)
    found, cursor = await round_from(cursor)
    assert {"Goal/b", "Goal/c", "Goal/d"} <= found
    tasks.change("later", 40_000)
    for _ in range(3):  # what is told in a round counts in the one after the next
        found, cursor = await round_from(cursor)
    assert not {one for one in found if one and one.startswith("Goal/")}, "it is as any other type again"


async def test_what_is_no_bundle() -> None:
    async def strange(_: str) -> Answer:
        return answer(200, [])

    with pytest.raises(Unavailable):
        await fhir_poll.page(strange, None, ("Goal",), 2)


class Historian:
    """A server that tells its history, newest first and one entry to a page."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.asked: list[str] = []

    async def get(self, path: str) -> Answer:
        self.asked.append(path)
        query = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
        if not urlsplit(path).path.endswith("Goal/_history"):
            return answer(405, {})
        offset = int(query.get("offset", "0"))
        links = [{"relation": "next", "url": f"Goal/_history?offset={offset + 1}"}]
        body = {
            "resourceType": "Bundle",
            "type": "history",
            "entry": self.entries[offset : offset + 1],
            "link": links if offset + 1 < len(self.entries) else [],
        }
        return answer(200, body)


def told(name: str, second: int, method: str = "PUT") -> dict[str, Any]:
    time = (START + timedelta(seconds=second)).isoformat()
    resource = {"resourceType": "Goal", "id": name, "meta": {"lastUpdated": time, "versionId": str(second)}}
    entry: dict[str, Any] = {"request": {"method": method, "url": f"Goal/{name}"}}
    return entry if method == "DELETE" else entry | {"resource": resource}


async def test_a_history_tells_of_changes_and_of_deletions() -> None:
    server = Historian(told("a", 9), told("b", 8, "DELETE"), told("c", 7), told("b", 1))
    found, gone, cursor = [], [], None
    for _ in range(10):
        page = await fhir_poll.page(server.get, cursor, ("Goal",), 1, history=True)
        found += [one.remote_id for one in page.records]
        gone += page.gone
        cursor = page.cursor
        if not page.more:
            break
    assert found == ["Goal/a", "Goal/c", "Goal/b"]
    assert gone == ["Goal/b", "Goal/b"]  # once more with its older edition: it stays gone
    assert server.asked[0] == "Goal/_history?_count=1"
    await fhir_poll.page(server.get, cursor, ("Goal",), 1, history=True)
    assert "_since=2026-11-21T09%3A50%3A09%2B00%3A00" in server.asked[-1]


async def test_of_several_versions_on_a_page_the_newest_counts() -> None:
    class Whole(Historian):
        async def get(self, path: str) -> Answer:
            return answer(200, {"resourceType": "Bundle", "entry": self.entries})

    back = Whole(told("a", 5), told("a", 4, "DELETE"), told("a", 3))
    page = await fhir_poll.page(back.get, None, ("Goal",), 9, history=True)
    assert [one.version for one in page.records] == ["5"]
    assert page.gone == ()  # it is there again


async def test_a_server_without_histories_says_so() -> None:
    with pytest.raises(Unavailable):
        await fhir_poll.page(Historian().get, None, ("CarePlan",), 9, history=True)


async def test_one_patient_at_a_time() -> None:
    server = Server({"a": 1})
    page = await fhir_poll.page(server.get, None, ("Goal",), 9, patient="9")
    assert server.asked == [{"patient": "9", "_sort": "_lastUpdated", "_count": "9"}]
    assert [one.remote_id for one in page.records] == ["Goal/a"]
