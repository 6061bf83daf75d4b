"""How far a referral has come, said by somebody at the one it is for who has no system of their own: a change
of the referral like any other, and a receipt for it. Whose it is, is checked here anew; nothing is sent.

Systems say the same with a Task or the referral itself (gateway/intake/feedback.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.config import Settings
from gateway.errors import Conflict, NotFound
from gateway.hub import receipts, versions
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.receipts import Saying
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake.deciding import PARTICIPATION
from gateway.intake.feedback import is_for
from gateway.intake.workspace import Workspace
from mappings.model import Resource
from mappings.referrals import Referral, Step, referral_of, with_step

REFUSED: Final = "avslag"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a referral. by: the participant ("PractitionerRole/…"); name: theirs, for the receipt.
    state: one of mappings.referrals.STATES; after: how many states the one who says it was shown. facts_no:
    what it rested on that they may say it."""

    ref: str
    by: str
    name: str
    organization: str
    state: str
    reason: str | None
    after: int
    facts_no: int


@dataclass(frozen=True, slots=True)
class ReferralStates:
    """Takes in what is said of one person's referrals."""

    store: Store
    settings: Settings
    tenant: str
    person: str

    def tell(self, told: Told, now: datetime) -> None:
        """Raises NotFound for what is no referral to them, Conflict where more has been said meanwhile, or
        another may say it by now."""
        with self.store.write(self.tenant) as connection:
            head = versions.current(connection, self.tenant, told.ref)
            if head is None or head.person != self.person:
                raise NotFound("No such referral")
            ws = Workspace(connection, self.store, self.tenant, head.created_by, now)
            ws.lock([self.person])
            if ws.people[self.person].facts_no != told.facts_no:
                raise Conflict("What this rests on has changed since it was shown", code="changed-meanwhile")
            ws.heads.update(versions.of_items(connection, self.tenant, [head.item]))
            head = ws.heads[told.ref]
            referral = referral_of(head.resource)
            if referral is None or not is_for(ws, told.organization, self.person, referral, self.settings):
                raise NotFound("No such referral")
            self._append(ws, head, referral, told)
            ws.flush()
            self._note(ws, head, told)

    def _append(self, ws: Workspace, head: Version, referral: Referral, told: Told) -> None:
        if len(referral.steps) != told.after:
            raise Conflict("More has been said of it since it was shown", code="changed-meanwhile")
        changed = with_step(head.resource, Step(told.state, _text(ws.now), told.reason))
        before = ws.heads.get(f"Provenance/{head.ref.partition('/')[2]}-provenance")
        for resource in (changed, _provenance(head.ref, before, told.by, ws.now)):
            ws.append(resource, person_id=self.person, item=head.item, recorded=ws.now)

    def _note(self, ws: Workspace, head: Version, told: Told) -> None:
        kind = receipts.Kind.REJECTED if told.state == REFUSED else receipts.Kind.ACCEPTED
        recipient = receipts.at_pages(told.organization)
        said = Saying(recipient, self.person, told.ref, kind, ws.now, told.name, told.reason)
        receipts.keep_of(ws.connection, self.tenant, said, head.version + 1, ws.now)
        details = {"state": told.state}
        entry = Entry(
            Kind.DECISION, ws.now, self.person, "referral state", client=told.by, subject=told.ref,
            details=details,
        )  # fmt: skip
        entries.write(ws.connection, self.tenant, [entry])


def _provenance(ref: str, before: Version | None, by: str, now: datetime) -> Resource:
    """Who wrote it now; its author stays."""
    kept = before.resource if before is not None else {}
    authors = [a for a in kept.get("agent") or () if _is_author(a)]
    enterer = {"type": {"coding": [{"system": PARTICIPATION, "code": "enterer"}]}, "who": {"reference": by}}
    return {
        **kept,
        "resourceType": "Provenance",
        "id": f"{ref.partition('/')[2]}-provenance",
        "target": [{"reference": ref}],
        "recorded": _text(now),
        "agent": [*authors, enterer],
    }


def _is_author(agent: Resource) -> bool:
    codings: Iterable[Resource] = (agent.get("type") or {}).get("coding") or ()
    return any(one.get("code") == "author" for one in codings)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
