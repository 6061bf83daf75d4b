"""Who wrote an entry, as its Provenance names them: a participant, where that is one that the hub knows."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.exchange.facts import RECORD
from gateway.web.insight import Insight


def author_of(insight: Insight, item: str) -> str | None:
    """The participant who first wrote an item that the reader may see; None for one that is not known."""
    if item not in insight.seen:
        return None
    own = f"Provenance/{item.partition('/')[2]}-provenance"
    version = insight.parts.get(item, {}).get(own)
    return participant(insight, version.writers) if version is not None else None


def participant(insight: Insight, writers: Iterable[str]) -> str | None:
    """The first of these that is a participant the reader may see. writers: "system|value", or references."""
    authors = insight.here.facts.authors
    for name in writers:
        system, bar, value = name.partition("|")
        known = authors.get((system.removeprefix(RECORD), value)) if bar else name
        if known in insight.seen:
            return known
    return None
