"""The form of a note, a lysglimt or a message: read from what a browser sends, checked, all faults at once;
and the entry it becomes, in the neutral format."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from unicodedata import category

from gateway.intake.writing import Draft
from gateway.web.door import Fields
from gateway.web.language import OSLO

LONGEST: Final = 5_000  # letters of one text
SHORT: Final = 200
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {  # of each kind; the first is where a missing text is told
    "notat": ("observasjon", "tolkning", "tekst"),
    "lysglimt": ("tekst",),
    "melding": ("emne", "tekst"),
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "notat": (),
    "lysglimt": ("tekst",),
    "melding": ("emne", "tekst"),
}
TIMED: Final = frozenset({"notat", "lysglimt"})
KEY: Final = re.compile(r"[A-Za-z0-9_-]{22}")
KEPT: Final = ("\n", "\t")


@dataclass(slots=True)
class Filled:
    """A form as somebody filled it in. key: of the form, the same for each time it is sent. recipients:
    handles. answers: the handle of the message it answers. faults: field -> key of the sentence."""

    kind: str
    key: str
    texts: dict[str, str] = field(default_factory=dict)
    day: str = ""
    clock: str = ""
    recipients: set[str] = field(default_factory=set)
    answers: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    def at(self) -> datetime | None:
        """The time that was filled in; None for none that can be read."""
        try:
            hour, minute = (int(part) for part in self.clock.split(":")[:2])
            return datetime.combine(date.fromisoformat(self.day), time(hour, minute), tzinfo=OSLO)
        except ValueError:
            return None

    def draft(self, now: datetime, recipients: Iterable[str], answered: Answered | None) -> Draft:
        """The entry, once there are no faults. recipients: participants; answered: what it answers."""
        said: dict[str, Any] = {name: text for name, text in self.texts.items() if text}
        if self.kind in TIMED:
            at = self.at()
            assert at is not None  # a fault otherwise
            return Draft(self.kind, {**said, "tidspunkt": at.isoformat()}, self.key)
        said |= {"mottakere": sorted(recipients), "tidspunkt": now.astimezone(OSLO).isoformat()}
        said["traad"] = (answered.thread if answered else None) or f"traad-{self.key}"
        if answered is not None:
            said["svarPaa"] = answered.ref
        return Draft(self.kind, said, self.key, stamped="tidspunkt")


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that another answers. thread: what its conversation is called; topic: what it is about."""

    ref: str
    thread: str | None
    topic: str
    sender: str | None


def new_key() -> str:
    """The key of a form that nobody has sent yet."""
    return secrets.token_urlsafe(16)


def empty(kind: str, now: datetime) -> Filled:
    """A form that nobody has filled in."""
    here = now.astimezone(OSLO)
    return Filled(kind, new_key(), day=here.date().isoformat(), clock=f"{here:%H:%M}")


def filled(kind: str, fields: Fields, now: datetime, recipients: Iterable[str]) -> Filled:
    """The form as it came, with every fault. recipients: the handles that may be chosen."""
    made = typed(kind, fields)
    made.recipients &= set(recipients)
    made.faults = _faults(made, now)
    return made


def typed(kind: str, fields: Fields) -> Filled:
    """The form as it came, whatever is in it."""
    key = first(fields, "noekkel")
    return Filled(
        kind,
        key if KEY.fullmatch(key) else new_key(),
        texts={name: words(first(fields, name)) for name in TEXTS[kind]},
        day=first(fields, "dag"),
        clock=first(fields, "klokka"),
        recipients=set(fields.get("mottaker", ())),
        answers=first(fields, "svar"),
    )


def _faults(made: Filled, now: datetime) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, text in made.texts.items():
        if name in NEEDED[made.kind] and not text:
            out[name] = f"write.fault.{made.kind}.{name}"
        elif len(text) > (SHORT if name == "emne" else LONGEST):
            out[name] = "write.fault.long"
    if not any(made.texts.values()):
        out.setdefault(TEXTS[made.kind][0], f"write.fault.{made.kind}.{TEXTS[made.kind][0]}")
    if made.kind == "melding" and not made.recipients:
        out["mottaker"] = "write.fault.recipients"
    if made.kind in TIMED:
        at = made.at()
        if at is None:
            out["dag"] = "write.fault.time"
        elif at > now:
            out["dag"] = "write.fault.future"
    return out


def words(text: str) -> str:
    """What somebody wrote, without control characters, which no FHIR text may hold; lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(" " if category(one) == "Cc" and one not in KEPT else one for one in lines).strip()


def first(fields: Fields, name: str) -> str:
    """The one value of a field, or nothing."""
    return fields.get(name, [""])[0].strip()
