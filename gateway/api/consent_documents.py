"""How answers about a consent's life, notices and who holds what look, for the published contract alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer
from gateway.exchange import occasions
from gateway.hub import notices


class Sentence(Answer):
    """One sentence in bokmål and nynorsk."""

    nb: str
    nn: str


class SignerAnswer(Answer):
    """One person who has a say, by every reference that person has here."""

    participants: list[str]
    role: str
    asked: Literal["must", "one-of"] = Field(description="one-of: of all so marked one suffices")
    signed: bool


class RefusalAnswer(Answer):
    """A part of a consent that says no. Empty lists mean everyone, everything."""

    recipients: list[str]
    categories: list[str]


class ConsentChange(Answer):
    """One thing that a version says otherwise than the one before it."""

    what: str
    before: list[str]
    after: list[str]
    nb: str
    nn: str


class ConsentStep(Answer):
    """One version of a consent."""

    number: int
    stored: str = Field(description="When the gateway took it in")
    recorded: str | None = Field(description="When its source says it was written")
    source: str = Field(description="System it came from")
    by: str | None = Field(description="Who wrote it, where that is known")
    changes: list[ConsentChange]


class HearingAnswer(Answer):
    """What is owed to the child (pbrl § 4-4)."""

    due: bool = Field(description="The child must be heard, and no record says so")
    great_weight: bool
    nb: str | None
    nn: str | None


class ConsentStanding(Answer):
    """One consent as it stands now."""

    consent: str
    frame: str | None = Field(description="The log or plan it belongs to")
    system: str = Field(description="System it was made in")
    state: Literal[
        "draft",
        "later",
        "partial",
        "unknown-signers",
        "in-force",
        "ended",
        "withdrawn",
        "refusal",
        "writing-demanded",
        "permits-nothing",
        "not-understood",
        "not-counted",
        "in-error",
    ]
    nb: str
    nn: str
    givers: list[str]
    about: str | None = Field(description="A third person's own consent: whose")
    signers: list[SignerAnswer]
    missing: list[SignerAnswer]
    hearing: HearingAnswer
    purpose: str | None
    form: str | None
    start: str | None
    end: str | None
    applies_from: str | None
    withdrawn: str | None
    withdrawn_by: str | None
    recipients: list[str]
    categories: list[str]
    labels: list[str]
    except_recipients: list[str]
    except_items: list[str]
    items: list[str]
    refusals: list[RefusalAnswer]
    history: list[ConsentStep]


class ConsentStandings(Answer):
    """Every consent about a person, the one that changed last first."""

    patient: str
    time: str
    consents: list[ConsentStanding]


class NoticeAnswer(Answer):
    """One thing to tell a coordinator or a young person."""

    id: str
    patient: str
    kind: str = Field(json_schema_extra={"enum": sorted({*occasions.Kind, *notices.Kind})})
    about: str = Field(description="The consent, the item, or the age")
    nb: str
    nn: str
    at: str = Field(description="When it happens; of a consent that lacks a signature, when that was seen")
    due: str = Field(description="From when it is told of")
    told: str | None = Field(description="When it was first listed; null the first time")
    addressees: list[str] = Field(description="Whom it is for, as they take part now")
    done: str | None
    done_by: str | None


class NoticeAnswers(Answer):
    """A page of notices."""

    notices: list[NoticeAnswer]
    next: str | None = Field(description="Send it as `after` for the next page")


class HeldItem(Answer):
    """One thing that a holder has."""

    item: str
    kind: str
    title: str | None
    time: str | None = Field(description="When it happened, as its source wrote it")
    first: str = Field(description="When the holder first got it")
    last: str
    certain: bool = Field(description="It arrived, as far as is known")
    ground: str
    why: Sentence
    goes_on: bool
    ended: str | None = Field(description="Since when it is not shared any more, where that is known")
    sharing: Sentence
    in_error: str | None = Field(description="Since when it is registered in error")
    corrected: str | None = Field(description="When the holder was told so")
    remarks: list[Sentence]


class HolderAnswer(Answer):
    """One organization at one system. Where the address is protected, only what kind of service it is."""

    organization: str | None
    name: Sentence
    regime: str | None
    system: str | None
    first: str
    last: str
    goes_on: bool
    ended: str | None
    sharing: Sentence
    items: list[HeldItem]


class HeldAnswers(Answer):
    """Who holds what, for one reader."""

    patient: str
    reader: str
    time: str
    holders: list[HolderAnswer]


class OnlookerAnswer(Answer):
    """One time somebody looked, got something, or decided."""

    at: str
    kind: str
    who: Sentence
    said: Sentence
    items: list[str] = Field(description="What it was about, of what the reader may see")


class OnlookerAnswers(Answer):
    """A page of them."""

    patient: str
    reader: str
    looked: list[OnlookerAnswer]
    next: str | None = Field(description="Send it as `before` for the next page")
