"""Finds the person, item and system that a command names, in a hub opened for reading. A national id is asked
for and never taken from a command line, where the shell would keep it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from sqlalchemy import Connection, select

from gateway import config
from gateway.cli import database
from gateway.cli.outcome import Impossible
from gateway.config import Settings, System
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.hub import links, persons
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.tables import person
from gateway.hub.store import Store
from gateway.operating.forecast import every_id as every_id
from mappings.canonical import DNR, FHN, FNR

ASKED = "-"
_NATIONAL = re.compile(r"(?<!\d)\d{6}\s?\d{5}(?!\d)")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Hub:
    """The configuration and its database, opened."""

    settings: Settings
    store: Store
    key: IdentifierKey
    facts: FactsReader

    def system(self, system_id: str) -> System:
        """A configured system. Raises Impossible."""
        found = self.settings.system(system_id)
        if found is None:
            known = ", ".join(s.id for s in self.settings.systems)
            raise Impossible(f"There is no system {system_id}. There are: {known}.")
        return found


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a command is about."""

    tenant: str
    id: str


@contextmanager
def opened(config_file: Path) -> Iterator[Hub]:
    """The hub of a configuration, for as long as the command runs. Migrates nothing."""
    settings = config.load(config_file)
    store = database.open_current(settings)
    key = IdentifierKey.of(settings)
    try:
        yield Hub(settings, store, key, FactsReader(settings, key))
    finally:
        store.close()


def find(hub: Hub, named: str) -> Person:
    """The person of a hub id, of SYSTEM:ID of a log or plan, or (named "-") of a national id that is asked
    for. Raises Impossible."""
    if named == ASKED:
        return _by_national_id(hub, _ask())
    if looks_personal(named):
        raise Impossible("A national id is not taken from a command line. Write - and it is asked for.")
    system_id, colon, native_id = named.partition(":")
    with hub.store.read(*hub.settings.tenant_ids) as connection:
        if colon:
            system = hub.system(system_id)
            found = links.names(connection, system.tenant, system.id, [native_id]).get(native_id)
            if found is None:
                raise Impossible(f"{system_id} has no {native_id} here.")
            return Person(system.tenant, found.person)
        return _by_id(connection, named.removeprefix("Patient/"))


def looks_personal(text: str) -> bool:
    """Whether a text seems to hold a national id."""
    return _NATIONAL.search(text) is not None


def _by_id(connection: Connection, person_id: str) -> Person:
    row = connection.execute(select(person.c.tenant, person.c.id).where(person.c.id == person_id)).first()
    if row is None:
        raise Impossible(
            "There is no such person here. Name one by the hub's id, by SYSTEM:ID of a log, or -."
        )
    return Person(row.tenant, persons.resolve(connection, row.tenant, row.id))


def _ask() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("National id", hide_input=True, err=True)).replace(" ", "")
    return sys.stdin.readline().strip().replace(" ", "")


def _by_national_id(hub: Hub, number: str) -> Person:
    hashes = [hub.key.hash(system, number) for system in (FNR, DNR, FHN)]
    with hub.store.read(*hub.settings.tenant_ids) as connection:
        for tenant in hub.settings.tenants:
            found = set(persons.find(connection, tenant.id, hashes).values())
            if found:
                return Person(tenant.id, found.pop())
    raise Impossible("Nobody is known here by that number.")


def item(connection: Connection, hub: Hub, who: Person, named: str) -> str:
    """The hub reference of an item, named by it or by SYSTEM:ID. Raises Impossible."""
    if _REFERENCE.fullmatch(named):
        return named
    system_id, _, native_id = named.partition(":")
    system = hub.system(system_id)
    found = links.names(connection, who.tenant, system.id, [native_id]).get(native_id)
    if found is None or found.person != who.id:
        raise Impossible(f"{named} is no item of this person. Name it as Goal/… or as SYSTEM:ID.")
    return found.ref


def facts_of(connection: Connection, hub: Hub, who: Person) -> PersonFacts:
    """What decisions about the person rest on, as it is now."""
    number = connection.execute(
        select(person.c.facts_no).where(person.c.tenant == who.tenant, person.c.id == who.id)
    ).scalar_one()
    return hub.facts.read(connection, who.tenant, who.id, int(number))


def native_names(connection: Connection, hub: Hub, who: Person) -> dict[str, str]:
    """hub reference -> "system:id" as the system calls it that comes first in the configuration."""
    found: dict[str, str] = {}
    for system in hub.settings.systems:
        if system.tenant == who.tenant:
            names, _ = links.names_of_person(connection, who.tenant, system.id, who.id)
            for ref, native in names.items():
                found.setdefault(ref, f"{system.id}:{native}")
    return found
