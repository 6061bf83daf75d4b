"""Who a Provenance says wrote something: the author before whoever changed it last. Reads only."""

from __future__ import annotations

from typing import Final

from mappings.model import Resource
from mappings.persons import named

AUTHOR: Final = "author"
UNKNOWN: Final = "unknown"


def writers_of(provenance: Resource) -> tuple[str, ...]:
    """References, or "system|value" where one is named by an identifier; "unknown" for one who is not named,
    and where nobody is."""
    agents = sorted(provenance.get("agent") or (), key=lambda agent: not _is_author(agent))
    return tuple(dict.fromkeys(named(a.get("who") or {}) or UNKNOWN for a in agents)) or (UNKNOWN,)


def _is_author(agent: Resource) -> bool:
    return any(coding.get("code") == AUTHOR for coding in (agent.get("type") or {}).get("coding") or ())
