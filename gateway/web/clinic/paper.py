"""A shared plan as one PDF to file in a journal: the plan's document (gateway/documents/) of what the reader
may see, and after it referrals, meetings and what was written. Sets it; decides nothing."""

from __future__ import annotations

from typing import Any, Final

from gateway.documents.content import content
from gateway.documents.sheet import Content
from gateway.web.clinic.plan_shown import WRITTEN, Item, PlanShown
from gateway.web.printing import printed
from mappings.completeness import CATEGORIES, is_plan

SECTIONS: Final = ("referrals", "meetings", WRITTEN)


def pdf(shown: PlanShown) -> bytes:
    """The document, tagged. Raises Unprocessable where it cannot be set."""
    plan, insight, words = shown.plan, shown.plan.insight, shown.names.words
    frame = plan.seen[plan.frame].resource
    members = [one.resource for ref, one in plan.seen.items() if ref != plan.frame]
    made = content(frame, members, insight.permits(plan.frame, CATEGORIES), words.code)
    written = [one for name in SECTIONS if (one := _section(shown, name)) is not None]
    sections = made["sections"]
    last = len(sections) - is_plan(frame)  # what a plan lacks stays at its end
    said: Content = {**made, "sections": [*sections[:last], *written, *sections[last:]]}
    return printed(said, insight.now)


def _section(shown: PlanShown, name: str) -> dict[str, Any] | None:
    items = shown.group(name)
    if not items:
        return None
    return {
        "heading": shown.names.words(f"clinic.group.{name}"),
        "items": [{"title": _title(shown, one), "lines": _lines(shown, one)} for one in items],
    }


def _title(shown: PlanShown, one: Item) -> str:
    named = shown.names.words.of("kind", one.kind)
    return f"{named}: {one.title}" if one.title else named


def _lines(shown: PlanShown, one: Item) -> list[list[str]]:
    words = shown.names.words
    when = words.moment(one.when) if one.clock else words.day(one.when)
    states = [
        " ".join(filter(None, (words.of("clinic.state", state.code), words.day(state.when), state.reason)))
        for state in one.states
    ]
    said = [
        (words("clinic.when"), when),
        (words("clinic.who"), one.who),
        *((words(key), value) for key, value in one.about),
        (words("clinic.referral.states"), "; ".join(states)),
        (words("clinic.text"), one.text),
    ]
    return [[label, value] for label, value in said if value]
