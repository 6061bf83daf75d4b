"""Emma, Jonas and Amina: what of each may go where, read straight from the sample logs and plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from consent import Category, Consent, Facts, Item, Participant, Recipient, Request, decide
from tests.consent.worlds import NOW, NUMBERS, REGIMES

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
EVERYTHING = {c.value for c in Category}
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the sample data in ../shared/data is not here")


def records(name: str) -> list[dict[str, Any]]:
    """The records of one file."""
    loaded: list[dict[str, Any]] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def known(*names: str) -> Facts:
    """Facts from the person's log and plan."""
    every = [r for name in names for r in records(name)]
    person = every[0].get("barn") or every[0]["person"]
    return Facts(
        born=date.fromisoformat(person["foedt"]),
        address_protection=person["adressebeskyttelse"],
        participants=tuple(_participant(r) for r in every if r["type"] == "deltaker"),
        consents=tuple(_consent(r) for r in every if r["type"] == "samtykke"),
        regimes=REGIMES,
    )


def _participant(record: dict[str, Any]) -> Participant:
    return Participant(
        id=f"Participant/{record['id']}",
        frame=f"CarePlan/{record.get('logg') or record.get('plan')}",
        role=record["rolle"],
        service=record.get("tjeneste"),
        organization=record.get("enhet", {}).get("orgnr"),
        responsibility=record.get("foreldreansvar"),
        start=_day(record.get("fra")),
        end=_day(record.get("til")),
        person=record.get("fnr"),
    )


def _consent(record: dict[str, Any]) -> Consent:
    return Consent(
        id=f"Consent/{record['id']}",
        frame=f"CarePlan/{record.get('logg') or record.get('plan')}",
        decision=record.get("avgjoerelse", "samtykker"),
        givers=frozenset(f"Participant/{g}" for g in record["giver"]),
        recipients=frozenset(record["mottakere"]),
        categories=frozenset(record["kategorier"]),
        except_recipients=frozenset(record.get("unntatt", ())),
        start=_day(record["fra"]),
        end=_day(record["til"]),
        recorded=datetime.fromisoformat(record["endret"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def permitted(facts: Facts, *services: str, record: str = "") -> set[str]:
    """The categories that may go to these services."""
    recipient = Recipient("recipient", frozenset(NUMBERS[s] for s in services))
    return {
        category
        for category in EVERYTHING
        if decide(
            Request(
                Item("X/1", frozenset({category}), consent_id=record or None), None, recipient, "push", NOW
            ),
            facts,
        ).permitted
    }


SHARED = {"plan", "maal", "tiltak", "evaluering", "lysglimt", "moete", "melding", "dokument", "henvisning"}


@pytest.mark.parametrize("to", ["skole", "ppt", "helsestasjon", "fastlege", "bup", "koordinerendeEnhet"])
def test_emma_everything_consented_to_goes_to_everyone_named(to: str) -> None:
    facts = known("stafettlogg/emma", "individuell-plan/emma")
    assert permitted(facts, to, record="Consent/e-s1") == SHARED | {"samtykke"}
    assert permitted(facts, to, "barnevern") == set()


def test_jonas_the_worked_example_of_the_law() -> None:
    facts = known("stafettlogg/jonas")
    assert permitted(facts, "bup") == {"plan", "maal", "tiltak"}
    assert permitted(facts, "ppt") == set()
    assert permitted(facts, "barnevern") == set()


def jonas_notes() -> Iterator[Item]:
    for record in records("stafettlogg/jonas"):
        if record["type"] == "notat":
            yield Item(
                record["id"],
                frozenset({"notat"}),
                labels=frozenset(record.get("sperre", ())),
                third_persons=frozenset(f"Participant/{d}" for d in record.get("tredjeperson", ())),
            )


def test_jonas_neither_note_goes_and_each_for_its_own_reason() -> None:
    facts, bup = known("stafettlogg/jonas"), Recipient("bup", frozenset({NUMBERS["bup"]}))
    answers = [decide(Request(note, None, bup, "push", NOW), facts) for note in jonas_notes()]
    assert [(a.permitted, a.reasons[0].rule) for a in answers] == [(False, "B4"), (False, "B5")]


@pytest.mark.parametrize("to", ["bup", "skole", "koordinerendeEnhet"])
def test_amina_nothing_goes_anywhere(to: str) -> None:
    facts = known("stafettlogg/amina", "individuell-plan/amina")
    assert permitted(facts, to, record="Consent/a-s1") == set()
