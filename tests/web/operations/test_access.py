"""Who can come in, on the operators' pages: whoever is taken out is out at once, stays out, and is told so;
what is theirs as a parent stays theirs. Through the login at the certified provider."""

from __future__ import annotations

import re
import socket
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from gateway import config
from gateway.access.ending_reasons import Why
from gateway.access.endings import Endings
from gateway.access.login_sessions import Sessions
from gateway.api.app import create_app
from gateway.api.connection import connections
from gateway.cli import app
from gateway.config import Login
from gateway.hub.content import unpack
from gateway.hub.schema.access_tables import acquainted, ended_access
from gateway.hub.schema.audit import audit
from gateway.operating.access import WhoMay
from tests.access.town import CANARIES
from tests.web.conftest import MOTHER, OPERATOR, Pages
from tests.web.person import Page, Person
from tests.web.serving import serving
from tests.web.test_live import address, listening
from tests.web.test_seats import MINE, by_hpr, with_user

PLACE = "/min-side/drift/tilgang"
GONE = "Tilgangen din er avsluttet"


@pytest.fixture
def kari(pages: Pages) -> Person:
    """Emma's teacher, who holds her log, logged in."""
    with_user(pages, "e-d1", "kari")
    one = pages.person()
    one.log_in("kari", "helseid")
    return one


def row(page: Page, words: str) -> str:
    """The row of the page's tables in which this stands."""
    return next(one for one in re.findall(r"<tr role.*?</tr>", page.html, re.S) if words in one)


def confirming(operator: Person, words: str) -> Page:
    """The page that asks whether it is meant, of the row in which this stands."""
    found = re.search(r'href="([^"]+/avslutt/[^"]+)"', row(operator.get(PLACE), words))
    assert found, words
    return operator.get(found[1])


def end(operator: Person, words: str, why: str = "left") -> Page:
    """End the access of who stands in this row."""
    return confirm(operator, confirming(operator, words), why)


def confirm(operator: Person, shown: Page, why: str = "left") -> Page:
    action, fields = next(one for one in shown.forms if "tilgang" in one[0])
    return operator.post(action, fields | {"grunn": [why]})


def give_back(operator: Person) -> Page:
    """Of whoever stands first."""
    shown = operator.get(PLACE)
    action, fields = next(one for one in shown.forms if "/tilbake/" in one[0])
    return operator.post(action, fields)


def log_in_again(somebody: Person, whom: str, login: str = "helseid") -> Page:
    """Through the provider; what the gateway answers then."""
    return Page(somebody.returns(somebody.at_provider(somebody.start(login), whom)))


def entries(pages: Pages) -> list[tuple[str, dict[str, Any], str | None]]:
    with pages.service.store.read("fjordbyen") as connection:
        found = connection.execute(select(audit).where(audit.c.action.like("access %"))).all()
        return [(one.action, unpack(connection, one.content, audit, one.tenant), one.client) for one in found]


# --- what stands there ----------------------------------------------------------------------------------


def test_everybody_stands_there_and_nothing_of_a_child(
    pages: Pages, kari: Person, mother: Person, operator: Person, seeing: Person
) -> None:
    by_hpr(pages, "9144897")
    shown = operator.get(PLACE)
    assert shown.status == 200
    assert "Inne i 1 nettleser" in row(shown, "Bruker <bdi>kari</bdi>")
    assert "Ansatt" in row(shown, "Bruker <bdi>kari</bdi>")
    assert "Drifter som kan se innhold" in row(shown, "kari+stafettbro-drift")
    assert "Dette er deg" in row(shown, "ola+stafettbro-drift")
    assert "1 innlogging fra familier er åpen nå." in shown.text
    assert "records.write" in row(shown, "<bdi>logg</bdi>")
    assert "nabo" not in shown.html
    assert "Ingen har fått tilgangen sin avsluttet." in shown.text
    for secret in (*CANARIES, MOTHER):
        assert secret not in shown.html


def test_a_national_id_is_nowhere_whatever_the_provider_calls_somebody(
    pages: Pages, operator: Person
) -> None:
    """At this provider the user of somebody with a national id is that number."""
    one = pages.person()
    one.log_in(MOTHER, "helseid")
    assert MOTHER not in operator.get(PLACE).html
    with pages.service.store.read("fjordbyen") as connection:
        found = connection.execute(select(acquainted)).all()
        kept = [unpack(connection, one.content, acquainted, one.tenant, one.id) for one in found]
    assert len(kept) == 2  # her, and who operates it; the families' logins are not kept
    assert MOTHER not in repr(kept)


def test_who_has_not_come_for_a_year_is_forgotten(pages: Pages, kari: Person) -> None:
    assert kari.get(MINE).status == 200
    pages.now += timedelta(days=366)
    operator = pages.person()
    operator.log_in(OPERATOR, "drift")
    assert "<bdi>kari</bdi>" not in operator.get(PLACE).html


# --- a person -------------------------------------------------------------------------------------------


def test_who_is_taken_out_is_out_at_once_told_why_and_kept_out(
    pages: Pages, kari: Person, operator: Person
) -> None:
    child = kari.get(MINE).link("Emma")
    after = end(operator, "<bdi>kari</bdi>")
    assert "Tilgangen er avsluttet." in after.text
    assert "Har sluttet" in after.text
    assert "Avsluttet" in row(after, "<bdi>kari</bdi>")
    refused = kari.get(child)
    assert (refused.status, GONE in refused.text) == (403, True)
    assert "spør lederen din" in refused.text
    assert [one for one in CANARIES if one in refused.html] == []
    assert kari.http.cookies.get("__Host-stafettbro", domain="testserver.local") in (None, "")
    again = log_in_again(kari, "kari")
    assert (again.status, GONE in again.text) == (403, True)
    assert "Logg inn med" in kari.get(child).text
    give_back(operator)
    assert log_in_again(kari, "kari").status == 303
    assert "Emma" in kari.get(MINE).text


def test_an_old_cookie_does_not_come_to_life_when_access_is_given_back(
    pages: Pages, kari: Person, operator: Person
) -> None:
    cookie = kari.http.cookies["__Host-stafettbro"]
    end(operator, "<bdi>kari</bdi>", "lost-device")
    give_back(operator)
    thief = pages.person()
    thief.http.cookies.set("__Host-stafettbro", cookie)
    assert "Emma" not in thief.get(MINE).text


def test_a_session_that_was_opened_at_the_same_moment_counts_no_more(pages: Pages, operator: Person) -> None:
    """Whoever came past the door just before: the identity is refused, not the session."""
    before = by_hpr(pages, "9144889")
    assert "Emma" in before.get(MINE).text
    end(operator, "Uten navn")
    late = by_hpr(pages, "9144889")
    refused = late.get(MINE)
    assert (refused.status, GONE in refused.text) == (403, True)


def test_by_whatever_login_and_by_anything_they_are_known_by(pages: Pages, operator: Person) -> None:
    """The HPR number is typed; it stands in no address, and the person comes as another user."""
    asked = operator.get(f"{PLACE}/annen")
    given = {"slag": ["hpr"], "verdi": ["9144 889"], "innlogging": ["helseid"]}
    action, fields = next(one for one in asked.forms if one[0].endswith("annen"))
    shown = operator.post(action, fields | given)
    assert "Slipper heller ikke inn senere" in shown.text
    assert "9144889" not in "".join(path for path, _ in shown.forms)
    assert "Tilgangen er avsluttet." in confirm(operator, shown, "wrong-role").text
    assert by_hpr(pages, "9144889").get(MINE).status == 403
    assert by_hpr(pages, "9144897").get(MINE).status != 403


@pytest.mark.parametrize(
    ("slag", "verdi"),
    [("hpr", "x"), ("hpr", "1234567890"), ("nummer", "123"), ("", "9144889"), ("bruker", "")],
)
def test_what_is_no_number_ends_nothing(pages: Pages, operator: Person, slag: str, verdi: str) -> None:
    action, fields = next(one for one in operator.get(f"{PLACE}/annen").forms if one[0].endswith("annen"))
    shown = operator.post(action, fields | {"slag": [slag], "verdi": [verdi]})
    assert (shown.status, "Vi kan ikke lese dette" in shown.text) == (422, True)
    forged = operator.post(f"{PLACE}/annen/avslutt", fields | {"den": ["A" * 43], "grunn": ["left"]})
    assert forged.status == 404
    assert entries(pages) == []


def test_what_is_theirs_as_a_parent_stays(pages: Pages, mother: Person, operator: Person) -> None:
    """She works here too, and has left: ended by her national id, everywhere but where she is a mother."""
    employee = pages.person()
    employee.log_in(MOTHER, "helseid")
    action, fields = next(one for one in operator.get(f"{PLACE}/annen").forms if one[0].endswith("annen"))
    shown = operator.post(action, fields | {"slag": ["nummer"], "verdi": [MOTHER]})
    assert MOTHER not in shown.html
    confirm(operator, shown)
    assert employee.get("/min-side").status == 403
    assert "Emma" in mother.get("/min-side").text
    anew = pages.person()
    assert "Emma" in anew.log_in(MOTHER).text
    assert log_in_again(pages.person(), MOTHER).status == 403


def test_nobody_takes_themself_out(pages: Pages, operator: Person, seeing: Person) -> None:
    shown = operator.get(PLACE)
    assert "/avslutt/" not in row(shown, "ola+stafettbro-drift")
    theirs = confirming(seeing, "ola+stafettbro-drift")
    own = operator.get(f"{PLACE}/annen")
    given = {"slag": ["bruker"], "verdi": ["ola+stafettbro-drift"], "innlogging": ["drift"]}
    action, fields = next(one for one in own.forms if one[0].endswith("annen"))
    told_so = operator.post(action, fields | given)
    assert "Dette er deg selv" in told_so.text
    assert [one for one in told_so.forms if "tilgang" in one[0]] == []
    assert operator.get(PLACE).status == 200
    assert "Tilgangen er avsluttet." in confirm(seeing, theirs, "wrong-role").text
    assert operator.get(PLACE).status == 403
    assert log_in_again(operator, OPERATOR, "drift").status == 403


def test_without_a_reason_nothing_is_done(pages: Pages, kari: Person, operator: Person) -> None:
    shown = confirming(operator, "<bdi>kari</bdi>")
    for why in ("", "fordi Emma ringte"):
        after = confirm(operator, shown, why)
        assert (after.status, "Velg en grunn" in after.text) == (422, True)
    assert "Emma" in kari.get(MINE).text
    assert entries(pages) == []


def test_each_is_an_entry_of_the_audit_and_a_line_of_the_log_without_who(
    pages: Pages, kari: Person, operator: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "stafettbro")
    end(operator, "<bdi>kari</bdi>", "misuse")
    end(operator, "<bdi>bup</bdi>", "key-astray")
    give_back(operator)
    first, second, third = entries(pages)
    assert first[:2] == ("access ended", {"of": "person", "why": "misuse", "sessions": "1"})
    assert second[:2] == (
        "access ended", {"of": "client", "why": "key-astray", "sessions": "0", "client": "bup"},
    )  # fmt: skip
    assert third[0] == "access given back"
    assert {(one[2] or "").partition("/")[0] for one in (first, second, third)} == {"operator"}
    lines = [one.getMessage() for one in caplog.records]
    assert any("SB0054" in one and "of=person why=misuse sessions=1" in one for one in lines)
    assert any("SB0055" in one for one in lines)
    assert not any("kari" in one for one in lines)


def test_the_stream_of_an_open_page_ends_too(pages: Pages, kari: Person, operator: Person) -> None:
    """The stream's own beat comes every 15 seconds; a browser waits ten here before it gives up."""
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        with (
            serving(pages.app, at, http=connections(pages.service.settings)),
            listening(f"http://127.0.0.1:{at.getsockname()[1]}", kari, address(kari)) as heard,
        ):
            assert heard._next().startswith("retry")
            end(operator, "<bdi>kari</bdi>")
            assert heard.ends()


# --- another municipality -------------------------------------------------------------------------------


def test_what_is_ended_here_is_not_ended_next_door(pages: Pages, kari: Person, operator: Person) -> None:
    service, desk = pages.service, pages.app.state.web
    login = desk.logins["helseid"].login
    theirs = login.model_copy(update={"id": "helseid-nabo", "tenant": "nabokommune"})
    sessions = Sessions(service.store, [*service.settings.logins, theirs], desk.endings)
    here = desk.sessions.find(kari.http.cookies["__Host-stafettbro"], pages.now)
    assert here is not None
    key = sessions.open(theirs, here.hashes, pages.now)
    end(operator, "<bdi>kari</bdi>")
    assert sessions.find(key, pages.now) is not None
    assert sessions.find(here.key, pages.now) is None
    assert not sessions.was_ended(key)
    with service.store.read("nabokommune") as connection:
        assert desk.endings.all(connection, "nabokommune") == []


# --- a client -------------------------------------------------------------------------------------------


def asks(http: TestClient, pages: Pages, client: str) -> int:
    return http.get("/systems/plan/absences", headers=pages.headers(client)).status_code


def test_a_clients_token_is_refused_at_once_in_every_process(pages: Pages, operator: Person) -> None:
    with TestClient(create_app(pages.service), base_url="https://testserver") as other:
        tokens = pages.headers("plan")  # one token, known to both processes
        ways = (pages.http, other)
        assert [one.get("/systems/plan/absences", headers=tokens).status_code for one in ways] == [200, 200]
        assert "Tilgangen er avsluttet." in end(operator, "<bdi>plan</bdi>", "retired").text
        for one in ways:
            answer = one.get("/systems/plan/absences", headers=tokens)
            assert (answer.status_code, answer.json()["code"]) == (401, "client-ended")
            assert "invalid_token" in answer.headers["www-authenticate"]
        assert asks(other, pages, "plan") == 401  # a new token is no better
        assert pages.get("/systems/logg/absences", "logg").status_code == 200
        give_back(operator)
        assert [one.get("/systems/plan/absences", headers=tokens).status_code for one in ways] == [200, 200]


# --- by the command line ----------------------------------------------------------------------------------


def test_the_commands_do_the_same(pages: Pages, kari: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str, said: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(app, ["access", *words, "--tenant", "fjordbyen"], input=said)
        return done.exit_code, done.output

    monkeypatch.setattr(config, "load", lambda _: pages.service.settings)
    monkeypatch.setattr("gateway.cli.access_work.now", lambda: pages.now)
    shown = run("list")[1]
    own = re.search(r"^([0-9a-f]{8}) +kari", shown, re.M)
    assert own is not None, shown
    assert [one for one in CANARIES if one in shown] == []
    assert run("end", own[1], "--reason", "fordi")[0] == 3
    assert run("end", "ffffffffffff", "--reason", "left")[0] == 3
    assert run("end", MOTHER, "--reason", "left") == (
        3, "A national id is not taken from a command line. Write - and it is asked for.\n",
    )  # fmt: skip
    assert run("end", own[1], "--reason", "left") == (0, "Access has ended.\n")
    assert kari.get(MINE).status == 403
    assert run("end", "-", "--reason", "left", said=f"{MOTHER}\n") == (0, "Access has ended.\n")
    assert log_in_again(pages.person(), MOTHER).status == 403
    assert "Emma" in pages.person().log_in(MOTHER).text
    listed = run("list")[1]
    assert MOTHER not in listed
    ending = re.search(r"^([0-9a-f]{8}) +person +kari", listed, re.M)
    assert ending is not None, listed
    assert run("give-back", ending[1]) == (0, "Access is given back.\n")
    assert log_in_again(pages.person(), "kari").status == 303
    assert {(who or "").partition("/")[0] for _, _, who in entries(pages)} == {"command"}


# --- on both databases, as the application --------------------------------------------------------------


def test_on_each_database_it_is_held_to_its_municipality(database_url: str, tmp_path: Any) -> None:
    from gateway.hub.persons import IdentifierKey
    from tests.intake.world import NOW
    from tests.sealed import looking
    from tests.web.operations.test_entrance import GIVEN

    store, key = looking(database_url, tmp_path), IdentifierKey(b"k" * 32)
    endings = Endings(store, key)
    given = {**GIVEN, "who": "staff"}
    here, there = (Login.model_validate({**given, "id": own, "tenant": own}) for own in ("aa", "bb"))
    sessions = Sessions(store, [here, there], endings)
    hashes = frozenset({"a" * 64, "b" * 64})
    first, second = sessions.open(here, ["a" * 64], NOW), sessions.open(there, ["a" * 64], NOW)

    class Known:
        logins = (here, there)
        clients = ()

    may = WhoMay(Known(), store, sessions, endings, "aa")  # type: ignore[arg-type]
    assert may.end_person(hashes, {"name": "Ola"}, Why.LEFT, NOW, by="command/x")
    assert not may.end_person(hashes, {"name": "Ola"}, Why.LEFT, NOW, by="command/x")
    assert (sessions.find(first, NOW), sessions.was_ended(first)) == (None, True)
    assert sessions.find(second, NOW) is not None
    with store.read("bb") as connection:
        theirs = select(ended_access)
        if store.sqlite:  # PostgreSQL shows no others
            theirs = theirs.where(ended_access.c.tenant == "bb")
        assert connection.execute(theirs).all() == []
    (one,) = may.overview(NOW).ended
    assert (one.called, one.why, one.by) == ({"name": "Ola"}, "left", "command/x")
    assert may.give_back(one.id, NOW, by="command/x")
    assert not may.give_back(one.id, NOW, by="command/x")
    assert sessions.find(sessions.open(here, ["b" * 64], NOW), NOW) is not None
    store.close()
