"""What somebody who is logged in may see of one child, decided item by item by the same judge as everything
that leaves, and written down as told before a page is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from gateway.access.login_sessions import Session
from gateway.config import Settings
from gateway.errors import NotReady
from gateway.exchange import disclosures, leaving
from gateway.exchange.disclosures import Attempt
from gateway.exchange.judge import Judge, View
from gateway.exchange.readers import alone
from gateway.exchange.referrals import withheld_from
from gateway.exchange.seen import Seen
from gateway.exchange.selection import Parts, by_item
from gateway.hub import versions
from gateway.hub.schema.tables import person
from gateway.hub.versions import Version
from gateway.web.desk import WebDesk
from gateway.web.standing import Place, place
from mappings import reading
from mappings.model import Resource

Result = TypeVar("Result")
Finder = Callable[[Connection, WebDesk, Session, str, datetime], Place]  # the place that a handle means
RECIPIENT: Final = "~min-side"  # in the log of what was told; no system can be called that
TRIES: Final = 4
OWN: Final = "own"


@dataclass(slots=True)
class Insight:
    """One child as one person may see it. seen: resources by reference; shown: the same with where each comes
    from; provenances: who wrote what is seen, by its reference. now: one moment for all of it."""

    here: Place
    now: datetime
    parts: Parts
    settings: Settings
    seen: dict[str, Resource] = field(default_factory=dict)
    shown: dict[str, Seen] = field(default_factory=dict)
    provenances: dict[str, Resource] = field(default_factory=dict)
    _views: dict[str, View] = field(default_factory=dict)
    _told: dict[str, None] = field(default_factory=dict)

    def look(self) -> None:
        """Decide every item."""
        judge = self.judge()
        for item, own in self.parts.items():
            view = self._back(own.get(item)) or judge.view(item, own)
            if view.permitted:
                self._views[item] = view
                self.seen.update(view.resources)
                self._keep(item, own, view)

    def judge(self) -> Judge:
        """What decides for this reader, at this moment."""
        return Judge(
            self.here.facts,
            alone(self.here.me, RECIPIENT),
            channel="page",
            purpose="samordning",
            now=self.now,
        )

    def _keep(self, item: str, own: dict[str, Version], view: View) -> None:
        for ref, resource in view.resources.items():
            if not ref.startswith("Provenance/"):
                self.shown[ref] = Seen(ref, item, resource, own[ref], view)
            elif (target := reading.target_of(resource)) is not None:
                self.provenances[target] = resource

    def permits(self, item: str, categories: Iterable[str]) -> frozenset[str]:
        """Which of these categories of an item may be seen, whether or not anything of it is there."""
        return self.judge().permits(item, self.parts[item], categories)

    def categories(self, item: str) -> list[frozenset[str]]:
        """The categories of what may be seen of an item, each as it is asked for, the item's own first. What
        is hidden inside it has none here: that others do not get it would tell that it is there."""
        parts = self.parts[item]
        mine = [ref for ref in parts if ref in self.seen and not ref.startswith("Provenance/")]
        found: dict[frozenset[str], None] = {}
        for ref in sorted(mine, key=lambda ref: ref != item):
            found[reading.category_of(parts[ref].resource)] = None
            found |= {frozenset({c}): None for c in sorted(reading.categories_inside(self.seen[ref]))}
        return list(found)

    def version(self, ref: str) -> Version | None:
        """The current version of an item's own resource."""
        return self.parts.get(ref, {}).get(ref)

    @property
    def views(self) -> Mapping[str, View]:
        """What may be seen of each item, by its reference; an item that may not has none."""
        return self._views

    def tell(self, refs: Iterable[str]) -> None:
        """Note that a page carries these."""
        self._told.update(dict.fromkeys(refs))

    def untell(self) -> None:
        """No page carries anything of it after all."""
        self._told.clear()

    def _back(self, focal: Version | None) -> View | None:
        """The empty view of a referral to the reader's organization by somebody who may not refer there."""
        number = self.here.me.organization if self.here.staff else None
        if focal is None or number is None:
            return None
        return withheld_from(self.settings, self.here.facts, number, focal, self.now)

    def items(self) -> list[str]:
        """What may be seen of the records of this log or plan, newest first; people and consents aside."""
        return self._records(lambda version: reading.belongs_to(version.resource) == self.here.frame)

    def everything(self) -> list[str]:
        """The same of all logs and plans of the child, and of what belongs to none."""
        return self._records(lambda _: True)

    def _records(self, wanted: Callable[[Version], bool]) -> list[str]:
        own = [
            version
            for item in self._views
            if item.partition("/")[0] not in ASIDE
            and (version := self.version(item)) is not None
            and wanted(version)
            and not reading.in_error(version.resource)
        ]
        return [v.ref for v in sorted(own, key=lambda v: (v.first_recorded or v.stored, v.ref), reverse=True)]

    def unchanged(self, connection: Connection) -> bool:
        """Whether nothing of the child has changed since it was looked at; then nothing does until the
        transaction ends."""
        here = self.here
        row = connection.execute(
            select(person.c.change_no, person.c.facts_no)
            .where(person.c.tenant == here.tenant, person.c.id == here.person)
            .with_for_update(read=True)
        ).one()
        return (int(row.change_no), int(row.facts_no)) == (here.change_no, here.facts_no)

    def write(self, connection: Connection) -> bool:
        """Write what is told; False where something of the child has changed since it was looked at."""
        here = self.here
        if not self.unchanged(connection):
            return False
        items = tuple(self._disclosed(ref) for ref in self._told)
        if items:
            attempt = Attempt(disclosures.new_id(), here.person, items)
            state, deadline = leaving.begin(
                here.tenant, attempt.id, self.now, self.settings.answer_deadline_seconds
            )
            disclosures.begin(
                connection,
                here.tenant,
                [attempt],
                recipient=RECIPIENT,
                channel="page",
                run=0,
                epoch=here.facts_no,
                owner=None,
                now=self.now,
                deadline=deadline,
                client=here.me.id,
                state=state,
            )
        return True

    def _disclosed(self, ref: str) -> disclosures.Disclosed:
        if ref in self.shown:
            one = self.shown[ref]
            return one.view.disclosed(ref, one.version.version, OWN)
        version = self.version(ref)
        number = version.version if version else 0
        view = self._views.get(ref) or View(ref, {}, {})
        return view.disclosed(ref, number, OWN)


ASIDE: Final = frozenset(
    {"CarePlan", "CareTeam", "Patient", "PractitionerRole", "RelatedPerson", "Consent", "Provenance"}
)


def looking(
    desk: WebDesk,
    session: Session,
    given: str,
    work: Callable[[Connection, Insight], Result],
    *,
    shown: bool = True,
    find: Finder = place,
) -> Result:
    """What `work` makes of the child that a handle means. It may be run more than once; everything it tells
    is written before this returns. shown: False where the answer leads on and carries nothing of it: a
    withdrawal would wait for itself. find: among which logs and plans; the staff's pages have theirs
    (gateway/web/seats.py). Raises NotFound."""
    store = desk.service.store
    for _ in range(TRIES):
        with store.read(session.tenant) as connection:
            now = desk.service.clock()
            here = find(connection, desk, session, given, now)
            found = by_item(versions.of_person(connection, here.tenant, here.person))
            insight = Insight(here, now, found, desk.service.settings)
            insight.look()
            made = work(connection, insight)
            if not shown:
                insight.untell()
        with store.write(session.tenant) as connection:
            if insight.write(connection):
                return made
    raise NotReady("The child's records change all the time")
