"""How a consent came to be what it is: every version, when it was told of, by whom, and what it changed in
what may be shared. Nothing is left out and nothing of it is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from consent import fhir_consent
from consent.model import Consent
from gateway.consents.words import CHANGES, Said
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import RECORD
from gateway.hub import versions
from gateway.hub.versions import Version

TOLD = tuple(
    f.name for f in fields(Consent) if f.name in CHANGES
)  # id, frame and recorded never say a change


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a version says otherwise than the one before it. Of a set: what came and what went."""

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def said(self) -> Said:
        """In words; codes and references as they are."""
        before, after = ", ".join(self.before) or "–", ", ".join(self.after) or "–"
        return Said(
            f"{CHANGES[self.what].nb}: {before} → {after}", f"{CHANGES[self.what].nn}: {before} → {after}"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One version. recorded: as its source said; stored: when the hub took it in; by: a participant, an
    organization or a practitioner, where that is known."""

    number: int
    stored: datetime
    recorded: datetime | None
    source: str
    by: str | None
    changes: tuple[Change, ...]


def history(connection: Connection, facts: PersonFacts, ref: str) -> list[Step]:
    """All versions of one consent, oldest first. The first one's changes are all that it says."""
    found = list(reversed(versions.history(connection, facts.tenant, ref)))
    told = versions.history(connection, facts.tenant, f"Provenance/{ref.partition('/')[2]}-provenance")
    before: dict[str, tuple[str, ...]] = {}
    steps = []
    for version in found:
        now = _values(version)
        steps.append(
            Step(
                number=version.version,
                stored=version.stored,
                recorded=version.recorded,
                source=version.source,
                by=_who(facts, version, told),
                changes=tuple(_changes(before, now)),
            )
        )
        before = now
    return steps


def _changes(before: dict[str, tuple[str, ...]], now: dict[str, tuple[str, ...]]) -> Iterator[Change]:
    for what in (*TOLD, "refusals"):
        old, new = before.get(what, ()), now.get(what, ())
        if old != new:
            yield Change(what, old, new)


def _values(version: Version) -> dict[str, tuple[str, ...]]:
    """What a version says, one entry per thing that can change; empty things left out."""
    acts = fhir_consent.read(version.resource)
    if not acts:
        return {}
    said = {name: _texts(getattr(acts[0], name)) for name in TOLD}
    said["refusals"] = tuple(sorted(_refusal(act) for act in acts[1:]))
    return {name: value for name, value in said.items() if value}


def _texts(value: Any) -> tuple[str, ...]:
    """As texts, sorted; of yes and no only what is worth saying."""
    if value is None or value is False:
        return ()
    if value is True:
        return ("ja",)
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    return (value.isoformat(),) if isinstance(value, date) else (str(value),)


def _refusal(act: Consent) -> str:
    whom, what = ", ".join(sorted(act.recipients)), ", ".join(sorted(act.categories))
    return f"{whom or 'alle'}: {what or 'alt'}"


def _who(facts: PersonFacts, version: Version, told: list[Version]) -> str | None:
    """Who wrote this version: as the account of it says, which stands on where it would say the same."""
    own = (p for p in told if p.stored <= version.stored and p.source == version.source)
    account = next(own, None)
    agents = account.resource.get("agent") if account else None
    who = agents[0].get("who", {}) if agents else {}
    identifier = who.get("identifier") or {}
    system, value = str(identifier.get("system", "")), identifier.get("value")
    if system.startswith(RECORD):
        return facts.authors.get((system.removeprefix(RECORD), str(value)))
    named = who.get("reference") or value
    return str(named) if named else None
