"""Two children of the intake's world that turn out to be one, and what is kept about each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from gateway.exchange.merging import Asked, Merging
from gateway.hub import acts, conflicts, identities, joining, links, versions
from gateway.hub.joining import Merge
from gateway.hub.schema.tables import link, person
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

BY = Asked("Kari Nordmann", "Samme barn", "drift", None)


def merging(world: World) -> Merging:
    """What merges persons of the world's tenant."""
    return world.service.merging(TENANT)


def owner(world: World, child: Child) -> str:
    """Whose log this is now."""
    with world.service.store.read(TENANT) as connection:
        return links.names(connection, TENANT, "stafettlogg", [child.log])[child.log].person


def merge(world: World, kept: Child, joined: Child) -> Merge:
    """The second child is the first."""
    return merging(world).merge(owner(world, kept), owner(world, joined), BY, NOW)


@dataclass(frozen=True)
class Held:
    """Everything of one person, told by what its systems call it, so that two children can be compared."""

    items: list[tuple[str, str, Any]] = field(default_factory=list)  # in the order of change
    numbers: int = 0
    links: list[tuple[str, str]] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    conflicts: int = 0


def held(world: World, person_id: str, child: Child) -> Held:
    """What is kept about a person."""
    with world.service.store.read(TENANT) as connection:
        found = versions.of_person(connection, TENANT, person_id)
        rows = connection.execute(
            select(link.c.system, link.c.ref, link.c.native_id).where(
                link.c.tenant == TENANT, link.c.person == person_id
            )
        ).all()
        names = {row.ref: row.native_id.replace(child.log, "@") for row in rows if row.native_id}
        told = [
            (names.get(v.item, v.ref.partition("/")[0]), v.ref.partition("/")[0], _said(v.resource))
            for v in found.values()
        ]
        return Held(
            items=told,
            numbers=len(identities.of_person(connection, TENANT, person_id)),
            links=sorted((row.system, names.get(row.ref, "")) for row in rows),
            acts=[one.kind.value for one in acts.of_person(connection, TENANT, person_id)],
            conflicts=len(conflicts.of_person(connection, TENANT, person_id)),
        )


def _said(resource: dict[str, Any]) -> Any:
    """What tells one edition from another, without ids."""
    return (
        resource.get("description", {}).get("text")
        if isinstance(resource.get("description"), dict)
        else None,
        resource.get("status"),
        resource.get("lifecycleStatus"),
        resource.get("birthDate") == "2015-05-05",
    )


def row_of(world: World, person_id: str) -> Any:
    """The person's row."""
    with world.service.store.read(TENANT) as connection:
        return connection.execute(
            select(person).where(person.c.tenant == TENANT, person.c.id == person_id)
        ).one()


def merges_of(world: World, person_id: str) -> list[Merge]:
    """All merges the person took part in."""
    with world.service.store.read(TENANT) as connection:
        return joining.of_person(connection, TENANT, person_id)
