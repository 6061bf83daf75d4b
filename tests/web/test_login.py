"""Nobody gets in by another way than through the provider, with the same browser, once."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from gateway.access.client_proof import ClientProof
from gateway.config import Login
from gateway.errors import ConfigurationError
from tests.api.conftest import records
from tests.web.conftest import FATHER, MOTHER, Pages, Provider
from tests.web.person import Person

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
    with pages.service.store.read("fjordbyen") as connection:
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


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_elsewhere_begins_no_login(pages: Pages, site: str) -> None:
    one = pages.person()
    answer = one.http.get("/min-side/logg-inn/idporten", headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.headers["location"]) == (303, "/min-side")
    assert "set-cookie" not in answer.headers
    own = one.http.get("/min-side/logg-inn/idporten", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.headers["location"].startswith(one.provider)


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


def test_the_assertion_is_fresh_and_short(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv("KEY", json.dumps(provider.key.as_dict(private=True)))
    given = {"id": "a", "name": "A", "tenant": "t", "who": "family", "issuer": provider.url, "client_id": "c"}
    login = Login.model_validate(given | {"key_ref": "env:KEY", "acr": ["x"]})
    maker = ClientProof(login, lambda: 1000.7)
    made = [jwt.decode(maker.at(provider.url).fields["client_assertion"], provider.key) for _ in range(2)]
    assert made[0].claims["jti"] != made[1].claims["jti"]
    assert made[0].claims["exp"] - made[0].claims["nbf"] == timedelta(seconds=10).seconds
    assert (made[0].claims["aud"], made[0].header["typ"]) == (provider.url, "client-authentication+jwt")
    monkeypatch.setenv("KEY", json.dumps(provider.key.as_dict(private=False)))
    with pytest.raises(ConfigurationError, match="no private key"):
        ClientProof(login, lambda: 0.0)
