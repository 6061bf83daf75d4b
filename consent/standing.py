"""What holds for one person at one moment: who must decide, and what each of them permits a recipient.

Built once per person and moment, then asked once per item; it remembers what it worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from consent import rules
from consent.acts import Act
from consent.days import age, day
from consent.deciders import Deciders, Known, Matter, who_decides
from consent.decision import Answer, Decision, Reason
from consent.memory import Memory
from consent.model import Circumstance, Item, Kind, Regime
from consent.people import CHILD
from consent.will import Given, Names, Will, will
from consent.world import World

ELSEWHERE = frozenset(Regime) - {Regime.HEALTH}
AGENCY = "agency "  # + organization number: the key of a child welfare service that has the care
_HEARD_AGES = range(7, 16)


class Standing:
    """One person at one moment."""

    def __init__(self, world: World, time: datetime) -> None:
        """time: in UTC."""
        self.world = world
        self.time = time
        on = day(time)
        self.reasons, self.rule_set = rules.of_day(on)
        self.age = age(world.born, on)
        self.decisions: Memory[object, Decision] = Memory()
        self.verdicts: Memory[object, Decision] = Memory()
        self.answers: Memory[object, Answer] = Memory()
        self._deciders: Memory[tuple[Matter, bool, bool], Deciders] = Memory()
        self._given: Memory[tuple[str, str, str], Given] = Memory()
        self._wills: Memory[tuple[Given, str], Will] = Memory()
        self._together: Memory[tuple[frozenset[str], str, str], Mapping[str, Will]] = Memory()
        self._names: Memory[str, Names] = Memory()
        self.fault = world.fault
        self._known = self._know()

    # --- who decides -------------------------------------------------------------------------------------

    def deciders(self, matter: Matter, *, hidden: bool, one: bool) -> Deciders:
        """Who must decide; see who_decides."""
        place = (matter, hidden, one)
        found = self._deciders.get(place)
        if found is None:
            made = who_decides(self._known, matter, hidden=hidden, one=one)
            found = self._deciders.keep(place, made)
        return found

    def matter(self, item: Item, recipients: Iterable[str | None]) -> Matter:
        """What kind of matter the item is between its author and these organizations."""
        places = (*item.writers, *recipients)
        health = any(map(self.health, places))
        if not item.outside:
            return Matter.LOG_HEALTH if health else Matter.LOG
        if health:
            return Matter.HEALTH
        education = all(self.regime(place) == Regime.EDUCATION for place in places)
        return Matter.EDUCATION if education else Matter.LOG

    def regime(self, organization: str | None) -> str | None:
        """The secrecy regime of an organization; None when unknown."""
        return None if organization is None else self.world.regimes.get(organization)

    def health(self, organization: str | None) -> bool:
        """Whether an organization is health care; one of unknown regime may be."""
        return organization is not None and self.world.regimes.get(organization) not in ELSEWHERE

    @property
    def unheard(self) -> bool:
        """Whether the child must be heard and no record says so (W6)."""
        return self.age in _HEARD_AGES and not any(c.holds is True for c in self._now(Kind.HEARD))

    def reasons_of(self, rules: Iterable[str]) -> tuple[Reason, ...]:
        """The rules of these keys as they read now, each once. Raises KeyError for one not in force."""
        return tuple([self.reasons[rule] for rule in dict.fromkeys(rules)])

    def named(self, key: str) -> str:
        """A reference, or organization number, by which to tell who somebody is."""
        known = self.world.people.references(key)
        return known[-1] if known else key.removeprefix(AGENCY)  # a participant rather than the Patient

    def _know(self) -> Known:
        care, competent = self._holds(Kind.CARE_ORDER), self._holds(Kind.COMPETENCE)
        agency = self._agency() if care else None
        return Known(
            age=self.age,
            guardians=self._guardians(),
            care=bool(care),
            agency=agency,
            lacks=competent is False,
            settings=self.world.settings,
        )

    def _guardians(self) -> frozenset[str] | None:
        """Those with responsibility; None too where an appointment of a guardian says otherwise."""
        found = self.world.people.guardians(self.time)
        keys = self.world.people.keys
        for one in self.world.circumstances:
            if one.value.kind == Kind.GUARDIANSHIP and one.holds(self.time):
                appointed = keys.get(one.value.about or "")
                if found is None or appointed is None or (appointed in found) is not one.value.holds:
                    return None
        return found

    def _holds(self, kind: Kind) -> bool | None:
        """What the records of a kind say now; None when there is none. A record that does not say, or two
        that contradict each other, deny everything."""
        said = {c.holds for c in self._now(kind)}
        if None in said or len(said) > 1:
            self.fault = self.fault or "W9"
            return None
        return next(iter(said), None)

    def _now(self, kind: Kind) -> list[Circumstance]:
        """The circumstances of a kind that are in force and may be the child's."""
        found = [c.value for c in self.world.circumstances if c.value.kind == kind and c.holds(self.time)]
        return [c for c in found if not self._of_another(c)]

    def _of_another(self, one: Circumstance) -> bool:
        """Whether competence or a hearing is that of somebody known not to be the child."""
        key = self.world.people.keys.get(one.about or "", CHILD)
        return one.kind in (Kind.COMPETENCE, Kind.HEARD) and key != CHILD

    def _agency(self) -> str | None:
        """The one child welfare service that takes part, or that the care order names."""
        members = [m for m in self.world.people.members if m.organization]
        keys = self.world.people.keys
        abouts = {c.about for c in self._now(Kind.CARE_ORDER) if c.about}
        said = {about for about in abouts if keys.get(about) != CHILD}
        chosen = [m for m in members if (m.id in said if said else m.active(self.time))]
        numbers = {m.organization for m in chosen if self.regime(m.organization) == Regime.CHILD_WELFARE}
        return f"{AGENCY}{numbers.pop()}" if len(numbers) == 1 else None

    # --- what they want ----------------------------------------------------------------------------------

    def will(self, giver: str, recipient: str, purpose: str, subject: str = CHILD) -> Will:
        """What one giver wants for an organization or single reader, about the child or a third person."""
        place = (self._said(giver, subject, purpose), recipient)
        found = self._wills.get(place)
        if found is None:
            writing = self.world.settings.demands_writing
            found = self._wills.keep(place, will(place[0], self._of(recipient), writing, self.time))
        return found

    def wills(self, givers: frozenset[str], recipient: str, purpose: str) -> Mapping[str, Will]:
        """What each of these wants for a recipient, about the child, by key in order."""
        place = (givers, recipient, purpose)
        found = self._together.get(place)
        return found or self._together.keep(
            place, {giver: self.will(giver, recipient, purpose) for giver in sorted(givers)}
        )

    def _said(self, giver: str, subject: str, purpose: str) -> Given:
        place = (giver, subject, purpose)
        found = self._given.get(place)
        if found is None:
            about = [a for a in self.world.acts if a.subject in (subject, None)]
            signed = [a for a in about if self._signed(giver, a)]
            meant = [a for a in signed if a.subject == subject and a.purpose == purpose]
            found = Given(
                # an act by somebody nobody knows may be anyone's
                acts=tuple(a for a in about if a.strangers or a in signed),
                permitting=tuple(a for a in meant if a.permits_at(self.time)),
            )
            self._given.keep(place, found)
        return found

    def _signed(self, giver: str, act: Act) -> bool:
        """Whether an act is this giver's: one of its members' where that is a child welfare service."""
        back = act.taken_back_by(self.time)
        if not giver.startswith(AGENCY):
            return giver in act.givers and giver != back
        number = giver.removeprefix(AGENCY)
        own = [m for m in self.world.people.members if m.organization == number]
        return any(m.id in act.signers and m.key != back for m in own)

    def _of(self, recipient: str) -> Names:
        found = self._names.get(recipient)
        if found is None:
            found = self._names.keep(recipient, Names(recipient, self.world.people, self.time))
        return found
