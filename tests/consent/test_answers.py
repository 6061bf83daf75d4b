"""What an answer tells besides yes and no: who is missing, what would turn it, which rules it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from consent import (
    Basis,
    Emergency,
    Objection,
    Outcome,
    Override,
    Recipient,
    Request,
    decide,
    explain,
    prepare,
)
from tests.consent.worlds import (
    BOTH,
    NOW,
    NUMBERS,
    PARENTS,
    REGIMES,
    WORLD,
    ask,
    child,
    facts,
    guardian,
    item,
    permit,
    reference,
    refusal,
    staff,
)

BASIS = Basis("G2", frozenset({"notat"}), "henvist", "fagleder")
NOTE = item("notat", author_organization=NUMBERS["helsestasjon"], by_health_personnel=True)


def test_who_is_missing_and_who_is_against() -> None:
    alone = ask(facts(*WORLD, permit("s", "mor", "bup", "maal")))
    assert (alone.missing, alone.against) == ((reference("far"),), ())
    no = ask(facts(*WORLD, BOTH, refusal("n", "far", "bup")))
    assert (no.missing, no.against) == ((), (reference("far"),))
    assert ask(facts(*WORLD, BOTH)).missing == ()


def test_what_would_turn_the_answer() -> None:
    denied, permitted = ask(facts(*WORLD)), ask(facts(*WORLD, BOTH))
    assert denied.turns() == ("De som mangler, må samtykke til denne kategorien for denne mottakeren.",)
    (turn,) = permitted.turns("nn")
    assert turn.startswith("Delinga stansar dersom ein av dei som bestemmer, trekkjer samtykket")


def test_every_deny_says_what_would_turn_it() -> None:
    known = facts(*WORLD, child(), BOTH)
    for asked in (
        ask(known, "notat"),
        ask(known, item(labels=frozenset({"NORS"}))),
        ask(known, item(third_persons=frozenset({reference("mor")}))),
        ask(known, item(sensitivity=frozenset({"PSY"}))),
        ask(known, channel="faks"),
        ask(facts(*WORLD, BOTH, address_protection="fortrolig")),
        ask(facts(guardian("mor", "ukjent"), staff("bup"))),
    ):
        assert asked.outcome is Outcome.DENY
        assert asked.turns("nb")
        assert asked.turns("nn")


@pytest.mark.parametrize(
    ("time", "rule_set", "source"),
    [
        (datetime(2026, 5, 31, 21, 59, tzinfo=UTC), "1/first", "hpl § 25, § 45"),
        (datetime(2026, 5, 31, 22, 0, tzinfo=UTC), "1/2026-06-01", "hpl § 25, § 45"),
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), "1/2026-06-01", "hpl § 25, § 45"),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "1/2026-07-01", "hpl § 25"),
    ],
)
def test_the_rules_of_the_day_count_and_their_version_is_told(
    time: datetime, rule_set: str, source: str
) -> None:
    known = facts(*PARENTS, staff("bup"), staff("helsestasjon"))
    decision = ask(known, NOTE, time=time, basis=BASIS)
    assert (decision.ground, decision.rule_set) == ("G2", rule_set)
    assert decision.reasons[0].source == source


def test_the_regimes_a_ground_leads_across() -> None:
    known = facts(*WORLD, BOTH)
    by_school = item(author_organization=NUMBERS["skole"])
    assert ask(known, by_school).crossings == (("education", "health"),)
    assert ask(known, by_school, to="skole").crossings == ()
    assert ask(known, item()).crossings == ()
    lines = explain(ask(known, by_school), "nn", whole=True)
    assert "Opplysninga går frå opplæringa til helsetenesta, som har ei anna teieplikt." in lines


def test_the_readers_of_a_system_that_filters() -> None:
    known = facts(*WORLD, child(), BOTH)
    asking = Request(
        item("notat"),
        None,
        Recipient("x", frozenset({NUMBERS["bup"]}), frozenset({reference("mor")}), filters=True),
        "page",
        NOW,
    )
    decision = decide(asking, known)
    assert (decision.outcome, decision.readers) == (Outcome.PERMIT, (reference("mor"),))


def test_those_a_label_is_hidden_from_are_not_among_the_readers() -> None:
    known = facts(*WORLD, child(), permit("b", "barn", "bup", "maal"), born=date(2011, 6, 2))
    readers = frozenset({reference("mor"), reference("barn")})
    recipient = Recipient("x", frozenset({NUMBERS["bup"]}), readers, frozenset({"NORN_FORANS"}))
    hidden = item(labels=frozenset({"NORN_FORANS"}))
    decision = decide(Request(hidden, None, recipient, "push", NOW), known)
    assert (decision.outcome, decision.readers) == (Outcome.PERMIT, (NUMBERS["bup"], reference("barn")))


def test_a_redaction_is_given_only_to_who_asks_for_one() -> None:
    known = facts(*WORLD, BOTH, address_protection="fortrolig", places=frozenset({"Fjordbyen"}))
    without = ask(known)
    assert (without.outcome, without.permitted, without.plan) == (Outcome.DENY, False, None)
    redacted = ask(known, redacts=True)
    assert (redacted.outcome, redacted.permitted) == (Outcome.REDACT, False)
    assert redacted.plan is not None
    assert redacted.plan.places == {"Fjordbyen"}
    assert explain(redacted)[0] == "Dette kan deles, men ikke alt."


@pytest.mark.parametrize(
    "act",
    [
        Emergency("", "fare", "Goal/1", "recipient"),
        Emergency("Kari", " ", "Goal/1", "recipient"),
        Emergency("Kari", "fare", "Goal/2", "recipient"),
        Emergency("Kari", "fare", "Goal/1", "another"),
        "fare",
    ],
)
def test_danger_needs_a_named_person_a_reason_and_this_very_item_and_recipient(act: Emergency) -> None:
    assert not ask(facts(*WORLD), "notat", emergency=act).permitted
    assert not ask(facts(*WORLD), item("notat", id="Goal/9"), emergency=act).permitted
    good = Emergency("Kari", "fare", "Goal/1", "recipient")
    assert ask(facts(*WORLD), "notat", emergency=good).ground == "G4"


@pytest.mark.parametrize("basis", [replace(BASIS, reason=" "), replace(BASIS, role=""), "G2", None])
def test_a_route_needs_a_reason_and_a_role(basis: Basis) -> None:
    known = facts(*PARENTS, staff("bup"), staff("helsestasjon"))
    assert not ask(known, NOTE, basis=basis).permitted


def test_what_is_remembered_never_answers_another_question() -> None:
    """Items that share an answer differ in nothing that counts: each alone is answered the same."""
    known = facts(*WORLD, child(), replace(BOTH, except_items=frozenset({"Goal/2"})))
    shared = [ask(known, item(id=f"Goal/{n}")) for n in (1, 2, 1, 3)]
    assert [d.permitted for d in shared] == [True, False, True, True]


def test_an_override_of_one_item_is_not_remembered_for_another() -> None:
    aside = Override("Kari", "fare", frozenset({"Goal/1"}), frozenset({NUMBERS["bup"]}))
    known = prepare(
        facts(
            *WORLD,
            staff("helsestasjon"),
            child(),
            permit("b", "barn", "bup", "maal"),
            born=date(2009, 1, 1),
            objections=(Objection(),),
            overrides=(aside,),
        )
    )
    answers = [
        ask(known, item(id=f"Goal/{n}", author_organization=NUMBERS["helsestasjon"])).permitted
        for n in (1, 2, 1)
    ]
    assert answers == [True, False, True]


def test_an_agency_is_not_remembered_for_an_author_outside_it() -> None:
    basis = Basis("G3", frozenset({"notat"}), "samme etat", "rektor", "agency")
    other = "900000001"
    known = prepare(
        facts(
            *WORLD,
            regimes={**REGIMES, other: "education"},
            agencies={NUMBERS["skole"]: "kommunen", NUMBERS["ppt"]: "kommunen"},
        )
    )
    answers = [
        ask(known, item("notat", author_organization=author), to="ppt", basis=basis).permitted
        for author in (NUMBERS["skole"], other, NUMBERS["skole"])
    ]
    assert answers == [True, False, True]


def test_health_care_among_itself_carries_only_what_health_care_alone_has_written() -> None:
    def shared(other: str | None) -> bool:
        known = facts(*WORLD)
        return ask(known, replace(NOTE, others=frozenset({other})), basis=BASIS).permitted

    assert shared(NUMBERS["bup"])
    assert not shared(NUMBERS["skole"])
    assert not shared(None)


def test_an_agency_shares_only_what_it_alone_has_written() -> None:
    basis = Basis("G3", frozenset({"notat"}), "samme etat", "rektor", "agency")
    agencies = {NUMBERS["skole"]: "kommunen", NUMBERS["ppt"]: "kommunen"}
    known = facts(*WORLD, agencies=agencies)
    own = item("notat", author_organization=NUMBERS["skole"])
    assert ask(known, own, to="ppt", basis=basis).permitted
    assert ask(known, replace(own, others=frozenset({NUMBERS["ppt"]})), to="ppt", basis=basis).permitted
    assert not ask(known, replace(own, others=frozenset({NUMBERS["bup"]})), to="ppt", basis=basis).permitted
