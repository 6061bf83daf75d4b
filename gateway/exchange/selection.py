"""Selects what of a person's items one recipient may have now, as records that it can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.config import Route, Settings, System
from gateway.exchange import referrals, statements
from gateway.exchange.facts import PersonFacts
from gateway.exchange.frames import Frames
from gateway.exchange.judge import Judge, View
from gateway.exchange.rendition import units
from gateway.exchange.shown import Shown as Shown
from gateway.hub import versions
from gateway.hub.versions import Version
from mappings import continuing, reading
from mappings.completeness import CATEGORIES
from mappings.model import RecordMapping

Parts = dict[str, dict[str, Version]]  # by item, then by resource
MEMBERS = ("CarePlan", "Goal", "ServiceRequest", "PractitionerRole", "RelatedPerson")


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects for one recipient, one person, at one time."""

    system: System
    settings: Settings
    mapping: RecordMapping
    facts: PersonFacts
    channel: str
    now: datetime

    def shown(self, connection: Connection, items: Iterable[str]) -> list[Shown]:
        """The permitted among these items. A FHIR server also gets each log or plan anew, since what it
        lists may have changed."""
        wanted = set(items)
        everything = wanted | self._members(connection)
        parts = by_item(versions.of_items(connection, self.facts.tenant, sorted(everything)))
        if self.facts.continues and self.system.adapter != "fhir":
            parts = self._each_once(connection, parts)
        out: list[Shown] = []
        for item, own in parts.items():
            view = self.view(item, own)
            if view is not None:
                out.extend(Shown(unit, view, own[item]) for unit in units(self.system, self.mapping, view))
        if self.system.adapter != "fhir":
            return out
        frames = Frames(self.system, self.settings, self.facts)
        if self.system.receives == "document":
            seen = {
                one: self.permits(one, parts[one], CATEGORIES) for one in parts if one in self.facts.frames
            }
            return frames.documents(out, seen)
        return frames.formed(out, wanted)

    def view(self, item: str, parts: dict[str, Version]) -> View | None:
        """What may be seen of one item; None where no route leads here."""
        judge = self._judge(item, parts)
        if judge is None:
            return None
        back = referrals.withheld(self.settings, self.facts, self.system, parts[item], self.now)
        return back or judge.view(item, parts)

    def _each_once(self, connection: Connection, parts: Parts) -> Parts:
        """Where a log goes on as a plan, the plan's system gets what went along as the plan's, and the log's
        system keeps it as the log's: neither gets both."""
        own = self.facts.frame_in(self.system.id)
        logs = {one.log for one in self.facts.continues.values()}
        mine = self.facts.continues.get(own or "")
        if mine is not None and own is not None:
            newer = {i: continuing.successor(i, own) for i, p in parts.items() if _frame(i, p) == mine.log}
            there = versions.of_refs(connection, self.facts.tenant, newer.values())
            return {i: p for i, p in parts.items() if newer.get(i) not in there}
        if own not in logs:
            return parts
        return {i: p for i, p in parts.items() if i not in p or continuing.predecessor(p[i].resource) is None}

    def permits(self, item: str, parts: dict[str, Version], categories: Iterable[str]) -> frozenset[str]:
        """Which of these categories of an item may be seen, whether or not anything of it is there."""
        judge = self._judge(item, parts)
        return judge.permits(item, parts, categories) if judge is not None else frozenset()

    def _judge(self, item: str, parts: dict[str, Version]) -> Judge | None:
        route = self._route(parts[item]) if item in parts else None
        if route is None:
            return None
        return Judge(
            self.facts,
            self.facts.recipient(self.system, self.now),
            channel=self.channel,
            purpose=route.purpose,
            now=self.now,
            bases=statements.bases(route),
        )

    def _route(self, focal: Version) -> Route | None:
        """The route here from where the item was made or last changed."""
        others = [s for s in (focal.source, focal.created_by) if s != self.system.id]
        if not others:  # its own item: it goes back only as far as others have changed it
            return Route(source=self.system.id, recipient=self.system.id)
        routes = [self.settings.route(source, self.system.id) for source in others]
        return next((r for r in routes if r is not None), None)

    def _members(self, connection: Connection) -> set[str]:
        if self.system.adapter != "fhir":
            return set()
        kinds = (*MEMBERS, "Patient", "Consent") if self.system.receives == "document" else MEMBERS
        return set(versions.of_types(connection, self.facts.tenant, self.facts.person, kinds))


def _frame(item: str, parts: Mapping[str, Version]) -> str | None:
    return reading.belongs_to(parts[item].resource) if item in parts else None


def by_item(found: dict[str, Version]) -> dict[str, dict[str, Version]]:
    """Versions grouped by the item they belong to."""
    parts: dict[str, dict[str, Version]] = {}
    for ref, version in found.items():
        parts.setdefault(version.item, {})[ref] = version
    return parts
