"""How answers about receipts, and about what sources leave out, look; for the published contract alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer
from gateway.exchange.deliveries import State
from gateway.hub.absences import REASONS


class SnapshotAnswer(Answer):
    """What came of a whole."""

    state: Literal["taken", "doubtful"]
    why: Literal["empty", "truncated", "broken"] | None = Field(description="Of a doubtful one")
    items: int
    missing: list[str] = Field(description="Ids that are flagged from now on")
    returned: int = Field(description="How many had been missing and are there again")


class AbsenceAnswer(Answer):
    """One item that its source no longer tells of."""

    item: str
    patient: str
    since: str
    reason: str = Field(json_schema_extra={"enum": list(REASONS)})


class StoodAnswer(Answer):
    """How the last whole of a system, or of one log or plan of it, ended."""

    log: str | None = Field(description="Null: of all the system has")
    taken: str
    state: Literal["taken", "doubtful"]
    why: Literal["empty", "truncated", "broken"] | None
    items: int
    missing: int = Field(description="How many of what it made were not in it")


class AbsenceAnswers(Answer):
    """A page of absences."""

    absences: list[AbsenceAnswer]
    snapshots: list[StoodAnswer]
    next: str | None


class ReceiptAnswer(Answer):
    """One acknowledgement as it was kept; the same said again gives the same."""

    id: str
    item: str
    version: int
    recipient: str
    kind: Literal["accepted", "read", "rejected"]
    at: str = Field(description="By the recipient's clock")
    stored: str
    by: str | None
    reason: str | None


class GivenReceipt(Answer):
    """What became of one acknowledgement."""

    id: str
    status: Literal["kept", "unknown", "never-sent"]
    receipt: ReceiptAnswer | None


class GivenReceipts(Answer):
    """One answer per acknowledgement, in the order sent."""

    results: list[GivenReceipt]


class DeliveryAnswer(Answer):
    """One item at one recipient."""

    item: str
    recipient: str
    state: str = Field(json_schema_extra={"enum": [one.value for one in State]})
    version: int | None
    sent: str | None
    received: str | None = Field(description="When the recipient's server had taken it")
    acknowledged: ReceiptAnswer | None
    reason: str | None = Field(description="Of a refusal, or of an attempt whose end nobody knows")
    withdrawal: bool = Field(description="It is the word that the item was registered in error")


class DeliveryAnswers(Answer):
    """Every item of a person at every recipient, as far as the caller may know."""

    patient: str
    deliveries: list[DeliveryAnswer]
