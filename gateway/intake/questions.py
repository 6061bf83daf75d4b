"""Asks a person wherever a number that a log or plan states is, or may be, somebody else's: one wrong number
would pour one child's log into another's. Decides nothing, and takes in only what is beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.hub import claims, versions
from gateway.hub.claims import Claim, Reason, State
from gateway.hub.content import digest
from gateway.hub.identities import Known
from gateway.intake.workspace import Workspace
from mappings import reading
from mappings.model import Heading


@dataclass(frozen=True, slots=True)
class Questions:
    """Of one transaction. found: the numbers that are somebody's here, by hash."""

    ws: Workspace
    found: Mapping[str, Known]

    def ask(self, heading: Heading, owner: str | None) -> bool:
        """Whether the record may be taken in as it is. If not, it waits for an answer (or was answered with
        no), and `ws.asked` says which. owner: whose log or plan it is; None for one that is new here."""
        own = [self.found[s.hash] for s in self.ws.stated[heading] if s.hash in self.found]
        reason, persons = self._doubt(heading, owner, own)
        if reason is None:
            return True
        claim = self._claim(heading, reason, persons)
        if claim.state is State.SAME and reason is Reason.FORMER:
            return True
        self.ws.asked[heading] = claim
        return False

    def _doubt(
        self, heading: Heading, owner: str | None, own: list[Known]
    ) -> tuple[Reason | None, list[str]]:
        persons = sorted({one.person for one in own})
        if owner is not None:
            others = [one for one in persons if one != owner]
            return (Reason.OTHER_PERSON, [owner, *others]) if others else (None, [])
        if len(persons) > 1:
            return Reason.SEVERAL, persons
        if own and all(one.until is not None for one in own) and not self._goes_on(heading, own):
            return Reason.FORMER, persons
        return None, []

    def _goes_on(self, heading: Heading, own: list[Known]) -> bool:
        """Whether a number that was given up leads to the same child beyond doubt: a D-number, which nobody
        else is ever given, with the same date of birth. A birth number that was corrected may have been
        another child's all along."""
        if any(one.kind != "dnr" for one in own) or heading.person is None:
            return False
        patient = versions.current(self.ws.connection, self.ws.tenant, f"Patient/{own[0].patient}")
        born = reading.person_of(patient.resource).born if patient else None
        return born is not None and born == heading.person.born

    def _claim(self, heading: Heading, reason: Reason, persons: list[str]) -> Claim:
        ws = self.ws
        mark = digest(sorted(one.hash for one in ws.stated[heading]))
        known = claims.find(ws.connection, ws.tenant, ws.system, heading.id, mark)
        if known is not None and (known.state is not State.SAME or reason is Reason.FORMER):
            return known
        return claims.ask(
            ws.connection,
            ws.tenant,
            reason,
            person=persons[0],
            other=persons[1] if len(persons) > 1 else None,
            system=ws.system,
            native_id=heading.id,
            digest=mark,
            now=ws.now,
        )
