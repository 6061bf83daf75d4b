"""One entry of a merged timeline: what happened, when, in which systems, and its words, which are read when
they are asked for: of two thousand entries a page tells fifty. What several systems tell alike is one entry.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from gateway.hub.absences import Absence
from mappings import telling
from mappings.model import Resource
from mappings.referrals import Step, referral_of
from mappings.same_document import document_keys


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it: organization always where known, name and role only of a participant the reader sees."""

    participant: str | None
    name: str | None
    role: str | None


class Said(Protocol):
    """What an entry says."""

    @property
    def title(self) -> str | None:
        """In few words."""

    @property
    def text(self) -> str | None:
        """The words themselves."""

    @property
    def resource(self) -> Resource | None:
        """The resource that says it by itself, as its reader may see it; None for a part of one."""


@dataclass(frozen=True, slots=True)
class Told:
    """Said by a resource. words: where the words stand: in itself, of a meeting in its minutes, if any."""

    resource: Resource
    words: Resource | None

    @property
    def title(self) -> str | None:
        """What it is about."""
        return telling.title_of(self.resource)

    @property
    def text(self) -> str | None:
        """What was said."""
        return None if self.words is None else telling.text_of(self.words)


@dataclass(frozen=True, slots=True)
class Part:
    """Said by a part of a resource."""

    title: str | None
    text: str | None
    resource: None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. time: as its source wrote it; moment: the same as a point in time. systems:
    all that tell the same, the first that told it in front. refs: every resource that was used. missing:
    where it is no longer told of, though it stands."""

    id: str
    resource: str
    kind: str
    time: str
    moment: datetime
    systems: tuple[str, ...]
    refs: tuple[str, ...]
    said: Said
    author: Author | None = None
    service: str | None = None
    level: int | None = None
    missing: tuple[Absence, ...] = ()

    @property
    def place(self) -> tuple[datetime, str]:
        """Its place in the list."""
        return self.moment, self.id

    @property
    def title(self) -> str | None:
        """What it is about, in few words."""
        return self.said.title

    @property
    def text(self) -> str | None:
        """What was said."""
        return self.said.text

    @property
    def status(self) -> str | None:
        """How it stands."""
        return None if self.said.resource is None else telling.status_of(self.said.resource)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Of a referral: how far it has come."""
        referral = None if self.said.resource is None else referral_of(self.said.resource)
        return () if referral is None else referral.steps


def once(found: Iterable[Entry]) -> Iterable[Entry]:
    """What several systems tell with the same words of the same time is one entry, the earliest stored; so is
    a document that several systems hold. Both are seen by the reader: neither opens the other."""
    entries = list(found)
    keys_of = _Keys(entries)
    kept: dict[str, Entry] = {}
    places: dict[Any, str] = {}  # what entries are known by -> the id of the entry that stands for them
    for entry in entries:
        keys = list(keys_of(entry))
        first = next((kept[places[key]] for key in keys if key in places), None)
        if first is None or entry.systems[0] in first.systems:
            kept[entry.id] = entry
            places |= {key: entry.id for key in keys if key not in places}
            continue
        joined = tuple(dict.fromkeys((*first.systems, *entry.systems)))
        missing = (*first.missing, *entry.missing)
        kept[first.id] = replace(first, systems=joined, refs=(*first.refs, *entry.refs), missing=missing)
        places |= {key: first.id for key in keys if key not in places}
    return kept.values()


class _Keys:
    """What entries are known by. Nothing is joined within one system, so words are read only where two
    systems tell of one time, and documents only where two have any."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        first: dict[tuple[str, datetime], str] = {}
        documents = set()
        self._several: set[tuple[str, datetime]] = set()  # kinds and times that two systems tell of
        for one in entries:
            at, system = (one.kind, one.moment), one.systems[0]
            if first.setdefault(at, system) != system:
                self._several.add(at)
            if _is_document(one):
                documents.add(system)
        self._documents = len(documents) > 1

    def __call__(self, entry: Entry) -> Iterator[Any]:
        resource = entry.said.resource
        if self._documents and resource is not None:
            yield from sorted(document_keys(resource))
        if (entry.kind, entry.moment) in self._several and (entry.title or entry.text):
            yield entry.kind, entry.moment, entry.title, entry.text


def _is_document(entry: Entry) -> bool:
    return entry.said.resource is not None and entry.said.resource["resourceType"] == "DocumentReference"
