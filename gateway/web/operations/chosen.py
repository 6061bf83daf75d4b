"""What an operator has chosen on a page, as it comes in its form."""

from __future__ import annotations

from gateway.exchange.reasons import Reason
from gateway.web.door import Fields


def reason_of(fields: Fields) -> Reason | None:
    """The reason; None where it is none of ours."""
    given = fields.get("grunn", [""])[0]
    return Reason(given) if given in [*Reason] else None
