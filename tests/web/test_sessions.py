"""A session is one browser's, ends when it should, and its forms come from our own pages; it reaches only the
children one takes part for, now."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from gateway import config
from gateway.cli import app
from gateway.hub.schema.audit import audit
from tests.api.conftest import records
from tests.web.conftest import FATHER, JONAS, MOTHER, Pages
from tests.web.person import ORIGIN, Page, Person


def test_a_stolen_cookie_is_worth_nothing_after_logout(pages: Pages, mother: Person) -> None:
    page = mother.get("/min-side")
    stolen = mother.http.cookies["__Host-stafettbro"]
    assert "Du er logget ut" in mother.post("/min-side/logg-ut", page.form("logg-ut")).text
    thief = pages.person()
    thief.http.cookies.set("__Host-stafettbro", stolen)
    assert "Emma" not in thief.get("/min-side").text
    assert thief.http.get(page.link("Emma")).status_code == 303


def test_whoever_runs_the_gateway_ends_all_sessions(
    pages: Pages, mother: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    father, begun = pages.person(), pages.person()
    father.log_in(FATHER)
    under_way = begun.at_provider(begun.start(), MOTHER)
    monkeypatch.setattr(config, "load", lambda _: pages.service.settings)
    wrong = CliRunner().invoke(app, ["sessions", "end", "--login", "another"])
    assert (wrong.exit_code, "There is no login another" in wrong.output) == (3, True)
    assert "Emma" in father.get("/min-side").text
    done = CliRunner().invoke(app, ["sessions", "end", "--login", "idporten"])
    assert done.output.strip() == "idporten: 2 sessions ended."
    for one in (mother, father):
        assert one.http.get("/min-side").status_code == 200
        assert "Emma" not in one.get("/min-side").text
    assert begun.returns(under_way).status_code == 401
    with pages.service.store.read("fjordbyen") as connection:
        newest = select(audit.c.action, audit.c.source).order_by(audit.c.number.desc()).limit(4)
        told = connection.execute(newest).all()
    assert ("all logged out", "command") in [tuple(row) for row in told]


def test_each_login_is_a_new_session_and_ends_the_old_one(pages: Pages) -> None:
    one = pages.person()
    one.log_in(MOTHER)
    first = one.http.cookies["__Host-stafettbro"]
    one.log_in(MOTHER)
    assert one.http.cookies["__Host-stafettbro"] != first
    thief = pages.person()
    thief.http.cookies.set("__Host-stafettbro", first)
    assert "Emma" not in thief.get("/min-side").text


def test_a_session_ends_after_a_rest_and_at_its_latest_hour(pages: Pages, mother: Person) -> None:
    for _ in range(16):
        pages.later(29)
        assert "Emma" in mother.get("/min-side").text
    pages.later(29)
    assert "Emma" not in mother.get("/min-side").text  # 8 hours and more
    other = pages.person()
    other.log_in(MOTHER)
    pages.later(31)
    assert "Emma" not in other.get("/min-side").text


@pytest.mark.parametrize("key", ["x", "idporten.", "idporten.guess", "other.guess", "." * 300])
def test_a_made_up_cookie_is_nobody(pages: Pages, key: str) -> None:
    one = pages.person()
    one.http.cookies.set("__Host-stafettbro", key)
    assert "Logg inn" in one.get("/min-side").text


# --- forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "change"),
    [
        ("https://evil.example", None),
        ("null", None),
        (None, None),
        ("http://testserver", None),
        (ORIGIN, ""),
        (ORIGIN, "another"),
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    pages: Pages, mother: Person, origin: str | None, change: str | None
) -> None:
    form = mother.get(mother.get(mother.get("/min-side").link("Emma")).link("Trekk samtykket"))
    fields = form.form("trekk") if change is None else {"bevis": [change]}
    answer = mother.send(next(a for a, _ in form.forms if a.endswith("trekk")), fields, origin)
    assert answer.status_code == 403
    assert pages.outcome("e-m1") == "permit"


def test_a_token_of_another_session_does_nothing(pages: Pages, mother: Person) -> None:
    father = pages.person()
    token = father.log_in(FATHER).form("logg-ut")
    assert mother.send("/min-side/logg-ut", token).status_code == 403


# --- other children ---------------------------------------------------------------------------------------


def test_another_child_is_not_there(pages: Pages, mother: Person) -> None:
    jonas = pages.person()
    theirs = jonas.log_in(JONAS).link("Jonas")
    for path in (theirs, f"{theirs}/nytt", f"{theirs}/se-over", f"{theirs}/samtykke/{'A' * 24}"):
        answer = mother.http.get(path)
        assert answer.status_code == 404
        assert "Jonas" not in answer.text
    fields = mother.get("/min-side").form("logg-ut")
    assert mother.send(f"{theirs}/nytt", fields).status_code == 404
    own = mother.get("/min-side").link("Emma")
    consents = re.findall(r"/samtykke/([\w-]{24})", jonas.get(theirs).html)
    assert consents
    assert mother.http.get(f"{own}/samtykke/{consents[0]}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"til": "2026-11-20"},
        {"fnr": "30847742387"},
        {"feilregistrert": {"tidspunkt": "2026-11-21T12:00:00Z"}},
    ],
)
def test_who_no_longer_takes_part_is_out_at_once(
    pages: Pages, mother: Person, change: dict[str, object]
) -> None:
    place = mother.get("/min-side").link("Emma")
    ended = next(r for r in records("stafettlogg", "emma") if r["id"] == "e-d2")
    answer = pages.hand_in("logg", [{**ended, "endret": "2026-11-21T12:00:00Z", **change}])
    assert answer.json()["results"][0]["status"] == "stored", answer.text
    assert mother.http.get(place).status_code == 404
    assert "Vi finner ingen barn" in mother.get("/min-side").text


def test_addresses_and_pages_hold_no_ids(pages: Pages, mother: Person) -> None:
    home = mother.get("/min-side")
    page = mother.get(home.link("Emma"))
    form = mother.get(page.link("Gi samtykke"))
    for shown in (home, page, form):
        for secret in (pages.patient("e-n1"), pages.ref("e-d2").partition("/")[2], MOTHER, "14831770229"):
            assert secret not in shown.html
    other = pages.person()
    assert other.log_in(FATHER).link("Emma") != home.link("Emma")  # a handle is of one session


# --- headers and languages --------------------------------------------------------------------------------


def test_pages_let_nothing_else_in(pages: Pages, mother: Person) -> None:
    page = mother.get("/min-side")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.html
    assert "style=" not in page.html
    assert (
        pages.http.get("/healthz").headers["content-security-policy"].startswith("default-src 'none'; frame")
    )


def test_the_language_is_the_browsers_or_the_chosen(pages: Pages, mother: Person) -> None:
    assert 'lang="nb"' in mother.get("/min-side").html
    assert "Barn og planar" in mother.get("/min-side", **{"Accept-Language": "nn-NO,nb;q=0.8"}).text
    mother.http.get("/min-side/spraak/nn")
    assert "Barn og planar" in mother.get("/min-side").text
    back = mother.http.get("/min-side/spraak/nb", headers={"Referer": "https://evil.example/min-side/x"})
    assert back.headers["location"] == "/min-side"


def test_without_a_login_there_are_no_pages(pages: Pages) -> None:
    assert Page(pages.person().http.get("/min-side/logg-inn/unknown")).status == 404
