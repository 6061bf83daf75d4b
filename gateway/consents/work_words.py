"""The words in which an entry of the working list is told, in bokmål and nynorsk, by its kind: those of
notices, reminders and conflicts together. They name no person and quote no record."""

from __future__ import annotations

from typing import Final

from gateway.consents.notice_words import NOTICES
from gateway.consents.words import REMINDERS, Said
from gateway.consents.work import CONFLICT
from gateway.hub.notices import Kind

CONFLICTING: Final = Said(
    "To systemer sier ikke det samme. Avgjør hva som gjelder.",
    "To system seier ikkje det same. Avgjer kva som gjeld.",
)


def words(kind: str, about: str) -> Said:
    """What is said of an entry. about: of a birthday the age."""
    if kind == CONFLICT:
        return CONFLICTING
    return REMINDERS[kind].within(age=about) if kind in REMINDERS else NOTICES[Kind(kind)]
