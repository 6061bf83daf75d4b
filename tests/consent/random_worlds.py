"""Hypothesis strategies for random worlds that meet each other often: few names, days and services."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from hypothesis import strategies as st

from consent import Consent, Facts, Participant, Request, Settings
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

SERVICES = ("bup", "skole", "ppt")
GIVERS = ("mor", "far", "barn", "fostermor", "ukjent")
NAMES = (*SERVICES, NUMBERS["bup"], NUMBERS["skole"], reference("bup"), reference("mor"), reference("far"))
CATEGORIES = ("plan", "maal", "notat", "moete", "dokument")
ITEMS = ("Goal/1", "Goal/2")
RECORDS = ("Consent/1", "Consent/2", "Consent/3", "Consent/4")

moments = st.integers(-300, 300).map(lambda days: NOW + timedelta(days=days))
days = moments.map(datetime.date)
frames = st.sampled_from((LOG, LOG, LOG, PLAN))


def rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly nothing."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


def some(values: tuple[str, ...], least: int = 0, most: int = 3) -> st.SearchStrategy[frozenset[str]]:
    """A few of the values."""
    return st.frozensets(st.sampled_from(values), min_size=least, max_size=most)


consents = st.builds(
    Consent,
    id=st.sampled_from(RECORDS[::2]),
    frame=frames,
    decision=st.sampled_from(("samtykker",) * 4 + ("nekter", "motsetterSeg", "annet")),
    givers=st.sampled_from(("mor far", "mor", "far", "barn", "mor far barn", "ukjent", "fostermor mor")).map(
        lambda names: frozenset(map(reference, names.split()))
    ),
    recipients=some(NAMES),
    categories=some(CATEGORIES, 0, 5),
    except_recipients=st.just(frozenset()) | some(NAMES),
    except_items=st.just(frozenset()) | some(ITEMS),
    about=st.sampled_from((None, None, None, reference("barn"), reference("mor"), "RelatedPerson/x")),
    purpose=st.sampled_from(("samordning", "samordning", "behandling")),
    start=st.none() | days,
    end=st.none() | days | moments,
    applies_from=st.none() | days,
    withdrawn=rarely(moments),
    recorded=st.none() | moments,
    in_error=st.sampled_from((False, False, False, True)),
    understood=st.sampled_from((True, True, True, False)),
    withdrawn_by=st.none() | st.sampled_from(GIVERS).map(reference),
)

# A consent that says yes and nothing else, in force on the day of the question.
permits = consents.map(
    lambda c: replace(c, decision="samtykker", except_recipients=frozenset(), except_items=frozenset())
)
good_permits = st.builds(
    Consent,
    id=st.sampled_from(RECORDS[1::2]),
    frame=st.just(LOG),
    decision=st.just("samtykker"),
    givers=st.sampled_from(("mor far barn", "mor far barn", "mor far", "barn")).map(
        lambda names: frozenset(map(reference, names.split()))
    ),
    recipients=some(SERVICES, 2, 3),
    categories=some(CATEGORIES, 3, 5),
    start=st.just(date(2026, 1, 1)),
    recorded=st.just(datetime(2026, 1, 2, tzinfo=UTC)),
)


@st.composite
def participants(draw: st.DrawFn) -> tuple[Participant, ...]:
    """A family whose responsibility is mostly known, and services that come and go."""
    codes = draw(st.sampled_from([("felles", "felles")] * 6 + [("mor", None)] * 3 + [("ukjent", "felles")]))
    people = [guardian("mor", codes[0], end=draw(rarely(days)))]
    people += [guardian("far", codes[1])] if codes[1] else []
    people += draw(st.sampled_from(([child()], [child()], [])))
    people += draw(st.sampled_from(([], [guardian("fostermor", None, role="fosterforelder")])))
    for service in SERVICES:
        more = {"frame": draw(frames), "start": draw(rarely(days)), "end": draw(rarely(days))}
        people += [staff(service, **more)] if draw(st.integers(0, 3)) else []
    return tuple(people)


@st.composite
def worlds(draw: st.DrawFn) -> Facts:
    """What is known of one person."""
    many = draw(st.lists(consents, max_size=2)) + draw(st.lists(good_permits, min_size=2, max_size=3))
    return Facts(
        born=draw(st.sampled_from((2017, 2017, 2011, 2010, 2005)).map(lambda year: date(year, 3, 14))),
        address_protection="ugradert",
        patient="Patient/barn",
        participants=draw(participants()),
        consents=tuple(many),
        regimes=draw(st.sampled_from((REGIMES, REGIMES, {}))),
        settings=draw(st.sampled_from((Settings(), Settings(), Settings(consent_age=15)))),
    )


def _questions() -> list[Request]:
    """Questions that differ in all that a question can differ in, sorted by time."""
    every = product(
        ("plan", "maal", "maal", "notat", "moete", "moete", "moete dokument", "samtykke"),
        ITEMS,
        (LOG, PLAN, None),
        (None, NOW - timedelta(days=100), NOW - timedelta(days=1)),
        (*[None] * 15, "NORS"),
        (None, None, NUMBERS["bup"], NUMBERS["skole"]),
        ("bup", "skole", "ppt", "bup skole", "mor", "barn", "far fostermor", "bup mor", "ukjent"),
        (NOW, NOW, NOW, NOW - timedelta(days=90), NOW + timedelta(days=200)),
        (*["samordning"] * 7, "behandling"),
    )
    chosen = Random(7).sample(list(every), 150)
    return sorted(map(_question, range(150), chosen), key=lambda q: q.time)


def _question(number: int, values: tuple[Any, ...]) -> Request:
    categories, name, frame, recorded, label, author, to, time, purpose = values
    what = item(
        categories,
        id=name,
        frame=frame,
        recorded=recorded,
        labels=frozenset({label} if label else ()),
        author_organization=author,
        consent_id=RECORDS[number % 4] if categories == "samtykke" else None,
    )
    return question(what, to, time=time, purpose=purpose, channel="read" if number % 2 else "push")


QUESTIONS = _questions()
