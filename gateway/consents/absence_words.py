"""The words for an item that a system no longer tells of, with the reason it gives, in bokmål and nynorsk."""

from __future__ import annotations

from typing import Final

from gateway.consents.words import Said
from gateway.hub.absences import DELETED, OMITTED, OTHER, OVERDUE

REASONS: Final = {
    OMITTED: Said("uten noen grunn", "utan nokon grunn"),
    DELETED: Said("slettet der", "sletta der"),
    OVERDUE: Said("evalueringsfristen er passert", "evalueringsfristen er passert"),
    "arkivert": Said("arkivert der", "arkivert der"),
    "flyttet": Said("flyttet der", "flytta der"),
    OTHER: Said("av en annen grunn", "av ein annan grunn"),
}
AT_SOURCE: Final = Said("Borte hos kilden: {why}.", "Borte hos kjelda: {why}.")
ELSEWHERE: Final = Said("Borte hos en mottaker: {why}.", "Borte hos ein mottakar: {why}.")


def missing(reason: str, *, at_source: bool) -> Said:
    """One sentence. at_source: it is the system that first told of it."""
    why, said = REASONS.get(reason, REASONS[OTHER]), AT_SOURCE if at_source else ELSEWHERE
    return Said(said.nb.format(why=why.nb), said.nn.format(why=why.nn))
