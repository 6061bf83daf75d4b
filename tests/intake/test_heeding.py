"""A consent that somebody acted on where it is not known what they saw: whatever the two say, nothing is
permitted afterwards that either of them does not permit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from consent import fhir_consent, fhir_writing
from consent.days import begins, ceases, midnight
from consent.model import Consent
from gateway.intake.consents import ends
from gateway.intake.heeding import heeded, refuses, within
from mappings.model import Resource

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SERVICES, CATEGORIES = ("bup", "skole", "fastlege"), ("maal", "tiltak")
ITEMS = ("Goal/a", "Goal/b")
DAYS_LOOKED_AT = (date(2025, 6, 1), date(2026, 6, 1), date(2027, 6, 1), date(2029, 6, 1))
DAYS = (None, date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1))

sets = st.sets(st.sampled_from(SERVICES)).map(frozenset)
consents = st.builds(
    Consent,
    id=st.just("Consent/c"),
    frame=st.just("CarePlan/l"),
    decision=st.sampled_from(["samtykker", "samtykker", "samtykker", "nekter"]),
    givers=st.sampled_from(["RelatedPerson/m", "RelatedPerson/m", "Patient/p"]).map(
        lambda one: frozenset({one})
    ),
    recipients=st.sets(st.sampled_from(SERVICES), min_size=1).map(frozenset),
    categories=st.sets(st.sampled_from(CATEGORIES), min_size=1).map(frozenset),
    except_recipients=sets,
    except_items=st.sets(st.sampled_from(ITEMS), max_size=1).map(frozenset),
    start=st.sampled_from(DAYS),
    end=st.sampled_from(DAYS),
    withdrawn=st.sampled_from([None, None, AT]),
    form=st.sampled_from([None, "skriftlig"]),
)

REACH = ("recipients", "categories", "except_recipients", "except_items", "start", "end", "givers")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Consent, Consent]:
    """Two editions of a consent that differ in a field or two of what they reach."""
    one, other = draw(consents), draw(consents)
    fields = draw(st.sets(st.sampled_from(REACH), min_size=1, max_size=2))
    return replace(one, withdrawn=None), replace(
        one, withdrawn=None, **{name: getattr(other, name) for name in fields}
    )


def permitted(resource: Resource) -> set[tuple[str, str, str, date]]:
    """All that a consent permits: to whom, of which category, which item, on which day."""
    one, *others = fhir_consent.read(resource)
    if ends(one):
        return set()
    except_recipients = one.except_recipients.union(*(o.recipients | o.except_recipients for o in others))
    except_items = one.except_items.union(*(o.items | o.except_items for o in others))
    return {
        (service, category, item, day)
        for service in one.recipients - except_recipients
        for category in one.categories
        for item in set(ITEMS) - except_items
        for day in DAYS_LOOKED_AT
        if begins(one.start) <= midnight(day) < ceases(one.end)
    }


def denied(resource: Resource) -> set[tuple[str, str, str, date]]:
    """All that it says no to, by whom and when, whatever another consent permits."""
    return {
        (giver, service, category, day)
        for act in fhir_consent.read(resource)
        if refuses(act)
        for giver in act.givers
        for service in act.recipients | act.except_recipients or set(SERVICES)
        for category in (set(CATEGORIES) if service in act.except_recipients else act.categories)
        or set(CATEGORIES)
        for day in DAYS_LOOKED_AT
        if begins(act.start) <= midnight(day) < ceases(act.end)
    }


def as_written(one: Consent) -> Resource:
    return fhir_writing.write(one, "Patient/p")


@settings(max_examples=200)
@given(pairs() | st.tuples(consents, consents))
def test_nothing_is_permitted_that_either_does_not_permit(both: tuple[Consent, Consent]) -> None:
    said, stands = both
    one, other = as_written(said), as_written(stands)
    assert permitted(heeded(one, other, AT)) <= permitted(one) & permitted(other)


@settings(max_examples=200)
@given(pairs() | st.tuples(consents, consents))
def test_nothing_is_refused_no_more(both: tuple[Consent, Consent]) -> None:
    """Nor does a refusal that replaces another leave anything open."""
    said, stands = (as_written(one) for one in both)
    assert denied(heeded(said, stands, AT)) >= denied(said)
    if not ends(both[0]) or refuses(both[0]):
        assert denied(heeded(said, stands, AT)) >= denied(stands)


@given(consents)
def test_the_same_said_again_changes_nothing(said: Consent) -> None:
    one = as_written(said)
    assert permitted(heeded(one, one, AT)) == permitted(one)


@given(consents, sets)
def test_one_that_only_reaches_less_far_is_taken_as_it_is(stands: Consent, fewer: frozenset[str]) -> None:
    whole = as_written(stands)
    (one, *_) = fhir_consent.read(whole)
    kept = one.recipients & fewer or one.recipients
    less = as_written(Consent(**{**_fields(one), "recipients": kept, "except_recipients": frozenset()}))
    base = as_written(Consent(**{**_fields(one), "except_recipients": frozenset()}))
    if not ends(one):
        assert permitted(heeded(less, base, AT)) == permitted(less)


@settings(max_examples=200)
@given(pairs() | st.tuples(consents, consents))
def test_within_is_never_said_of_one_that_permits_more(both: tuple[Consent, Consent]) -> None:
    one, other = both
    first, second = (fhir_consent.read(as_written(c))[0] for c in (one, other))
    if not ends(second) and within(first, second):
        assert permitted(as_written(first)) <= permitted(as_written(second))


def _fields(one: Consent) -> dict[str, object]:
    return {name: getattr(one, name) for name in Consent.__dataclass_fields__}
