"""How answers about recalls and deviations look, for the published contract alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer


class HolderAnswer(Answer):
    """One system that had the item, by one of its resources."""

    system: str
    resource: str
    how: Literal["source", "delivered", "within", "read"]
    state: Literal["pending", "acknowledged", "refused", "by-hand"] = Field(
        description="refused, by-hand: a person has to tell them"
    )
    closed: str | None


class DeviationAnswer(Answer):
    """One recalled item."""

    id: str
    patient: str
    item: str
    source: str = Field(description="The system it was made in")
    reason: str
    state: Literal["open", "closed"]
    by: str = Field(description="Who recalled it")
    opened: str
    closed: str | None
    closed_by: str | None = Field(description="Who closed it by hand; null where all have acknowledged")
    note: str | None
    holders: list[HolderAnswer]


class RecallAnswer(Answer):
    """One deviation per item."""

    deviations: list[DeviationAnswer]


class DeviationAnswers(Answer):
    """A page of deviations, oldest first."""

    deviations: list[DeviationAnswer]
    next: str | None
