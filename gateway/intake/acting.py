"""A named person decides something about a person beside consents: it is kept, counts from now on, and wakes
the lanes. What makes sharing less is noted in the journal too, before the commit. Sends nothing.

Source: law.md B1, B2, B3, W3, G4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.hub import acts, versions
from gateway.hub.acts import NARROWING, Act, Kind
from gateway.hub.journal import Journal, Note
from gateway.hub.notices import Kind as Notice
from gateway.hub.notices import clear_notice, raise_notice
from gateway.hub.store import Store
from gateway.intake.workspace import Workspace
from mappings.model import Resource

KIND = "Act"  # in the journal: "Act/<id>"


@dataclass(frozen=True, slots=True)
class Acting:
    """Keeps acts of one tenant. system: the one the caller acts for; it may decide about items made there
    alone. None: an operator, about any."""

    store: Store
    journal: Journal
    tenant: str
    system: str | None

    def make(self, act: Act, now: datetime) -> Act:
        """Keep an act. One with the same id is not made twice. Raises NotFound where there is no such person,
        Conflict where the id is another's, Unprocessable where an item is not theirs, or not this system's to
        decide about."""
        with self.store.write(self.tenant) as connection:
            ws = self._locked(Workspace(connection, self.store, self.tenant, "", now), act.person)
            known = acts.by_id(connection, self.tenant, act.id)
            if known is not None:
                return self._again(known, act)
            self._demand_own(ws, act)
            self._keep(ws, act, narrowing=act.kind in NARROWING)
        return act

    def end(self, person: str, own: str, now: datetime) -> Act:
        """End an act; ending it twice does no harm. Raises NotFound where there is no such act."""

        def ending(found: Act) -> Act:
            if found.ended is not None:
                raise Conflict("The act has ended already", code="act-ended")
            return acts.ended(found, now)

        return self._change(person, own, now, ending)

    def answer(self, report: str, said: Act, facts_no: int, now: datetime) -> None:
        """Keep the answer to a report of a wrong person (gateway/hub/wrong_persons.py). That it is the right
        one ends the report; either answer has nothing more to tell whoever coordinates. facts_no: what was
        asked who may answer rested on. Raises NotFound where there is no such report, Conflict where it has
        ended (act-ended) or anything it rests on has changed (changed-meanwhile)."""
        with self.store.write(self.tenant) as connection:
            ws = self._locked(Workspace(connection, self.store, self.tenant, "", now), said.person)
            if acts.one_of(connection, self.tenant, said.person, said.id) is not None:
                return
            found = acts.one_of(connection, self.tenant, said.person, report)
            if found is None or found.kind is not Kind.WRONG_PERSON:
                raise NotFound("No such report")
            if found.ended is not None:
                raise Conflict("The report has ended already", code="act-ended")
            if ws.people[said.person].facts_no != facts_no:
                raise Conflict("What this rests on has changed since it was shown", code="changed-meanwhile")
            self._keep(ws, said, narrowing=False)
            if said.kind is Kind.RIGHT_PERSON:
                self._keep(ws, acts.ended(found, now), narrowing=False)
            clear_notice(connection, self.tenant, Notice.WRONG_PERSON, said.person, report, now)

    def _change(self, person: str, own: str, now: datetime, changed: Callable[[Act], Act]) -> Act:
        with self.store.write(self.tenant) as connection:
            ws = self._locked(Workspace(connection, self.store, self.tenant, "", now), person)
            found = acts.one_of(connection, self.tenant, person, own)
            if found is None:
                raise NotFound("No such act")
            self._demand_own(ws, found)
            new = changed(found)
            self._keep(ws, new, narrowing=new.kind not in NARROWING)
        return new

    def _again(self, known: Act, act: Act) -> Act:
        """What a repeat is answered with. Raises Conflict: an act of somebody else, or about somebody else,
        is neither told nor touched by who names its id."""
        if known.person != act.person or (self.system is not None and known.client != act.client):
            raise Conflict("An act may not be made under this id", code="id-taken")
        return known

    def _locked(self, ws: Workspace, person: str) -> Workspace:
        ws.lock([person])
        if person not in ws.people:
            raise NotFound("No such person here")
        return ws

    def _demand_own(self, ws: Workspace, act: Act) -> None:
        named = sorted(act.items | {key.partition("#")[0] for key in act.keys})
        found = versions.of_refs(ws.connection, self.tenant, named)
        for ref in named:
            known = found.get(ref)
            if known is None or known.person != act.person or self.system not in (None, known.created_by):
                raise Unprocessable("An item is none of this person's, or was made elsewhere", field="items")

    def _keep(self, ws: Workspace, act: Act, *, narrowing: bool) -> None:
        acts.keep(ws.connection, self.tenant, [act])
        if act.kind is Kind.WRONG_PERSON:
            self._tell(ws, act)
        ws.fact(act.person)
        ws.flush()
        self.journal.write(ws.connection, self.tenant, noted(self.tenant, [act]) if narrowing else ())

    def _tell(self, ws: Workspace, act: Act) -> None:
        """Whoever coordinates the log or plan it was said of is to resolve it."""
        told = (ws.connection, self.tenant, Notice.WRONG_PERSON, act.person, act.id, ws.now)
        if act.ended is not None:
            clear_notice(*told)
            return
        raise_notice(*told, frame=next(iter(sorted(act.items)), None))


def noted(tenant: str, made: Iterable[Act]) -> list[Note]:
    """Acts as notes of the journal."""
    return [Note(tenant, one.person, f"{KIND}/{one.id}", one.client, one.created, plain(one)) for one in made]


def plain(act: Act) -> Resource:
    """An act as JSON, whole."""
    times = {name: getattr(act, name) for name in ("created", "ends", "ended", "told")}
    return {
        "id": act.id,
        "person": act.person,
        "kind": act.kind.value,
        "client": act.client,
        **{name: at.isoformat() if at else None for name, at in times.items()},
        **acts.content(act),
    }


def of_plain(said: Resource) -> Act:
    """The act of its JSON."""
    clear = {
        "id": said["id"],
        "person": said["person"],
        "kind": acts.Kind(said["kind"]),
        "client": said["client"],
    }
    times = {
        name: datetime.fromisoformat(said[name]) if said[name] else None
        for name in ("created", "ends", "ended", "told")
    }
    content = {k: v for k, v in said.items() if k not in clear and k not in times}
    return acts.of_content(content, **clear, **times)
