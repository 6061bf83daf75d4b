"""The operators' pages in a real browser, through the certified provider: a lane is stopped by mouse and let
go on by keyboard, a record is tried on the bench; nothing breaks on a phone, in the dark or at 200 %."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, expect

from tests import peers
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.world import settings
from tests.web.conftest import OPERATOR, Pages, Provider, with_logins
from tests.web.operations.test_lanes import waits
from tests.web.serving import serving
from tests.web.test_pages_in_chromium import DESK, chromium, fits, press_until, somebody

__all__ = ["chromium"]


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, issuer: Issuer) -> Iterator[tuple[Pages, str]]:
    """A gateway with Emma's log, where operators log in, on plain http on this machine."""
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{at.getsockname()[1]}"
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        known = {"jwks": {"keys": [key.as_dict(private=False)]}}
        back = [f"{url}/min-side/logg-inn/drift/svar"]
        with peers.oidc([{"client_id": "stafettbro", "redirect_uris": back, **known}]) as peer:
            at_peer = Provider(peer.url, key)
            pages = Pages(
                with_logins(settings(sqlite_url, tmp_path, issuer), tmp_path, at_peer, url), issuer, at_peer
            )
            assert pages.hand_in("logg", records("stafettlogg", "emma")).status_code == 200
            with serving(pages.app, at):
                yield pages, f"{url}/min-side"
            pages.close()


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/logg-inn/drift")
    page.get_by_label("Hvem er du?").fill(OPERATOR)
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("heading", level=1, name="Slik står det til")).to_be_visible()


def test_an_operators_day(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    waits(pages, "no-log-or-plan-there")
    with somebody(chromium, DESK) as page:
        log_in(page, url)
        fits(page, "Slik står det til")
        page.get_by_role("link", name="logg", exact=True).first.click()
        fits(page, "System: logg")
        page.get_by_role("link", name="Mål", exact=True).first.click()
        fits(page, "Melding: Mål")
        page.get_by_role("link", name="Køer").click()
        fits(page, "Køer")
        page.get_by_role("link", name="Til plan").first.click()
        fits(page, "Kø til plan")
        stop = page.get_by_role("region", name="Stopp køen")
        stop.get_by_label("Hvorfor").select_option("Avtalt stans hos mottakeren")
        stop.get_by_role("button").click()
        expect(page.get_by_text("Køen er stoppet.")).to_be_visible()
        press_until(page, "Hvorfor")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Køen er sluppet.")).to_be_visible()
        page.get_by_role("link", name="Prøvebenk").click()
        fits(page, "Prøvebenk", "tom")
        goal = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-m1")
        page.get_by_label("Post", exact=True).fill(json.dumps(goal | {"tekst": "<b>x</b>" + "æ" * 200}))
        page.get_by_role("button", name="Prøv").click()
        expect(page.get_by_text("Kommer likt tilbake")).to_be_visible()
        fits(page, "Prøvebenk")
        page.get_by_role("link", name="Ruter").click()
        page.get_by_role("link", name="logg → plan").click()
        fits(page, "Ruter")
        page.get_by_role("link", name="Kontroll").click()
        fits(page, "Kontroll av oppsettet")
