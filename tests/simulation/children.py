"""The invented children of a simulation: a log, a plan and consents each, near the birthdays that change who
decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.end_to_end.invented import WRITTEN, Child

Record = dict[str, Any]
AGES = (
    date(2016, 3, 1),  # ten years old
    date(2014, 12, 1),  # turns 12 ten days after the beginning
    date(2011, 12, 1),  # turns 15
    date(2010, 12, 1),  # turns 16
    date(2008, 12, 1),  # turns 18
)
SERVICES = ("skole", "fastlege", "bup", "koordinerendeEnhet")
CATEGORIES = ("plan", "maal", "tiltak", "lysglimt", "notat", "melding")


@dataclass(frozen=True, slots=True)
class Simulated(Child):
    """One child; everything follows from the number and the age, which is one of AGES."""

    age: int = 0

    @property
    def born(self) -> date:
        """Never two on one day."""
        return AGES[self.age] + timedelta(days=self.number)

    def participant(self) -> Record:
        """The child itself, who may decide from 15."""
        head = {
            "type": "deltaker",
            "id": f"{self.log}-barn",
            "endret": WRITTEN,
            "endretAv": f"{self.log}-skole",
        }
        name = {"fornavn": f"Barn {self.number}", "etternavn": "Testesen"}
        return {**head, "logg": self.log, "rolle": "barn", "navn": name}

    def opening(self) -> list[Record]:
        """The log as it stands when the simulation begins: no consent yet."""
        return [r for r in self.log_records() if r["type"] != "samtykke"] + [self.participant()]

    def nektelse(self, name: str, giver: str, services: list[str], categories: list[str]) -> Record:
        """A refusal."""
        return {**self.samtykke(name, giver, services, categories), "avgjoerelse": "nekter"}

    def samtykke(self, name: str, giver: str, services: list[str], categories: list[str]) -> Record:
        """A consent."""
        return {
            "type": "samtykke",
            "id": f"{self.log}-{name}",
            "logg": self.log,
            "giver": [f"{self.log}-{giver}"],
            "endretAv": f"{self.log}-skole",
            "mottakere": services,
            "kategorier": categories,
            "form": "skriftlig",
            "fra": "2026-01-01",
        }
