"""Invented children whose consents let goals, measures and the rest go to a plan system, BUP and a GP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from bench.children import national_id
from mappings.canonical import FNR

Record = dict[str, Any]
SCHOOL = {"orgnr": "362819482", "navn": "Solvang barneskole"}
BUP = {"orgnr": "343231946", "navn": "BUP Fjordane, Indre Fjord"}
GP = {"orgnr": "339825971", "navn": "Fjordbyen legesenter"}
COORDINATING = {"orgnr": "359797117", "navn": "Koordinerende enhet, Fjordbyen kommune"}
START = datetime(2026, 11, 1, 8, tzinfo=timezone(timedelta(hours=1)))
WRITTEN = "2026-09-01T08:00:00+02:00"


@dataclass(frozen=True, slots=True)
class Child:
    """One child; everything follows from the number. Everyone under 15 on the day the tests run."""

    number: int

    @property
    def log(self) -> str:
        return f"b{self.number}"

    @property
    def born(self) -> date:
        return date(2016, 1, 1) + timedelta(days=self.number * 37 % 2100)

    @property
    def fnr(self) -> str:
        tries = (national_id(self.born, 500 + (self.number * 11 + i) % 499) for i in range(499))
        return next(n for n in tries if n)

    def patient(self) -> Record:
        """As the recipient already knows the child."""
        name = [{"given": [f"Barn {self.number}"], "family": "Testesen"}]
        identifier = [{"system": FNR, "value": self.fnr}]
        return {"resourceType": "Patient", "identifier": identifier, "name": name}

    def log_records(self) -> list[Record]:
        """The log, who takes part, and the consent of its one guardian with responsibility."""
        log = {"type": "stafettlogg", "id": self.log, "barn": self._person(), "status": "aktiv", "nivaa": 2}
        names = ["skole", "fastlege", "bup", "koordinerendeEnhet"]
        consent = {"type": "samtykke", "id": f"{self.log}-s", "logg": self.log, "giver": [f"{self.log}-mor"]}
        people = [
            self._participant("logg", "skole", "stafettholder", "skole", SCHOOL),
            self._participant("logg", "bup", "aktoer", "bup", BUP),
            self._participant("logg", "fastlege", "aktoer", "fastlege", GP),
            self._participant("logg", "koord", "koordinator", "koordinerendeEnhet", COORDINATING),
            {**self._head("deltaker", f"{self.log}-mor"), "logg": self.log, "rolle": "foresatt"}
            | {"navn": {"fornavn": "Mor", "etternavn": "Testesen"}, "foreldreansvar": "mor"},
        ]
        return [
            log | {"endret": WRITTEN, "endretAv": f"{self.log}-skole"},
            *people,
            consent
            | {"endret": WRITTEN, "endretAv": f"{self.log}-skole", "mottakere": names, "form": "skriftlig"}
            | {"kategorier": ["plan", "maal", "tiltak"], "fra": "2026-01-01", "til": "2036-01-01"},
        ]

    def consent(self, name: str, edition: int) -> Record:
        """Another consent of the guardian's, to the same recipients."""
        changed = (START + timedelta(seconds=edition)).isoformat()
        one = next(r for r in self.log_records() if r["type"] == "samtykke")
        return one | {"id": f"{self.log}-{name}", "endret": changed}

    def plan_records(self) -> list[Record]:
        """The individuell plan, so that there is somewhere for goals to go."""
        plan = {**self._head("plan", f"p{self.number}"), "person": self._person(), "status": "aktiv"}
        service = ("koordinator", "koordinerendeEnhet", COORDINATING)
        coordinator = self._participant("plan", "koord", *service)
        return [plan, coordinator]

    def goal(self, name: str, edition: int) -> Record:
        """An edition of a goal; later ones say that they are later."""
        changed = (START + timedelta(seconds=edition)).isoformat()
        body = {"tekst": f"Utgave {edition} av {name}", "status": "aktiv", "endret": changed}
        return {**self._head("maal", f"{self.log}-{name}"), "logg": self.log, **body}

    def measure(self, name: str, goal: str) -> Record:
        """A measure that serves a goal."""
        body = {"maal": [f"{self.log}-{goal}"], "tittel": f"Tiltak {name}", "status": "paagaar"}
        who = {"ansvarlig": f"{self.log}-skole"}
        return {**self._head("tiltak", f"{self.log}-{name}"), "logg": self.log, **body, **who}

    def _person(self) -> Record:
        name = {"fornavn": f"Barn {self.number}", "etternavn": "Testesen"}
        born = self.born.isoformat()
        return {"fnr": self.fnr, "navn": name, "foedt": born, "adressebeskyttelse": "ugradert"}

    def _head(self, kind: str, own: str) -> Record:
        return {"type": kind, "id": own, "endret": WRITTEN, "endretAv": f"{self.log}-skole"}

    def _participant(self, frame: str, who: str, role: str, service: str, unit: Record) -> Record:
        belongs = self.log if frame == "logg" else f"p{self.number}"
        name = {"fornavn": who.capitalize(), "etternavn": "Testesen"}
        head = {**self._head("deltaker", f"{belongs}-{who}"), frame: belongs, "navn": name}
        return head | {"rolle": role, "tjeneste": service, "enhet": unit, "fra": "2026-01-01"}
