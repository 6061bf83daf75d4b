"""What pages load comes from us, is what its package holds, and may be kept for good; a page stays light."""

from __future__ import annotations

import gzip
import hashlib
import json
import re

import pytest

from gateway.web.statics import FOLDER, STATICS, STYLES
from tests.web.conftest import Pages
from tests.web.person import Person

KEPT = FOLDER / "designsystemet"
LIGHT = 300_000  # bytes of a page with all it loads


def loaded(html: str) -> list[str]:
    """Every address that a browser loads by itself."""
    return re.findall(r'<link [^>]*href="([^"]+)"', html) + re.findall(r'src="([^"]+)"', html)


def test_designsystemet_is_what_was_recorded_with_its_licence_beside_it() -> None:
    recorded = dict(reversed(line.split("  ")) for line in (KEPT / "SHA256SUMS").read_text().splitlines())
    held = {one.name for one in KEPT.iterdir()} - {"SHA256SUMS", "package.json", "package-lock.json"}
    assert recorded == {name: hashlib.sha256((KEPT / name).read_bytes()).hexdigest() for name in held}
    assert "Permission is hereby granted, free of charge" in (KEPT / "LICENSE").read_text()
    wanted = json.loads((KEPT / "package.json").read_text())["dependencies"]
    lock = json.loads((KEPT / "package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_no_style_sheet_asks_another() -> None:
    for name in STYLES:
        text = STATICS[name].content.decode()
        assert "@import" not in text
        assert [
            found for found in re.findall(r"url\(\s*[\"']?([^\"')]{1,60})", text) if found[:5] != "data:"
        ] == []


def test_files_are_kept_for_good_under_the_mark_of_their_content(pages: Pages, mother: Person) -> None:
    page = mother.get("/min-side")
    addresses = loaded(page.html)
    assert {address.rpartition("/")[2] for address in addresses} == {*STYLES, "merke.svg"}
    for address in addresses:
        answer = pages.http.get(address, headers={"Accept-Encoding": "identity"})
        mark = hashlib.sha256(answer.content).hexdigest()[:16]
        assert address == f"/min-side/statisk/{mark}/{address.rpartition('/')[2]}"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "set-cookie" not in answer.headers
        packed = pages.http.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == answer.content


def test_a_page_of_another_release_is_not_left_bare_and_nothing_wrong_is_kept(pages: Pages) -> None:
    answer = pages.http.get("/min-side/statisk/0123456789abcdef/stil.css")
    assert answer.content == STATICS["stil.css"].content
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["LICENSE", "nowhere.css", "..%2fstil.css", "designsystemet%2ftheme.css"])
def test_nothing_else_lies_there(pages: Pages, name: str) -> None:
    mark = STATICS["stil.css"].mark
    assert pages.http.get(f"/min-side/statisk/{mark}/{name}").status_code == 404


def test_a_page_with_all_it_loads_is_light_even_unpacked(mother: Person) -> None:
    form = mother.get(mother.get(mother.get("/min-side").link("Emma")).link("Gi samtykke"))
    loads = {address.rpartition("/")[2] for address in loaded(form.html)}
    assert len(form.html.encode()) + sum(len(STATICS[name].content) for name in loads) < LIGHT


def test_our_own_style_sheet_says_where_and_not_how() -> None:
    """Colours are Designsystemet's, so that light, dark and high contrast hold everywhere."""
    text = STATICS["stil.css"].content.decode()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text) == []
    assert len(gzip.compress(text.encode())) < 3_000
