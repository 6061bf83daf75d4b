"""The head of a page for somebody who is logged in: by which login, and the places that people of this kind
go between. It opens no door: each page asks anew who may see it."""

from __future__ import annotations

from collections.abc import Mapping
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
    """What stands on top. here: the entry that the page belongs to; exact: the page is that place itself."""

    login: str
    tenant: str
    entries: tuple[Entry, ...]
    here: Entry
    exact: bool


HOME: Final = Entry("nav.children", "")
ENTRIES: Final[Mapping[str, tuple[Entry, ...]]] = {"family": (HOME,), "staff": (HOME,)}  # by who logs in


def head(desk: WebDesk, session: Session, path: str) -> Head:
    """The head of the page at a path, as the browser names it."""
    login = desk.logins[session.login].login
    tenant = next(one.name for one in desk.service.settings.tenants if one.id == session.tenant)
    entries = ENTRIES[login.who]
    holding = [one for one in entries if f"{path}/".startswith(f"{one.address}/")]
    here = max(holding, key=lambda one: len(one.path), default=HOME)
    return Head(login.name, tenant, entries, here, path == here.address)
