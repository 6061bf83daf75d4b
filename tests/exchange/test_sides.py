"""A merge lets nobody see more: what was agreed to about one child before permits nothing of the other's, and
what either refused is refused for both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

import consent
from consent.model import Consent, Facts
from gateway.exchange import statements
from gateway.exchange.sides import Parting, Sides, person_of, sides
from gateway.hub.acts import Act, Kind
from gateway.hub.joining import Merge, State
from gateway.hub.versions import Version
from tests.consent.random_worlds import CATEGORIES, QUESTIONS, consents, good_permits, some, worlds
from tests.consent.worlds import NOW, NUMBERS, PARENTS, ask, facts, permit, staff

OURS, THEIRS = "a", "b"

others = st.lists(consents | good_permits, max_size=3).map(
    lambda found: [replace(c, id=f"Consent/other-{n}") for n, c in enumerate(found)]
)
widening = st.lists(
    st.builds(
        Act,
        id=st.uuids().map(str),
        person=st.just(THEIRS),
        kind=st.sampled_from((Kind.FINDING, Kind.OVERRIDE)),
        by=st.just("Lege Legesen"),
        reason=st.just("Nødvendig"),
        client=st.just("drift"),
        created=st.just(datetime(2026, 1, 1, tzinfo=UTC)),
        recipients=some((NUMBERS["bup"], NUMBERS["skole"]), 1),
        categories=some(CATEGORIES, 1, 5),
        items=some(("Goal/1", "Goal/2")),
    ),
    max_size=2,
)


def merged(own: Facts, other: list[Consent], decided: list[Act]) -> Sides:
    """Both sides of a person who was two; the other side brings consents and acts of its own."""
    merge = Merge(
        "m",
        OURS,
        THEIRS,
        State.STANDING,
        "drift",
        NOW,
        "Kari",
        "Samme",
        consents={OURS: tuple(c.id for c in own.consents), THEIRS: tuple(c.id for c in other)},
        acts={THEIRS: tuple(one.id for one in decided)},
    )
    joined = replace(
        own,
        consents=(*own.consents, *other),
        findings=statements.findings(decided),
        overrides=statements.overrides(decided),
    )
    return sides(joined, [OURS, THEIRS], [Parting(merge, frozenset({THEIRS}))], decided)


@settings(max_examples=60, deadline=None)
@given(own=worlds(), other=others, decided=widening)
def test_what_the_other_had_agreed_to_permits_nothing_here(
    own: Facts, other: list[Consent], decided: list[Act]
) -> None:
    alone, both = consent.prepare(own), merged(own, other, decided)
    here, nowhere = both.of(OURS), both.of("nobody knows")
    assert here is not None
    assert nowhere is not None
    for question in QUESTIONS:
        if consent.decide(question, here).goes:
            assert consent.decide(question, alone).goes
        if consent.decide(question, nowhere).goes:
            assert consent.decide(question, alone).goes


@settings(max_examples=30, deadline=None)
@given(own=worlds(), other=others)
def test_what_the_other_refused_is_refused_here_too(own: Facts, other: list[Consent]) -> None:
    refusing = [replace(c, decision="nekter") for c in other]
    here = merged(own, refusing, []).of(OURS)
    together = consent.prepare(replace(own, consents=(*own.consents, *refusing)))
    assert here is not None
    for question in QUESTIONS:
        assert consent.decide(question, here).goes == consent.decide(question, together).goes


@settings(max_examples=30, deadline=None)
@given(own=worlds(), new=good_permits)
def test_a_consent_given_since_counts_for_both(own: Facts, new: Consent) -> None:
    """It was given for the one child, by somebody who knows it is one."""
    since = replace(new, id="Consent/since")
    merge = Merge(
        "m", OURS, THEIRS, State.STANDING, "", NOW, "", "",
        {OURS: tuple(c.id for c in own.consents)}, {},
    )  # fmt: skip
    joined = replace(own, consents=(*own.consents, since))
    both = sides(joined, [OURS, THEIRS], [Parting(merge, frozenset({THEIRS}))], [])
    here, whole = both.of(OURS), consent.prepare(joined)
    assert here is not None
    for question in QUESTIONS:
        assert consent.decide(question, here).goes == consent.decide(question, whole).goes


def test_a_finding_about_the_other_child_does_not_spare_a_guardian_here() -> None:
    """Of two guardians one suffices where a professional finds care necessary: for whom that was found."""
    own = facts(*PARENTS, permit("1", "mor", "bup", "maal"), staff("bup"), patient="Patient/a")
    found = Act(
        "finding", THEIRS, Kind.FINDING, "Lege", "Nødvendig", "drift", datetime(2026, 10, 1, tzinfo=UTC),
        recipients=frozenset({NUMBERS["bup"]}), categories=frozenset({"maal"}),
    )  # fmt: skip
    both = merged(own, [], [found])
    assert ask(replace(own, findings=statements.findings([found]))).goes
    here, there = both.of(OURS), both.of(THEIRS)
    assert here is not None
    assert there is not None
    assert not ask(here).goes
    assert not ask(there).goes  # the consent was given about the first


def test_of_two_patients_only_what_both_say_counts() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def patient(own: str, born: str, code: str) -> Version:
        security = [{"system": "http://ehelse.no/fhir/CodeSystem/gd-address-confidentiality", "code": code}]
        resource = {"resourceType": "Patient", "id": own, "birthDate": born, "meta": {"security": security}}
        return Version(f"Patient/{own}", 1, "a", f"Patient/{own}", 1, "x", "x", at, at, at, resource)

    one = patient("a", "2015-01-01", "ugradert")
    found = person_of([one, patient("b", "2015-01-02", "fortrolig")], "Patient/a")
    assert found is not None
    assert (found.born, found.address_protection) == (None, "fortrolig")
    same = person_of([one, patient("b", "2015-01-01", "ukjent")], "Patient/a")
    assert same is not None
    assert (same.born, same.address_protection) == (date(2015, 1, 1), None)
