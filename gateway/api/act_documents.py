"""How answers about named persons' acts look, for the published contract alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer


class ActAnswer(Answer):
    """One act."""

    id: str
    kind: Literal[
        "release",
        "objection",
        "override",
        "finding",
        "withholding",
        "emergency",
        "wrong-person",
        "right-person",
        "stays-closed",
    ]
    by: str
    reason: str
    items: list[str]
    recipients: list[str]
    categories: list[str]
    keys: list[str] = Field(description="What was let go though an address is protected")
    weighty: bool
    presumed: bool
    created: str
    ends: str | None = Field(description="When it ends by itself")
    ended: str | None = Field(description="When somebody ended it")
    told: str | None = Field(description="When those concerned were told of it")
    closed: bool | None = Field(
        None, description="Of an act that makes sharing less: nothing decided before it is under way any more"
    )
    may_have_arrived: list[str] = Field(
        [], description="Disclosures that were under way and may have arrived"
    )


class ActAnswers(Answer):
    """All acts about a person, oldest first."""

    patient: str
    acts: list[ActAnswer]


class AwaitingAnswer(Answer):
    """One part that address protection holds."""

    item: str
    resource: str
    path: str
    key: str
    text: str | None = Field(description="What stands there; only for the system the item was made in")


class AwaitingAnswers(Answer):
    """Everything about a person that waits for a release."""

    patient: str
    awaiting: list[AwaitingAnswer]
