"""`make screenshots`: starts the demo as a newcomer does, logs in as its people in Debian's Chromium, and
takes pictures of their pages into build/screenshots/. Those that README shows go to docs/picture/ too."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.demo.launched import Demo, all_sent, start_and_wait
from tests.demo.running import until
from tests.screenshots.camera import DESK, PHONE, Window, picture, window
from tests.screenshots.visits import VISITS, Visit, log_in

ROOT = Path(__file__).parents[2]
TAKEN, SHOWN = ROOT / "build" / "screenshots", ROOT / "docs" / "picture"
MOST_BYTES = 150_000


def main() -> int:
    """Exit code 1 where a picture is too large, or Chromium is missing."""
    parser = argparse.ArgumentParser(description="Bilder av sidene")
    parser.add_argument("only", nargs="*", help="names of pictures; none: all")
    only = frozenset(parser.parse_args().only)
    path = shutil.which("chromium")
    if path is None:
        sys.stderr.write("Chromium is not installed (Debian: apt-get install chromium)\n")
        return 1
    TAKEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        demo = start_and_wait(Path(folder) / "demo")
        try:
            until(lambda: all_sent(demo))
            browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
            taken = [one for visit in VISITS for one in visited(browser, demo, visit, only)]
            browser.close()
        finally:
            demo.end()
    return 1 if [one for one in taken if too_large(one)] else 0


def visited(browser: Browser, demo: Demo, visit: Visit, only: frozenset[str]) -> list[Path]:
    """All pictures of one visit; those of `only` alone, where it names any."""
    wanted = {one.name for one in visit.pictures if not only or one.name in only}
    if not wanted:
        return []
    dark = [one.name for one in visit.pictures if one.dark and one.name in wanted]
    rounds: list[tuple[Window, str]] = [
        (DESK, "light"),
        (PHONE, "light"),
        *([(DESK, "dark")] if dark else []),
    ]
    found: list[Path] = []
    for size, scheme in rounds:
        page = window(browser, size, scheme)
        log_in(page, demo, visit.login, visit.person)
        for one in visit.pictures:
            one.way(page)
            if one.name in (dark if scheme == "dark" else wanted):
                ending = "-dark" if scheme == "dark" else ""
                found.append(shot(page, f"{one.name}-{size.width}{ending}"))
        page.context.close()
    return found


def shot(page: Page, name: str) -> Path:
    """Take it, and put it where README finds it, if it shows it."""
    page.wait_for_load_state("load")
    picture(page, TAKEN / name)
    made = TAKEN / f"{name}.webp"
    shown = made.name in (ROOT / "README.md").read_text()
    return Path(shutil.copy(made, SHOWN / made.name)) if shown else made


def too_large(path: Path) -> bool:
    """Say how large a picture is."""
    size = path.stat().st_size
    sys.stdout.write(f"{size:8d} {path.relative_to(ROOT)}\n")
    return size >= MOST_BYTES


if __name__ == "__main__":
    sys.exit(main())
