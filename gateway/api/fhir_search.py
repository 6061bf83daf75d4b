"""Runs a search over what one reader may see of one patient: what matches, what it includes, page by page.
Totals, pages and includes are made from what is seen, so that nothing hidden leaves a trace in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from gateway.api.fhir_query import Query
from gateway.api.fhir_types import pointed
from gateway.exchange.fhir_form import Edition, Forms
from gateway.exchange.sight import Looking, Sight
from gateway.hub import persons
from gateway.hub.persons import IdentifierKey


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: the page, what it includes, how many match in all, and where to go on."""

    matches: Sequence[Edition]
    included: Sequence[Edition]
    total: int
    cursor: str | None


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
NOTHING = Found((), (), 0, None)


@dataclass(frozen=True, slots=True)
class Search:
    """Searches within one transaction. key: finds persons by their national ids."""

    looking: Looking
    key: IdentifierKey

    def sight(self, connection: Connection, query: Query) -> Sight | None:
        """The one person the query is about, as the reader may see them; nothing looked at yet."""
        person = query.patient or self._person(connection, query)
        return self.looking.at(connection, person, hold=False) if person else None

    def _person(self, connection: Connection, query: Query) -> str | None:
        tenant = self.looking.system.tenant
        if query.identifiers:
            groups = [[self.key.hash(s, v) for s, v in one if s] for one in query.identifiers]
            found = [set(persons.find(connection, tenant, hashes).values()) for hashes in groups]
            common = set.intersection(*found)
            return common.pop() if len(common) == 1 else None
        owners = {
            owner
            for own in query.ids or ()
            if (owner := self.looking.person_of(connection, f"{query.kind.name}/{own}")) is not None
        }
        return owners.pop() if len(owners) == 1 else None

    def run(self, query: Query, sight: Sight) -> Found:
        """What of the sight matches."""
        forms = Forms(sight)
        sight.types(query.kind.name)
        prefix = f"{query.kind.name}/"
        refs = sorted(ref for ref in sight.seen if ref.startswith(prefix))
        matching = refs if query.takes_all else self._matching(query, forms, refs)
        left = [(place, ref) for place, ref in self._places(query, forms, matching) if _after(query, place)]
        chosen = [ref for _, ref in left[: query.count]]
        forms.look(chosen)
        page = [e for ref in chosen if (e := forms.current(ref)) is not None]
        cursor = left[len(chosen) - 1][0] if chosen and len(left) > len(chosen) else None
        included = self._included(query, forms, page)
        return Found([_named(query, e) for e in page], included, len(matching), cursor)

    def _places(self, query: Query, forms: Forms, refs: Sequence[str]) -> list[tuple[str, str]]:
        """(place, reference) in the order asked for; a place is found again when what stood there is gone."""
        if not query.sort:
            return [(ref.partition("/")[2], ref) for ref in refs]
        editions = [e for ref in refs if (e := forms.current(ref)) is not None]
        places = [(f"{(e.updated - EPOCH) // MICRO:017d}.{e.body['id']}"[:64], e.ref) for e in editions]
        return sorted(places, reverse=query.sort.startswith("-"))

    def _matching(self, query: Query, forms: Forms, refs: Sequence[str]) -> list[str]:
        """Those that meet every condition. Each has to be made as the reader would have it."""
        forms.look(refs)
        editions = (e for ref in refs if (e := forms.current(ref)) is not None)
        return [e.ref for e in editions if self._fits(query, e, forms.sight)]

    def _fits(self, query: Query, edition: Edition, sight: Sight) -> bool:
        if query.kind.name != "Patient":
            return query.fits(edition.body, edition.updated)
        named = query.patient in (None, sight.person)
        by_id = query.ids is None or edition.body["id"] in query.ids
        return named and by_id and all(span.fits(edition.updated) for span in query.updated)

    def _included(self, query: Query, forms: Forms, page: Sequence[Edition]) -> list[Edition]:
        wanted: dict[str, None] = {}
        for edition in page:
            for path, target in query.includes:
                for ref in pointed(edition.body, path):
                    if target is None or ref.startswith(f"{target}/"):
                        wanted[ref] = None
        matched = {edition.ref for edition in page}
        forms.look(wanted)
        found = (forms.current(ref) for ref in wanted if ref not in matched)
        return [edition for edition in found if edition is not None]


def _after(query: Query, place: str) -> bool:
    if query.cursor is None:
        return True
    return place < query.cursor if query.sort.startswith("-") else place > query.cursor


def _named(query: Query, edition: Edition) -> Edition:
    """A Patient with the identifier that the caller itself asked by, so that it can be sure of the match."""
    asked = [{"system": s, "value": v} for one in query.identifiers for s, v in one if s]
    if query.kind.name != "Patient" or len(asked) != 1:
        return edition
    return replace(
        edition, body={**edition.body, "identifier": [*edition.body.get("identifier", []), *asked]}
    )


def bundle(query: Query, found: Found, base: str) -> dict[str, Any]:
    """A searchset. base: our /fhir address."""
    link = [{"relation": "self", "url": _address(query, base, query.cursor)}]
    if found.cursor:
        link.append({"relation": "next", "url": _address(query, base, found.cursor)})
    made: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if query.total:
        made["total"] = found.total
    entries = [entry(e, base, "match") for e in found.matches]
    entries += [entry(e, base, "include") for e in found.included]
    return {**made, "link": link, **({"entry": entries} if entries else {})}


def entry(edition: Edition, base: str, mode: str) -> dict[str, Any]:
    """One entry of a searchset."""
    return {
        "fullUrl": f"{base}/{edition.ref}",
        "resource": edition.resource,
        "search": {"mode": mode},
    }


def _address(query: Query, base: str, cursor: str | None) -> str:
    """A link that finds the same again. Identifiers never stand in it: such a search has one page."""
    pairs = [(n, v) for n, v in query.pairs if n != "identifier" or query.kind.name != "Patient"]
    pairs += [("_cursor", cursor)] if cursor else []
    return f"{base}/{query.kind.name}?{urlencode(pairs)}" if pairs else f"{base}/{query.kind.name}"
