"""What `access …` does, through the same functions as the operators' pages. Shows what logins call employees,
ids, codes and times; never a child, nor who takes part for one."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import typer
from rich.table import Table
from rich.text import Text

from gateway.access.ending_reasons import Why
from gateway.access.endings import Called, Endings
from gateway.access.login_sessions import Sessions
from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub
from gateway.operating.access import Machine, Person, WhoMay
from gateway.service import now
from mappings.canonical import DNR, FHN, FNR, HPR

SHORT = 8  # characters of an id that are shown
T = TypeVar("T")


def show(config: Path, tenant: str | None) -> None:
    """Everybody, in three tables. Raises Impossible."""
    with _opened(config, tenant) as (_, may):
        found = may.overview(now())
        names = {own: one.name for own, one in may.logins.items()}
    table = _table("person", "called", "logins", "last here", "sessions", "state")
    for one in found.people:
        logins = ", ".join(names.get(each, each) for each in one.logins)
        state, seen = "ended" if one.refused else "may log in", one.seen.isoformat(timespec="minutes")
        _add(table, one.id[:SHORT], _said(one.called), logins, seen, str(one.sessions), state)
    screen.results().print(table if found.people else "No employee or operator has logged in.")
    screen.say(f"Families: {found.families} sessions.")
    table = _table("client", "called", "system", "scopes", "state")
    for machine in found.machines:
        client = machine.client
        state = "ended" if machine.refused else "may call"
        scopes = " ".join(sorted(client.scopes))
        _add(table, machine.id[:SHORT], client.client_id, client.system or "", scopes, state)
    screen.results().print(table if found.machines else "No clients.")
    table = _table("ending", "of", "called", "since", "reason", "by")
    for ending in found.ended:
        at, of = ending.at.isoformat(timespec="minutes"), ending.of.value
        _add(table, ending.id[:SHORT], of, _said(ending.called), at, ending.why, ending.by)
    screen.results().print(table if found.ended else "Nobody's access has ended.")


def end(config: Path, tenant: str | None, named: str, reason: str) -> None:
    """End one's access. Raises Impossible, which does not say what was given."""
    if reason not in [*Why]:
        raise Impossible(f"The reason is one of {', '.join(Why)}.")
    if people.looks_personal(named):
        raise Impossible("A national id is not taken from a command line. Write - and it is asked for.")
    with _opened(config, tenant) as (hub, may):
        one = _asked(hub, may) if named == people.ASKED else _find(may, named)
        if isinstance(one, Machine):
            done = may.end_client(one, Why(reason), now(), by=_by())
        else:
            done = may.end_person(one.hashes, one.called, Why(reason), now(), by=_by())
    screen.say("Access has ended." if done else "Access had ended before.")


def give_back(config: Path, tenant: str | None, named: str) -> None:
    """Give it back. Raises Impossible."""
    with _opened(config, tenant) as (_, may):
        own = _one([(one.id, one) for one in may.overview(now()).ended], named).id
        may.give_back(own, now(), by=_by())
    screen.say("Access is given back.")


@contextmanager
def _opened(config: Path, tenant: str | None) -> Iterator[tuple[Hub, WhoMay]]:
    with people.opened(config) as hub:
        tenants = [one for one in hub.settings.tenant_ids if tenant in (None, one)]
        if len(tenants) != 1:
            known = ", ".join(hub.settings.tenant_ids)
            raise Impossible(f"Say which municipality with --tenant: {known}.")
        endings = Endings(hub.store, hub.key)
        sessions = Sessions(hub.store, hub.settings.logins, endings)
        yield hub, WhoMay(hub.settings, hub.store, sessions, endings, tenants[0])


def _find(may: WhoMay, named: str) -> Person | Machine:
    found = may.overview(now())
    every: list[tuple[str, Person | Machine]] = [(one.id, one) for one in found.people]
    every += [(one.id, one) for one in found.machines]
    return _one(every, named)


def _one(known: list[tuple[str, T]], named: str) -> T:
    found = [one for own, one in known if named and own.startswith(named)]
    if len(found) != 1:
        raise Impossible("Several ids begin so." if found else "There is no such id: see `access list`.")
    return found[0]


def _asked(hub: Hub, may: WhoMay) -> Person:
    """An employee by a number that is asked for; nobody's who has never logged in is as good."""
    if sys.stdin.isatty():
        said = str(typer.prompt("HPR number or national id", hide_input=True, err=True))
    else:
        said = sys.stdin.readline()
    number = said.replace(" ", "").strip()
    if not (number.isascii() and number.isdecimal()) or (len(number) > 9 and len(number) != 11):
        raise Impossible("An HPR number has at most nine digits, a national id eleven.")
    systems = (FNR, DNR, FHN) if len(number) == 11 else (HPR,)
    hashes = frozenset(hub.key.hash(system, number) for system in systems)
    known = [one for one in may.overview(now()).people if one.hashes & hashes]
    called = {"hpr": number} if systems == (HPR,) else {}
    return known[0] if known else Person("", called, (), now(), 0, frozenset(), hashes, frozenset())


def _said(called: Called) -> str:
    told = [called.get("name"), called.get("client")]
    told += [f"HPR {called['hpr']}" if "hpr" in called else None, called.get("user")]
    return ", ".join(one for one in told if one) or "(no name)"


def _table(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _add(table: Table, *words: str) -> None:
    table.add_row(*map(Text, words))


def _by() -> str:
    """As the audit names whoever has the shell."""
    return f"command/{getpass.getuser()}"
