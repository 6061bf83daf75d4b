"""Who asks what, and how often: the callers that an operation is for come more often than the others, and so
do operations that tell of children."""

from __future__ import annotations

import re

from tests.fuzz.installation import FAMILY, NOBODY

DECIDING = ("logg", "drift", FAMILY)  # may share what is hidden, so they write of Fri alone
CALLERS = (
    "bup", "bup", "bup", "logg", "logg", "plan", "leser", "lege", "lege", "drift", "drift", "nabologg",
    "nabobup", "nabobup", "nabodrift", NOBODY,
)  # fmt: skip
READERS = (
    "bup", "bup", "bup", "bup", "logg", "logg", "logg", "plan", "lege", "leser", "nabologg", "nabobup",
)  # fmt: skip
BOLD = (
    "drift", "drift", "drift", "drift", "logg", "logg", "logg", "nabologg", "nabodrift", "bup", NOBODY,
)  # fmt: skip
WRITERS = ("bup", "bup", "bup", "bup", "lege", "plan", "logg", "nabobup", "nabologg")
SOURCES = ("logg", "logg", "logg", "logg", "plan", "plan", "nabologg", "nabologg", "bup")
WELFARE = ("logg", "logg", "logg", "barnevern", "barnevern", "bup", "nabologg")
AT_PAGES = (FAMILY, FAMILY, FAMILY, "bup", NOBODY)
DECISIONS = re.compile(
    r"/(acts|merge|merges|recall|withdraw|lanes|metrics|audit|AuditEvent|questions|deviations)"
)
CONTENT = re.compile(r" (/timeline/|/systems/.*/records|/fhir|/people/.*/(held|conflicts)|/conflicts)")
GOOD = {
    "limit": ["1", "5", "200"], "_count": ["1", "5", "0"], "state": ["open"], "kind": ["maal", "plan"],
    "at": ["2026-11-20T10:00:00Z"], "_lastUpdated": ["ge2026-01-01"], "status": ["active"],
    "_total": ["accurate", "none"], "_sort": ["-_lastUpdated"], "_include": ["Goal:patient", "*"],
    "only": ["overdue"],
    "date": ["ge2026-01-01"], "category": ["x"], "unit": ["359797117"], "lifecycle-status": ["active"],
}  # fmt: skip
PAGES = tuple(
    f"{method} /min-side{rest}"
    for method, rest in (
        ("GET", ""), ("GET", "/barn/{given}"), ("GET", "/barn/{given}/nytt"), ("GET", "/barn/{given}/nei"),
        ("GET", "/barn/{given}/samtykke/{which}"), ("GET", "/barn/{given}/samtykke/{which}/likt"),
        ("GET", "/barn/{given}/samtykke/{which}/trekk"), ("POST", "/barn/{given}/samtykke/{which}/trekk"),
        ("POST", "/barn/{given}/nytt"), ("POST", "/barn/{given}/nei"), ("GET", "/barn/{given}/hvem-har"),
        ("GET", "/barn/{given}/hvem-har-sett"), ("GET", "/barn/{given}/se-over"),
        ("POST", "/barn/{given}/se-over"), ("GET", "/spraak/{code}"), ("GET", "/statisk/{code}/merke.svg"),
        ("GET", "/statisk/0123456789abcdef/stil.css"), ("GET", "/logg-inn/{login}"),
        ("GET", "/logg-inn/{login}/svar"), ("GET", "/finnes-ikke"),
    )
)  # fmt: skip
SAFE = (b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"get")
PLAIN = ("5", "active", "Goal:subject", "-_lastUpdated", "ge2026-01-01", "open", "maal", "none", "held")
QUERIES = (
    "patient", "subject", "item", "recipient", "_id", "identifier", "_lastUpdated", "category",
    "status", "nivaa", "_include", "_sort", "_count", "_total", "_cursor", "after", "before", "limit",
    "at", "reader", "state", "only", "kind", "system", "participant", "unit", "patient:Patient",
    "_id:not", "identifier:missing", "_has", "_format", "_summary", "_elements", "_revinclude",
    "access_token", "date", "_history", "lang", "", "a[b]", "patient.name",
)  # fmt: skip


def callers(label: str, pages: bool) -> tuple[str, ...]:
    """Those that an operation is for, as often as they are to ask it. pages: whether a family can log in."""
    if " /min-side" in label and pages:
        return AT_PAGES
    if " /welfare/" in label:
        return WELFARE
    if label.startswith("POST /systems/"):
        return SOURCES
    if " /fhir" in label and not label.startswith("GET"):
        return WRITERS
    return BOLD if DECISIONS.search(label) else READERS if CONTENT.search(label) else CALLERS
