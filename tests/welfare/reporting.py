"""Invented reports of concern for tests."""

from __future__ import annotations

from typing import Any

CHILD = "Torunn Aslaug Ringstadhaugen"
TEXT = "Hun kommer med blåmerker og sier at hun ikke tør å gå hjem."


def report(record_id: str = "bm-oppdiktet-17", **changes: Any) -> dict[str, Any]:
    """A report on suspicion of violence; `changes` replace fields, None takes one away."""
    whole = {
        "type": "bekymringsmelding",
        "id": record_id,
        "tidspunkt": "2026-11-21T10:00:00+01:00",
        "barn": {
            "navn": {"fornavn": "Torunn Aslaug", "etternavn": "Ringstadhaugen"},
            "foedt": "2017-03-14",
        },
        "melder": {
            "navn": "Kari Kontaktlærer",
            "tjeneste": "skole",
            "stilling": "kontaktlærer",
            "telefon": "55123456",
        },
        "grunn": "vold",
        "beskrivelse": TEXT,
        "akutt": False,
        "mistankeVoldOvergrep": True,
        "foresatteInformert": {"ja": False, "hvorforIkke": "Mistanke om vold i hjemmet."},
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}
