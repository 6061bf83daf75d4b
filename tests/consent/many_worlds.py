"""Random worlds by the thousand, out of a seed: every kind of fact, few names and days, so that they meet
often."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from consent import (
    Basis,
    Circumstance,
    Consent,
    Emergency,
    Facts,
    Finding,
    Kind,
    Objection,
    Override,
    Participant,
    Request,
    Settings,
    Withholding,
)
from tests.consent.worlds import (
    LOG,
    NOW,
    NUMBERS,
    PLAN,
    REGIMES,
    child,
    guardian,
    item,
    question,
    reference,
    staff,
)

SERVICES = ("bup", "skole", "ppt", "helsestasjon", "barnevern")
CATEGORIES = ("plan", "maal", "notat", "moete", "dokument")
ITEMS = ("Goal/1", "Goal/2", "Goal/3")
LABELS = ("NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM")
SENSITIVE = ("PSY", "SDV", "R")
TIMES = tuple(NOW + timedelta(days=days) for days in (0, 0, -100, 150))
PERIODS = ((None, None), (None, date(2026, 12, 31)), (date(2026, 6, 1), None), (date(2027, 1, 1), None))


class Dice(Random):
    """Chance, in the words the worlds are made of."""

    def some(self, values: tuple[str, ...], likely: float = 0.5) -> frozenset[str]:
        """A few of the values."""
        return frozenset(v for v in values if self.random() < likely)

    def rarely(self, value: Any, chance: float = 0.2) -> tuple[Any, ...]:
        """The value, or nothing."""
        return (value,) if self.random() < chance else ()

    def moment(self) -> datetime:
        """Within a year."""
        return NOW + timedelta(days=self.randint(-300, 300))


def permit(dice: Dice, number: int, **more: Any) -> Consent:
    """A record that says yes and nothing else."""
    names = (*SERVICES[:3], NUMBERS["bup"], reference("mor"))
    fields: dict[str, Any] = {
        "id": f"Consent/{number}",
        "frame": dice.choice((LOG, LOG, LOG, PLAN)),
        "decision": "samtykker",
        "givers": frozenset(map(reference, dice.choice(GIVERS).split())),
        "recipients": dice.some(names, 0.6),
        "categories": dice.some(CATEGORIES, 0.7),
        "about": dice.choice((None,) * 8 + (reference("mor"), "Patient/barn")),
        "purpose": dice.choice(("samordning",) * 5 + ("behandling",)),
        "start": dice.choice((date(2026, 1, 1), date(2026, 1, 1), date(2026, 9, 1))),
        "end": dice.choice((None, date(2027, 6, 1))),
        "recorded": dice.choice((None, dice.moment())),
        "applies_from": dice.choice((None,) * 6 + (date(2026, 8, 1),)),
        "labels": dice.choice((frozenset(), frozenset({"PSY"}), frozenset(SENSITIVE))),
        "items": dice.choice((frozenset(),) * 5 + (frozenset({"Goal/1"}),)),
        "form": dice.choice(("skriftlig", "digital", "muntlig", None)),
        "only_labelled": dice.random() < 0.05,
        **more,
    }
    return Consent(**fields)


GIVERS = ("mor far barn", "mor far barn", "mor far", "mor", "far", "barn", "barnevern", "ukjent", "fostermor")


def exception(dice: Dice, number: int) -> Consent:
    """A record that says no, or yes with an exception."""
    if dice.random() < 0.5:
        decision = dice.choice(("nekter", "motsetterSeg", "annet"))
        return permit(dice, number, decision=decision, recipients=dice.some(SERVICES[:3], 0.3))
    return permit(
        dice,
        number,
        except_recipients=dice.some(SERVICES[:3], 0.3),
        except_items=dice.some(ITEMS, 0.3),
        withdrawn=dice.choice((None, dice.moment())),
    )


def world(dice: Dice) -> Facts:
    """What is known of one person."""
    consents = [permit(dice, n) for n in range(dice.randint(2, 4))]
    consents += [exception(dice, 10 + n) for n in range(dice.choice((0, 0, 1, 2)))]
    return Facts(
        born=date(dice.choice((2019, 2017, 2015, 2013, 2011, 2010, 2009, 2006)), 3, 14),
        address_protection=dice.choice(("ugradert",) * 8 + ("fortrolig", "strengtFortrolig")),
        participants=_participants(dice),
        consents=tuple(consents),
        regimes=dice.choice((REGIMES, REGIMES, REGIMES, {})),
        settings=_settings(dice),
        patient="Patient/barn",
        circumstances=_circumstances(dice),
        findings=dice.rarely(Finding("Kari", dice.some(tuple(NUMBERS.values())), dice.some(CATEGORIES))),
        objections=dice.rarely(objection(dice), 0.1),
        overrides=dice.rarely(
            Override(
                "Kari", "fare", dice.some(ITEMS), dice.some(tuple(NUMBERS.values())), *dice.choice(PERIODS)
            )
        ),
        withheld=dice.rarely(Withholding(dice.some(ITEMS, 0.3), dice.random() < 0.5, *dice.choice(PERIODS))),
        agencies=dice.choice(({}, {NUMBERS["skole"]: "kommunen", NUMBERS["ppt"]: "kommunen"})),
    )


def objection(dice: Dice) -> Objection:
    """Towards some, of some, in some period."""
    numbers = dice.choice((frozenset[str](), frozenset({NUMBERS["bup"]})))
    return Objection(numbers, dice.some(CATEGORIES, 0.3), dice.random() < 0.5, *dice.choice(PERIODS))


def _participants(dice: Dice) -> tuple[Participant, ...]:
    codes = dice.choice([("felles", "felles")] * 6 + [("mor", None)] * 3 + [("ukjent", "felles")])
    people = [guardian("mor", codes[0])] + ([guardian("far", codes[1])] if codes[1] else [])
    people += dice.rarely(child(), 0.8)
    people += dice.rarely(guardian("fostermor", None, role="fosterforelder"))
    for service in SERVICES:
        ended = dice.choice((None, None, None, date(2026, 10, 1)))
        people += dice.rarely(staff(service, frame=dice.choice((LOG, LOG, PLAN)), end=ended), 0.8)
    return tuple(people)


def _circumstances(dice: Dice) -> tuple[Circumstance, ...]:
    out = dice.rarely(Circumstance(Kind.CARE_ORDER, dice.choice((True, True, False, None))), 0.15)
    out += dice.rarely(Circumstance(Kind.COMPETENCE, dice.choice((False, False, True, None))), 0.15)
    return out + dice.rarely(Circumstance(Kind.HEARD, True))


def _settings(dice: Dice) -> Settings:
    return Settings(
        consent_age=dice.choice((16, 16, 15)),
        demands_writing=dice.random() < 0.1,
        ordinary=dice.choice((frozenset(), frozenset(), frozenset({"plan", "maal"}))),
    )


def asked(dice: Dice) -> Request:
    """One question, different in all that a question can differ in."""
    author = dice.choice((None, *(NUMBERS[s] for s in SERVICES)))
    what = item(
        dice.choice(("plan", "maal", "maal", "notat", "notat", "moete dokument")),
        id=dice.choice(ITEMS),
        recorded=dice.choice((None, NOW - timedelta(days=200), NOW - timedelta(days=1))),
        labels=frozenset(dice.rarely(dice.choice(LABELS))),
        sensitivity=frozenset(dice.rarely(dice.choice(SENSITIVE))),
        third_persons=frozenset(
            dice.rarely(dice.choice((reference("mor"), reference("far"), "Patient/barn")))
        ),
        author_organization=author,
        by_health_personnel=dice.random() < 0.5,
        outside=dice.random() < 0.15,
        others=frozenset(dice.rarely(dice.choice((None, *(NUMBERS[s] for s in SERVICES))))),
    )
    to = dice.choice(
        ("bup", "bup", "skole", "ppt", "helsestasjon", "bup skole", "mor", "barn", "bup mor", "barnevern")
    )
    made = question(what, to, time=dice.choice(TIMES), redacts=dice.random() < 0.5)
    honours = frozenset(LABELS) if dice.random() < 0.6 else dice.some(LABELS, 0.4)
    made = replace(made, recipient=replace(made.recipient, honours=honours))
    basis = Basis(
        dice.choice(("G2", "G3")),
        dice.some(CATEGORIES, 0.8),
        "grunn",
        "leder",
        dice.choice(("agency", "task")),
    )
    made = replace(made, basis=basis if dice.random() < 0.3 else None)
    act = Emergency("Kari", "fare", made.item.id, made.recipient.system)
    return replace(made, emergency=act if dice.random() < 0.05 else None)
