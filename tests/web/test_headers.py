"""Whatever is answered, and by whatever layer: the same strict headers, no trace of how it came about, and a
page loads nothing but our own style sheets and mark. Those alone may be kept."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from gateway.api.edge import HEADERS
from gateway.web import rendering
from gateway.web.statics import FOR_GOOD, STATICS
from tests.web.conftest import Pages
from tests.web.person import Person

TEMPLATES = sorted((Path(rendering.__file__).parent / "templates").rglob("*.html"))
OF_PAGES = {"Content-Security-Policy": rendering.POLICY, "Referrer-Policy": "same-origin"}
SCRIPT = '<script src="{{ script }}" defer></script>'  # a file of ours, which only its page lets in
INLINE = re.compile(
    r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|<iframe|<object|<base|//[a-z0-9.-]+\.[a-z]+/"
)


def strict(answer: httpx.Response, page: bool = False) -> None:
    wanted = HEADERS | (OF_PAGES if page else {})
    assert {name: answer.headers.get(name) for name in wanted} == wanted, answer.request.url
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    for trace in ("Traceback", "Error:", 'File "', ".py", "sqlalchemy", "canary"):
        assert trace not in answer.text, answer.request.url


def test_every_answer_of_the_api_carries_them(pages: Pages) -> None:
    world, json = pages, {"Content-Type": "application/json"}
    answers = {
        200: world.get("/lanes", "drift"),
        400: world.post("/systems/logg/records", "logg", b"{"),
        401: world.http.get("/lanes"),
        403: world.get("/systems/bup/records", "logg"),
        404: world.http.get("/finnes-ikke/canary"),
        405: world.http.delete("/healthz"),
        413: world.post("/systems/logg/records", "logg", b" " * (20 * 1024 * 1024 + 1)),
        414: world.http.get("/healthz?" + "a" * 9_000),
        415: world.http.post("/systems/logg/records", content=b"x", headers=world.headers("logg")),
        421: world.http.get("/lanes", headers={"Host": "canary.example"}),
        422: world.post("/systems/logg/records", "logg", {"type": "maal"}),
        431: world.http.get("/lanes", headers={"X": "a" * 40_000}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status, answer.text
        strict(answer)
    chunked = (b" " * 1024 * 1024 for _ in range(21))
    large = world.http.post("/systems/logg/records", content=chunked, headers=world.headers("logg") | json)
    assert large.status_code == 413
    strict(large)
    for path in ("/fhir/metadata", "/fhir/Goal/x", "/fhir/finnes/ikke/her", "/metrics"):
        strict(world.get(path, "bup", **json))


def test_what_nobody_foresaw_carries_them_and_tells_nothing(pages: Pages, mother: Person) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary /srv/x.py")

    pages.service.facts.read = broken  # type: ignore[method-assign, assignment]
    page = mother.http.get("/min-side/barn/" + "a" * 24)
    strict(page, page=True)
    pages.service.intake.take = broken  # type: ignore[method-assign, assignment]
    answer = pages.hand_in("logg", [])
    assert answer.status_code == 500
    strict(answer)


def test_every_page_and_what_it_loads_carries_them(pages: Pages, mother: Person) -> None:
    stranger = pages.person().http
    for path, status in {
        "/min-side": 200,
        "/min-side/finnes/ikke": 404,
        "/min-side/logg-inn/idporten": 303,
        "/min-side/logg-inn/idporten/svar?error=canary": 401,
        "/min-side/barn/" + "a" * 24: 303,
    }.items():
        answer = stranger.get(path)
        assert answer.status_code == status, path
        strict(answer, page=True)
    for address in (one.address for one in STATICS.values()):
        answer = stranger.get(address)
        assert answer.status_code == 200
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS | {"Cache-Control": FOR_GOOD}
    for path in ("/min-side", mother.get("/min-side").link("Emma")):
        strict(mother.http.get(path), page=True)
    strict(mother.http.post("/min-side/logg-ut", data={"bevis": "canary"}), page=True)


def test_the_policy_of_pages_lets_nothing_in_but_ours() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in rendering.POLICY.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("img-src") == "'self' data:"  # the icons inside Designsystemet's own style sheet
    assert set(rules) == {"style-src", "form-action", "base-uri", "frame-ancestors"}
    assert set(rules.values()) <= {"'self'", "'none'"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_needs_more(path: Path) -> None:
    assert not INLINE.search(path.read_text().replace(SCRIPT, ""))
    assert "|safe" not in path.read_text().replace(" ", "")
