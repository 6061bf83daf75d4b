"""Looks at persons of both databases, turn by turn: first whether what was made can be read at all, then what
each look costs. Makes nothing."""

from __future__ import annotations

import random

from sqlalchemy import Connection, select

from bench.scale.making import NOW, SEED, Made, Workshop
from bench.scale.paths import Size, timed
from bench.scale.seals import key_store_of
from bench.scale.world import LOG, ORGANIZATIONS, TENANT, Clock, settings, world
from gateway.hub import links, persons, versions
from gateway.hub.opened import open_store
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.tables import link, resource_version
from gateway.keys.key_store import KeyStore
from mappings.canonical import FNR
from tests import databases

SAMPLE = 5  # persons of whom everything is opened before anything is measured


def opened(shop: Workshop, made: Made, ids: list[str], most: int) -> Size:
    """One of the databases with the persons that will be looked at, drawn by chance."""
    drawn = random.Random(SEED).sample(range(made.children), min(most, made.children))
    url = shop.cluster.url(made.name, databases.APPLICATION)
    here = world(url, shop.state(made.name), Clock(NOW))
    store = key_store_of(here.service.settings)
    return Size(made.name, made.children, here, [(n, ids[n]) for n in drawn], store)


def visited(sizes: list[Size], count: int, first: int, *, warm: bool = False) -> None:
    """Look at so many persons of each. warm: twice each, and only the second look counts; what was seen a
    while ago need not be in memory any more, where the system gives memory back."""
    for number in range(count):
        for size in sizes if number % 2 else sizes[::-1]:
            child, person = size.people[number % len(size.people)]
            if warm:
                size.visit(child, person, first + count + number)
            took = size.visit(child, person, first + number)
            for name, found in took.items():
                size.took[name].append(found)


def fetched(sizes: list[Size], ids: list[list[str]], count: int) -> None:
    """Fetch keys of persons out of the key stores."""
    dice = random.Random(SEED)
    for number in range(count):
        chosen = list(zip(sizes, ids, strict=True))
        for size, known in chosen if number % 2 else chosen[::-1]:
            person = dice.choice(known)
            size.took["key"].append(timed(lambda size=size, person=person: size.fetch(person)))


def demand_whole(shop: Workshop, made: list[Made], ids: list[list[str]]) -> None:
    """Open everything of some persons as the gateway does, and find them by what their system calls them and
    by their number. Raises RuntimeError, and what the gateway raises for what does not open."""
    for one, known in zip(made, ids, strict=True):
        given = settings(shop.cluster.url(one.name, databases.APPLICATION), shop.state(one.name))
        store, keys, key = open_store(given), key_store_of(given), IdentifierKey.of(given)
        for child in random.Random(SEED + 1).sample(range(one.children), SAMPLE):
            with store.read(TENANT) as connection:
                _demand_whole(connection, keys, key, child, known[child])
        keys.close()
        store.close()


def _demand_whole(
    connection: Connection, keys: KeyStore, key: IdentifierKey, child: int, person: str
) -> None:
    found = versions.of_person(connection, TENANT, person)
    for system in ORGANIZATIONS:
        refs = links.refs_of_person(connection, TENANT, system, person)
        held = links.load(connection, TENANT, system, refs)
        if held.keys() != set(refs) or (system == LOG and not refs):
            raise RuntimeError(f"what {system} holds of child {child} is not there")
    for table in (resource_version, link):
        rows = connection.execute(select(table.c.content).where(table.c.person == person)).scalars().all()
        if {keys.by_id(row[1:17]).person for row in rows} != {person}:
            raise RuntimeError(f"rows of {table.name} are not sealed by the key of child {child}")
    log = f"barn-{child:07d}"
    name = links.names(connection, TENANT, LOG, [log]).get(log)
    numbers = [
        one["value"]
        for version in found.values()
        for one in version.resource.get("identifier", ())
        if one.get("system") == FNR
    ]
    hashes = {key.hash(FNR, number) for number in numbers}
    if name is None or name.person != person or set(persons.find(connection, TENANT, hashes)) != hashes:
        raise RuntimeError(f"child {child} is not found again")
