"""How answers about conflicts look, for the published contract alone."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gateway.api.documents import Answer


class ConflictAttachment(Answer):
    """Bytes that stand in a value: by their hash, under attachments/{sha256}."""

    sha256: str
    size: int = Field(description="Bytes")


class ConflictSide(Answer):
    """What one side says."""

    system: str = Field(description="Where it was said")
    at: str | None = Field(description="When, as that system told")
    by: str | None = Field(description="The participant who wrote it, if the caller sees them")
    shown: Literal["whole", "part", "hidden"] = Field(description="What the caller may see of it")
    value: Any = Field(description="FHIR JSON; null where nothing stands or nothing is shown")
    attachments: list[ConflictAttachment]


class ConflictDecision(Answer):
    """How it was decided."""

    choice: Literal["current", "theirs", "value"]
    by: str
    reason: str


class ConflictAnswer(Answer):
    """Two systems say different things of one place."""

    id: str
    patient: str
    resource: str
    item: str
    path: str = Field(description="The place: `Goal.description`, `Goal.target[0].dueDate`")
    kind: Literal["changed", "older", "gone"] = Field(
        description="changed: by both; older: a value from before our last delivery came back; gone: the "
        "system has the item no more"
    )
    state: Literal["open", "decided", "equal", "replaced", "withdrawn"]
    created: str
    version: int = Field(description="Of the resource now: send it with the decision")
    current: ConflictSide = Field(description="What stands here")
    theirs: ConflictSide = Field(description="What was not taken")
    choices: list[Literal["current", "theirs", "value"]] = Field(description="What may be decided")
    deciders: list[str] = Field(description="Participants who may decide")
    settled: str | None = Field(description="Since when it is not open")
    decision: ConflictDecision | None


class ConflictAnswers(Answer):
    """A person's conflicts."""

    patient: str
    conflicts: list[ConflictAnswer]
