"""The coordinating unit in a real browser, after the real login: which logs nobody holds, and a new
stafettholder named, by mouse on a phone and by keyboard at a desk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_notices import keep
from tests.api.world import settings
from tests.web.browser import HANDS, SIZES, Mouse, fits, log_in, somebody
from tests.web.conftest import Pages, Place, with_logins
from tests.web.serving import serving
from tests.web.test_seats import told
from tests.web.test_unheld import UNIT


@pytest.fixture
def unit(emmas: Path, tmp_path: Path, issuer: Issuer, place: Place) -> Iterator[str]:
    """The address of a gateway where nobody holds Emma's and Jonas's logs, and Grete of the coordinating unit
    takes part in Emma's."""
    folder = tmp_path / "gateway"
    shutil.copytree(emmas, folder)
    plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
    (first, *others) = plain.tenants
    named = (first.model_copy(update={"coordinating_unit": UNIT}), *others)
    chosen = with_logins(plain, folder, place.provider, place.url).model_copy(update={"tenants": named})
    pages = Pages(chosen, issuer, place.provider)
    assert pages.hand_in("logg", records("stafettlogg", "jonas")).status_code == 200
    told(pages, "e-d1", til="2026-11-01")
    told(pages, "j-d1", "jonas", til="2026-11-01")
    user = {"utsteder": pages.provider.url, "subjekt": "grete"}
    told(pages, "e-d8", bruker=user, rolle="aktoer")
    keep(pages)
    with serving(pages.app, place.at.dup()):
        yield f"{place.url}/min-side"
    pages.close()


@pytest.mark.parametrize(("hand", "size"), [("mouse", "360"), ("keyboard", "1440")])
def test_a_new_stafettholder_is_named(chromium: Browser, unit: str, hand: str, size: str) -> None:
    with somebody(chromium, SIZES[size]) as page:
        hands: Mouse = HANDS[hand](page)
        log_in(page, unit, "Helseid", "grete", "Mine barn")
        fits(page, "Mine barn", "uten stafettholder")
        hands.follow("Se hvilke")
        fits(page, "Ingen har stafetten")
        assert "Jonas" not in page.content()
        hands.follow("Mine barn")
        hands.follow("Utpek stafettholder")
        fits(page, "Overfør stafettpinnen for Emma", "ingen har den")
        hands.tick(page.get_by_label("Per Rådgiver"))
        hands.write("Hvorfor?", "Kari har sluttet")
        hands.press("Overfør stafettpinnen")
        expect(page.get_by_role("heading", level=1, name="Stafettpinnen er overført")).to_be_visible()
