"""Somebody with a real browser: Debian's Chromium at the size of a phone or a desk, the mouse or the keyboard
alone, the login at the certified provider, and what every page has to stand."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect, sync_playwright

from tests import peers

PHONE: Final[Any] = {"width": 360, "height": 740}
DESK: Final[Any] = {"width": 1440, "height": 900}
NARROWEST: Final[Any] = {"width": 320, "height": 640}  # as 1280 is at 400 % (WCAG 1.4.10)
ZOOMED: Final[Any] = {"width": 720, "height": 450}  # as 1440 is at 200 %
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
HOSTILE: Final = (  # markup, a word without end, turned letters, emoji, and what has no width
    f"Så dere slipper å spørre <b>to</b> ganger {'æ' * 200} \u202egniksrov\u202c 👨‍👩‍👧 \u200b\u2066\ufeff"
)
PICTURES: Final = Path(__file__).parents[2] / "build" / "pages"
TABS: Final = 200  # as often as anybody would press it, and more


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


@contextmanager
def somebody(chromium: Browser, size: Any, *refused: int) -> Iterator[Page]:
    """A browser of their own; what it complains of about our pages fails the test. refused: statuses that
    are meant to come, beside those of forms that say too little, and of a login."""
    context = chromium.new_context(viewport=size, locale="nb-NO")
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    meant = {401, 409, 422, *refused}
    page.on("console", lambda said: complaints.append(said.text) if _tells(said) else None)
    page.on("response", lambda one: complaints.extend(_amiss(one, meant)))
    page.on("pageerror", lambda said: complaints.append(str(said)))
    try:
        yield page
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)


def _tells(said: ConsoleMessage) -> bool:
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def _amiss(one: Response, meant: set[int]) -> list[str]:
    """An answer of ours that failed, or that lets in what stands within a page."""
    if "/min-side" not in one.url:
        return []
    failed = one.status >= 400 and one.status not in meant and "finnes-ikke" not in one.url
    policy = one.headers.get("content-security-policy", "")
    strict = policy.startswith("default-src 'none'") and "unsafe" not in policy
    return [f"{one.status} {one.url} {policy}"] if failed or not strict else []


def log_in(page: Page, url: str, login: str, whom: str, heading: str | re.Pattern[str]) -> None:
    """From the first page through the provider's own, to the page with this heading. login: how it is called
    in the link."""
    page.goto(url)
    page.get_by_role("link", name=f"Logg inn med {login}").click()
    page.get_by_label("Hvem er du?").fill(whom)
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


# --- what every page has to stand -----------------------------------------------------------------------


def fits(page: Page, heading: str, state: str = "") -> None:
    """The page with this heading has come, and no other of the first level; see `faults`."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    found = faults(page, " ".join([heading.partition(":")[0], *([state] if state else [])]))
    assert not found, "\n".join(found)


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with a page: on a phone in light and on a desk in dark, axe-core's findings against WCAG
    2.1 A and AA; what is to be scrolled sideways, also at 200 and 400 % and with text at 200 %. name: of its
    pictures."""
    wrong = [] if page.locator("h1").count() == 1 else ["there is not one heading of the first level"]
    if page.evaluate("document.documentElement.lang") not in ("nb", "nn"):
        wrong.append("it does not say its language")
    page.evaluate(peers.axe())
    own = page.viewport_size
    for size, scheme in ((PHONE, "light"), (DESK, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=PICTURES / f"{name} {size['width']} {scheme}.png", full_page=True)
        wrong += [f"sideways at {size['width']}"] if sideways(page) else []
        wrong += [f"words at the very edge of a card: {one}" for one in page.evaluate(_AT_EDGE)]
        found = page.evaluate(f"axe.run(document, {{runOnly: {RULES}, resultTypes: ['violations']}})")
        wrong += [f"{scheme}: {v['id']} {[n['html'] for n in v['nodes']][:4]}" for v in found["violations"]]
        wrong += [] if len(found["passes"]) > 20 else [f"{scheme}: axe has looked at next to nothing"]
    for size in (NARROWEST, ZOOMED, DESK):
        page.set_viewport_size(size)
        large = size is DESK
        page.evaluate(f"document.documentElement.style.fontSize = '{'200%' if large else ''}'")
        wrong += (
            [f"sideways at {size['width']}{', text at 200 %' if large else ''}"] if sideways(page) else []
        )
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(own or DESK)
    page.emulate_media(color_scheme="light")
    return wrong


_AT_EDGE: Final = """() => [...document.querySelectorAll('.ds-card > :not(.ds-card__block, .ds-details)')]
    .filter(one => getComputedStyle(one.parentElement).paddingLeft === '0px').map(one => one.innerText)"""


def sideways(page: Page) -> bool:
    """Whether somebody would have to scroll sideways, or cannot even: a card cuts off what does not fit.
    What is one pixel wide is there for those who listen."""
    return bool(
        page.evaluate("""() => document.documentElement.scrollWidth > window.innerWidth
            || [...document.querySelectorAll('main *:not(.ds-sr-only, input)')].some(one =>
                getComputedStyle(one).overflowX !== 'visible' && one.clientWidth > 1
                && one.scrollWidth > one.clientWidth + 1)""")
    )


# --- by mouse, or by keyboard alone ---------------------------------------------------------------------


class Mouse:
    """Does what a page is for with the mouse; words are typed, as always."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def log_in(self, url: str, login: str, whom: str, heading: str) -> None:
        """From the first page through the provider's own, to the page with this heading."""
        self.page.goto(url)
        self.follow(f"Logg inn med {login}")
        self.write("Hvem er du?", whom)
        self.press("Logg inn")
        self.comes(heading)

    def comes(self, heading: str) -> None:
        """The page with this heading."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def follow(self, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        """The first link that is called so, to the page behind it."""
        self.go(self.page.get_by_role("link", name=name, exact=exact).first)

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """A button, to the page that follows."""
        self.go((within or self.page).get_by_role("button", name=name, exact=isinstance(name, str)).first)

    def go(self, one: Locator) -> None:
        """A link or a button that leads to another page."""
        with self.page.expect_navigation():
            self.use(one)

    def use(self, one: Locator) -> None:
        """A link, a button, or the words that unfold more."""
        one.click()

    def write(self, label: str, text: str) -> None:
        """In a field, after what stands there."""
        self.page.get_by_label(label, exact=True).click()
        self._end()
        self.page.keyboard.type(text)

    def tick(self, one: Locator | str) -> None:
        """A box, or one of several answers. A text: its label."""
        self._labelled(one).check()

    def choose(self, one: Locator | str, option: str) -> None:
        """Of a list."""
        self._labelled(one).select_option(label=option)

    def downloaded(self, name: str | re.Pattern[str]) -> tuple[str, bytes]:
        """The file behind a link, and what it is called."""
        with self.page.expect_download() as begun:
            self.use(self.page.get_by_role("link", name=name).first)
        return begun.value.suggested_filename, Path(begun.value.path()).read_bytes()

    def _labelled(self, one: Locator | str) -> Locator:
        return self.page.get_by_label(one, exact=True) if isinstance(one, str) else one

    def _end(self) -> None:
        self.page.keyboard.press("Control+End")


class Keyboard(Mouse):
    """The same without a mouse: with the tab key to whatever it is, and the focus is seen."""

    def use(self, one: Locator) -> None:
        """Enter, where the focus is."""
        self._reach(one)
        self.page.keyboard.press("Enter")

    def write(self, label: str, text: str) -> None:
        """Where the focus is."""
        self._reach(self.page.get_by_label(label, exact=True))
        self._end()
        self.page.keyboard.type(text)

    def tick(self, one: Locator | str) -> None:
        """Space; among several answers the arrows lead to the one that is meant."""
        wanted = self._labelled(one)
        if wanted.get_attribute("type") != "radio":
            self._reach(wanted)
            self.page.keyboard.press("Space")
        else:
            group = self.page.locator(f"input[name='{wanted.get_attribute('name')}']")
            self._reach(group)
            self.page.keyboard.press("Space")
            for _ in range(group.count()):
                if wanted.is_checked():
                    break
                self.page.keyboard.press("ArrowDown")
        expect(wanted).to_be_checked()

    def choose(self, one: Locator | str, option: str) -> None:
        """With the letters it begins with."""
        wanted = self._labelled(one)
        self._reach(wanted)
        self.page.keyboard.type(option)
        expect(wanted.locator("option:checked")).to_have_text(option)

    def _reach(self, group: Locator) -> None:
        """Until one of these has the focus, and shows it."""
        expect(group.first).to_be_visible()
        for _ in range(TABS):
            if group.evaluate_all("all => all.includes(document.activeElement)"):
                assert self.page.evaluate(_RING) != "none", "the focus is not seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the tab key never reaches {group}")


HANDS: Final = {"mouse": Mouse, "keyboard": Keyboard}
SIZES: Final = {"360": PHONE, "1440": DESK}
_RING: Final = """() => {
    const around = '.ds-field:has(input[type=checkbox], input[type=radio])';  // they show it so
    const one = document.activeElement;
    return getComputedStyle(one.closest(around) || one).outlineStyle;
}"""


def press_until(page: Page, name: str) -> None:
    """Go with the tab key to what has this name, and see that the focus shows."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate("""() => {
            const one = document.activeElement;
            const label = one.labels && one.labels.length ? one.labels[0].innerText : '';
            return label || one.innerText || '';
        }""")
        if focused.strip().startswith(name):
            assert page.evaluate(_RING) != "none", "the focus is not seen"
            return
    raise AssertionError(f"the tab key never reaches {name}")
