"""What one holder has about a person, as a reader may see it. Values; they read and decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.consents.receipts import Holder, Receipt
from gateway.consents.sharing import Sharing
from gateway.exchange.disclosures import Attempt


@dataclass(frozen=True, slots=True)
class Held:
    """One resource at a holder. in_error: since when it is registered in error."""

    ref: str
    kind: str
    title: str | None
    time: str | None
    receipt: Receipt
    in_error: datetime | None
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class Holding:
    """What one holder has. protected: the regime alone may be told of who it is (B1)."""

    holder: Holder
    name: str | None
    regime: str | None
    protected: bool
    held: tuple[Held, ...]

    @property
    def first(self) -> datetime:
        """When the holder first got any of it."""
        return min(one.receipt.first for one in self.held)

    @property
    def last(self) -> datetime:
        """When the holder last got any of it."""
        return max(one.receipt.last for one in self.held)

    @property
    def sharing(self) -> Sharing:
        """Whether any of it still goes there; else since when none does."""
        if any(one.sharing.goes_on for one in self.held):
            return Sharing(goes_on=True)
        ends = [one.sharing.ended for one in self.held]
        known = [end for end in ends if end is not None]
        return Sharing(goes_on=False, ended=max(known) if len(known) == len(ends) else None)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the reader is told, and the disclosure that this is."""

    holdings: tuple[Holding, ...]
    attempt: Attempt | None
