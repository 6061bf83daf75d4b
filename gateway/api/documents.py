"""How answers look, for the published contract alone: the models document, they never read or write a body
(bodies keep their decimals; see jsontext)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.api.answers import FHIR_JSON, JSON, PROBLEM

STATUSES = {
    308: "The person is known by another id: ask again at Location",
    400: "The request is not understood",
    401: "No valid token",
    403: "The token does not reach this",
    404: "Not here, or not for the caller",
    405: "Not done here",
    406: "A form that is not given",
    409: "Cannot be done now",
    412: "Another version is current",
    413: "Too large",
    415: "Unsupported media type",
    422: "Understood, and wrong",
    429: "This client asks too often; Retry-After says how long to wait",
    503: "Not ready; try again",
}


class Answer(BaseModel):
    """Base of all documented answers."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class ProblemDetails(BaseModel):
    """RFC 9457. `code` is stable and meant for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None


class RecordProblem(Answer):
    """One thing wrong with one field; the sentence is plain Norwegian and never holds the value."""

    field: str
    code: str
    text: str


class RecordAnswer(Answer):
    """What became of one record."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "stored",
                "type": "maal",
                "id": "e-m1",
                "resource": "Goal/6f0c1b52-6a1e-4f7e-9c39-0c7f7bb1c0de",
            }
        },
    )

    status: Literal["stored", "unchanged", "conflict", "waiting", "rejected"]
    type: str | None
    id: str | None
    resource: str | None = Field(None, description="What it is in the hub")
    waits_for: str | None = Field(None, description="Id of the record it refers to that is not here yet")
    late: bool | None = Field(None, description="An older edition: kept as history")
    closed: bool | None = Field(
        None, description="Of a consent: nothing that was decided before it is under way any more"
    )
    referral: Literal["not-sent"] | None = Field(
        None, description="Of a referral by somebody who may not refer there; `problems` says the way to go"
    )
    line: int | None = Field(None, description="Line of an NDJSON body, for one that was rejected")
    problems: list[RecordProblem] | None = None


class WithdrawalAnswer(Answer):
    """How it stands with a consent that was taken back."""

    consent: str = Field(description="What it is in the hub")
    withdrawn: str = Field(description="Since when, as the hub took it in")
    closed: bool = Field(description="Nothing that was decided before is under way any more")
    may_have_arrived: list[str] = Field(
        description="Disclosures that were under way then and whose end nobody knows"
    )


class RecordAnswers(Answer):
    """One answer per record, in the order sent."""

    results: list[RecordAnswer]


class RejectedRecord(ProblemDetails):
    """A single record that was rejected."""

    answer: RecordAnswer


class HandedOut(Answer):
    """One record for the system to take in."""

    record: dict[str, Any] = Field(description="In the system's own format, under an id it is to keep")
    item: str = Field(description="What it is in the hub")


class Handout(Answer):
    """Records to take in, and how to say that they were."""

    records: list[HandedOut]
    cursor: str = Field(description="Send it as `after` once everything here has been taken in")
    more: bool = Field(description="Ask again at once")


class LaneOwner(Answer):
    """The worker that runs a lane."""

    id: str
    host: str | None
    pid: int | None
    process: Literal["running", "stopped", "dead", "unknown"]


class LaneAnswer(Answer):
    """The way of one person's items to one recipient."""

    id: str
    patient: str
    recipient: str
    state: Literal["idle", "waiting", "running", "held"]
    behind: int = Field(description="Changes of the person that were not looked at yet")
    attempts: int
    waiting_since: str | None
    next_at: str | None
    deadline: str | None
    last_error: str | None
    breaker: Literal["closed", "open"]
    breaker_error: str | None
    probe_at: str | None
    owner: LaneOwner | None


class LaneAnswers(Answer):
    """A page of lanes."""

    lanes: list[LaneAnswer]
    next: str | None = Field(description="Send it as `after` for the next page")


class Health(Answer):
    """The process lives."""

    status: Literal["ok"]


class Readiness(Answer):
    """Whether work can be taken on; every check by name."""

    ready: bool
    checks: dict[str, bool]


class ReasonAnswer(Answer):
    """One step of a decision."""

    rule: str
    source: str
    nb: str
    nn: str


class DecisionAnswer(Answer):
    """The decision on one set of categories."""

    categories: list[str]
    outcome: Literal["permit", "redact", "deny"]
    ground: str | None
    consents: list[str]
    reasons: list[ReasonAnswer]
    turns: list[str] = Field(description="What would have to change for the opposite answer (bokmål)")
    rule_set: str = Field(description="The version of the rules it was decided with")


class ItemDecision(Answer):
    """Why a recipient gets an item, or does not. `decisions` has one entry per set of categories asked for:
    the item as a whole first, then what is inside it."""

    item: str
    source: str = Field(description="System it was made in")
    outcome: Literal["permit", "redact", "deny"]
    ground: str | None
    decisions: list[DecisionAnswer]
    held: str | None = Field(description="The recipient's refusal, where it was sent and refused")
    note: str | None = Field(description="Why even what is permitted does not go there by delivery")


class DecisionAnswers(Answer):
    """Decisions for one recipient at one time."""

    patient: str
    recipient: str
    time: str
    items: list[ItemDecision]


class UnshownItem(Answer):
    """One item that does not show in a system, or not whole."""

    item: str
    source: str = Field(description="System it was made in")
    code: Literal["no-log-or-plan-there", "own-to-each-system", "no-form", "not-expressible", "in-part"]
    reason: str = Field(description="In plain Norwegian")
    elements: list[str] = Field(description="What its record leaves out, where there is one")


class UnshownAnswers(Answer):
    """What a system may have of a person and cannot show."""

    patient: str
    system: str
    items: list[UnshownItem]
    next: str | None = Field(description="Send it as `after` for the next page")


class DisclosedItem(Answer):
    """One item of a disclosure."""

    ref: str
    version: int
    categories: list[str]
    ground: str
    rules: list[str]
    consents: list[str]
    rule_set: str = Field("", description="The version of the rules it was decided with")
    redacted: bool = Field(False, description="Something of it was, or may have been, taken away first")


class DisclosureAnswer(Answer):
    """One attempt to tell something to someone."""

    id: str
    recipient: str
    channel: str
    state: Literal["sending", "delivered", "refused", "unknown", "unsent"]
    client: str | None
    started: str
    closed: str | None
    error: str | None
    items: list[DisclosedItem]


class DisclosureAnswers(Answer):
    """A page of what left, oldest first."""

    disclosures: list[DisclosureAnswer]
    next: str | None


class TimelineAuthor(Answer):
    """Who wrote an entry, as far as the caller may know."""

    participant: str | None
    name: str | None
    role: str | None


class TimelineMissing(Answer):
    """A system that no longer tells of it."""

    system: str
    since: str
    reason: str
    nb: str
    nn: str


class TimelineState(Answer):
    """One state of a referral."""

    state: str
    time: str
    reason: str | None


class TimelineEntry(Answer):
    """One thing that happened, once, whichever systems know of it."""

    id: str
    resource: str
    kind: str
    title: str | None
    text: str | None
    time: str
    system: str = Field(description="Where it was first told")
    also_in: list[str] = Field(description="Other systems that tell the same")
    author: TimelineAuthor | None
    service: str | None
    level: int | None = Field(description="BTI nivå of the log at that time")
    status: str | None
    missing: list[TimelineMissing] = Field(description="Where it is no longer told of, though it stands")
    states: list[TimelineState] = Field(description="Of a referral: how far it has come at its recipient")


class TimelineAnswer(Answer):
    """A page of the merged timeline, newest first."""

    patient: str
    entries: list[TimelineEntry]
    next: str | None


class CompletenessGap(Answer):
    """One thing that a plan lacks, in bokmål and nynorsk."""

    field: str
    resource: str | None = Field(description="Where it is missing, if in one item of the plan")
    nb: str
    nn: str


class CompletenessPoint(Answer):
    """One of the nine points."""

    point: Literal["a", "b", "c", "d", "e", "f", "g", "h", "i"]
    nb: str
    nn: str
    seen: bool = Field(description="Whether the caller may see what the point rests on")
    missing: list[CompletenessGap]


class CompletenessAnswer(Answer):
    """What an individuell plan must hold, and what of it is missing."""

    plan: str
    complete: bool = Field(description="All nine points seen, and nothing missing")
    points: list[CompletenessPoint]


class CarriedItem(BaseModel):
    """An item of the log, and what it became in the plan."""

    model_config = ConfigDict(extra="forbid")

    from_: str = Field(alias="from")
    to: str


class RecipientStanding(Answer):
    """How many of the carried items a recipient may have."""

    recipient: str
    permitted: int
    denied: int


class ContinuedAnswer(Answer):
    """A log that goes on as a plan."""

    log: str
    plan: str
    state: Literal["continued", "stands"]
    carried: list[CarriedItem]
    recipients: list[RecipientStanding]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem answers, for `responses=`. 401, 403, 429 and 503 belong to every route behind a token."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {s: {"description": STATUSES[s], "content": content} for s in (*statuses, 401, 403, 429, 503)}


def fhir_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same under /fhir."""
    content = {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}}
    return {s: {"description": STATUSES[s], "content": content} for s in (*statuses, 401, 403, 429, 503)}


def ok(model: type[BaseModel], text: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """A good answer."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {status: {"description": text, "content": content}}
