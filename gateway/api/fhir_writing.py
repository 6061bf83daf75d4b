"""Writes under /fhir in one transaction: the person is locked, what the caller sees is the base, intake
merges, and the answer is what the caller sees afterwards. All of it happens, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gateway.access.tokens_in import Caller
from gateway.api.auth import Desk
from gateway.api.fhir_read import absent, base_of
from gateway.api.fhir_wanted import Wanted, elsewhere, resolved
from gateway.config import System
from gateway.errors import Forbidden, PreconditionFailed, Unprocessable
from gateway.exchange.facts import FactsReader
from gateway.exchange.fhir_form import Edition, Forms
from gateway.exchange.sight import Looking
from gateway.intake.resource import ResourceEntry, Written
from gateway.intake.workspace import Workspace
from gateway.service import Service
from mappings.installation import inward, item_system


@dataclass(frozen=True, slots=True)
class Done:
    """One write that was made, or found to be there already."""

    ref: str
    created: bool


@dataclass(slots=True)
class Writing:
    """One transaction of writes about one person."""

    connection: Connection
    service: Service
    system: System
    client: str
    workspace: Workspace
    before: Forms
    made: dict[str, str] = field(default_factory=dict)  # fullUrl of an entry -> what it is here
    fresh: dict[str, str] = field(default_factory=dict)

    @property
    def person(self) -> str:
        """Whom it is about."""
        return self.before.sight.person

    def run(self, wanted: Sequence[Wanted]) -> list[Done]:
        """Make every write. Raises ApiError; then nothing is kept."""
        done = [self._settle(one) for one in wanted]
        provenances = [f"Provenance/{d.ref.partition('/')[2]}-provenance" for d in done]
        self.workspace.learn_items([*(d.ref for d in done), *provenances])
        for one, end in zip(wanted, done, strict=True):
            if one.id is not None or end.created:
                self._take(one, end)
        self.workspace.flush()
        return done

    def after(self) -> Forms:
        """What the caller sees now. Read past the kept facts: this transaction may still be rolled back."""
        service = self.service
        facts = FactsReader(service.settings, service.key)
        looking = Looking(service.settings, facts, self.system, self.before.sight.now)
        sight = looking.whole(self.connection, self.person)
        if sight is None:
            raise absent()
        return Forms(sight)

    def _settle(self, one: Wanted) -> Done:
        """What it is about: a new reference, one that is there already, or the one it updates."""
        if one.patient != self.person:
            raise Unprocessable("Everything written together is about one patient", field=one.at("subject"))
        if one.ref is not None:
            done = Done(one.ref, created=False)
            self._compare(one, one.ref)
        else:
            found = self._existing(one)
            done = Done(found or f"{one.kind.name}/{uuid.uuid4()}", created=found is None)
        if done.created:
            self.fresh[done.ref] = done.ref
        if one.full_url is not None:
            self.made[one.full_url] = done.ref
        return done

    def _compare(self, one: Wanted, ref: str) -> None:
        current = self.before.current(ref)
        if current is None:
            raise absent()
        head = self.before.sight.seen[ref].version
        if head.ref != ref or (one.kind.name == "Consent" and head.created_by != self.system.id):
            raise elsewhere(one.kind.name, one.place)  # a team of participants, or what others have decided
        if one.version != current.tag:
            raise PreconditionFailed(
                "The version in If-Match is not the current one: read, merge, try again",
                field=one.place or None,
            )

    def _existing(self, one: Wanted) -> str | None:
        """What a conditional create finds: by our identifier or the caller's own; another Stafettbro's is of
        the same system."""
        if one.condition is None:
            return None
        system, value = one.condition
        if (
            system == item_system(self.service.settings.installation)
            and self.before.current(f"{one.kind.name}/{value}") is not None
        ):
            return f"{one.kind.name}/{value}"
        found = [e.ref for e in self._of_kind(one) if _has(e, system, value)]
        if len(found) > 1:
            raise PreconditionFailed("If-None-Exist fits several resources", field=one.place or None)
        return found[0] if found else None

    def _of_kind(self, one: Wanted) -> Iterator[Edition]:
        prefix = f"{one.kind.name}/"
        for ref in self.before.sight.seen:
            if ref.startswith(prefix) and (edition := self.before.current(ref)) is not None:
                yield edition

    def _take(self, one: Wanted, end: Done) -> None:
        ids = self.before.ids()
        known = {**ids.natives, **self.fresh}
        resource = inward(resolved(one, self.made), self.service.settings.installation)
        seen = self.before.sight.seen.get(end.ref)
        written = Written(end.ref, resource, seen.resource if seen else None)
        ids = type(ids)(ids.subject, ids.frame, ids.system, known, known)
        ResourceEntry(self.system, self.person, ids).take(self.workspace, written)


@contextmanager
def writing(desk: Desk, caller: Caller, person: str) -> Iterator[Writing]:
    """A transaction of writes about one person. Raises Forbidden, or NotFound for a person of whom the
    caller sees nothing. The lanes are woken after the commit."""
    service, system = desk.service, writer(desk, caller)
    now = service.clock()
    with service.store.write(system.tenant) as connection:
        workspace = Workspace(connection, service.store, system.tenant, system.id, now, service.key)
        workspace.lock([person])
        sight = Looking(service.settings, service.facts, system, now).whole(connection, person)
        if sight is None or not sight.seen:
            raise Unprocessable("The patient is not known here", code="patient", field="subject")
        client = caller.client_id[:255]
        yield Writing(connection, service, system, client, workspace, Forms(sight))
    service.woken()


def writer(desk: Desk, caller: Caller) -> System:
    """The caller's system, if it is one that writes FHIR."""
    system = desk.system_of(caller)
    if system.adapter != "fhir":
        raise Forbidden("This client's system hands in records in its own format", code="not-a-fhir-system")
    return system


def location(desk: Desk, edition: Edition) -> str:
    """Address of a version."""
    return f"{base_of(desk.service)}/{edition.ref}/_history/{edition.tag}"


def _has(edition: Edition, system: str, value: str) -> bool:
    listed = edition.body.get("identifier", [])
    entries = listed if isinstance(listed, list) else [listed]
    return any(i.get("system") == system and i.get("value") == value for i in entries if isinstance(i, dict))
