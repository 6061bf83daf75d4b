"""Who is answered what at each page: the table matrix_of_pages.txt against the gateway. A page without a row
fails. Each asks for Emma by the handle that she has, or would have, in their own session, and sends forms
with its own token: nothing but who takes part keeps anybody out."""

from __future__ import annotations

import httpx
import pytest

from gateway.access.login_sessions import Session
from gateway.operating.access import ID
from gateway.web.door import FORM_FIELD, handle, token
from gateway.web.operations.naming import sealed
from tests.access.matrix import OF_PEOPLE, Row, rows, unpublished
from tests.access.town import CANARIES, FATHER, MOTHER, ORIGIN, OTHER_MOTHER, YOUNG, Town
from tests.web.person import Page

TABLE = rows(OF_PEOPLE)
PATHS = {
    "{login_id}": "idporten", "{code}": "nn", "{rest:path}": "noe-annet", "{given}": "{child}",
    "{which}": "{consent}", "{who}": "{recipient}", "{mark}": "0" * 16, "{name}": "stil.css",
    "{system}": "logg", "{doing}": "slipp", "{slag}": "notat",
}  # fmt: skip
OWN = frozenset({"mother", "father", "crossed", "teacher"})  # whose child it is, and who holds her log
MADE_UP = {"{child}": "A" * 24, "{consent}": "B" * 24, "{recipient}": "C" * 24}
MADE_UP |= {"{lane}": "C" * 43, "{item}": "D" * 43, "{whom}": "E" * 43, "{ending}": "F" * 43}
BUP = "343231946"  # as a consent calls it
SHARED = "/min-side/delte-planer"  # what of her log is shared with BUP
DRAWN = ("/nytt", "/nei", "/trekk")  # pages with the form that is sent to the same address


class Browsers:
    """A browser of each kind of person. Nobody has the session of another."""

    def __init__(self, made: Town) -> None:
        self.town = made
        self.desk = made.world.app.state.web
        self.keys: dict[str, str] = {}
        self.frame = f"CarePlan/{made.things['log']}"
        self.consent = f"Consent/{made.things['consent']}"
        one = next(one for one in made.world.service.settings.clients if one.tenant == "fjordbyen")
        holder = (one.issuer, one.client_id, one.organization)
        self.client = self.desk.endings.mark_of(holder)[:ID]

    def log_in(self) -> None:
        """A new session for everyone who has one."""
        made = self.town
        self.keys = {
            "mother": made.session(MOTHER),
            "at home": made.session(MOTHER),
            "father": made.session(FATHER),
            "crossed": made.session(MOTHER),
            "other": made.session(OTHER_MOTHER),
            "young": made.session(YOUNG),
            "unknown": made.session("13816798756"),
            "staff": made.session("", "helseid", **{"helseid://claims/hpr/hpr_number": "9144897"}),
            "employee": made.session("", sub="kari"),
            "teacher": made.session("", "helseid", sub="kari"),
            "operator": made.operator("drift"),
            "seeing": made.operator("drift", "innhold"),
            "swapped": made.session(MOTHER).replace("idporten.", "helseid."),
            "ended": made.session(MOTHER, hours=9),
        }

    def ask(self, role: str, row: Row, *, made_up: bool = False) -> httpx.Response:
        """One request."""
        if row.method == "POST" and row.route.endswith("/trekk"):
            self.consent = f"Consent/{self.town.consent()['consent']}"  # one that nobody has taken back yet
        session = self._session(role)
        named = {"{child}": self.frame, "{consent}": self.consent, "{recipient}": BUP}
        real = {name: handle(session, ref) for name, ref in named.items()}
        own = {"lane": self.town.things["lane"], "item": f"Goal/{self.town.things['goal']}"}
        real |= {f"{{{kind}}}": sealed(session, kind, ref) for kind, ref in own.items()}
        real |= {"{whom}": sealed(session, "access", f"client {self.client}")}
        real |= {"{ending}": sealed(session, "ending", "0" * 36)}  # nobody's access has ended
        path = row.route.partition(" ")[2]
        for name, value in {**PATHS, **(MADE_UP if made_up else real)}.items():
            path = path.replace(name, value)
        return self._sent(role, row.method, path, session)

    def _sent(self, role: str, method: str, path: str, session: Session) -> httpx.Response:
        headers = {"Origin": "https://evil.example" if role == "crossed" else ORIGIN}
        if role in self.keys:
            headers["Cookie"] = f"__Host-stafettbro={self.keys[role]}"
        if role == "token":
            headers |= self.town.world.headers("drift")
        fields = {**self._form(path), FORM_FIELD: [token(session)]} if method == "POST" else None
        return self.town.world.http.request(
            method, f"{ORIGIN}{path}", data=fields, headers=headers, follow_redirects=False
        )

    def _form(self, path: str) -> dict[str, list[str]]:
        """What the mother's page would send, if she has such a form."""
        session = self._session("at home")
        there = f"/min-side/barn/{handle(session, self.frame)}"
        if path.endswith("/feil-pasient"):
            return {"grunn": ["x" * 600]}  # too much: what BUP sees stays open for other rows
        if not path.endswith(DRAWN):
            return {}
        last = path.rpartition("/")[2]
        own = f"samtykke/{handle(session, self.consent)}/trekk" if last == "trekk" else last
        cookie = {"Cookie": f"__Host-stafettbro={self.keys['at home']}"}
        shown = Page(self.town.world.http.get(f"{ORIGIN}{there}/{own}", headers=cookie))
        return shown.form(last)

    def _session(self, role: str) -> Session:
        """The session; of who has none, the mother's: what they may have seen over her shoulder."""
        now = self.town.world.now
        found = self.desk.sessions.find(self.keys.get(role), now)
        found = found or self.desk.sessions.find(self.keys["at home"], now)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def browsers(municipalities: Town) -> Browsers:
    return Browsers(municipalities)


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert sorted(row.name for row in TABLE) == sorted(unpublished())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_everybody_is_answered_as_the_table_says(browsers: Browsers, row: Row) -> None:
    wrong = []
    browsers.log_in()
    for role, expected in row.answers.items():
        answer = browsers.ask(role, row)
        found = f"{answer.status_code}{'*' if _is_as_nothing(browsers, role, row, answer) else ''}"
        if found != expected:
            wrong.append(f"{role}: {found}, not {expected}: {answer.text[:300]}")
        wrong += [f"{role}: {one}" for one in answer.headers.get_list("set-cookie") if not _is_kept(one)]
        told = [one for one in CANARIES if one in answer.text]
        if told and role not in OWN and not (role == "staff" and SHARED in row.route):
            wrong.append(f"{role} is told of {told}")
    assert wrong == []


def _is_kept(cookie: str) -> bool:
    """Whether a browser gives it to us alone, over https alone, to no script and for no other site's form."""
    name, *said = (part.strip().lower() for part in cookie.split(";"))
    there = {"path=/", "secure", "httponly", "samesite=lax"} <= set(said)
    return name.startswith("__host-") and there and not any(one.startswith("domain") for one in said)


def _is_as_nothing(browsers: Browsers, role: str, row: Row, answer: httpx.Response) -> bool:
    """Whether an address that leads nowhere is answered just so."""
    named = any(one in row.route for one in ("{given}", "{lane}", "{item}", "{whom}", "{ending}"))
    if not named or answer.status_code in (303, 403):
        return False
    absent = browsers.ask(role, row, made_up=True)
    return (answer.status_code, answer.text, answer.headers) == (
        absent.status_code, absent.text, absent.headers,
    )  # fmt: skip
