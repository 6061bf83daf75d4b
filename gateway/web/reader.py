"""What every page of a child says first, to whoever reads it: in which language, about whom."""

from __future__ import annotations

from fastapi import Request

from gateway.web.consents_shown import Teller
from gateway.web.desk import WebDesk
from gateway.web.insight import Insight
from gateway.web.rendering import language
from gateway.web.standing import CHILD
from mappings import reading


def teller(request: Request, desk: WebDesk, insight: Insight) -> Teller:
    """Who tells this reader of the child; to the child itself in sentences of its own, on all of the page."""
    request.state.young = insight.here.me.role == CHILD
    return Teller(insight, desk.service.settings, language(request))


def tell_people(insight: Insight) -> None:
    """The child, the log or plan and those who take part stand on every page."""
    kinds = ("Patient/", "RelatedPerson/", "PractitionerRole/", insight.here.frame)
    insight.tell(ref for ref in insight.seen if ref.startswith(kinds))


def kind(insight: Insight) -> str:
    """Log or plan, as a key of the catalogs."""
    found = insight.version(insight.here.frame)
    return (reading.kind_of(found.resource) if found else None) or "plan"
