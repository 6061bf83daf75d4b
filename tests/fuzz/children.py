"""The children of the campaign. In Fjordbyen: Fri, with whom the log's system and the operator may do
whatever they like; Delt, of whom BUP sees a part and has a goal of its own; Taus, whose family consented to
nothing. In the neighbour municipality: Nabo. Nearly every text, name and id is a canary."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.children import national_id
from tests.end_to_end.invented import BUP, COORDINATING, SCHOOL, WRITTEN
from tests.fuzz.canaries import Canaries

Record = dict[str, Any]
MOTHER = "09898504473"  # of Fri; she logs in
HERE = ("logg", "plan", "bup", "leser", "lege", "drift")
CLINIC = ("bup", "leser")  # two clients of one system
SHARED = ["plan", "maal", "tiltak"]


def number(day: int, serial: int) -> str:
    """A synthetic national id."""
    tries = (national_id(date(2016, 5, day), 500 + (serial + i) % 499) for i in range(499))
    return next(n for n in tries if n)


@dataclass(frozen=True)
class Child:
    """A child in one log. reads: who may ever read of it, whatever is done; sees: who may read what its
    consent names; own: whether its ids are canaries too."""

    name: str
    fnr: str
    canaries: Canaries
    reads: tuple[str, ...]
    sees: tuple[str, ...] = ()
    own: bool = True
    to: tuple[str, ...] = ("bup",)  # whom the consent names

    def word(self, what: str, *more: str) -> str:
        """A canary of this child."""
        return self.canaries.new(f"{self.name}: {what}", *self.reads, *more)

    def id(self, what: str, *more: str) -> str:
        """What the log calls a record."""
        return f"{self.word(f'id of {what}', *more)}-{what}" if self.own else f"{self.name}-{what}"

    def log(self, consent: bool, mother: str | None = None) -> list[Record]:
        """The whole log."""
        log, holder = self.id("logg", *self.sees), f"{self.name}-laerer"
        name = {"fornavn": self.word("first name", *self.sees), "etternavn": self.word("name", *self.sees)}
        child = {"fnr": self.fnr, "navn": name, "foedt": "2016-05-01", "adressebeskyttelse": "ugradert"}
        head = {"endret": WRITTEN, "endretAv": holder}
        frame = {"type": "stafettlogg", "id": log, **head, "barn": child, "status": "aktiv", "nivaa": 2}
        within = head | {"logg": log}
        people = [
            self._one(within, "laerer", rolle="stafettholder", tjeneste="skole", enhet=SCHOOL),
            self._one(within, "bup", rolle="aktoer", tjeneste="bup", enhet=BUP),
            self._one(
                within, "koord", rolle="koordinator", tjeneste="koordinerendeEnhet", enhet=COORDINATING
            ),
            self._one(within, "mor", rolle="foresatt", foreldreansvar="mor", fnr=mother or number(9, 77)),
        ]
        shared = [*self._shared(within), *self._hidden(within)]
        return [frame, *people, *([self._consent(within)] if consent else []), *shared]

    def _one(self, within: Record, who: str, **more: Any) -> Record:
        name = {"fornavn": who.title(), "etternavn": self.word(f"name of {who}", *self.sees)}
        return {
            "type": "deltaker",
            "id": f"{self.name}-{who}",
            **within,
            "navn": name,
            "fra": "2026-01-01",
            **more,
        }

    def _consent(self, within: Record) -> Record:
        given = {"giver": [f"{self.name}-mor"], "mottakere": list(self.to), "kategorier": SHARED}
        times = {"fra": "2026-01-01", "til": "2036-01-01", "form": "skriftlig"}
        kept = {
            "unntattPoster": [f"{self.name}-unntatt"],
            "formaal": self.word("purpose of the consent", *self.sees),
        }
        return {"type": "samtykke", "id": f"{self.name}-samtykke", **within, **given, **times, **kept}

    def _shared(self, within: Record) -> list[Record]:
        measure = {"tittel": self.word("title of a measure", *self.sees), "status": "paagaar"}
        goals = ["maal", "fast"]  # the second is never written again
        return [
            *(self._goal(within, one, *self.sees) for one in goals),
            {
                "type": "tiltak",
                "id": f"{self.name}-tiltak",
                **within,
                "maal": [f"{self.name}-maal"],
                **measure,
            }
            | {"beskrivelse": self.word("a measure", *self.sees), "ansvarlig": f"{self.name}-laerer"},
        ]

    def _goal(self, within: Record, own: str, *more: str) -> Record:
        texts = {"tekst": self.word(f"goal {own}", *more), "egneOrd": self.word(f"own words, {own}", *more)}
        return {"type": "maal", "id": f"{self.name}-{own}", **within, **texts, "status": "aktiv"}

    def _hidden(self, within: Record) -> list[Record]:
        """What no consent of these names: other categories, an exception, a label, a document."""
        document = base64.b64encode(f"Referat: {self.word('a document')}.".encode()).decode()
        return [
            self._goal(within, "unntatt"),
            self._goal(within, "sperret") | {"sperre": ["NORS"]},
            {
                "type": "notat",
                "id": self.id("notat"),
                **within,
                "tekst": self.word("a note"),
                "tidspunkt": WRITTEN,
            },
            {"type": "lysglimt", "id": self.id("lysglimt"), **within, "tekst": self.word("a good thing")}
            | {"tidspunkt": WRITTEN},
            {"type": "moete", "id": self.id("moete"), **within, "slag": "ansvarsgruppe", "tid": WRITTEN}
            | {
                "agenda": self.word("an agenda"),
                "referat": self.word("minutes"),
                "sted": self.word("a place"),
            },
            {
                "type": "dokument",
                "id": self.id("dokument"),
                **within,
                "tittel": self.word("title of a document"),
            }
            | {"slag": "referat", "mimetype": "text/plain", "innhold": document, "tidspunkt": WRITTEN},
        ]


def at_the_clinic(canaries: Canaries, person: str) -> Record:
    """A goal of BUP's own about a child whose family has not consented that the log gets it."""
    text = {"text": canaries.new("the clinic's goal", *CLINIC)}
    about = {"subject": {"reference": f"Patient/{person}"}, "lifecycleStatus": "active"}
    return {"resourceType": "Goal", "description": text, **about}


def plan(child: Child) -> list[Record]:
    """Fri's individuell plan."""
    head = {"endret": WRITTEN, "endretAv": "plan-koord"}
    person = {"fnr": child.fnr, "navn": {"fornavn": "Fri", "etternavn": "Testesen"}, "foedt": "2016-05-01"}
    body = {"person": person | {"adressebeskyttelse": "ugradert"}, "status": "aktiv"}
    unit = {
        "tjeneste": "koordinerendeEnhet",
        "enhet": COORDINATING,
        "rolle": "koordinator",
        "fra": "2026-01-01",
    }
    name = {"fornavn": "Koord", "etternavn": "Testesen"}
    goal = {"tekst": child.word("goal of the plan"), "status": "aktiv"}
    return [
        {"type": "plan", "id": "plan-fri", **head, **body},
        {"type": "deltaker", "id": "plan-koord", **head, "plan": "plan-fri", "navn": name, **unit},
        {"type": "hovedmaal", "id": "plan-maal", **head, "plan": "plan-fri", **goal},
    ]
