"""How the working list looks: one entry as JSON, and the same for the published contract."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gateway.api.documents import Answer
from gateway.consents.work import KINDS, Entry
from gateway.consents.work_words import words


class WorkAnswer(Answer):
    """One thing that somebody who coordinates has to attend to."""

    id: str = Field(description="Of the notice, or of the conflict")
    patient: str
    kind: str = Field(json_schema_extra={"enum": sorted(KINDS)})
    about: str = Field(
        description="The item, the consent, the log or plan; an age; or what else the kind says"
    )
    frame: str | None = Field(description="The log or plan; null where it is about the child in all of them")
    nb: str
    nn: str
    at: str = Field(description="When it happens or happened, or was first seen")
    since: str = Field(description="From when it is told of")
    roles: list[str] = Field(description="As what the reader sees it")


class WorkAnswers(Answer):
    """A page of a working list."""

    work: list[WorkAnswer]
    next: str | None = Field(description="Send it as `after` for the next page")


def plain(one: Entry) -> dict[str, Any]:
    """As JSON."""
    return {
        "id": one.id,
        "patient": f"Patient/{one.person}",
        "kind": one.kind,
        "about": one.about,
        "frame": one.frame,
        **words(one.kind, one.about).plain(),
        "at": one.at.isoformat(),
        "since": one.due.isoformat(),
        "roles": list(one.roles),
    }
