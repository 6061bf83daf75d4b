"""Conflicts as they are kept: what two sides said of one place, open until a person decides, both say the
same, a later conflict stands for it or the item is withdrawn. Reads and writes their rows, decides none."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update
from sqlalchemy.engine import Row

from gateway import jsontext
from gateway.hub import attachments
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import opened, pack
from gateway.hub.places import PlaceGone, Step, read
from gateway.hub.sameness import ABSENT, normalise, same
from gateway.hub.schema.tables import conflict
from mappings import reading
from mappings.model import Json, Resource

GONE: Final = "(deleted)"  # stands where a conflict has its element: the system says the item is not there
OLDER: Final = "older"
SIDES: Final = ("current", "theirs", "base", "steps")


class State(StrEnum):
    """How a conflict stands."""

    OPEN = "open"
    DECIDED = "decided"
    EQUAL = "equal"  # both sides have come to say the same
    REPLACED = "replaced"  # the same system has said something else of the same place since
    WITHDRAWN = "withdrawn"  # the item was registered in error


@dataclass(frozen=True, slots=True)
class Kept:
    """One conflict. ref: the resource. content: both values with who said them when, the steps to the place,
    and how it was closed."""

    id: str
    person: str
    ref: str
    path: str
    system: str
    state: State
    created: datetime
    content: Mapping[str, Any]

    @property
    def gone(self) -> bool:
        """Whether the system says it has the item no more."""
        return self.path == GONE

    @property
    def steps(self) -> tuple[Step, ...] | None:
        """The way to the place; None where nobody noted it: it can be told of, not written to."""
        found = self.content.get("steps")
        return None if found is None else tuple(found)

    @property
    def theirs(self) -> Json:
        """What the system said there; ABSENT for nothing."""
        return present(self.content.get("theirs"))

    @property
    def base(self) -> Json:
        """What it had held before."""
        return present(self.content.get("base"))


def present(value: Json) -> Json:
    """A kept value as merging has it: nothing there is ABSENT."""
    return ABSENT if value is None else value


def new(
    tenant: str, system: str, person: str, ref: str, path: str, content: Any, now: datetime
) -> dict[str, Any]:
    """One to be kept, by its columns: open."""
    return {
        "tenant": tenant,
        "id": str(uuid.uuid4()),
        "person": person,
        "ref": ref,
        "path": path[:255],
        "system": system,
        "state": State.OPEN.value,
        "created": now,
        "content": content,
    }


def of_person(
    connection: Connection, tenant: str, person: str, states: Iterable[State] = (State.OPEN,)
) -> list[Kept]:
    """A person's conflicts in these states, the oldest first."""
    return _found(connection, tenant, [person], states)


def of_refs(connection: Connection, tenant: str, persons: Iterable[str], refs: Iterable[str]) -> list[Kept]:
    """The open ones on these resources of these persons."""
    wanted = frozenset(refs)
    found = _found(connection, tenant, sorted(set(persons)), [State.OPEN])
    return [one for one in found if one.ref in wanted]


def one_of(connection: Connection, tenant: str, own: str, *, lock: bool = False) -> Kept | None:
    """One conflict by its id. lock: nobody else decides it until the transaction ends."""
    chosen = select(conflict).where(conflict.c.tenant == tenant, conflict.c.id == own)
    row = connection.execute(chosen.with_for_update() if lock else chosen).first()
    return None if row is None else _kept(connection, tenant, row)


def close(
    connection: Connection, tenant: str, one: Kept, state: State, now: datetime, how: Mapping[str, Any]
) -> None:
    """An open conflict is settled. how: by whom and why, where a person decided."""
    content = {**one.content, "closed": {"at": now.isoformat(), **how}}
    connection.execute(
        update(conflict)
        .where(conflict.c.tenant == tenant, conflict.c.id == one.id, conflict.c.state == State.OPEN.value)
        .values(state=state.value, content=_packed(connection, tenant, one, content))
    )
    if "client" in how:  # a person decided
        said = Entry(
            Kind.DECISION, now, one.person, "conflict decided", client=how.get("client"), subject=one.id
        )
        entries.write(connection, tenant, [said])


def ended(one: Kept, current: Resource, said: tuple[Resource, Resource] | None = None) -> State | None:
    """How an open conflict is settled by what stands now; None: it is not. said: what the same system held
    before and says now, where it has just spoken."""
    if reading.in_error(current):
        return State.WITHDRAWN
    if one.gone or one.steps is None:
        return None
    try:
        now = at(current, one.steps)
        before, after = (at(side, one.steps) for side in said) if said else (ABSENT, one.theirs)
    except PlaceGone:
        return None
    moved = said is None or not same(before, after)
    return State.EQUAL if moved and same(after, now) else None


def replaces(newer: Mapping[str, Any], older: Kept) -> bool:
    """Whether a conflict that has just come up takes an older one's place on the list: the same system spoke
    again of the same place. One that only brings an old value back stands for the same value alone."""
    place = (newer["ref"], newer["path"], newer["system"]) == (older.ref, older.path, older.system)
    content = newer["content"]
    again = content.get("kind") != OLDER or same(present(content.get("theirs")), older.theirs)
    return place and not older.gone and again


def says_the_same(newer: Mapping[str, Any], older: Kept) -> bool:
    """Whether a new conflict brings the value that the older one keeps already."""
    return same(present(newer["content"].get("theirs")), older.theirs)


def on_a_place(row: Mapping[str, Any]) -> bool:
    """Whether a new conflict is about a place in a resource, not about the resource as a whole."""
    return bool(row["content"].get("steps"))


def keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write new conflicts."""
    packed = [
        {
            **row,
            "content": _packed(
                connection, row["tenant"], _About(row["id"], row["person"], row["ref"]), row["content"]
            ),
        }
        for row in rows
    ]
    if packed:
        connection.execute(insert(conflict), packed)


def at(resource: Resource, steps: tuple[Step, ...]) -> Json:
    """What stands at a place, as merging compares it. Raises PlaceGone."""
    return read({name: part for name, part in normalise(resource).items() if name != "id"}, steps)


_PERSONS: BindParameter[Any] = bindparam("persons", expanding=True)
_STATES: BindParameter[Any] = bindparam("states", expanding=True)
_FOUND = (  # built once: building it costs more than running it
    select(conflict)
    .where(
        conflict.c.tenant == bindparam("tenant"),
        conflict.c.person.in_(_PERSONS),
        conflict.c.state.in_(_STATES),
    )
    .order_by(conflict.c.created, conflict.c.id)
)


def _found(connection: Connection, tenant: str, persons: list[str], states: Iterable[State]) -> list[Kept]:
    wanted = [state.value for state in states]
    rows = connection.execute(_FOUND, {"tenant": tenant, "persons": persons, "states": wanted})
    return [_kept(connection, tenant, row) for row in rows.all()]


def _kept(connection: Connection, tenant: str, row: Row[Any]) -> Kept:
    plain = opened(connection, row.content, conflict, tenant, row.id)
    content = jsontext.decode(plain)
    if attachments.marked(plain):
        sides = {name: attachments.whole(connection, tenant, content.get(name)) for name in SIDES}
        content |= {name: value for name, value in sides.items() if name in content}
    return Kept(row.id, row.person, row.ref, row.path, row.system, State(row.state), row.created, content)


class _About(NamedTuple):
    """Which conflict, about whom and what."""

    id: str
    person: str
    ref: str


def _about(row: Mapping[str, Any]) -> _About:
    return _About(row["id"], row["person"], row["ref"])


def _packed(connection: Connection, tenant: str, one: _About | Kept, content: Mapping[str, Any]) -> bytes:
    """As it is kept: what the current version of the resource holds too stands in it by its hash."""
    sides = {name: attachments.shortened(connection, tenant, [one.ref], content.get(name)) for name in SIDES}
    kept = {**content, **{name: value for name, value in sides.items() if name in content}}
    return pack(connection, kept, one.person, conflict, tenant, one.id)
