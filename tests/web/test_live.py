"""A page of a child is told that there is something new, within two seconds, over a real connection: only
where its reader may see it, only while the session and the reader's part last, and not too many at once."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import httpx
import pytest

from gateway.api.connection import connections
from gateway.web import streams
from gateway.web.coordinator import live_pages
from tests.web.conftest import MOTHER, Pages
from tests.web.person import Person
from tests.web.serving import serving
from tests.web.test_coordinator import EMMA, HIDDEN, written
from tests.web.test_seats import MINE, by_hpr, with_user

AT_ONCE = 2.0  # seconds


@pytest.fixture
def url(pages: Pages) -> Iterator[str]:
    """The gateway behind the server that it has in production."""
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        with serving(pages.app, at, http=connections(pages.service.settings)):
            yield f"http://127.0.0.1:{at.getsockname()[1]}"


@pytest.fixture
def kari(pages: Pages) -> Person:
    """Emma's teacher, who holds her log, logged in."""
    with_user(pages, "e-d1", "kari")
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def address(person: Person) -> str:
    """Where the page of one's child listens."""
    html = person.get(person.get(MINE).link("Emma")).html
    return html.partition('data-from="')[2].partition('"')[0]


@contextmanager
def listening(url: str, person: Person, path: str) -> Iterator[Listener]:
    """A browser that listens."""
    headers = {
        "Host": "testserver",
        "Accept": "text/event-stream",
        "Cookie": f"__Host-stafettbro={person.http.cookies['__Host-stafettbro']}",
    }
    with (
        httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False) as http,
        http.stream("GET", path) as answer,
    ):
        yield Listener(answer)


class Listener:
    """What is heard."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()
        self.said: list[str] = []

    def event(self) -> str:
        """The next event, whatever else is said before it. Raises StopIteration where it ends."""
        while not (line := self._next()).startswith("event:"):
            pass
        while self._next():
            pass
        return line

    def ends(self) -> bool:
        """Whether nothing more comes but silence and the end."""
        try:
            return self.event() == ""
        except StopIteration:
            return True

    def _next(self) -> str:
        line = next(self._lines)
        self.said.append(line)
        return line


def test_an_entry_at_another_system_is_told_of_within_two_seconds(
    pages: Pages, kari: Person, url: str
) -> None:
    with listening(url, kari, address(kari)) as heard:
        assert heard.answer.headers["content-type"].startswith("text/event-stream")
        began = time.monotonic()
        written(pages, tekst="Noe nytt")
        assert heard.event() == "event: nytt"
        assert time.monotonic() - began < AT_ONCE
        assert "Noe nytt" not in "".join(heard.said)
        assert EMMA not in "".join(heard.said)
    assert "Noe nytt" in kari.get(kari.get(MINE).link("Emma")).text


def test_what_is_hidden_is_not_told_of(
    pages: Pages, kari: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hidden note comes first, and a seen one after the stream has looked at it: one event, not two."""
    monkeypatch.setattr(live_pages, "BEAT", 0.2)
    with listening(url, kari, address(kari)) as heard:
        written(pages, id="e-n9", tekst=HIDDEN, sperre=["NORS"])
        wait_for_looks(heard, 10)
        assert not [line for line in heard.said if line.startswith("event")]
        written(pages, tekst="Noe nytt")
        assert heard.event() == "event: nytt"


def wait_for_looks(heard: Listener, count: int) -> None:
    """Until so many beats have been heard."""
    for _ in range(count):
        while heard._next() != ":":
            pass


def test_whoever_knows_of_an_older_page_is_told_at_once(pages: Pages, kari: Person, url: str) -> None:
    before = address(kari)
    written(pages, tekst="Noe nytt")
    with listening(url, kari, before) as heard:
        assert heard.event() == "event: nytt"


def test_it_ends_when_the_reader_no_longer_takes_part(pages: Pages, kari: Person, url: str) -> None:
    with listening(url, kari, address(kari)) as heard:
        with_user(pages, "e-d1", "kari", til="2026-11-01")
        assert heard.ends()


def test_it_ends_with_the_session_which_it_does_not_keep_alive(
    pages: Pages, kari: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "BEAT", 0.1)
    path = address(kari)
    with listening(url, kari, path) as heard:
        wait_for_looks(heard, 1)
        for _ in range(3):  # each less than a session may rest
            pages.now += timedelta(minutes=12)
            with suppress(StopIteration):
                wait_for_looks(heard, 1)
        assert heard.ends()
    assert kari.http.get(path).status_code == 303


def test_a_browser_that_connects_anew_keeps_no_session_alive(pages: Pages, kari: Person, url: str) -> None:
    """A connection that breaks is made anew by the browser, and nobody has touched the page."""
    path = address(kari)
    for _ in range(3):  # each less than a session may rest
        pages.now += timedelta(minutes=12)
        with listening(url, kari, path):
            pass
    assert kari.http.get(MINE).status_code == 303


def test_a_change_of_what_is_hidden_does_not_shift_the_beat(
    pages: Pages, kari: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever measures when silence is broken learns of no change that they may not see."""
    monkeypatch.setattr(live_pages, "BEAT", 10.0)
    sessions, key = pages.app.state.web.sessions, kari.http.cookies["__Host-stafettbro"]  # type: ignore[attr-defined]
    session = sessions.find(key, pages.now)
    assert session is not None
    given = kari.get(MINE).link("Emma").rpartition("/")[2]
    stream = live_pages._Stream(pages.app.state.web, session, given, pages.app.state.streams, "")  # type: ignore[attr-defined]

    class Woken:
        """Something hidden changes 4 seconds after each look; time is what has been waited."""

        def __init__(self) -> None:
            self.at = 0.0

        async def changed(self, seconds: float) -> bool:
            """As gateway/web/streams.py."""
            self.at += min(seconds, 4.0)
            assert self.at < 40.0, "not a beat in all that time"
            return seconds > 4.0

    async def beats() -> list[float]:
        woken = Woken()
        monkeypatch.setattr(live_pages, "monotonic", lambda: woken.at)
        out: list[float] = []
        async for one in stream.events(woken, stream._known):  # type: ignore[arg-type]
            out += [woken.at] if one == b":\n\n" else []
            if len(out) == 3:
                break
        return out

    assert asyncio.run(beats()) == [10.0, 20.0, 30.0]


def test_a_session_has_few_and_the_process_not_all_connections(pages: Pages, kari: Person, url: str) -> None:
    path = address(kari)
    open_ones = [listening(url, kari, path) for _ in range(streams.OF_A_SESSION)]
    heard = [one.__enter__() for one in open_ones]
    assert {one.answer.status_code for one in heard} == {200}
    with listening(url, kari, path) as refused:
        assert refused.answer.status_code == 429
    for one in open_ones:
        one.__exit__(None, None, None)
    assert pages.app.state.streams.most < pages.service.settings.limits.connections / 2  # type: ignore[attr-defined]


def test_nobody_else_listens(pages: Pages, kari: Person) -> None:
    path = address(kari)
    mother, clinician = pages.person(), by_hpr(pages, "9144897")
    mother.log_in(MOTHER)
    for other in (mother, clinician):
        assert other.http.get(path).status_code == 404
    assert pages.person().http.get(path).status_code == 303


def test_a_process_that_is_asked_to_stop_lets_them_go(pages: Pages, kari: Person, url: str) -> None:
    with listening(url, kari, address(kari)) as heard:
        pages.app.state.streams.end()  # type: ignore[attr-defined]
        assert heard.ends()
