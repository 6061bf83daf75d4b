"""What the requests about reports to child welfare and anonymous discussions look like, for the published
contract; and how long their texts may be."""

from __future__ import annotations

from typing import Any

from gateway.api.answers import PROBLEM
from gateway.api.bodies import asks, takes
from gateway.welfare import answers

MOST_ANSWER = 10_000  # characters of child welfare's own words
REPORT = takes(
    {"type": "object", "description": "A bekymringsmelding", "minProperties": 1},
    {
        "type": "bekymringsmelding",
        "id": "bm-17",
        "tidspunkt": "2026-11-21T11:05:00+01:00",
        "barn": {"navn": {"fornavn": "Ola", "etternavn": "Oppdiktet"}, "foedt": "2017-03-14"},
        "melder": {
            "navn": "Kari Kontaktlærer",
            "tjeneste": "skole",
            "stilling": "kontaktlærer",
            "telefon": "55 00 00 00",
        },
        "grunn": "omsorgssvikt",
        "beskrivelse": "Kommer uten mat og klær …",
        "akutt": False,
        "mistankeVoldOvergrep": False,
        "foresatteInformert": {"ja": True},
    },
)
FEEDBACK = asks(
    {
        "state": {"enum": list(answers.STATES)},
        "time": {"type": "string", "format": "date-time"},
        "text": {"type": "string", "minLength": 1, "maxLength": MOST_ANSWER},
    },
    {"state": "undersoekes", "time": "2026-11-25T09:00:00+01:00"},
    ["state", "time"],
)
FAULTY: dict[int | str, dict[str, Any]] = {
    422: {
        "description": "The report cannot be sent; `problems` names everything that is wrong with it",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/FaultyReport"}}},
    }
}
MOST_TEXT = 20_000  # characters
MOST_LINE = 200
TEXT = {"type": "string", "minLength": 1, "maxLength": MOST_TEXT}
EXAMPLE = "En gutt på femten sover dårlig og er mye borte fra skolen. Hva kan vi gjøre?"
SEEN = {
    "type": "object",
    "required": ["start", "length"],
    "properties": {
        "start": {"type": "integer", "minimum": 0},
        "length": {"type": "integer", "minimum": 1},
    },
}


CHECK = asks({"text": TEXT}, {"text": EXAMPLE})
SEND = asks(
    {
        "id": {
            "type": "string",
            "minLength": 1,
            "maxLength": MOST_LINE,
            "description": "Yours for this message: the same again sends nothing anew",
        },
        "text": TEXT,
        "recipient": {"type": "string", "description": "The system it goes to"},
        "confirmedBy": {"type": "string", "minLength": 1, "maxLength": MOST_LINE},
        "seen": {"type": "array", "items": SEEN, "description": "The findings that the person has seen"},
    },
    {
        "id": "droefting-4",
        "text": EXAMPLE,
        "recipient": "ppt",
        "confirmedBy": "Kari Kontaktlærer",
        "seen": [],
    },
    ["id", "text", "recipient", "confirmedBy"],
)
UNSEEN: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "Something in the text may tell which child it is about, and nobody has confirmed "
        "having seen it; `findings` names all of it",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/UnseenFindings"}}},
    }
}
