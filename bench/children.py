"""Invented children for the figures: each has a log with a teacher, one guardian and a coordinator, an
individuell plan with the same coordinator, and a consent that lets goals go from the one to the
other. Everything follows from the child's number."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Record = dict[str, Any]

SCHOOL = {"orgnr": "362819482", "navn": "Solvang barneskole"}
COORDINATING = {"orgnr": "359797117", "navn": "Koordinerende enhet, Fjordbyen kommune"}
WRITTEN = "2026-09-01T08:00:00.000+02:00"
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def national_id(born: date, number: int) -> str | None:
    """A synthetic number (month + 80) with valid check digits; None where this number has none."""
    digits = [int(d) for d in f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{number:03}"]
    for weights in (_FIRST, _SECOND):
        check = -sum(w * d for w, d in zip(weights, digits, strict=True)) % 11
        if check == 10:
            return None
        digits.append(check)
    return "".join(map(str, digits))


def _birth(child: int) -> tuple[date, str]:
    """Born 2012 to 2017; the first number (500 to 999: born after 1999) that has check digits."""
    born = date(2012, 1, 1) + timedelta(days=child * 37 % 2100)
    number = next(n for i in range(499) if (n := national_id(born, 500 + (child * 11 + i) % 499)))
    return born, number


def log_records(child: int) -> list[Record]:
    """What the stafettlogg holds of this child before the figures begin."""
    log = f"barn-{child}"
    head = {"endret": WRITTEN, "endretAv": f"{log}-laerer"}
    frame = {"type": "stafettlogg", "id": log, **head, "barn": _person(child), "status": "aktiv", "nivaa": 2}
    consent = {"type": "samtykke", "id": f"{log}-samtykke", "logg": log, **head, "giver": [f"{log}-mor"]}
    return [
        frame | {"opprettet": "2026-09-01", "enhet": SCHOOL, "brukesSomIP": False},
        _participant("logg", log, "laerer", "stafettholder", tjeneste="skole", enhet=SCHOOL),
        _participant("logg", log, "mor", "foresatt", foreldreansvar="mor"),
        _participant("logg", log, "koord", "koordinator", tjeneste="koordinerendeEnhet", enhet=COORDINATING),
        consent
        | {"mottakere": ["skole", "koordinerendeEnhet"], "kategorier": ["plan", "maal"]}
        | {"formaalKode": "samordning", "fra": "2026-01-01", "til": "2036-01-01", "form": "skriftlig"},
    ]


def plan_records(child: int) -> list[Record]:
    """The child's individuell plan, so that there is somewhere for goals to go."""
    plan = f"plan-{child}"
    head = {"type": "plan", "id": plan, "endret": WRITTEN, "endretAv": f"{plan}-koord"}
    body = {"person": _person(child), "status": "aktiv", "koordinator": f"{plan}-koord"}
    service = {"tjeneste": "koordinerendeEnhet", "enhet": COORDINATING}
    return [head | body, _participant("plan", plan, "koord", "koordinator", **service)]


def goal(child: int, name: str, changed: str) -> Record:
    """A new goal of this child."""
    log = f"barn-{child}"
    text = "Ha minst én fast lekekamerat i friminuttene, og noen som venter på en når klokka ringer."
    head = {"type": "maal", "id": name, "logg": log, "endret": changed, "endretAv": f"{log}-laerer"}
    return head | {"tekst": text, "egneOrd": "Jeg vil at noen skal vente på meg", "status": "aktiv"}


def _person(child: int) -> Record:
    born, number = _birth(child)
    name = {"fornavn": f"Barn {child}", "etternavn": "Testesen"}
    return {"fnr": number, "navn": name, "foedt": born.isoformat(), "adressebeskyttelse": "ugradert"}


def _participant(member: str, frame: str, who: str, role: str, **fields: Any) -> Record:
    author = "laerer" if member == "logg" else "koord"
    head = {"type": "deltaker", "id": f"{frame}-{who}", member: frame, "endret": WRITTEN}
    name = {"fornavn": who.capitalize(), "etternavn": "Testesen"}
    return head | {
        "endretAv": f"{frame}-{author}",
        "navn": name,
        "rolle": role,
        "fra": "2026-01-01",
        **fields,
    }
