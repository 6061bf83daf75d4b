"""The head of a page for somebody who is logged in: by which login, and the places that people of this kind
go between. It opens no door: each page asks anew who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.access.login_sessions import Session
from gateway.web.desk import BASE, WebDesk


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the navigation. key: of the catalogs; path: below the pages' own."""

    key: str
    path: str

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{BASE}{self.path}"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top. here: the entry that the page belongs to; exact: the page is that place itself.
    footer: the sentence at the foot, by what kind of login it is."""

    login: str
    tenant: str
    entries: tuple[Entry, ...]
    here: Entry
    exact: bool
    footer: str


FOOTERS: Final = {"family": "footer", "staff": "footer_staff", "operations": "drift.footer"}
HOME: Final = Entry("nav.children", "")
CHILDREN: Final = Entry("nav.mine", "/mine-barn")
PLANS: Final = Entry("nav.plans", "/delte-planer")
SESSIONS: Final = Entry("nav.sessions", "/innlogginger")  # everybody's, last
OPERATIONS: Final = (
    Entry("nav.drift", "/drift"),
    Entry("nav.drift_lanes", "/drift/koer"),
    Entry("nav.drift_bench", "/drift/proevebenk"),
    Entry("nav.drift_preview", "/drift/ruter"),
    Entry("nav.drift_check", "/drift/kontroll"),
    Entry("nav.drift_figures", "/drift/tall"),
    Entry("nav.drift_statistics", "/drift/statistikk"),
    Entry("nav.drift_access", "/drift/tilgang"),
)
ENTRIES: Final[Mapping[str, tuple[Entry, ...]]] = {  # by kind of reader, as gateway/web/seats.py tells them
    "family": (HOME,),
    "coordinator": (CHILDREN,),
    "clinic": (PLANS,),
    "deciding": (HOME,),
    "operations": OPERATIONS,
}


def entries_of(kinds: Sequence[str]) -> tuple[Entry, ...]:
    """The places of somebody who is all of these; of who is none of them, the first page alone."""
    return tuple(dict.fromkeys(entry for kind in kinds for entry in ENTRIES[kind])) or (HOME,)


def head(desk: WebDesk, session: Session, path: str, kinds: Sequence[str]) -> Head:
    """The head of the page at a path, as the browser names it, for somebody who is all of these kinds."""
    login = desk.logins[session.login].login
    tenant = next(one.name for one in desk.service.settings.tenants if one.id == session.tenant)
    entries = (*entries_of(kinds), SESSIONS)
    holding = [one for one in entries if f"{path}/".startswith(f"{one.address}/")]
    here = max(holding, key=lambda one: len(one.path), default=HOME)
    return Head(login.name, tenant, entries, here, path == here.address, FOOTERS[login.who])
