"""What a report to child welfare must look like: every field of the native record is checked, and everything
that is wrong is named, in words that never repeat a value. Pure; decides nothing about where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from consent import reporting
from mappings.lens.national import well_formed
from mappings.model import Problem

TYPE: Final = "bekymringsmelding"
LONGEST_TEXT: Final = 100_000  # characters
LONGEST_LINE: Final = 500
AHEAD: Final = timedelta(minutes=5)  # how much another clock may be before ours
SERVICES: Final = frozenset(
    """
    barnehage skole sfo ungdomsskole videregaaende ppt helsestasjon skolehelsetjeneste barnevern fastlege
    psykiskHelse kommunepsykolog habilitering koordinerendeEnhet nav rustjeneste familievern flyktningtjeneste
    kulturFritid tannhelse oppfoelgingstjenesten bup barneavdeling sykehus politi frivillig privatBarnehage
    privatTiltak
    """.split()  # noqa: SIM905 (a list of words)
)
PROTECTION: Final = frozenset({"ugradert", "klientadresse", "fortrolig", "strengtFortrolig"})

_MISSING: Final = "Feltet mangler."
_Check = Callable[[Any], str | None]


def problems(record: Any, now: datetime) -> list[Problem]:
    """Everything that is wrong with the record, in the order of its fields; none: it can be sent."""
    if not isinstance(record, dict):
        return [Problem("", "Meldingen er ikke et JSON-objekt.", "not-an-object")]
    found = {problem.field: problem for problem in reversed([*_all(record, now)])}
    lacking = [field for field in reporting.missing(record) if field not in found]
    found |= {field: Problem(field, _MISSING, "missing") for field in lacking}
    return sorted(found.values(), key=lambda problem: problem.field)


def _all(record: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    if record.get("type") != TYPE:
        yield Problem("type", f"Posten er ikke en {TYPE}.", "unknown-type")
    for field in ("logg", "plan"):
        if field in record:
            yield Problem(field, "En bekymringsmelding er aldri del av en logg eller plan.", "not-allowed")
    yield from _fields(record, "", _FIELDS)
    if not isinstance(record.get("id"), str) or not record["id"]:
        yield Problem("id", _MISSING, "missing")
    yield from _future(record.get("tidspunkt"), now)
    barn = record.get("barn")
    if isinstance(barn, dict):
        yield from _child(barn)
    yield from _inner(record, "melder", _REPORTER)
    yield from _inner(record, "foresatteInformert", _INFORMED)


def _inner(record: Mapping[str, Any], name: str, fields: Mapping[str, _Check]) -> Iterator[Problem]:
    value = record.get(name)
    if isinstance(value, dict):
        yield from _fields(value, f"{name}.", fields)


def _child(barn: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _fields(barn, "barn.", _CHILD)
    name = barn.get("navn")
    if isinstance(name, dict):
        yield from _fields(name, "barn.navn.", dict.fromkeys(("fornavn", "mellomnavn", "etternavn"), _line))
    named = isinstance(name, dict) and any(name.get(part) for part in ("fornavn", "etternavn"))
    if not named and not any(barn.get(kind) for kind in ("fnr", "dnr", "fhn")):
        yield Problem("barn", "Barnet må ha navn eller et nasjonalt nummer.", "missing")


def _fields(record: Mapping[str, Any], path: str, checks: Mapping[str, _Check]) -> Iterator[Problem]:
    for name, check in checks.items():
        if record.get(name) is not None and (wrong := check(record[name])) is not None:
            yield Problem(path + name, wrong, "value")


def _future(value: Any, now: datetime) -> Iterator[Problem]:
    moment = time_of(value)
    if moment is not None and moment > now + AHEAD:
        yield Problem("tidspunkt", "Tidspunktet er i framtida.", "value")


def time_of(value: Any) -> datetime | None:
    """A point in time with its offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _line(value: Any) -> str | None:
    if not isinstance(value, str) or any(ord(sign) < 32 for sign in value):
        return "Feltet er ikke én linje tekst."
    return f"Feltet er lengre enn {LONGEST_LINE} tegn." if len(value) > LONGEST_LINE else None


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or "\0" in value:
        return "Feltet er ikke tekst."
    if not value.strip():
        return "Feltet er tomt."
    return f"Feltet er lengre enn {LONGEST_TEXT} tegn." if len(value) > LONGEST_TEXT else None


def _yes_or_no(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Feltet er ikke ja (true) eller nei (false)."


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "Feltet er ikke et objekt."


def _time(value: Any) -> str | None:
    return "Feltet er ikke et tidspunkt med tidssone." if time_of(value) is None else None


def _day(value: Any) -> str | None:
    try:
        return None if isinstance(value, str) and date.fromisoformat(value) else "Feltet er ikke en dato."
    except ValueError:
        return "Feltet er ikke en dato."


def _one_of(codes: frozenset[str]) -> _Check:
    return lambda value: None if isinstance(value, str) and value in codes else "Ukjent kode."


def _number(kind: str) -> _Check:
    def check(value: Any) -> str | None:
        known = isinstance(value, str) and well_formed(kind, value)
        return None if known else "Dette er ikke et gyldig nummer av dette slaget."

    return check


_FIELDS: Final[dict[str, _Check]] = {
    "id": _line,
    "barn": _object,
    "melder": _object,
    "grunn": _text,
    "beskrivelse": _text,
    "akutt": _yes_or_no,
    "foresatteInformert": _object,
    "mistankeVoldOvergrep": _yes_or_no,
    "tidspunkt": _time,
    "endret": _time,
    "endretAv": _line,
    "opprettet": _time,
    "opprettetAv": _line,
}
_CHILD: Final[dict[str, _Check]] = {
    "fnr": _number("fnr"),
    "dnr": _number("dnr"),
    "fhn": _number("fhn"),
    "navn": _object,
    "foedt": _day,
    "adressebeskyttelse": _one_of(PROTECTION),
}
_REPORTER: Final[dict[str, _Check]] = {
    "navn": _line,
    "tjeneste": _one_of(SERVICES),
    "stilling": _line,
    "telefon": _line,
}
_INFORMED: Final[dict[str, _Check]] = {"ja": _yes_or_no, "hvorforIkke": _text}
