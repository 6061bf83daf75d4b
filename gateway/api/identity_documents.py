"""How answers about who is who look, for the published contract alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer


class MergeAnswer(Answer):
    """One merge."""

    id: str
    patient: str = Field(description="Who it all is now")
    other: str = Field(description="Whose id leads there")
    state: Literal["standing", "undone"]
    by: str
    reason: str
    created: str
    undone: str | None
    undone_by: str | None
    undone_reason: str | None


class CrossedAnswer(Answer):
    """One item that a system was told of because of a merge."""

    item: str
    system: str
    told: str
    state: str
    disclosure: str


class UndoneAnswer(Answer):
    """A merge undone, and what had gone out because of it."""

    merge: MergeAnswer
    told: list[CrossedAnswer]
    deviations: list[str] = Field(description="Opened about it: somebody tells those who got it")


class QuestionAnswer(Answer):
    """A log or plan that came with a number that is, or may be, somebody else's; its record waits."""

    id: str
    patient: str
    other: str | None
    system: str | None = Field(description="Whose record it is; null to other systems than that")
    record: str | None = Field(description="The log or plan, as its system calls it; null likewise")
    reason: Literal["other-person", "several-persons", "former-number"]
    state: Literal["open", "same", "different"]
    created: str
    decided: str | None
    by: str | None
    note: str | None


class MergesAnswer(Answer):
    """Everything about who is who of one person."""

    patient: str
    merges: list[MergeAnswer]
    questions: list[QuestionAnswer]
