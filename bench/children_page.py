"""`make bench-pages`: how long it takes until somebody sees the page of a child with 2,000 entries in
Chromium (first contentful paint), beside a static page of the same size from the same server in the same run,
what of that is the server's own work, what the page weighs with all it loads, and how long it takes until an
entry of another system stands on a page that is open. Figures and their ratio; it judges nothing.

Run as: python -m bench.children_page [--entries 2000] [--times 7]
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import Response
from joserfc.jwk import ECKey
from playwright.sync_api import Page, sync_playwright
from starlette.testclient import TestClient

from bench.report import keep, show
from gateway.access.people_login import identities
from gateway.cli.processes import settle
from gateway.web.cookies import SESSION
from gateway.web.door import handle
from tests.access import issuer_server
from tests.api.conftest import records
from tests.api.world import settings
from tests.web.conftest import Pages, Provider, with_logins
from tests.web.serving import serving

REPORT = Path("build") / "bench" / "pages.json"
KINDS = ("lysglimt", "maal", "tiltak", "melding", "notat")
PATIENCE = 120_000  # milliseconds: on a crowded machine nothing is to be given up
AT_ONCE = 250  # records in one request
PAINTED = """() => new Promise(tell => new PerformanceObserver(list => {
    const found = list.getEntriesByName('first-contentful-paint');
    if (found.length) tell(found[0].startTime);
}).observe({type: 'paint', buffered: true}))"""
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, one) => sum + one.decodedBodySize, 0)"""
ANSWERED = "() => performance.getEntriesByType('navigation')[0].responseEnd"


def fill(pages: Pages, entries: int, user: dict[str, str]) -> None:
    """Emma's log with so many entries, of five kinds in turn."""
    emma = records("stafettlogg", "emma")
    log = [one | {"bruker": user} if one["id"] == "e-d1" else one for one in emma]
    first = {kind: next(one for one in emma if one["type"] == kind) for kind in KINDS}
    more = [_entry(first[KINDS[n % len(KINDS)]], n, pages) for n in range(entries)]
    for start in range(0, len(more) + AT_ONCE, AT_ONCE):
        handed = log if start == 0 else more[start - AT_ONCE : start]
        answer = pages.hand_in("logg", handed)
        if answer.status_code != 200 or b'"rejected"' in answer.content:
            raise RuntimeError(answer.text[:1_000])


def _entry(like: dict[str, Any], number: int, pages: Pages) -> dict[str, Any]:
    name = "tekst" if "tekst" in like else "tittel"
    when = {"tidspunkt": (pages.now - timedelta(hours=number)).isoformat()} if "tidspunkt" in like else {}
    return {**like, **when, "id": f"x-{number}", name: f"Oppføring {number}. {'Noen ord til. ' * 6}"}


@contextmanager
def furnished(folder: Path, entries: int) -> Iterator[tuple[Pages, str, str, str]]:
    """A gateway with that child; its address, the cookie of who holds the log, and the child's page."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    with issuer_server.running() as issuer, socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{at.getsockname()[1]}"
        provider = Provider("http://127.0.0.1:9", key)  # nobody logs in there: the session is the server's
        plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
        pages = Pages(with_logins(plain, folder, provider, url), issuer, provider)
        fill(pages, entries, {"utsteder": provider.url, "subjekt": "kari"})
        desk = pages.app.state.web
        way = desk.logins["helseid"].login
        desk.participants.catch_up("fjordbyen")
        cookie = desk.sessions.open(
            way, desk.participants.hashes(identities(way, {"sub": "kari"})), pages.now
        )
        session = desk.sessions.find(cookie, pages.now)
        child = f"/min-side/mine-barn/{handle(session, pages.ref('emma-logg'))}"
        with serving(pages.app, at):
            yield pages, url, cookie, child
        pages.close()


def still(pages: Pages, html: str) -> str:
    """The same page as it is, for whoever asks: nothing is looked up. Returns its address."""
    path = "/stille"
    policy = "default-src 'none'; style-src 'self'; img-src 'self' data:"

    def answer() -> Response:
        return Response(html, media_type="text/html", headers={"Content-Security-Policy": policy})

    pages.app.router.add_api_route(path, answer)
    return path


def seen(page: Page, address: str) -> tuple[float, float]:
    """Milliseconds until the answer was there, and until something was painted."""
    page.goto(address, wait_until="load")
    painted = float(page.evaluate(PAINTED))
    return float(page.evaluate(ANSWERED)), painted


def working(pages: Pages, address: str, cookie: str, times: int) -> float:
    """Milliseconds of CPU that this process needs to answer: the least disturbed of so many."""
    found = []
    http = TestClient(pages.app, base_url=pages.service.settings.public_url)
    http.cookies.set(SESSION, cookie)
    for _ in range(times):
        began = time.process_time()
        http.get(address).raise_for_status()
        found.append((time.process_time() - began) * 1_000)
    http.close()
    return min(found)


def appearing(pages: Pages, page: Page, number: int) -> float:
    """Milliseconds from when another system hands in an entry until it stands on the page that is open."""
    like = next(one for one in records("stafettlogg", "emma") if one["type"] == "lysglimt")
    at = (pages.now + timedelta(hours=number)).isoformat()
    began = time.perf_counter()
    pages.hand_in(
        "logg", [{**like, "id": f"ny-{number}", "tekst": f"Nytt nummer {number}.", "tidspunkt": at}]
    )
    page.get_by_text(f"Nytt nummer {number}.").first.wait_for()
    return (time.perf_counter() - began) * 1_000


def run(entries: int, times: int) -> dict[str, Any]:
    """Everything; medians in milliseconds."""
    folder = Path(tempfile.mkdtemp(prefix="stafettbro-pages-"))
    try:
        # Chromium's driver starts before a server that has a loop of its own
        with sync_playwright() as running, furnished(folder, entries) as (pages, url, cookie, child):
            path = shutil.which("chromium")
            browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO")
            context.add_cookies([{"name": SESSION, "value": cookie, "url": url}])
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            settle()  # as `stafettbro serve` does
            page.goto(f"{url}{child}")
            html = page.content()
            floor = still(pages, html)
            found: dict[str, list[tuple[float, float]]] = {child: [], floor: []}
            began = time.perf_counter()
            for _ in range(times):
                for where, measured in found.items():
                    measured.append(seen(page, f"{url}{where}"))
            page.goto(f"{url}{child}", wait_until="load")
            weight = int(page.evaluate(WEIGHT))
            live = [appearing(pages, page, number) for number in range(1, times + 1)]
            browser.close()
            own, plain = (
                [statistics.median(side) for side in zip(*found[one], strict=True)] for one in found
            )
            return {
                "entries": entries,
                "bytes": len(html.encode()),
                "bytes, all it loads": weight,
                "CPU of the server": round(working(pages, child, cookie, times), 1),
                "page, answered": round(own[0], 1),
                "page, painted": round(own[1], 1),
                "static, answered": round(plain[0], 1),
                "static, painted": round(plain[1], 1),
                "ratio, painted": round(own[1] / plain[1], 2),
                "live, median": round(statistics.median(live), 1),
                "live, slowest": round(max(live), 1),
                "seconds": round(time.perf_counter() - began, 1),
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Until the page of a child is seen.")
    parser.add_argument("--entries", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args()
    out = run(given.entries, given.times)
    keep(REPORT, out)
    show(out)


if __name__ == "__main__":
    main()
