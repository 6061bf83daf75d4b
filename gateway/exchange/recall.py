"""An item is recalled by a named person, in one call: marked as registered in error in the hub, with who did
it, and a deviation is opened that names everyone who had it. Nothing is deleted; the lanes tell them.

Source: shared law.md, "Withdrawal" ("registered in error" for what the recipient holds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from gateway.config import Settings
from gateway.errors import NotFound, Unprocessable
from gateway.exchange import deviations
from gateway.exchange.deviations import Deviation
from gateway.exchange.holders import State, holders
from gateway.hub import persons, versions
from gateway.hub.journal import Journal
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake.workspace import Workspace
from mappings import reading
from mappings.canonical import ENH
from mappings.in_error import marked, marked_with
from mappings.model import Resource

REASONS: Final[Mapping[str, str]] = {
    "feil-person": "Gjelder en annen person",
    "feil-innhold": "Innholdet er feil",
    "foert-to-ganger": "Ført to ganger",
    "skulle-ikke-deles": "Skulle ikke vært delt",
    "annet": "Feilregistrert",
}
# A consent is withdrawn, and who takes part ends in their own system: those decide what may be shared.
NO_ITEM: Final = "No such item of this person"  # whether it is the item or the person that is not there
RECALLED: Final = frozenset(
    {"Appointment", "Communication", "DocumentReference", "Goal", "Observation", "ServiceRequest"}
)


@dataclass(frozen=True, slots=True)
class Recall:
    """What a named person asks for. by: their name; client: on whose token; system: which system they act
    for, None for an operator."""

    person: str
    items: tuple[str, ...]
    by: str
    reason: str
    client: str
    system: str | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """One item's deviation. new: False where it had been recalled before and still is."""

    deviation: Deviation
    new: bool


@dataclass(frozen=True, slots=True)
class Recaller:
    """Recalls items of one tenant."""

    store: Store
    settings: Settings
    journal: Journal
    tenant: str

    def recall(self, asked: Recall, now: datetime) -> list[Recalled]:
        """Recall each item, all or none. Doing it twice does no harm. Raises NotFound for an item that is not
        this person's or that the system may not recall, Unprocessable for a kind that is not recalled."""
        with self.store.write(self.tenant) as connection:
            if asked.person not in persons.lock(connection, self.tenant, [asked.person]):
                raise NotFound(NO_ITEM)
            found = versions.of_items(connection, self.tenant, asked.items)
            for item in asked.items:
                _demand(asked, item, found.get(item))
            return [self._one(connection, asked, item, found, now) for item in dict.fromkeys(asked.items)]

    def _one(
        self, connection: Connection, asked: Recall, item: str, found: Mapping[str, Version], now: datetime
    ) -> Recalled:
        focal = found[item]
        known = deviations.of_item(connection, self.tenant, item)
        if known is not None and reading.in_error(focal.resource):
            return Recalled(known, new=False)
        parts = [version for version in found.values() if version.item == item]
        if not reading.in_error(focal.resource):
            self._mark(connection, asked, focal, parts, now)
        return Recalled(self._open(connection, asked, focal, parts, now), new=True)

    def _mark(
        self, connection: Connection, asked: Recall, focal: Version, parts: Sequence[Version], now: datetime
    ) -> None:
        source = asked.system or focal.created_by
        ws = Workspace(connection, self.store, self.tenant, source, now)
        ws.lock([asked.person])
        ws.heads.update((version.ref, version) for version in parts)
        resource = marked(focal.resource, _text(now), REASONS[asked.reason])
        made = [resource]
        for own in parts:
            if own.ref != focal.ref and not own.ref.startswith("Provenance/"):
                made.append(marked_with(own.resource, resource))
        made.append(_provenance(focal.ref, asked.by, self._organization(source), now))
        for one in made:
            ws.append(one, person_id=asked.person, item=focal.item, recorded=now)
        ws.flush()
        self.journal.write(ws.connection, self.tenant, ws.narrowed)

    def _open(
        self, connection: Connection, asked: Recall, focal: Version, parts: Sequence[Version], now: datetime
    ) -> Deviation:
        refs = [version.ref for version in parts if not version.ref.startswith("Provenance/")]
        systems = [one.id for one in self.settings.systems if one.tenant == self.tenant]
        held = holders(connection, self.tenant, asked.person, systems, refs)
        done = all(one.state is State.ACKNOWLEDGED for one in held)
        opened = Deviation(
            id=deviations.new_id(),
            person=asked.person,
            item=focal.ref,
            source=focal.created_by,
            reason=asked.reason,
            state=deviations.CLOSED if done else deviations.OPEN,
            client=asked.client,
            opened=now,
            closed=now if done else None,
            by=asked.by,
            closed_by=None,
            note=None,
            holders=tuple(held),
        )
        deviations.begin(connection, self.tenant, opened)
        return opened

    def _organization(self, system: str) -> str | None:
        found = self.settings.system(system)
        return found.organization if found else None


def _demand(asked: Recall, item: str, found: Version | None) -> None:
    if found is None or found.person != asked.person or asked.system not in (None, found.created_by):
        raise NotFound(NO_ITEM)
    if item.partition("/")[0] not in RECALLED or found.item != item:
        raise Unprocessable("This is not recalled by itself", field="items")


def _provenance(ref: str, by: str, organization: str | None, now: datetime) -> Resource:
    identifier = {"identifier": {"system": ENH, "value": organization}} if organization else {}
    return {
        "resourceType": "Provenance",
        "id": f"{ref.partition('/')[2]}-provenance",
        "target": [{"reference": ref}],
        "recorded": _text(now),
        "agent": [{"who": {**identifier, "display": by}}],
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
