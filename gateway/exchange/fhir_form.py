"""How a resource stands in an answer under /fhir: the hub's ids, only references the reader can follow, a
version that is a digest of what the reader sees.

A counted version would tell of changes to what is hidden; a digest tells of nothing but itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from gateway.exchange.seen import Seen
from gateway.exchange.sight import LISTS, Sight
from mappings.canonical import NATIONAL_IDS
from mappings.fhir import FhirMapping
from mappings.fhir_restore import carried_meta
from mappings.installation import outward
from mappings.model import ITEM, Ids, NotExpressible, Resource, State
from mappings.references import PEER, references, rewrite

TAG_LENGTH = 24
_ordered = msgspec.json.Encoder(decimal_format="number", order="deterministic")


@dataclass(frozen=True, slots=True)
class Edition:
    """One version as the reader sees it. tag: its version id; updated: since when it looks like this."""

    ref: str
    body: Resource
    tag: str
    updated: datetime

    @property
    def resource(self) -> Resource:
        """The whole resource, with the meta that a server sets."""
        meta = {"versionId": self.tag, "lastUpdated": instant(self.updated), **self.body.get("meta", {})}
        head = {"resourceType": self.body["resourceType"], "id": self.body["id"], "meta": meta}
        return head | {k: v for k, v in self.body.items() if k not in head}

    @property
    def etag(self) -> str:
        """As a header."""
        return f'W/"{self.tag}"'


@dataclass(slots=True)
class Forms:
    """The resources of one sight in their outward form, each made when it is asked for."""

    sight: Sight
    _made: dict[str, Edition | None] = field(default_factory=dict)

    def look(self, refs: Iterable[str]) -> None:
        """Look at these, and at what they point to, in one go."""
        wanted = list(refs)
        self.sight.types(*{ref.partition("/")[0] for ref in wanted} & LISTS)
        self.sight.follow(wanted)
        found = (self.sight.seen.get(ref) for ref in wanted)
        self.sight.follow(ref for one in found if one is not None for ref in references(one.resource))

    def current(self, ref: str) -> Edition | None:
        """The resource; None where the reader sees none or it has no form without what is hidden."""
        if ref not in self._made:
            self.look([ref])
            one = self.sight.seen.get(ref)
            self._made[ref] = self._edition(one) if one else None
        return self._made[ref]

    def editions(self, ref: str) -> list[Edition]:
        """Every version that looks different to this reader, newest first."""
        found: list[Edition] = []
        self.look([ref])
        one = self.sight.seen.get(ref)
        if one is None or self.current(ref) is None:
            return found
        for resource, version in self.sight.editions(one):
            body = self._body(resource, own=one.own)
            if body is None:
                break
            found.append(Edition(ref, body, _tag(body), version.stored))
        return list(_distinct(found))

    def ids(self, resource: Resource | None = None) -> Ids:
        """What the reader can follow, each reference by itself: of what a resource points to, else of all
        that was looked at."""
        patient = f"Patient/{self.sight.person}"
        pointed: Iterable[str] = self.sight.seen
        if resource is not None:
            named = references(resource)
            self.sight.follow(named)
            pointed = named & self.sight.seen.keys() | {f"{resource['resourceType']}/{resource['id']}"}
        known = {ref: ref for ref in (*pointed, patient)}
        known |= dict.fromkeys(self.sight.facts.patients, patient)  # after a merge: the child by one id
        if resource is not None and resource["resourceType"] == "Patient":
            known[f"Patient/{resource['id']}"] = f"Patient/{resource['id']}"
        return Ids(
            subject=patient,
            frame="",
            system=self.sight.system.id,
            refs=known,
            natives=known,
        )

    def _edition(self, one: Seen) -> Edition | None:
        body = self._body(one.resource, own=one.own)
        if body is None:
            return None
        return Edition(one.ref, body, _tag(body), self._updated(one))

    def _updated(self, one: Seen) -> datetime:
        """Since when it looks as it does: a change of what is hidden is no change."""
        if one.derived:
            return max(self._updated(member) for member in one.members)
        if one.whole:
            return one.version.stored
        since = one.version.stored
        for resource, version in self.sight.editions(one):
            if _tag(resource) != _tag(one.resource):
                break
            since = version.stored
        return since

    def _body(self, resource: Resource, *, own: bool) -> Resource | None:
        """own: what the reader itself wrote comes back as it was, without an identifier of ours."""
        if resource["resourceType"] == "Patient":
            return self._patient(resource)
        try:
            body = FhirMapping().get(
                State({ITEM: resource}, {"identifier": []} if own else None), self.ids(resource)
            )
        except NotExpressible:
            return None
        return outward(body, self.sight.selection.settings.installation, resource["id"])

    def _patient(self, resource: Resource) -> Resource:
        """Never with a national id: whoever searched by one gets that one back (see fhir_search)."""
        known = self.ids(resource).natives

        def follow(reference: str) -> str | None:
            return None if reference.startswith(PEER) else known.get(reference)

        plain = rewrite({k: v for k, v in resource.items() if k not in ("meta", "identifier")}, follow)
        told = [i for i in resource.get("identifier", []) if i.get("system") not in NATIONAL_IDS]
        meta = carried_meta(resource.get("meta", {}))
        return {**plain, **({"identifier": told} if told else {}), **({"meta": meta} if meta else {})}


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tag(body: Resource) -> str:
    """The same for the same content, in whatever order its elements stand."""
    return hashlib.sha256(_ordered.encode(body)).hexdigest()[:TAG_LENGTH]


def _distinct(found: list[Edition]) -> Iterator[Edition]:
    """Of versions in a row that look the same, the earliest."""
    for place, one in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else None
        if after is None or after.tag != one.tag:
            yield one
