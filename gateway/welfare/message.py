"""The anonymous text as a record of its own: it belongs to no log, plan or patient and names no child. Only
who asks, so that somebody can answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mappings.canonical import ENH, identifier_system

SUBJECT: Final = "Anonym drøfting"
_ITEM: Final = identifier_system("item")  # by it a FHIR server knows a repeat


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves: an id that is new, the text, who confirmed it and for which organization, and when."""

    id: str
    text: str
    confirmed_by: str
    organization: str
    sent: datetime

    def native(self) -> dict[str, Any]:
        """In the neutral record format."""
        moment = self.sent.isoformat()
        return {
            "type": "melding",
            "id": self.id,
            "emne": SUBJECT,
            "tekst": self.text,
            "tidspunkt": moment,
            "endret": moment,
            "avsender": {"navn": self.confirmed_by, "orgnr": self.organization},
        }

    def fhir(self) -> dict[str, Any]:
        """As a FHIR Communication without a subject."""
        return {
            "resourceType": "Communication",
            "identifier": [{"system": _ITEM, "value": self.id}],
            "status": "completed",
            "topic": {"text": SUBJECT},
            "sent": self.sent.isoformat(),
            "sender": {
                "identifier": {"system": ENH, "value": self.organization},
                "display": self.confirmed_by,
            },
            "payload": [{"contentString": self.text}],
        }
