"""How the answers about reports to child welfare and anonymous discussions look, for the published contract
alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.api.documents import Answer, ProblemDetails, RecordProblem

DeliveryState = Literal["waiting", "sending", "delivered", "refused", "unknown"]
DeadlineState = Literal["due", "overdue", "met"]


class FaultyReport(ProblemDetails):
    """A report that cannot be sent, with everything that is wrong with it."""

    problems: list[RecordProblem]


class WelfareDeadlines(Answer):
    """Moments after which it is too late."""

    assess: str = Field(description="Child welfare has assessed the report (7 days)")
    answer: str = Field(description="Child welfare has answered the one who reported (3 weeks)")
    investigate: str = Field(description="An investigation has ended (3 months)")


class WelfareRecipient(Answer):
    """The child welfare service."""

    system: str
    organization: str
    name: str


class WelfareGuardians(Answer):
    """What guardians may know of the report."""

    may_see: bool = Field(description="false: they are to find no trace of it anywhere, in yours either")
    must_be_informed: bool
    nb: str
    nn: str


class ReportReceipt(Answer):
    """The receipt of a report; the same however often it is sent."""

    id: str = Field(description="Ask for the report by it; child welfare knows it by the same")
    received: str
    acute: bool
    recipient: WelfareRecipient
    deadlines: WelfareDeadlines
    guardians: WelfareGuardians


class ReportDelivery(Answer):
    """How it stands with sending. unknown: it may have arrived; it is tried again."""

    state: DeliveryState
    error: str | None = Field(description="What the recipient's system answered last: status and fields")


class ReportFeedback(Answer):
    """One word from child welfare."""

    state: Literal["mottatt", "undersoekes", "henlagt", "tiltak"]
    time: str
    text: str | None


class ReportStanding(Answer):
    """A report as the one who reported and the one who received it may see it: never its text."""

    receipt: ReportReceipt
    delivery: ReportDelivery
    feedback: list[ReportFeedback]


class FeedbackReceipt(Answer):
    """Child welfare's word is kept."""

    report: str
    number: int


class DeadlineAnswer(Answer):
    """One deadline. overdue: it has passed and what it asks for is not done."""

    name: Literal["assess", "answer", "investigate"]
    by: str
    met: str | None
    state: DeadlineState


class ReportDeadlines(Answer):
    """A report with a deadline still open."""

    report: str
    received: str
    deadlines: list[DeadlineAnswer]


class DeadlineAnswers(Answer):
    """A page of reports, oldest first."""

    reports: list[ReportDeadlines]
    next: str | None = Field(description="Send it as `after` for the next page")


class TextFinding(Answer):
    """A piece of the text that may tell which child it is about."""

    kind: Literal["navn", "fødselsnummer", "dato", "sted", "kontakt", "nummer"]
    start: int = Field(description="Characters (code points) before it")
    length: int
    certain: bool = Field(description="It is known of this child; otherwise it only has that shape")
    nb: str
    nn: str


class TextFindings(Answer):
    """What was found. Nothing found does not mean that the text is anonymous: a person decides that."""

    findings: list[TextFinding]


class UnseenFindings(ProblemDetails):
    """A text with findings that nobody has confirmed having seen."""

    findings: list[TextFinding]


class DiscussionAnswer(Answer):
    """An anonymous discussion: that it was confirmed, never what it said, never which child."""

    id: str
    recipient: str
    confirmed_by: str
    confirmed: str
    findings: int
    delivery: ReportDelivery
