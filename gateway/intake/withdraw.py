"""A consent is withdrawn here, by one of those it is about: a new version of it, as if its own system had
told of it. Whether what was under way has ended is asked elsewhere (gateway/exchange/closing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.hub import versions
from gateway.hub.journal import Journal
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake.consents import consent_of, withdrawn
from gateway.intake.workspace import Workspace

WITHDRAWERS = ("RelatedPerson", "PractitionerRole")  # a participant of the log or plan, the child among them


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What stands now. stored: when the hub took it in; new: False where it had been withdrawn before."""

    ref: str
    stored: datetime
    new: bool


@dataclass(frozen=True, slots=True)
class Withdrawer:
    """Withdraws consents of one tenant on behalf of one source."""

    store: Store
    journal: Journal
    tenant: str
    source: str

    def withdraw(self, ref: str, by: str, at: datetime, now: datetime) -> Withdrawal:
        """Withdraw the consent "Consent/…" by the participant "RelatedPerson/…". Doing it twice does no harm.

        Raises NotFound where there is no such consent, Unprocessable where `by` takes no part in this
        person's logs and plans, Conflict where the consent is registered in error."""
        with self.store.write(self.tenant) as connection:
            ws = Workspace(connection, self.store, self.tenant, self.source, now)
            head = versions.current(connection, self.tenant, ref)
            if head is None:
                raise NotFound("No such consent")
            ws.lock([head.person])
            ws.heads.update(versions.of_refs(connection, self.tenant, [ref, by, _provenance_of(ref)]))
            head = ws.heads[ref]
            said = consent_of(head.resource)
            if said is None or said.in_error:
                raise Conflict("The consent is registered in error", code="in-error")
            if said.withdrawn is not None:
                return Withdrawal(ref, head.stored, new=False)
            _demand_participant(ws.heads.get(by), head.person, by)
            self._append(ws, head, by, at)
        return Withdrawal(ref, now, new=True)

    def _append(self, ws: Workspace, head: Version, by: str, at: datetime) -> None:
        resource = withdrawn(head.resource, at, by)
        ws.append(resource, person_id=head.person, item=head.item, recorded=at)
        ws.append(_provenance(head.ref, by, ws.now), person_id=head.person, item=head.item, recorded=at)
        ws.flush()
        self.journal.write(ws.connection, self.tenant, ws.narrowed)


def _demand_participant(found: Version | None, person: str, by: str) -> None:
    known = found is not None and found.person == person and by.partition("/")[0] in WITHDRAWERS
    if not known:
        raise Unprocessable("`by` takes no part in this person's logs and plans", field="by")


def _provenance_of(ref: str) -> str:
    return f"Provenance/{ref.partition('/')[2]}-provenance"


def _provenance(ref: str, by: str, now: datetime) -> dict[str, object]:
    return {
        "resourceType": "Provenance",
        "id": _provenance_of(ref).partition("/")[2],
        "target": [{"reference": ref}],
        "recorded": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "agent": [{"who": {"reference": by}}],
    }
