"""What the page of a demo records system shows of one child: plain values for the template, no markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.demo import words
from gateway.demo.record_forms import FORMS, Form, form_of
from gateway.demo.record_rules import Kind
from gateway.demo.record_store import Sending, Stored
from gateway.demo.words import day, word

Record = dict[str, Any]
SECTIONS = (
    ("Mål", ("maal", "hovedmaal", "delmaal")),
    ("Tiltak", ("tiltak",)),
    ("Lysglimt", ("lysglimt",)),
    ("Meldinger", ("melding",)),
    ("Notater", ("notat",)),
    ("Møter", ("moete",)),
    ("Dokumenter", ("dokument",)),
    ("Henvisning og overføring", ("henvisning", "overfoering", "forhold")),
    ("Deltakere", ("deltaker",)),
    ("Samtykker", ("samtykke",)),
)
SENT = {
    "new": "Venter på å bli sendt til Stafettbro",
    "stored": "Sendt til Stafettbro",
    "unchanged": "Sendt til Stafettbro (uendret der)",
    "conflict": "Sendt til Stafettbro. En annen har skrevet noe annet; koordinator avgjør.",
    "waiting": "Hos Stafettbro, som venter på noe posten viser til",
    "rejected": "Avvist av Stafettbro",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A participant that can be chosen in a form."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on the page."""

    id: str
    version: int
    heading: str
    quote: str = ""
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    written: str = ""
    source: str = ""  # the system it was shared from
    sent: str = ""
    sent_status: str = ""
    reason: str = ""
    overdue: bool = False
    download: bool = False
    form: Form | None = None
    body: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChildPage:
    """One child's log or plan."""

    frame: Entry
    sections: tuple[tuple[str, tuple[Entry, ...]], ...]
    people: tuple[Person, ...]
    authors: tuple[Person, ...]
    goals: tuple[Person, ...]
    forms: tuple[Form, ...]


def name_of(person: Mapping[str, Any]) -> str:
    """Whole name of a child or participant."""
    name = person.get("navn") or {}
    parts = (name.get("fornavn"), name.get("mellomnavn"), name.get("etternavn"))
    return " ".join(p for p in parts if p) or "Uten navn"


def child_page(
    kind: Kind, frame: str, stored: list[Stored], sendings: dict[str, Sending], title: Callable[[str], str]
) -> ChildPage:
    """Everything about one child. title: the display name of the system a record was shared from."""
    records = [one for one in stored if one.id != frame]
    names = {r.id: _label(r.body) for r in stored if r.body["type"] == "deltaker"}
    entries = {r.id: _entry(kind, r, sendings.get(r.id), names, title) for r in stored}
    sections = tuple(
        (heading, tuple(entries[r.id] for r in records if r.body["type"] in types))
        for heading, types in SECTIONS
        if any(r.body["type"] in types for r in records) or any(f.type in types for f in FORMS[kind.name])
    )
    people = tuple(Person(i, n) for i, n in names.items())
    active = {r.id for r in records if r.body["type"] == "deltaker" and not words.is_past(r.body.get("til"))}
    goals = tuple(Person(r.id, r.body.get("tekst", "")) for r in records if r.body["type"] in kind.goals)
    authors = tuple(sorted((p for p in people if p.id in active), key=lambda p: _first(p, stored)))
    return ChildPage(entries[frame], sections, people, authors, goals, FORMS[kind.name])


def _first(person: Person, stored: list[Stored]) -> int:
    """Those who hold the log or plan come first in the list of authors."""
    role = next(r.body.get("rolle") for r in stored if r.id == person.id)
    return 0 if role in ("stafettholder", "koordinator") else 1


def _label(participant: Record) -> str:
    service = word(participant.get("tjeneste")) or word(participant.get("rolle"))
    return f"{name_of(participant)} ({service})" if service else name_of(participant)


def _entry(
    kind: Kind, one: Stored, sending: Sending | None, names: dict[str, str], title: Callable[[str], str]
) -> Entry:
    body = one.body
    author = names.get(body.get("endretAv", ""), "")
    return Entry(
        id=one.id,
        version=one.version,
        heading=_heading(kind, body, names),
        quote=body.get("egneOrd") or (body.get("barnetDeltar") or {}).get("barnetsMening") or "",
        paragraphs=tuple(p for p in _paragraphs(body) if p),
        facts=tuple((label, text) for label, text in _facts(body, names) if text),
        written=" · ".join(p for p in (author, day(body.get("endret"))) if p),
        source=title(one.source) if one.source else "",
        sent=SENT.get(sending.status, "") if sending else "",
        sent_status=sending.status if sending else "",
        reason=sending.reason if sending else "",
        overdue=body.get("status") == "aktiv" and words.is_past(body.get("evalueringsfrist")),
        download=body["type"] == "dokument",
        form=form_of(kind, body["type"]),
        body=body,
    )


def _heading(kind: Kind, body: Record, names: dict[str, str]) -> str:
    match body["type"]:
        case "stafettlogg" | "plan":
            return name_of(body.get(kind.person) or {})
        case "bekymringsmelding":
            acute = "Akutt bekymring" if body.get("akutt") else "Bekymring"
            return f"{acute} for {name_of(body.get(kind.person) or {})}"
        case "deltaker":
            return name_of(body)
        case "moete":
            return word(body.get("slag"))
        case "samtykke":
            givers = ", ".join(names.get(g, "ukjent") for g in body.get("giver", []))
            return f"{word(body.get('avgjoerelse', 'samtykker'))} fra {givers}"
        case "henvisning":
            return f"Henvisning til {word(body.get('til'))}"
        case "overfoering":
            return (
                f"Overført fra {names.get(body.get('fra', ''), '')} til {names.get(body.get('til', ''), '')}"
            )
        case "forhold":
            return word(body.get("slag"))
        case "melding":
            return body.get("emne") or "Melding"
    text = body.get("tittel") or body.get("tekst") or body.get("observasjon") or "Uten tekst"
    return str(text)


def _paragraphs(body: Record) -> list[str]:
    outcome = body.get("evaluering") or body.get("effekt") or {}
    texts = [body.get("beskrivelse"), body.get("agenda"), body.get("referat"), body.get("oensketBidrag")]
    if body["type"] == "melding":
        texts.append(body.get("tekst"))
    if body.get("observasjon") and body.get("tekst"):
        texts.append(f"Observasjon: {body['observasjon']}")
    if body.get("tolkning"):
        texts.append(f"Tolkning: {body['tolkning']}")
    if outcome.get("tekst"):
        texts.append(f"{'Evaluering' if 'evaluering' in body else 'Effekt'}: {outcome['tekst']}")
    return [str(text) for text in texts if text]


def _facts(body: Record, names: dict[str, str]) -> list[tuple[str, str]]:
    def people(key: str) -> str:
        return ", ".join(names.get(i, "ukjent") for i in body.get(key) or [])

    level = body.get("nivaa")
    met = ", ".join(
        f"{names.get(m.get('deltaker', ''), 'ukjent')} {word(m.get('status'))}"
        for m in body.get("oppmoete") or []
    )
    is_person = body["type"] == "deltaker"
    return [
        ("Nivå", f"{level} ({words.LEVELS.get(level, '')})" if level is not None else ""),
        ("Status", word(body.get("status"))),
        ("Rolle", word(body.get("rolle"))),
        ("Tjeneste", word(body.get("tjeneste"))),
        ("Enhet", (body.get("enhet") or {}).get("navn", "")),
        ("Bidrag", body.get("bidrag", "")),
        ("Ressurser", body.get("ressurser", "")),
        ("Behov", body.get("behov", "")),
        ("Evalueres innen", day(body.get("evalueringsfrist"))),
        ("Ansvarlig", names.get(body.get("ansvarlig", ""), "")),
        ("Frist", day(body.get("frist"))),
        ("Omfang", body.get("omfang", "")),
        ("Gjennomføring", body.get("gjennomfoering", "")),
        ("Til", people("mottakere") if body["type"] == "melding" else ""),
        ("Tid", day(body.get("tid") or body.get("tidspunkt"))),
        ("Sted", body.get("sted", "")),
        ("Oppmøte", met),
        ("Mottakere", words.words(body.get("mottakere")) if body["type"] == "samtykke" else ""),
        ("Unntatt", words.words(body.get("unntatt"))),
        ("Gjelder", words.words(body.get("kategorier"))),
        ("Grunn", body.get("grunn", "")),
        ("Melder", (body.get("melder") or {}).get("navn", "")),
        ("Fra", day(body.get("fra")) if is_person or body["type"] == "samtykke" else ""),
        ("Til og med", day(body.get("til")) if is_person or body["type"] == "samtykke" else ""),
    ]
