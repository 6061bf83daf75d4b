"""Consent records made ready for evaluation: what each giver permits, and which exceptions stand.

An act says what one record means whoever asks; standing decides what it means at a moment for a recipient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.days import begins, ceases, moment
from consent.model import Category, Consent, Item
from consent.people import CHILD, People

PURPOSES = frozenset({"samordning", "behandling"})
CATEGORIES = frozenset(c.value for c in Category)
WRITTEN = frozenset({"skriftlig", "digital"})


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One record. subject: key of the person it is about, None when unknown. permits: it may permit
    something in its period; refuses: it says no.

    strangers: some giver is unknown, so its exceptions stand for everyone who must decide.
    Exceptions stand from when they are known until a later act of the same giver lifts them: neither the
    end of the record's period nor its withdrawal does, as withdrawing must never permit more.
    """

    id: str
    frame: str
    subject: str | None
    signers: frozenset[str]  # the givers' references
    givers: frozenset[str]  # the keys of those of them that are known
    retracted_by: str | None  # who took a refusal back: it falls for that giver, from then on
    strangers: bool
    permits: bool
    refuses: bool
    recipients: frozenset[str]
    categories: frozenset[str]
    except_recipients: frozenset[str]
    except_items: frozenset[str]
    purpose: str
    start: datetime
    end: datetime
    applies_from: datetime | None
    recorded: datetime | None
    changed: datetime | None
    withdrawn: datetime | None
    items: frozenset[str]
    labels: frozenset[str]
    only_labelled: bool
    written: bool

    def taken_back_by(self, time: datetime) -> str | None:
        """Who has taken a refusal back at that moment."""
        return self.retracted_by if self.withdrawn is not None and self.withdrawn <= time else None

    def permits_at(self, time: datetime) -> bool:
        """Whether it permits anything at that moment."""
        return self.permits and self.start <= time < self.end

    def later_than(self, other: Act) -> bool:
        """Whether it is known to be the later of two acts: given after what the other excepts was written."""
        return self.recorded is not None and other.changed is not None and self.recorded > other.changed

    def later_than_end(self, other: Act) -> bool:
        """Whether it was given after the other was taken back."""
        return self.recorded is not None and other.withdrawn is not None and self.recorded > other.withdrawn

    def names(self, sensitivity: frozenset[str]) -> bool:
        """Whether it covers items that carry these labels (none: an ordinary one)."""
        return sensitivity <= self.labels and (bool(sensitivity) or not self.only_labelled)

    def reaches(self, item: Item) -> bool:
        """Whether it covers the item, by when that was first written and by name where it names items."""
        if self.items and item.id not in self.items:
            return False
        if self.applies_from is None:
            return True
        return item.recorded is not None and self.applies_from <= item.recorded


def acts(consents: tuple[Consent, ...], people: People) -> tuple[Act, ...]:
    """All acts, registered in error left out. Raises on records of wrong types."""
    return tuple(_act(c, people) for c in consents if _checked(c).in_error is not True)


def _act(consent: Consent, people: People) -> Act:
    subject = CHILD if consent.about is None else people.keys.get(consent.about)
    withdrawn = None if consent.withdrawn is None else moment(consent.withdrawn)
    recorded = None if consent.recorded is None else moment(consent.recorded)
    changed = recorded if consent.changed is None else moment(consent.changed)
    refuses = consent.decision != "samtykker"
    back = people.keys.get(consent.withdrawn_by or "") if refuses and withdrawn is not None else None
    return Act(
        id=consent.id,
        frame=consent.frame,
        subject=subject,
        signers=consent.givers,
        givers=frozenset(people.keys[giver] for giver in consent.givers if giver in people.keys),
        retracted_by=back,
        strangers=not consent.givers or any(g not in people.keys for g in consent.givers),
        permits=_permits(consent) and subject is not None,
        refuses=refuses,
        recipients=consent.recipients,
        categories=consent.categories,
        except_recipients=consent.except_recipients,
        except_items=consent.except_items,
        purpose=consent.purpose,
        start=max(begins(consent.start), recorded or begins(None)),
        end=min(ceases(consent.end), withdrawn or ceases(None)),
        applies_from=None if consent.applies_from is None else begins(consent.applies_from),
        recorded=recorded,
        changed=None if recorded is None or changed is None else max(recorded, changed),
        withdrawn=withdrawn,
        items=consent.items,
        labels=consent.labels,
        only_labelled=consent.only_labelled is not False,
        written=consent.form in WRITTEN,
    )


def _permits(consent: Consent) -> bool:
    """A permit without a named recipient, category, period or known purpose permits nothing."""
    return (
        consent.decision == "samtykker"
        and consent.understood is True
        and consent.in_error is False
        and bool(consent.recipients)
        and bool(consent.categories)
        and not (consent.start is None and consent.end is None)
        and consent.purpose in PURPOSES
    )


def _checked(consent: Consent) -> Consent:
    sets = (
        consent.givers,
        consent.recipients,
        consent.categories,
        consent.except_recipients,
        consent.except_items,
        consent.items,
        consent.labels,
    )
    if not all(isinstance(s, frozenset) and all(isinstance(t, str) for t in s) for s in sets):
        raise TypeError("a consent that cannot be read")
    if not all(isinstance(t, str) for t in (consent.id, consent.frame, consent.decision, consent.purpose)):
        raise TypeError("a consent that cannot be read")
    return consent
