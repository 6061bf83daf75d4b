"""One record that a recipient may have, with the decision that lets it be seen. A value; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.exchange.judge import View
from gateway.exchange.rendition import Unit
from gateway.hub.versions import Version


@dataclass(frozen=True, slots=True)
class Shown:
    """One record to be, with the decision that lets it be seen and the version it shows.

    within: other items that stand inside this record, each with its own decision."""

    unit: Unit
    view: View
    focal: Version
    within: tuple[Shown, ...] = ()
