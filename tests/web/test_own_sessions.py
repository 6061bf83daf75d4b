"""Somebody sees their own sessions and nobody else's, and ends others once the provider has asked anew who
they are (ASVS 5.0, 7.5.2)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
from sqlalchemy import select

from gateway.hub.schema.audit import audit
from tests.web.conftest import FATHER, MOTHER, Pages
from tests.web.person import ORIGIN, Page, Person

PLACE = "/min-side/innlogginger"
OTHERS = f"{PLACE}/andre"


def anew(person: Person, whom: str) -> Page:
    """Log in again, as the page asks for it."""
    shown = person.get(PLACE)
    begun = person.http.get(shown.link("Logg inn på nytt"))
    answer = person.returns(person.at_provider(begun.headers["location"], whom))
    return person.get(answer.headers["location"])


def is_in(person: Person) -> bool:
    """Whether the gateway knows who it is."""
    return "Emma" in person.get("/min-side").text


def test_ones_own_are_shown_with_their_times_and_nobody_elses(pages: Pages, mother: Person) -> None:
    father, phone = pages.person(), pages.person()
    father.log_in(FATHER)
    assert "Du er ikke logget inn noe annet sted" in mother.get(PLACE).text
    pages.later(5)
    phone.log_in(MOTHER)
    shown = mother.get(PLACE)
    assert "Annen nettleser nr. 1" in shown.text
    assert "Annen nettleser nr. 2" not in shown.text
    assert "Idporten" in shown.text
    assert "21. november 2026 kl. 13.05" in shown.text
    for secret in ("Emma", MOTHER, mother.http.cookies["__Host-stafettbro"]):
        assert secret not in shown.html
    assert "Du er ikke logget inn noe annet sted" in father.get(PLACE).text


def test_a_session_that_no_longer_counts_is_not_shown(pages: Pages, mother: Person) -> None:
    pages.person().log_in(MOTHER)
    for _ in range(2):
        pages.later(20)
        shown = mother.get(PLACE)
    assert "Du er ikke logget inn noe annet sted" in shown.text


def test_the_provider_is_made_to_ask_anew_before_another_is_ended(pages: Pages, mother: Person) -> None:
    phone = pages.person()
    phone.log_in(MOTHER)
    shown = mother.get(PLACE)
    assert "andre" not in {path.rpartition("/")[2] for path, _ in shown.forms}
    own = shown.form("logg-ut")
    refused = mother.post(OTHERS, own)
    assert (refused.status, "Logg inn på nytt først" in refused.text) == (403, True)
    assert is_in(phone)
    shown = anew(mother, MOTHER)
    assert mother.post(OTHERS, shown.form("andre")).status == 200
    assert not is_in(phone)
    assert is_in(mother)


def test_asking_anew_is_said_to_the_provider_behind_the_browsers_back(pages: Pages, mother: Person) -> None:
    """Somebody who is logged in at the provider is asked all the same: the same browser there would else be
    sent straight back."""
    begun = mother.http.get("/min-side/logg-inn/idporten?paa-nytt=ja").headers["location"]
    assert set(parse_qs(urlsplit(begun).query)) == {"client_id", "request_uri"}
    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        for address, asks in ((mother.start(), True), (mother.start(), False), (begun, True)):
            answer = browser.get(address)
            place = httpx.URL(address).join(answer.headers["location"])
            assert place.path.startswith("/whom/") is asks, place
            if asks:
                answer = browser.post(place, data={"hvem": MOTHER, "acr": "idporten-loa-high"})
                while not (back := answer.headers["location"]).startswith(ORIGIN):
                    answer = browser.get(back)


def test_one_is_ended_and_the_others_stay(pages: Pages, mother: Person) -> None:
    phone, desk, father = pages.person(), pages.person(), pages.person()
    phone.log_in(MOTHER)
    pages.later(1)
    desk.log_in(MOTHER)
    father.log_in(FATHER)
    shown = anew(mother, MOTHER)
    ends = [one for one, _ in shown.forms if one.startswith(PLACE) and not one.endswith("andre")]
    assert len(ends) == 2
    mother.post(ends[0], shown.form(ends[0]))  # the newest stands first
    assert [is_in(one) for one in (mother, phone, desk, father)] == [True, True, False, True]
    assert mother.send(ends[0], shown.form(ends[0])).status_code == 404  # it is gone
    with pages.service.store.read("fjordbyen") as connection:
        told = [row.action for row in connection.execute(select(audit.c.action))]
    assert told.count("logged out from elsewhere") == 1


def test_nobody_ends_anothers(pages: Pages, mother: Person) -> None:
    phone, father = pages.person(), pages.person()
    phone.log_in(MOTHER)
    father.log_in(FATHER)
    shown = anew(mother, MOTHER)
    theirs = next(one for one, _ in shown.forms if one.startswith(PLACE) and not one.endswith("andre"))
    own = anew_alone(father)
    assert father.send(theirs, own).status_code == 404
    assert father.send(OTHERS, own).status_code == 303
    assert [is_in(one) for one in (mother, phone, father)] == [True, True, True]


def anew_alone(person: Person) -> dict[str, list[str]]:
    """The fields of any form after a new login of somebody who has one session."""
    begun = person.http.get("/min-side/logg-inn/idporten?paa-nytt=ja")
    answer = person.returns(person.at_provider(begun.headers["location"], FATHER))
    return person.get(answer.headers["location"]).form("logg-ut")


def test_a_new_login_counts_as_new_for_ten_minutes(pages: Pages, mother: Person) -> None:
    phone = pages.person()
    phone.log_in(MOTHER)
    fields = anew(mother, MOTHER).form("andre")
    pages.later(11)
    assert mother.send(OTHERS, fields).status_code == 403
    assert is_in(phone)
