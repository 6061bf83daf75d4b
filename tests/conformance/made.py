"""What the project makes of resources it already has: a closed log's items in the plan that continues it, a
plan as a document, and consents as the consent library writes them. For the judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Final

from consent import fhir_writing
from consent.model import Consent
from gateway.documents import DocumentMapping
from gateway.documents.content import content
from gateway.documents.mapping import document
from mappings import continuing, load
from mappings.model import Ids, Resource, State
from tests.conformance.emitted import FILES, Emitted, named, reference, sample
from tests.documents import plans

AT: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CATEGORIES: Final = frozenset(load("stafettlogg").declared.codes["kategori"])
LOGS: Final = [path for path in FILES if path.parent.name == "stafettlogg"]


def over() -> Iterator[Emitted]:
    """All of it."""
    for path in LOGS:
        yield from _continued(path)
    yield from _documents()
    yield from _consents()


def _continued(path: Path) -> Iterator[Emitted]:
    """The open goals and measures of a log in a plan, with what belongs to them."""
    name = f"{named(path)} goes on"
    plan = reference("CarePlan", name)
    resources = {_own(one.resource): one.resource for one in sample(path)}
    items = {ref for ref, one in resources.items() if continuing.goes_on(one)}
    parts = {ref for ref in resources if _item(ref, items) and not ref.startswith("Provenance/")}
    pairs = {ref: continuing.successor(ref, plan) for ref in parts}
    for ref in sorted(parts):
        yield Emitted(name, ref, continuing.carried(resources[ref], plan, pairs))
    for ref in sorted(items):
        before = resources.get(f"Provenance/{ref.partition('/')[2]}-provenance")
        made = continuing.provenance(before, ref, pairs[ref], "2026-11-21T12:00:00Z")
        yield Emitted(name, f"where {ref} comes from", made)
    frame = next(one for one in resources.values() if one["resourceType"] == "CarePlan")
    whole = {**frame, "id": plan.partition("/")[2]}
    yield Emitted(name, "the plan", continuing.replacing(whole, "stafettlogg", path.stem))


def _documents() -> Iterator[Emitted]:
    """Emma's plan as a PDF, for one who sees all of it and for one who sees little; and taken back."""
    whole = plans.plan()
    for seen, status in product((CATEGORIES, frozenset({"plan"})), ("active", "entered-in-error")):
        says = content(whole, plans.members(), seen, "nb")
        state = State(document({**whole, "status": status}, says, AT))
        refs = {"Patient/emma": "Patient/emma"}
        native = DocumentMapping().get(state, Ids("Patient/emma", "", "bup", refs, refs))
        yield Emitted("a plan as a document", f"{len(seen)} categories, {status}", {**native, "id": "d"})


def _consents() -> Iterator[Emitted]:
    """Decisions of every kind, with and without what a consent may also say."""
    decisions = ("samtykker", "nekter", "motsetterSeg")
    for decision, form, full in product(decisions, ("skriftlig", "muntlig", "digital"), (False, True)):
        written = fhir_writing.write(_consent(decision, form, full=full), "Patient/p")
        yield Emitted("consents", f"{decision}, {form}{', in full' if full else ''}", written)


def _consent(decision: str, form: str, *, full: bool) -> Consent:
    kept = Consent(
        id="Consent/c",
        frame="CarePlan/c",
        decision=decision,
        givers=frozenset({"RelatedPerson/f"}),
        recipients=frozenset({"bup", "974760673", "PractitionerRole/r"}),
        categories=CATEGORIES,
        form=form,
    )
    if not full:
        return kept
    return Consent(
        **{name: getattr(kept, name) for name in ("id", "frame", "decision", "givers", "recipients", "form")},
        categories=frozenset({"plan", "maal"}),
        except_recipients=frozenset({"barnevern"}),
        except_items=frozenset({"Communication/n"}),
        about="RelatedPerson/m",
        purpose="behandling",
        start=date(2026, 1, 1),
        end=date(2027, 1, 1),
        applies_from=date(2025, 1, 1),
        withdrawn=AT,
        withdrawn_by="RelatedPerson/f",
        recorded=AT,
        labels=frozenset({"PSY", "R"}),
    )


def _item(ref: str, items: set[str]) -> bool:
    """Whether it is one of the items, or a part of one ("g1-evaluering")."""
    own = ref.partition("/")[2]
    return ref in items or any(own.startswith(f"{item.partition('/')[2]}-") for item in items)


def _own(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
