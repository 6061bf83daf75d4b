"""Who gets in to the operators' pages: by the role that the provider states, and nobody else; and never to
the pages of a child."""

from __future__ import annotations

import pytest

from gateway.config import Login
from gateway.errors import Unauthenticated
from gateway.hub.audit import listing
from gateway.hub.audit.listing import Wanted
from tests.web.conftest import MOTHER, OPERATOR, Pages
from tests.web.person import Person

PAGES = ("", "/koer", "/system/logg")


def test_with_the_role_one_comes_to_the_systems_first(pages: Pages, operator: Person) -> None:
    home = operator.get("/min-side")
    assert home.status == 200
    assert "Slik står det til" in home.text
    assert "Solvang" not in home.text
    assert {"Systemer", "Køer"} <= home.links.keys()


@pytest.mark.parametrize("path", ["/drift", "/innlogginger", "/drift/system/finnes-ikke"])
def test_no_page_tells_an_operator_that_they_decide_what_is_shared(operator: Person, path: str) -> None:
    found = operator.get(f"/min-side{path}").text
    assert "Innhold er skjult for den som drifter løsningen." in found
    assert "Du bestemmer hva som deles." not in found


@pytest.mark.parametrize("whom", ["ola", "ola+noe-annet", "ola+stafettbro-innhold", MOTHER])
def test_without_the_role_nobody_gets_in(pages: Pages, whom: str) -> None:
    """The right to see content is none to get in by."""
    somebody = pages.person()
    answer = somebody.returns(somebody.at_provider(somebody.start("drift"), whom))
    assert answer.status_code == 401
    assert somebody.get("/min-side/drift").text.startswith(somebody.get("/min-side").text[:20])
    assert "Logg inn med" in somebody.get("/min-side/drift").text


@pytest.mark.parametrize("path", PAGES)
def test_for_families_there_are_no_such_pages(mother: Person, path: str) -> None:
    found = mother.get(f"/min-side/drift{path}")
    assert (found.status, found.html) == (404, mother.get("/min-side/finnes-ikke").html)


def test_a_guardian_who_operates_the_gateway_sees_no_child_by_it(pages: Pages) -> None:
    """The provider may tell whatever it likes of them: at this login no national id counts."""
    somebody = pages.person()
    somebody.log_in(OPERATOR, "drift")
    with pages.service.store.read("fjordbyen") as connection:
        desk = pages.app.state.web
        session = desk.sessions.find(
            somebody.http.cookies.get("__Host-stafettbro", domain="testserver.local"), pages.now
        )
        assert session is not None
        from gateway.web.standing import places

        assert places(connection, desk, session, pages.now) == []
    assert len(session.hashes) == 1
    assert session.rights == {"operations"}


def test_a_login_that_was_of_others_before_gives_no_rights(pages: Pages) -> None:
    """A session that was opened without a role is no operator's, whatever the configuration says."""
    desk = pages.app.state.web
    login = desk.logins["drift"].login
    key = desk.sessions.open(login, ["0" * 64], pages.now)
    somebody = pages.person()
    somebody.http.cookies.set("__Host-stafettbro", key)
    assert somebody.http.get("/min-side/drift").status_code == 404


def test_the_audit_names_the_operator_by_an_id_of_ours(pages: Pages, operator: Person) -> None:
    operator.get("/min-side/drift/koer")
    with pages.service.store.read("fjordbyen") as connection:
        found = listing.looked(connection, "fjordbyen", Wanted(limit=20))
    own = [one for one in found if one.action == "GET /min-side/drift/koer"]
    assert own
    assert {(one.client or "").partition("/")[0] for one in own} == {"operator"}
    assert "ola" not in repr(found)


GIVEN = {
    "id": "drift", "name": "Drift", "tenant": "fjordbyen", "issuer": "https://login.example",
    "client_id": "x", "key_ref": "env:KEY", "acr": ("high",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"who": "operations"}, "needs `role`"),
        ({"who": "staff", "role": "drift"}, 'who = "operations"'),
        ({"who": "family", "content_role": "innhold"}, 'who = "operations"'),
        ({"who": "operations", "role": "drift", "content_role": "drift"}, "a right of its own"),
    ],
)
def test_a_login_that_would_let_in_too_many_is_none(more: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Login.model_validate(GIVEN | more)


def test_one_text_is_one_role() -> None:
    """A claim that is a text is compared whole: "drift,innhold" is neither."""
    from gateway.access.people_login import proven

    login = Login.model_validate(
        GIVEN | {"who": "operations", "role": "drift", "content_role": "innhold", "role_claim": "rolle"}
    )
    assert proven(login, {"sub": "1", "rolle": "drift"}).rights == {"operations"}
    assert proven(login, {"sub": "1", "rolle": ["drift", "innhold"]}).rights == {"operations", "content"}
    for told in ("drift,innhold", "drift innhold", ["Drift"], {"drift": True}, None, True, [["drift"]]):
        with pytest.raises(Unauthenticated):
            proven(login, {"sub": "1", "rolle": told})
