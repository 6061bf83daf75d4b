"""What every page has in common: who is logged in, the way between places, the language; also where a page
says what went wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.web import rendering
from gateway.web.language import ALL
from gateway.web.navigation import ENTRIES, HOME, Entry, entries_of
from tests.web.conftest import Pages
from tests.web.person import Person

TEMPLATES = Path(rendering.__file__).parent / "templates"
NAMES = {
    path.relative_to(TEMPLATES).as_posix()
    for path in TEMPLATES.rglob("*.html")
    if not path.name.startswith("_")
}
PARTS = {"base.html", "components.html", "consent_card.html"}
HERE = r'href="/min-side" aria-current="{}">Barn og planer<'


def test_a_page_says_by_which_login_one_is_in_and_where_one_is(mother: Person) -> None:
    home = mother.get("/min-side")
    assert "Logget inn med Idporten · Fjordbyen kommune" in home.text
    assert re.search(HERE.format("page"), home.html)
    assert re.search(HERE.format("true"), mother.get(home.link("Emma")).html)


def test_whoever_is_not_logged_in_sees_neither_places_nor_a_way_out(pages: Pages) -> None:
    for path in ("/min-side", "/min-side/finnes-ikke"):
        page = pages.person().get(path)
        assert "Logget inn med" not in page.text
        assert "Hovedmeny" not in page.html
        assert page.forms == []
        assert page.link("Nynorsk")


def test_staff_are_told_their_own_login(pages: Pages) -> None:
    assert "Logget inn med Helseid" in pages.person().log_in("siv", "helseid").text


def test_what_went_wrong_is_said_within_the_same_page(mother: Person) -> None:
    gone = mother.get("/min-side/barn/" + "a" * 24)
    assert gone.status == 404
    assert "Logget inn med" in gone.text
    assert "Du er logget ut" in mother.post(*gone.forms[0]).text


def test_every_kind_of_login_has_places_with_words() -> None:
    assert entries_of(()) == (HOME,)
    for entries in ENTRIES.values():
        assert all(one.key in words.texts for one in entries for words in ALL.values())
    assert Entry("nav.children", "/barn").address == "/min-side/barn"


@pytest.mark.parametrize("name", sorted(NAMES - PARTS))
def test_a_page_writes_neither_its_own_heading_nor_a_form_without_a_token(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert text.startswith(('{% extends "base.html" %}', '{% extends "operations/_base.html" %}'))
    assert "{% block heading %}" in text
    assert "<h1" not in text
    assert "<form" not in text or name == "kept.html"  # whose session has ended: it proves nothing
    assert "<html" not in text
