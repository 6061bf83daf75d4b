"""Every page there is, for everybody who may read it, found by following links from their first one, full of
what is meant to break it and with next to nothing; each form sent as it stands; every error. All are held to
what `faults` looks for (tests/web/browser.py), and a page that nobody comes to fails too."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.access.people_login import proven
from gateway.errors import ApiError, Conflict, Forbidden, NotFound, NotReady, Unauthenticated
from gateway.web.cookies import SESSION
from tests.access.issuer_server import Issuer
from tests.access.matrix import unpublished
from tests.api.conftest import records
from tests.api.test_conflicts import dispute
from tests.api.test_notices import keep
from tests.web.browser import DESK, HOSTILE, PHONE, faults, fits, somebody
from tests.web.conftest import JONAS, MOTHER, Pages, Place, open_to_browsers
from tests.web.operations.test_lanes import waits
from tests.web.test_seats import with_user
from tests.web.ways import kind, onward

Site = tuple[Pages, str]
READERS: dict[str, tuple[str, dict[str, Any]]] = {  # the login they come by, and what it says of them
    "mother": ("idporten", {"pid": MOTHER}),
    "young": ("idporten", {"pid": JONAS}),
    "teacher": ("helseid", {"sub": "kari"}),
    "clinician": ("helseid", {"sub": "berit"}),
    "operator": ("drift", {"sub": "ola", "roles": ["stafettbro-drift", "stafettbro-innhold"]}),
}
NO_PAGE = re.compile(
    r"statisk|logg-inn|spraak|mine-barn/\{given\}/nytt$|\.pdf$|\.json$|\.csv$|rest:path|skrevet|/dokument/"
)
NOT_WALKED = {  # for few, or behind a form: their own tests take them through `fits`
    "/min-side/barn/{given}/se-over",
    "/min-side/delte-planer/{given}/svar/se-over",
    "/min-side/mine-barn/{given}/feil-pasient/{which}",
    "/min-side/mine-barn/uten-stafettholder",
}
FILES = re.compile(r"\.pdf$|\.json$|\.csv$|/dokument/")
LEFT_ALONE = ("/feil-pasient", "/kontroll", "/kvitter")  # forms that say enough as they stand
NO_LANES = "ingenting venter, sendes eller er stoppet."
BARE = ("stafettlogg", "deltaker", "samtykke")


@contextmanager
def full(folder: Path, issuer: Issuer, place: Place) -> Iterator[Site]:
    """Emma's log and plan, which disagree, and Jonas's log; everything that is written in them is hostile."""
    with open_to_browsers(folder, issuer, place) as (pages, url):
        emma = records("stafettlogg", "emma")
        dispute(pages, [hostile(one) for one in emma])
        given = next(one for one in emma if one["id"] == "e-s1")
        more = {"giver": ["e-d3"], "kategorier": ["notat"], "mottakere": ["bup"]}
        fathers = {**given, **more, "id": "e-s9"}  # which the mother may sign too
        jonas = records("stafettlogg", "jonas")
        answer = pages.hand_in("logg", [hostile(one) for one in (fathers, *jonas)])
        assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text
        with_user(pages, "e-d1", "kari")
        with_user(pages, "e-d6", "berit")
        assert pages.get(f"/fhir/Goal?patient={pages.patient('e-m1')}", "bup").status_code == 200
        waits(pages, "no-log-or-plan-there")
        keep(pages)
        yield pages, url


@contextmanager
def bare(folder: Path, issuer: Issuer, place: Place) -> Iterator[Site]:
    """Logs in which nobody has written yet."""
    with open_to_browsers(folder, issuer, place) as (pages, url):
        for child in ("emma", "jonas"):
            found = [one for one in records("stafettlogg", child) if one["type"] in BARE]
            assert pages.hand_in("logg", found).status_code == 200
        with_user(pages, "e-d1", "kari")
        with_user(pages, "e-d6", "berit")
        yield pages, url


def hostile(value: Any, key: str = "") -> Any:
    """The same with every text of more than a word made hostile."""
    if isinstance(value, dict):
        return {name: hostile(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one, key) for one in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) and " " in value and key != "telefon" else value


def logged_in(page: Page, site: Site, reader: str) -> None:
    """As one of them; the session is the server's, the login itself is tried elsewhere."""
    pages, url = site
    desk = pages.app.state.web  # type: ignore[attr-defined]
    desk.participants.catch_up("fjordbyen")
    name, claims = READERS[reader]
    login = desk.logins[name].login
    found = proven(login, {"sub": "nobody", **claims})
    known = desk.participants.hashes(found.identities)
    key = desk.sessions.open(login, known, pages.now, rights=found.rights, name=found.name)
    page.context.add_cookies([{"name": SESSION, "value": key, "url": url}])


def walked(page: Page, url: str, name: str, *, sending: bool) -> tuple[set[str], list[str]]:
    """The kinds of page that one comes to from the first page, and what is wrong with them. Each is looked at
    once. sending: its forms are sent as they stand, too."""
    ahead, seen, wrong = deque([urlsplit(url).path]), set[str](), list[str]()
    while ahead:
        address = ahead.popleft()
        here = kind(address)
        if here in seen or FILES.search(here):
            continue
        seen.add(here)
        answer = page.goto(f"{url.removesuffix('/min-side')}{address}")
        if answer is None or answer.status != 200:
            wrong.append(f"{name} {here}: {answer and answer.status}")
            continue
        ahead.extend(onward(page.content()))
        shown = _picture(name, here)
        found = [*faults(page, shown), *_as_markup(page), *(_sent_empty(page, shown) if sending else [])]
        wrong += [f"{name} {here}: {one}" for one in found]
    return {one.partition("?")[0] for one in seen}, wrong


def _picture(name: str, kind: str) -> str:
    return f"{name}{re.sub(r'[^a-z-]+', ' ', kind.removeprefix('/min-side'))}".strip()


def _as_markup(page: Page) -> list[str]:
    """What somebody wrote that has become a part of the page."""
    return ["what somebody wrote is markup"] if page.locator("main b").count() else []


def _sent_empty(page: Page, name: str) -> list[str]:
    """What is wrong with the pages that answer each form of this page, sent as it stands."""
    here, wrong = page.url, []
    asking = "main form[method=post]:has(textarea, select, input:not([type=hidden]))"
    for n in range(page.locator(asking).count()):
        form = page.locator(asking).nth(n)
        if (form.get_attribute("action") or "").endswith(LEFT_ALONE):
            continue
        with page.expect_navigation() as left:
            form.locator("button[type=submit]").first.click()
        if left.value.status in (200, 422):  # what it lacks, or the next step of one that is filled in
            wrong += [f"form {n}, sent as it stands: {one}" for one in faults(page, f"{name} sendt")]
        else:
            wrong.append(f"form {n}, sent as it stands: {left.value.status}")
        page.goto(here)
    return wrong


def shaped(route: str) -> str:
    """An address of the application's own table as `_kind` would write it."""
    return re.sub(r"\{(slag|system|code)\}", "*", re.sub(r"\{(?!slag|system|code)[^}]+\}", "{}", route))


def all_walked(chromium: Browser, site: Site, named: str) -> tuple[set[str], list[str]]:
    """As every reader. named: what their pictures are called; where they have no name, forms are sent too."""
    found, wrong = set[str](), list[str]()
    for reader in READERS:
        with somebody(chromium, DESK) as page:
            logged_in(page, site, reader)
            seen, faulty = walked(page, site[1], f"{reader}{named}", sending=not named)
        found |= seen
        wrong += faulty
    return found, wrong


@pytest.mark.timeout(900)  # some eighty pages, several times each, on a machine that others share
def test_every_page_there_is_stands_what_is_meant_to_break_it(
    chromium: Browser, tmp_path: Path, issuer: Issuer, place: Place
) -> None:
    with full(tmp_path, issuer, place) as site:
        found, wrong = all_walked(chromium, site, "")
    assert not wrong, "\n".join(wrong)
    routes = {one.partition(" ")[2] for one in unpublished() if one.startswith("GET /min-side")}
    wanted = {one for one in routes - NOT_WALKED if not NO_PAGE.search(one)}
    patterns = {one: re.compile(re.escape(shaped(one)).replace(r"\*", "[^/]+") + "$") for one in wanted}
    assert not {route for route, own in patterns.items() if not any(map(own.match, found))}


@pytest.mark.timeout(900)
def test_every_page_says_so_where_there_is_nothing(
    chromium: Browser, tmp_path: Path, issuer: Issuer, place: Place
) -> None:
    with bare(tmp_path, issuer, place) as site:
        found, wrong = all_walked(chromium, site, " tom")
        with somebody(chromium, PHONE) as page:
            logged_in(page, site, "operator")
            page.goto(f"{site[1]}/drift/koer?tilstand=held")
            expect(page.get_by_text(NO_LANES)).to_be_visible()
            fits(page, "Køer", "ingen")
    assert not wrong, "\n".join(wrong)
    assert len(found) > 30


ERRORS: tuple[Exception, ...] = (
    NotFound("x"), NotReady("x"), Conflict("x", code="changed-meanwhile"), Conflict("x"),
    Forbidden("x", code="form-token"), Forbidden("x", code="form-origin"), Forbidden("x"),
    Unauthenticated("x", code="login-denied"), Unauthenticated("x", code="login-anew"), Unauthenticated("x"),
    RuntimeError("x"),
)  # fmt: skip


def test_every_error_is_a_page(chromium: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    pages, url = site
    with somebody(chromium, PHONE, 403, 404, 500, 503) as page:
        logged_in(page, site, "mother")
        page.goto(url)
        child = page.get_by_role("link", name="Emma Sofie Testesen").first.get_attribute("href")
        said = set()
        for error in ERRORS:
            with monkeypatch.context() as patched:
                patched.setattr(pages.service.facts, "read", _raising(error))
                answer = page.goto(f"{url.removesuffix('/min-side')}{child}")
            assert answer is not None, page.content()
            assert answer.status == (error.status if isinstance(error, ApiError) else 500)
            heading = page.locator("h1").inner_text()
            if heading not in said:
                fits(page, heading, f"feil {answer.status}")
            said.add(heading)
        assert len(said) >= 5
        page.goto(url)
        page.evaluate("document.querySelector('[name=bevis]').value = 'x'")
        page.get_by_role("button", name="Logg ut").click()
        fits(page, page.locator("h1").inner_text(), "feil bevis")
    with somebody(chromium, PHONE) as page:
        page.goto(f"{url}/logg-inn/idporten/svar?error=access_denied")
        fits(page, page.locator("h1").inner_text(), "feil innlogging")


def _raising(error: Exception) -> Any:
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising
