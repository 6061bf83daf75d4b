"""The forms of a demo records system: which fields a person can write, and the record that comes of it.

A field left as it was shown is not touched, so that what the form cannot show stays exact.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.demo import words
from gateway.demo.record_rules import Kind

Record = dict[str, Any]
GOAL_STATUS = ("aktiv", "foreslaatt", "delvisNaadd", "naadd", "ikkeNaadd", "avbrutt")
MEASURE_STATUS = ("planlagt", "paagaar", "paaVent", "gjennomfoert", "avbrutt")


@dataclass(frozen=True, slots=True)
class Field:
    """One input. shape: line, text, date, choice, goals or people (several may be chosen)."""

    name: str
    label: str
    shape: str = "line"
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What can be written for one type."""

    type: str
    title: str
    fields: tuple[Field, ...]
    timed: bool = False  # the record says when it was written, in `tidspunkt`


def _goal(kind: str, title: str) -> Form:
    return Form(
        kind,
        title,
        (
            Field("tekst", "Mål", "text", required=True),
            Field("egneOrd", "Barnets egne ord", "text"),
            Field("status", "Status", "choice", GOAL_STATUS, required=True),
            Field("evalueringsfrist", "Evalueres innen", "date"),
        ),
    )


_MEASURE = (
    Field("tittel", "Tiltak", required=True),
    Field("beskrivelse", "Beskrivelse", "text"),
    Field("maal", "Hører til mål", "goals"),
    Field("status", "Status", "choice", MEASURE_STATUS, required=True),
    Field("ansvarlig", "Ansvarlig", "person"),
    Field("frist", "Frist", "date"),
)
_EXTENT = (Field("omfang", "Omfang"), Field("gjennomfoering", "Gjennomføring"))
_MESSAGE = Form(
    "melding",
    "Ny melding",
    (
        Field("emne", "Emne"),
        Field("tekst", "Melding", "text", required=True),
        Field("mottakere", "Til", "people"),
    ),
    timed=True,
)

FORMS: dict[str, tuple[Form, ...]] = {
    "stafettlogg": (
        _goal("maal", "Nytt mål"),
        Form("tiltak", "Nytt tiltak", _MEASURE),
        Form("lysglimt", "Nytt lysglimt", (Field("tekst", "Lysglimt", "text", required=True),), timed=True),
        _MESSAGE,
        Form(
            "notat",
            "Nytt notat",
            (
                Field("tekst", "Notat", "text", required=True),
                Field("observasjon", "Observasjon", "text"),
                Field("tolkning", "Tolkning", "text"),
            ),
            timed=True,
        ),
    ),
    "individuell-plan": (
        _goal("hovedmaal", "Nytt hovedmål"),
        _goal("delmaal", "Nytt delmål"),
        Form("tiltak", "Nytt tiltak", _MEASURE + _EXTENT),
        _MESSAGE,
    ),
    "barnevern": (),
}


def form_of(kind: Kind, record_type: str) -> Form | None:
    """The form for a type, where people can write it."""
    return next((form for form in FORMS[kind.name] if form.type == record_type), None)


def new_record(kind: Kind, form: Form, frame: str, author: str, given: Mapping[str, list[str]]) -> Record:
    """A record as a person filled it in."""
    moment = words.now()
    record: Record = {"type": form.type, "id": f"ny-{uuid.uuid4().hex[:16]}", kind.member: frame}
    record |= {"endret": moment, "endretAv": author}
    if form.timed:
        record["tidspunkt"] = moment
    if form.type == "melding":
        record |= _thread(given)
    _fill(record, form, given)
    if form.type in (*kind.goals, "tiltak") and "start" not in record:
        record["start"] = words.today().isoformat()
    return record


def changed_record(form: Form, before: Record, author: str, given: Mapping[str, list[str]]) -> Record:
    """The record with what a person changed; equal to `before` when nothing was."""
    record = copy.deepcopy(before)
    _fill(record, form, given)
    if record != before:
        record |= {"endret": words.now(), "endretAv": author}
    return record


def missing(form: Form, given: Mapping[str, list[str]]) -> list[str]:
    """Labels of required fields that are empty."""
    return [f.label for f in form.fields if f.required and not _text(given, f.name).strip()]


def _thread(given: Mapping[str, list[str]]) -> Record:
    answered = _text(given, "svarPaa")
    thread = _text(given, "traad") or f"traad-{uuid.uuid4().hex[:12]}"
    return {"traad": thread} | ({"svarPaa": answered} if answered else {})


def _fill(record: Record, form: Form, given: Mapping[str, list[str]]) -> None:
    for field in form.fields:
        if field.shape in ("goals", "people"):
            new: Any = [chosen for chosen in given.get(field.name, []) if chosen]
            if set(new) == set(record.get(field.name) or []):
                continue
        else:
            new = _text(given, field.name)
            if new == _lines(record.get(field.name, "")):
                continue
        if new:
            record[field.name] = new
        else:
            record.pop(field.name, None)


def _text(given: Mapping[str, list[str]], name: str) -> str:
    return _lines(given.get(name, [""])[0])


def _lines(value: Any) -> str:
    """Forms send line ends as CR LF."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""
