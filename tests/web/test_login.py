"""Nobody gets in by another way than through the provider, with the same browser, once; and nobody reaches a
child they take no part in."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from gateway.access.client_assertion import ClientAssertion
from gateway.config import Login
from gateway.errors import ConfigurationError
from tests.api.conftest import records
from tests.web.conftest import FATHER, JONAS, MOTHER, Pages, Provider
from tests.web.person import ORIGIN, Page, Person

STRANGER = "30847742387"


def test_a_login_leads_to_the_child(pages: Pages) -> None:
    one = pages.person()
    start = one.start()
    assert parse_qs(urlsplit(start).query).keys() == {"client_id", "request_uri"}  # the rest was pushed
    answer = one.returns(one.at_provider(start, MOTHER))
    cookies = answer.headers.get_list("set-cookie")
    (session,) = [c for c in cookies if c.startswith("__Host-stafettbro=")]
    key = session.split(";")[0].partition("=")[2]
    assert len(key.partition(".")[2]) >= 43
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in session
    assert "Domain" not in session
    assert any(c.startswith('__Host-stafettbro-innlogging=""') for c in cookies)
    assert "Emma Sofie Testesen" in one.get("/min-side").text


def test_the_database_holds_no_session_and_no_national_id(pages: Pages, tmp_path: object) -> None:
    one = pages.person()
    one.log_in(MOTHER)
    key = one.http.cookies["__Host-stafettbro"]
    with pages.service.store.read() as connection:
        for table in ("login_session", "login_attempt", "participant_identity"):
            rows = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert key not in rows
            assert key.partition(".")[2] not in rows
            assert MOTHER not in rows


def test_no_match_means_no_child(pages: Pages) -> None:
    for whom in (STRANGER, "sub-without-a-national-id"):
        one = pages.person()
        page = one.log_in(whom) if whom != STRANGER else one.log_in("12345678901")
        assert "Vi finner ingen barn" in page.text
        assert "Emma" not in page.text


def test_a_user_of_the_provider_is_found_by_bruker(pages: Pages) -> None:
    participant = {
        **next(r for r in records("stafettlogg", "emma") if r["id"] == "e-d3"),
        "endret": "2026-11-21T12:00:00Z",
        "bruker": {"utsteder": pages.provider.url, "subjekt": "far-7"},
    }
    assert pages.hand_in("logg", [participant]).status_code == 200
    assert "Emma" in pages.person().log_in("far-7").text
    assert "Emma" not in pages.person().log_in("far-8").text


def test_staff_finds_nothing_where_the_family_decides(pages: Pages) -> None:
    assert "Vi finner ingen barn" in pages.person().log_in(MOTHER, "helseid").text


# --- the answer of the provider ---------------------------------------------------------------------------


def refused(pages: Pages, person: Person, address: str) -> None:
    """Back with this address: no way in."""
    answer = person.returns(address)
    assert answer.status_code == 401
    assert "__Host-stafettbro=" not in str(answer.headers.get_list("set-cookie"))
    assert "Emma" not in person.get("/min-side").text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"state=[^&]*", "state=another"),
        (r"state=[^&]*&?", ""),
        (r"code=[^&]*", "code=guessed"),
        (r"code=[^&]*&?", ""),
        (r"iss=[^&]*", "iss=https%3A%2F%2Fanother.example"),
        (r"&iss=[^&]*", ""),
        (r"$", "&state=second"),
    ],
)
def test_a_changed_answer_is_refused(pages: Pages, old: str, new: str) -> None:
    one = pages.person()
    address = one.at_provider(one.start(), MOTHER)
    changed = re.sub(old, new, address, count=1)
    assert changed != address
    refused(pages, one, changed)


def test_an_answer_counts_once(pages: Pages) -> None:
    one = pages.person()
    address = one.at_provider(one.start(), MOTHER)
    held = dict(one.http.cookies)
    assert one.returns(address).status_code == 303
    one.http.cookies.clear()
    one.http.cookies.update(held)
    refused(pages, one, address)


def test_a_code_of_another_login_is_refused(pages: Pages) -> None:
    one, other = pages.person(), pages.person()
    mine = one.at_provider(one.start(), MOTHER)
    theirs = other.at_provider(other.start(), FATHER)
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    refused(pages, one, re.sub(r"code=[^&]*", f"code={code}", mine))  # PKCE: it was begun by another


def test_an_answer_in_another_browser_is_refused(pages: Pages) -> None:
    one, victim = pages.person(), pages.person()
    refused(pages, victim, one.at_provider(one.start(), MOTHER))


def test_an_answer_of_another_provider_is_refused(pages: Pages) -> None:
    one = pages.person()
    address = one.at_provider(one.start("idporten"), MOTHER)
    refused(pages, one, address.replace("/idporten/", "/helseid/"))


def test_an_answer_that_comes_late_is_refused(pages: Pages) -> None:
    one = pages.person()
    address = one.at_provider(one.start(), MOTHER)
    pages.later(11)
    refused(pages, one, address)


def test_a_low_level_is_refused(pages: Pages) -> None:
    one = pages.person()
    refused(pages, one, one.at_provider(one.start(), MOTHER, "idporten-loa-low"))


def test_someone_who_gives_up_is_told_so(pages: Pages) -> None:
    one = pages.person()
    answer = one.returns(one.at_provider(one.start(), ""))
    assert (answer.status_code, "avbrutt" in answer.text) == (401, True)


# --- the session ------------------------------------------------------------------------------------------


def test_a_stolen_cookie_is_worth_nothing_after_logout(pages: Pages, mother: Person) -> None:
    page = mother.get("/min-side")
    stolen = mother.http.cookies["__Host-stafettbro"]
    assert "Du er logget ut" in mother.post("/min-side/logg-ut", page.form("logg-ut")).text
    thief = pages.person()
    thief.http.cookies.set("__Host-stafettbro", stolen)
    assert "Emma" not in thief.get("/min-side").text
    assert thief.http.get(page.link("Emma")).status_code == 303


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
    "change", [{"til": "2026-11-20"}, {"feilregistrert": {"tidspunkt": "2026-11-21T12:00:00Z"}}]
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


def test_the_assertion_is_fresh_and_short(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv("KEY", json.dumps(provider.key.as_dict(private=True)))
    given = {"id": "a", "name": "A", "tenant": "t", "who": "family", "issuer": provider.url, "client_id": "c"}
    login = Login.model_validate(given | {"key_ref": "env:KEY", "acr": ["x"]})
    maker = ClientAssertion(login, lambda: 1000.7)
    made = [jwt.decode(maker.fields()["client_assertion"], provider.key) for _ in range(2)]
    assert made[0].claims["jti"] != made[1].claims["jti"]
    assert made[0].claims["exp"] - made[0].claims["nbf"] == timedelta(seconds=10).seconds
    assert (made[0].claims["aud"], made[0].header["typ"]) == (provider.url, "client-authentication+jwt")
    monkeypatch.setenv("KEY", json.dumps(provider.key.as_dict(private=False)))
    with pytest.raises(ConfigurationError, match="no private key"):
        ClientAssertion(login, lambda: 0.0)


def test_without_a_login_there_are_no_pages(pages: Pages) -> None:
    assert Page(pages.person().http.get("/min-side/logg-inn/unknown")).status == 404
