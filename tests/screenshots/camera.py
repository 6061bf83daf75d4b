"""A browser window of one size, and pictures of what is in it: WebP for the documents, small and sharp."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page

TALLEST = 1180  # CSS pixels; what is below it is left out
QUALITY = 82


@dataclass(frozen=True)
class Window:
    """One size. sharp: pixels of the picture for each of CSS."""

    width: int
    height: int
    sharp: float = 1.0


DESK, PHONE = Window(1440, 900), Window(360, 740, 2.0)


def window(browser: Browser, size: Window, scheme: str) -> Page:
    """A browser of its own, in bokmål."""
    context = browser.new_context(
        viewport={"width": size.width, "height": size.height},
        device_scale_factor=size.sharp,
        locale="nb-NO",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def picture(page: Page, at: Path) -> None:
    """The page from its top, as far as a picture reaches; beside it as PNG."""
    page.evaluate("window.scrollTo(0, 0)")
    wide, high = page.evaluate("[window.innerWidth, document.documentElement.scrollHeight]")
    area: FloatRect = {"x": 0, "y": 0, "width": wide, "height": min(high, TALLEST)}
    session = page.context.new_cdp_session(page)
    wanted = {
        "format": "webp",
        "quality": QUALITY,
        "clip": {**area, "scale": 1},
        "captureBeyondViewport": True,
    }
    at.with_suffix(".webp").write_bytes(b64decode(session.send("Page.captureScreenshot", wanted)["data"]))
    session.detach()
    page.screenshot(path=at.with_suffix(".png"), full_page=True, clip=area)
