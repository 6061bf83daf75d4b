"""The whole path in a real browser, at the certified provider, on a phone and by keyboard: two guardians sign
and the decision turns, one takes it back and it turns again."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from tests import peers
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.world import settings
from tests.web.conftest import FATHER, LOGINS, MOTHER, Pages, Provider, with_logins
from tests.web.serving import serving

PHONE: Any = {"width": 360, "height": 740}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
DESK: Any = {"width": 1440, "height": 900}
NARROWEST: Any = {"width": 320, "height": 640}  # as 1280 is at 400 % (WCAG 1.4.10)
HOSTILE = f"Så dere slipper å spørre <b>to</b> ganger {'æ' * 200} \u202egniksrov\u202c 👨‍👩‍👧"
PICTURES = Path(__file__).parents[2] / "build" / "pages"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's own Chromium; without it the tests are skipped, and fail in CI, where it must be."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and in CI the pages must run in it")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str, issuer: Issuer) -> Iterator[tuple[Pages, str]]:
    """A gateway with Emma's log on plain http on this machine, and its address."""
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{at.getsockname()[1]}"
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        known: dict[str, Any] = {
            "redirect_uris": [f"{url}/min-side/logg-inn/{name}/svar" for name in LOGINS],
            "jwks": {"keys": [key.as_dict(private=False)]},
        }
        of_staff = {"client_id": "helseid", "dpop_bound_access_tokens": True, **known}
        with peers.oidc([{"client_id": "stafettbro", **known}, of_staff]) as peer:
            chosen = with_logins(
                settings(sqlite_url, tmp_path, issuer), tmp_path, Provider(peer.url, key), url
            )
            pages = Pages(chosen, issuer, Provider(peer.url, key))
            assert pages.hand_in("logg", records("stafettlogg", "emma")).status_code == 200
            with serving(pages.app, at):
                yield pages, f"{url}/min-side"
            pages.close()


@contextmanager
def somebody(chromium: Browser, size: Any) -> Iterator[Page]:
    """A browser of their own; what it complains of about our pages fails the test."""
    context = chromium.new_context(viewport=size, locale="nb-NO")
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if _tells(said) else None)
    page.on("response", lambda one: complaints.append(one.url) if _is_ours_and_failed(one) else None)
    page.on("pageerror", lambda said: complaints.append(str(said)))
    yield page
    context.close()
    assert complaints == []


def _tells(said: ConsoleMessage) -> bool:
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def _is_ours_and_failed(one: Response) -> bool:
    return (
        one.status >= 400
        and one.status not in (401, 409, 422)
        and "/min-side" in one.url
        and "finnes-ikke" not in one.url
    )


def log_in(page: Page, url: str, whom: str) -> None:
    """Through the provider's own page."""
    page.goto(url)
    page.get_by_role("link", name="Logg inn med").first.click()
    page.get_by_label("Hvem er du?").fill(whom)
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("heading", name="Barn og planer")).to_be_visible()


def fits(page: Page, heading: str, state: str = "") -> None:
    """The page with this heading has come, and no other of the first level. On a phone in light and on a desk
    in dark, nothing is to be scrolled sideways and axe-core finds nothing against WCAG 2.1 A and AA."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "nb"
    page.evaluate(peers.axe())
    own = page.viewport_size
    for size, scheme in ((PHONE, "light"), (DESK, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        named = [heading.partition(":")[0], *([state] if state else []), str(size["width"]), scheme]
        page.screenshot(path=PICTURES / f"{' '.join(named)}.png", full_page=True)
        assert not sideways(page)
        found = page.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert len(found["passes"]) > 20
    page.set_viewport_size(NARROWEST)
    assert not sideways(page)
    page.set_viewport_size(DESK)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not sideways(page)
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(own)
    page.emulate_media(color_scheme="light")


def sideways(page: Page) -> bool:
    """Whether somebody would have to scroll sideways, or cannot even: a card cuts off what does not fit."""
    return bool(
        page.evaluate("""() => document.documentElement.scrollWidth > window.innerWidth
            || [...document.querySelectorAll('main *:not(.ds-sr-only)')].some(one =>
                getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1)""")
    )


def press_until(page: Page, name: str) -> None:
    """Go with the tab key to what has this name, and see that the focus shows."""
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate("""() => {
            const one = document.activeElement;
            const label = one.labels && one.labels.length ? one.labels[0].innerText : '';
            const around = '.ds-field:has(input[type=checkbox], input[type=radio])';  // they show it so
            const shows = getComputedStyle(one.closest(around) || one).outlineStyle;
            return [label || one.innerText || '', shows];
        }""")
        if focused[0].strip().startswith(name):
            assert focused[1] != "none"
            return
    raise AssertionError(f"the tab key never reaches {name}")


def test_two_guardians_and_back(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    assert pages.outcome("e-n1") == "deny"
    with somebody(chromium, PHONE) as mother, somebody(chromium, DESK) as father:
        log_in(mother, url, MOTHER)
        fits(mother, "Barn og planer")
        mother.get_by_role("link", name="Emma Sofie Testesen").click()
        fits(mother, "Samtykker: Emma")
        mother.get_by_role("link", name="Gi samtykke").click()
        fits(mother, "Gi samtykke: Emma")
        bup = mother.get_by_role("group", name="BUP Fjordane, Indre Fjord")
        bup.get_by_label("Ja, del med dem").check()
        mother.get_by_label("Notater", exact=True).check()
        mother.get_by_label("Hvorfor, med dine egne ord").fill(HOSTILE)
        mother.get_by_role("button", name="Se hva det betyr").click()
        expect(mother.get_by_text("Det gjelder først når Øyvind Åge Nygård")).to_be_visible()
        expect(mother.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        fits(mother, "Se over")
        mother.get_by_role("button", name="Skriv under").click()
        expect(mother.get_by_text("Gjelder ikke ennå")).to_be_visible()
        assert pages.outcome("e-n1") == "deny"

        pages.later()
        log_in(father, url, FATHER)
        expect(father.get_by_text("Noe venter på underskriften din.")).to_be_visible()
        press_until(father, "Emma Sofie Testesen")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Det mangler underskrift fra deg.")).to_be_visible()
        press_until(father, "Skriv under på det samme")
        father.keyboard.press("Enter")
        expect(father.get_by_role("heading", level=1)).to_contain_text("Gi samtykke")
        press_until(father, "Se hva det betyr")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Dette kan de få, nytt med denne underskriften")).to_be_visible()
        fits(father, "Se over")
        press_until(father, "Skriv under")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Gjelder nå")).to_be_visible()
        assert pages.outcome("e-n1") == "permit"
        assert pages.get(f"/fhir/Communication?patient={pages.patient('e-n1')}", "bup").status_code == 200

        pages.later()
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("article").filter(has_text="Ja fra deg").first.get_by_role(
            "link", name="Trekk samtykket"
        ).click()
        fits(mother, "Trekk samtykket")
        mother.get_by_role("button", name="Ja, trekk samtykket").click()
        expect(mother.get_by_role("heading", name="Det er lukket")).to_be_visible()
        fits(mother, "Om dette samtykket: Emma")
        assert pages.outcome("e-n1") == "deny"
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("link", name="Se hvem som har fått hva").click()
        fits(mother, "Hvem har fått hva: Emma")
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("link", name="Se hvem som har sett hva").click()
        fits(mother, "Hvem har sett på det som gjelder Emma")
        mother.get_by_role("button", name="Logg ut").click()
        expect(mother.get_by_role("heading", name="Du er logget ut")).to_be_visible()


def test_what_is_wrong_is_listed_first_and_leads_to_the_field(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    _, url = site
    with somebody(chromium, PHONE) as page:
        log_in(page, url, MOTHER)
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        page.get_by_role("link", name="Gi samtykke").click()
        page.get_by_role("button", name="Se hva det betyr").click()
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Noe mangler i skjemaet")
        summary.get_by_role("link", name="Velg ja eller nei").click()
        assert page.evaluate("document.activeElement.id") == "mottakere"
        fits(page, "Gi samtykke: Emma")
        page.get_by_role("link", name="Nynorsk").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Gi samtykke")
        assert page.evaluate("document.documentElement.lang") == "nn"


def test_pages_without_a_child_and_the_way_past_the_head(chromium: Browser, site: tuple[Pages, str]) -> None:
    _, url = site
    with somebody(chromium, PHONE) as page:
        page.goto(url)
        fits(page, "Logg inn")
        log_in(page, url, "13816798756")
        expect(page.get_by_text("Vi finner ingen barn")).to_be_visible()
        fits(page, "Barn og planer", "ingen barn")
        page.goto(f"{url}/finnes-ikke")
        page.keyboard.press("Tab")
        past = page.get_by_role("link", name="Hopp til innholdet")
        expect(past).to_be_focused()
        assert (past.bounding_box() or {})["height"] > 20  # no longer out of sight
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "innhold"
        fits(page, "Fant ikke siden")
        page.get_by_role("link", name="Barn og planer").click()
        page.get_by_role("button", name="Logg ut").click()
        fits(page, "Du er logget ut")
