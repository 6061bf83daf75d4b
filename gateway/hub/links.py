"""Links: what one system calls an item, and the value it last held. The base of every merge, and what a
delivery is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Executable, Row, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway import jsontext
from gateway.hub import attachments
from gateway.hub.content import opened, pack
from gateway.hub.schema.tables import link
from mappings.model import EMPTY, State

UNDER_WAY: Final = "under-way"  # the hold of what was refused, while it is written once more


@dataclass(slots=True)
class Link:
    """One system's hold on one item.

    held: what it acknowledged from us or last sent us, whichever is later.
    candidates: what deliveries of unknown outcome may have left there, oldest first.
    previous: what it held before our last delivery, until it shows that it has seen that delivery.
    former: what it called the item before it lost it; by that it is known still.
    """

    system: str
    ref: str
    person: str
    native_id: str | None
    version: str | None = None
    frame: str | None = None
    changed: datetime | None = None
    hold: str | None = None
    hold_digest: str | None = None
    held: State = EMPTY
    candidates: tuple[State, ...] = ()
    previous: State | None = None
    mine: bool = False  # the system made the item itself
    notice: bool = False  # no item: a notice of ours to the system, that sharing has ended
    former: str | None = None

    def content(self) -> dict[str, Any]:
        """What the content column holds, attachments and all."""
        content: dict[str, Any] = {"held": _plain(self.held)}
        if self.candidates:
            content["candidates"] = [_plain(one) for one in self.candidates]
        if self.previous is not None:
            content["previous"] = _plain(self.previous)
        if self.mine:
            content["mine"] = True
        if self.notice:
            content["notice"] = True
        return content

    def resources(self) -> set[str]:
        """References of what it holds."""
        states = [self.held, *self.candidates, *([self.previous] if self.previous else [])]
        return {f"{one['resourceType']}/{one['id']}" for state in states for one in state.focus.values()}

    def row(self, tenant: str, content: bytes) -> dict[str, Any]:
        """As a row of the table, with this for its content."""
        return {
            "tenant": tenant,
            "system": self.system,
            "ref": self.ref,
            "person": self.person,
            "native_id": self.native_id,
            "former_id": self.former,
            "version": self.version,
            "frame": self.frame,
            "changed": self.changed,
            "hold": self.hold,
            "hold_digest": self.hold_digest,
            "content": content,
        }


def _shortened(connection: Connection, tenant: str, one: Link) -> bytes:
    """What is kept: of resources alone, not of the rest, whose form is the system's own."""
    kept = _on_resources(
        one.content(), lambda focus: attachments.shortened(connection, tenant, one.resources(), focus)
    )
    return pack(connection, kept, one.person, link, tenant, one.system, one.ref)


def _on_resources(content: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The content with the resources of every state changed."""

    def changed(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "focus": change(state["focus"])}

    made: dict[str, Any] = {
        name: changed(content[name]) for name in ("held", "previous") if content.get(name)
    }
    if "candidates" in content:
        made["candidates"] = [changed(one) for one in content["candidates"]]
    return {**content, **made}


def _plain(state: State) -> dict[str, Any]:
    return {"focus": state.focus, "rest": state.rest}


def _state(value: dict[str, Any] | None) -> State | None:
    return None if value is None else State(focus=value["focus"], rest=value["rest"])


def _link(row: Row[Any], content: Any) -> Link:
    return Link(
        system=row.system,
        ref=row.ref,
        person=row.person,
        native_id=row.native_id,
        version=row.version,
        frame=row.frame,
        changed=row.changed,
        hold=row.hold,
        hold_digest=row.hold_digest,
        held=_state(content["held"]) or EMPTY,
        candidates=tuple(State(one["focus"], one["rest"]) for one in content.get("candidates", ())),
        previous=_state(content.get("previous")),
        mine=content.get("mine", False),
        notice=content.get("notice", False),
        former=row.former_id,
    )


# Statements of the way in are built once: building them costs more than running them.
_HERE = (link.c.tenant == bindparam("tenant"), link.c.system == bindparam("system"))
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_NAMES = select(link.c.native_id, link.c.former_id, link.c.ref, link.c.person, link.c.frame).where(
    *_HERE, or_(link.c.native_id.in_(_WANTED), link.c.former_id.in_(_WANTED))
)
_FORMER = select(link.c.ref, link.c.former_id).where(
    *_HERE, link.c.person == bindparam("person"), link.c.native_id.is_(None), link.c.former_id.is_not(None)
)
_NAMES_OF_PERSON = select(link.c.ref, link.c.native_id, link.c.hold, link.c.hold_digest).where(
    *_HERE, link.c.person == bindparam("person")
)
_NAMELESS = select(link.c.ref).where(*_HERE, link.c.person == bindparam("person"), link.c.native_id.is_(None))
_NATIVES = select(link.c.ref, link.c.native_id).where(
    *_HERE, link.c.ref.in_(_WANTED), link.c.native_id.is_not(None)
)
_LOAD = select(link).where(*_HERE, link.c.ref.in_(_WANTED))
_UNANSWERED = (
    select(link.c.person)
    .where(
        *_HERE,
        link.c.person.in_(_WANTED),
        link.c.native_id.is_(None),
        or_(link.c.hold.is_(None), link.c.hold == UNDER_WAY),
    )
    .distinct()
)
_PATIENTS = select(link.c.native_id).where(
    *_HERE,
    link.c.ref > "Patient/",
    link.c.ref < "Patient0",  # the character after the slash
    link.c.native_id.is_not(None),
)


@dataclass(frozen=True, slots=True)
class Name:
    """A link without its content: which item a native id stands for."""

    native_id: str
    ref: str
    person: str
    frame: str | None


def names(connection: Connection, tenant: str, system: str, native_ids: Iterable[str]) -> dict[str, Name]:
    """native id -> what it stands for, for those known."""
    wanted = list(native_ids)
    if not wanted:
        return {}
    rows = connection.execute(_NAMES, {"tenant": tenant, "system": system, "wanted": wanted}).all()
    former = {r.former_id: Name(r.former_id, r.ref, r.person, r.frame) for r in rows if r.former_id in wanted}
    return former | {r.native_id: Name(r.native_id, r.ref, r.person, r.frame) for r in rows if r.native_id}


def former(connection: Connection, tenant: str, system: str, person: str) -> dict[str, str]:
    """Hub reference -> what the system called it, for what it has lost of this person."""
    rows = connection.execute(_FORMER, {"tenant": tenant, "system": system, "person": person})
    return {r.ref: r.former_id for r in rows}


def names_of_person(
    connection: Connection, tenant: str, system: str, person: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Everything of this person that the system has (hub reference -> native id), and what it has refused as
    such (hub reference -> why); what only waits for something refused is not among that."""
    given = {"tenant": tenant, "system": system, "person": person}
    rows = connection.execute(_NAMES_OF_PERSON, given).all()
    names = {r.ref: r.native_id for r in rows if r.native_id is not None}
    return names, {r.ref: r.hold for r in rows if r.hold_digest is not None and r.hold is not None}


def refs_of_person(connection: Connection, tenant: str, system: str, person: str) -> list[str]:
    """Hub references of everything of this person that the system has, or may have."""
    given = {"tenant": tenant, "system": system, "person": person}
    return [r.ref for r in connection.execute(_NAMES_OF_PERSON, given).all()]


def nameless(connection: Connection, tenant: str, system: str, person: str) -> list[str]:
    """Hub references of everything of this person that was to be written there and has no id there yet."""
    given = {"tenant": tenant, "system": system, "person": person}
    return [r.ref for r in connection.execute(_NAMELESS, given)]


def under_way(one: Link) -> Link:
    """It while it is written: one that was refused before may be there from now on, and what refers to it may
    still wait for it."""
    return one if one.hold is None else replace(one, hold=UNDER_WAY, hold_digest=None)


def natives(connection: Connection, tenant: str, system: str, refs: Iterable[str]) -> dict[str, str]:
    """Hub reference -> native id, for those of these that the system has."""
    wanted = list(refs)
    if not wanted:
        return {}
    rows = connection.execute(_NATIVES, {"tenant": tenant, "system": system, "wanted": wanted})
    return {r.ref: r.native_id for r in rows}


def patients(connection: Connection, tenant: str, system: str) -> list[str]:
    """What the system calls each person it is known to have, in order."""
    rows = connection.execute(_PATIENTS, {"tenant": tenant, "system": system})
    return sorted(row.native_id for row in rows.all())


def unanswered(connection: Connection, tenant: str, system: str, persons: Iterable[str]) -> set[str]:
    """Those of these persons of whom something was written at the system whose answer has not come."""
    wanted = sorted(persons)
    if not wanted:
        return set()
    rows = connection.execute(_UNANSWERED, {"tenant": tenant, "system": system, "wanted": wanted})
    return {r.person for r in rows.all()}


def load(connection: Connection, tenant: str, system: str, refs: Iterable[str]) -> dict[str, Link]:
    """Hub reference -> link with its content, for those that exist."""
    wanted = list(refs)
    if not wanted:
        return {}
    rows = connection.execute(_LOAD, {"tenant": tenant, "system": system, "wanted": wanted})

    def whole(focus: Any) -> Any:
        return attachments.whole(connection, tenant, focus)

    def content(row: Row[Any]) -> dict[str, Any]:
        plain = opened(connection, row.content, link, tenant, system, row.ref)
        kept: dict[str, Any] = jsontext.decode(plain)
        return _on_resources(kept, whole) if attachments.marked(plain) else kept

    return {r.ref: _link(r, content(r)) for r in rows.all()}


def doubt(connection: Connection, tenant: str, system: str, person: str) -> int:
    """What the system holds of this person it may hold no longer (it was restored from an older backup):
    everything is as after a delivery whose end nobody knows. Returns how many."""
    refs = refs_of_person(connection, tenant, system, person)
    found = load(connection, tenant, system, refs).values()
    doubted = [
        one for one in found if one.native_id and one.held.focus and not (one.candidates or one.notice)
    ]
    for one in doubted:
        one.candidates = (one.held,)
    save(connection, tenant, doubted)
    return len(doubted)


def forget(connection: Connection, tenant: str, system: str, refs: Iterable[str]) -> None:
    """What a system has of these is from now on something else of it."""
    wanted = list(refs)
    if wanted:
        connection.execute(
            delete(link).where(link.c.tenant == tenant, link.c.system == system, link.c.ref.in_(wanted))
        )


_KEYS = ("tenant", "system", "ref")
_CHANGING = [c.name for c in link.columns if c.name not in _KEYS]


def save(connection: Connection, tenant: str, links: Iterable[Link]) -> None:
    """Write links, new or changed; after the versions that came with them, whose attachments they share."""
    rows = [one.row(tenant, _shortened(connection, tenant, one)) for one in links]
    if not rows:
        return
    connection.execute(_save(connection.dialect.name), rows)


@cache
def _save(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(link)
    changing = {name: statement.excluded[name] for name in _CHANGING}
    saved: Executable = statement.on_conflict_do_update(index_elements=list(_KEYS), set_=changing)
    return saved
