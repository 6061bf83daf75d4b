"""Invented children as native records, as different as a seed makes them: participants, consents, goals and
measures that are written and written again, small good things. From a seed the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from bench.children import COORDINATING, SCHOOL, national_id
from bench.scale.world import LOG, ORGANIZATIONS, PLAN

Record = dict[str, Any]
Step = tuple[str, list[Record]]  # a system, and what it hands in at once
WORDS = [
    "leker",
    "venter",
    "friminutt",
    "trygg",
    "søvn",
    "skolevei",
    "voksen",
    "samtale",
    "gruppe",
    "øvelse",
    "hjemme",
    "klassen",
    "lærer",
    "tirsdag",
    "storefri",
    "rolig",
    "mestrer",
    "frokost",
    "lekser",
    "avtale",
    "ringer",
    "følger",
    "møte",
    "foreldre",
    "prøver",
    "sammen",
    "barnets",
    "egen",
]
SERVICES = ("skole", "ppt", "helsestasjon", "bup", "koordinerendeEnhet")
UNITS = dict(zip(SERVICES, (SCHOOL, "ppt", "helsestasjon", "bup", COORDINATING), strict=True))
KINDS = ["plan", "maal", "tiltak", "evaluering", "lysglimt", "moete", "notat"]


class Child:
    """One child's life in the systems."""

    def __init__(self, number: int, seed: int) -> None:
        self.dice = random.Random(f"{seed}/{number}")
        self.log, self.plan = f"barn-T{number:04d}", f"plan-T{number:04d}"
        self.now = datetime.fromisoformat("2026-01-19T08:00:00+01:00")
        self.born = date(2010, 1, 1) + timedelta(days=self.dice.randrange(4000))
        self.fnr = next(n for i in range(400) if (n := national_id(self.born, 500 + i)))

    def steps(self) -> Iterator[Step]:
        """What happens, in order; without end."""
        yield LOG, [self._frame(), *self._participants("logg", self.log), self._consent()]
        yield PLAN, [self._plan(), *self._participants("plan", self.plan)]
        count = 0
        current: dict[str, Record] = {}
        while True:
            count += 1
            self._later()
            if current and self.dice.random() < 0.55:
                name = self.dice.choice(sorted(current))
                current[name] = self._again(current[name])
                yield LOG, [current[name]]
                continue
            made = self._new(count, [n for n, r in current.items() if r["type"] == "maal"])
            current[made["id"]] = made
            yield LOG, [made]

    def _later(self) -> None:
        self.now += timedelta(hours=self.dice.randrange(20, 90), minutes=self.dice.randrange(60))

    def text(self, least: int, most: int) -> str:
        """So many words."""
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(least, most))).capitalize() + "."

    def _head(self, kind: str, own: str, member: str, frame: str) -> Record:
        return {"type": kind, "id": own, member: frame, "endret": self.now.isoformat()} | {
            "endretAv": f"{frame}-d0"
        }

    def _person(self) -> Record:
        name = {"fornavn": self.text(1, 1)[:-1], "etternavn": "Testesen"}
        return {
            "fnr": self.fnr,
            "navn": name,
            "foedt": self.born.isoformat(),
            "adressebeskyttelse": "ugradert",
        }

    def _frame(self) -> Record:
        head = {"type": "stafettlogg", "id": self.log, "endret": self.now.isoformat()}
        head |= {"endretAv": f"{self.log}-d0", "barn": self._person(), "status": "aktiv", "nivaa": 2}
        return head | {"opprettet": "2026-01-19", "enhet": SCHOOL, "brukesSomIP": False}

    def _plan(self) -> Record:
        head = {"type": "plan", "id": self.plan, "endret": self.now.isoformat(), "status": "aktiv"}
        return head | {
            "endretAv": f"{self.plan}-d0",
            "person": self._person(),
            "koordinator": f"{self.plan}-d0",
        }

    def _participants(self, member: str, frame: str) -> Iterator[Record]:
        coordinator = {"tjeneste": "koordinerendeEnhet", "enhet": COORDINATING}
        own = {"rolle": "koordinator", **coordinator} if member == "plan" else {"rolle": "stafettholder"}
        if member == "logg":
            own |= {"tjeneste": "skole", "enhet": SCHOOL}
        yield self._participant(0, member, frame, own)
        if member == "plan":
            return
        yield self._participant(1, member, frame, {"rolle": "foresatt", "foreldreansvar": "mor"})
        for number, service in enumerate(SERVICES[1:], 2):
            named = UNITS[service]
            unit = named if isinstance(named, dict) else {"orgnr": ORGANIZATIONS[named][0], "navn": named}
            role = "koordinator" if service == "koordinerendeEnhet" else "aktoer"
            yield self._participant(
                number, member, frame, {"rolle": role, "tjeneste": service, "enhet": unit}
            )

    def _participant(self, number: int, member: str, frame: str, more: Record) -> Record:
        name = {"fornavn": self.text(1, 1)[:-1], "etternavn": "Testesen"}
        head = self._head("deltaker", f"{frame}-d{number}", member, frame)
        return head | {"navn": name, "fra": "2026-01-19"} | more

    def _consent(self) -> Record:
        head = self._head("samtykke", f"{self.log}-s", "logg", self.log)
        period = {"formaalKode": "samordning", "fra": "2026-01-19", "til": "2036-01-01", "form": "skriftlig"}
        return head | {"giver": [f"{self.log}-d1"], "mottakere": list(SERVICES), "kategorier": KINDS} | period

    def _new(self, count: int, goals: list[str]) -> Record:
        kind = self.dice.choices(("maal", "tiltak", "lysglimt", "notat"), (3, 4, 3, 2))[0]
        head = self._head(kind, f"{self.log}-{kind[0]}{count}", "logg", self.log)
        if kind == "maal":
            words = {"tekst": self.text(8, 30), "egneOrd": self.text(3, 12), "status": "aktiv"}
            return head | words | {"start": "2026-02-01", "evalueringsfrist": "2026-12-01"}
        if kind == "tiltak":
            words = {"tittel": self.text(2, 6), "beskrivelse": self.text(10, 60), "status": "paagaar"}
            of = self.dice.sample(goals, min(len(goals), 2))
            return head | words | {"maal": of, "ansvarlig": f"{self.log}-d0", "start": "2026-02-01"}
        return head | {"tekst": self.text(5, 50), "tidspunkt": self.now.isoformat()}

    def _again(self, record: Record) -> Record:
        field = "beskrivelse" if record["type"] == "tiltak" else "tekst"
        return record | {"endret": self.now.isoformat(), field: self.text(8, 60)}
