"""The files of documents at the front door: whoever may see a document fetches its file, as something to save
under a name that tells nothing, written down as told; of one that is hidden there is no trace."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gateway.web.door import handle
from tests.api.conftest import records
from tests.api.world import fields
from tests.web.conftest import JONAS_MOTHER, MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_clinic import emma
from tests.web.test_seats import MINE, PSYCHOLOGIST, by_hpr, told, with_user

FETCH = "Last ned dokumentet"
READERS = ("coordinator", "clinic", "family")
MINUTES = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-dok1")


def page_of(pages: Pages, who: str) -> tuple[Person, Page]:
    """The page where this reader finds documents."""
    if who == "coordinator":
        with_user(pages, "e-d1", "kari")
        kari = pages.person()
        kari.log_in("kari", "helseid")
        return kari, kari.get(kari.get(MINE).link("Emma") + "/meldinger")
    if who == "clinic":
        berit = by_hpr(pages, PSYCHOLOGIST)
        return berit, emma(berit)
    mother = pages.person()
    mother.log_in(MOTHER)
    return mother, mother.get(mother.get(mother.get("/min-side").link("Emma")).link("Planen"))


@pytest.mark.parametrize("who", READERS)
def test_whoever_may_see_a_document_fetches_its_file(pages: Pages, who: str) -> None:
    reader, page = page_of(pages, who)
    assert MINUTES["tittel"] in page.text
    answer = reader.http.get(page.link(FETCH))
    assert answer.status_code == 200
    assert answer.content == base64.b64decode(MINUTES["innhold"])
    heads = answer.headers
    assert heads["content-type"] == "application/pdf"
    assert heads["content-disposition"] == 'attachment; filename="dokument.pdf"'
    assert heads["x-content-type-options"] == "nosniff"
    assert heads["content-security-policy"].startswith("default-src 'none'; sandbox;")
    assert heads["cache-control"] == "no-store"
    own = pages.patient("e-dok1")
    told_of = fields(pages.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    alone = [one for one in told_of if [item["ref"] for item in one["items"]] == [pages.ref("e-dok1")]]
    assert [one["channel"] for one in alone] == ["page"], (
        "that it was fetched stands in the log of what was told"
    )


@pytest.mark.parametrize("who", READERS)
def test_a_hidden_document_leaves_no_trace(pages: Pages, who: str) -> None:
    """A person's own child's, held back from this reader."""
    reader, page = page_of(pages, who)
    where = page.link(FETCH)
    hide(pages, who)
    _, after = (reader, reader.get(_page_of(where, who)))
    assert after.status == 200
    assert MINUTES["tittel"] not in after.html
    assert FETCH not in after.text
    hidden, absent = reader.http.get(where), reader.http.get(where[:-24] + "A" * 24)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text == absent.text
    assert b"%PDF" not in hidden.content


def _page_of(where: str, who: str) -> str:
    base = where.partition("/dokument/")[0]
    return base + {"coordinator": "/meldinger", "clinic": "", "family": "/plan"}[who]


def hide(pages: Pages, who: str) -> None:
    """Labelled so that this reader does not get it."""
    if who == "family":
        told(pages, "e-dok1", sperre=["NORN_FORANS"])
    else:
        told(pages, "e-dok1", sperre=["NORS"])


def test_what_is_no_document_and_what_is_somebody_else_s_is_not_there(pages: Pages) -> None:
    mother, page = page_of(pages, "family")
    where = page.link(FETCH)
    desk: Any = pages.app.state.web  # type: ignore[attr-defined]
    session = desk.sessions.find(mother.http.cookies.get("__Host-stafettbro"), pages.now)
    for ref in (pages.ref("e-m1"), pages.ref("emma-logg"), f"Patient/{pages.patient('e-m1')}"):
        assert mother.http.get(where[:-24] + handle(session, ref)).status_code == 404
    stranger = pages.person()
    stranger.log_in(JONAS_MOTHER)
    assert stranger.http.get(where).status_code == 404


@pytest.mark.parametrize("media", ["text/html", "image/svg+xml", "application/x-shockwave-flash", 'a"b'])
def test_what_a_browser_might_run_is_only_bytes(pages: Pages, media: str) -> None:
    script = b"<script>alert(1)</script>"
    told(pages, "e-dok1", mimetype=media, innhold=base64.b64encode(script).decode(), tittel='x"; y=\r\n<b>')
    mother, page = page_of(pages, "family")
    answer = mother.http.get(page.link(FETCH))
    assert answer.content == script
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="dokument.bin"'


def test_a_document_without_a_file_offers_none(pages: Pages) -> None:
    told(pages, "e-dok1", innhold=None)
    _, page = page_of(pages, "family")
    assert MINUTES["tittel"] in page.text
    assert FETCH not in page.text
