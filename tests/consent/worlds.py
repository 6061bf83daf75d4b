"""Builds the worlds that consent is tested in: a child, guardians, services, consents, questions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from consent import (
    Consent,
    Decision,
    Facts,
    Item,
    Participant,
    Prepared,
    Recipient,
    Request,
    Settings,
    decide,
)

LOG, PLAN = "CarePlan/log", "CarePlan/plan"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NUMBERS = {
    "skole": "362819482",
    "ppt": "321993516",
    "bup": "343231946",
    "helsestasjon": "381909379",
    "fastlege": "339825971",
    "barnevern": "387574913",
    "koordinerendeEnhet": "359797117",
}
REGIMES = {
    NUMBERS["skole"]: "education",
    NUMBERS["ppt"]: "education",
    NUMBERS["bup"]: "health",
    NUMBERS["helsestasjon"]: "health",
    NUMBERS["fastlege"]: "health",
    NUMBERS["barnevern"]: "child-welfare",
    NUMBERS["koordinerendeEnhet"]: "administration",
}


def reference(name: str) -> str:
    """The hub reference of a participant called `name`."""
    return f"PractitionerRole/{name}" if name in NUMBERS else f"RelatedPerson/{name}"


def guardian(name: str, responsibility: str | None = "felles", **more: Any) -> Participant:
    """A guardian in the log."""
    fields = {"id": reference(name), "frame": LOG, "role": "foresatt", "person": name, **more}
    return Participant(responsibility=responsibility, **fields)


def child(**more: Any) -> Participant:
    """The child as a participant of the log."""
    fields = {"id": reference("barn"), "frame": LOG, "role": "barn", "person": "barn", **more}
    return Participant(**fields)


def staff(service: str, /, **more: Any) -> Participant:
    """Somebody who takes part in the log for a service."""
    fields = {
        "id": reference(service),
        "frame": LOG,
        "role": "aktoer",
        "service": service,
        "organization": NUMBERS[service],
        "start": date(2026, 1, 1),
        **more,
    }
    return Participant(**fields)


def permit(name: str, givers: str, recipients: str, categories: str, **more: Any) -> Consent:
    """A consent. givers, recipients, categories: names apart by blanks."""
    fields = {
        "frame": LOG,
        "decision": "samtykker",
        "givers": frozenset(map(reference, givers.split())),
        "recipients": frozenset(recipients.split()),
        "categories": frozenset(categories.split()),
        "start": date(2026, 9, 1),
        "end": date(2027, 6, 18),
        "recorded": datetime(2026, 9, 1, 8, tzinfo=UTC),
        **more,
    }
    return Consent(id=f"Consent/{name}", **fields)


def refusal(name: str, givers: str, recipients: str, categories: str = "", **more: Any) -> Consent:
    """A refusal."""
    return permit(name, givers, recipients, categories, **{"decision": "nekter", **more})


PARENTS = (guardian("mor"), guardian("far"))


def facts(*known: Participant | Consent, **more: Any) -> Facts:
    """Facts of a nine-year-old without protection, unless said otherwise."""
    fields = {
        "born": date(2017, 3, 14),
        "address_protection": "ugradert",
        "regimes": REGIMES,
        "settings": Settings(),
        **more,
    }
    return Facts(
        participants=tuple(k for k in known if isinstance(k, Participant)),
        consents=tuple(k for k in known if isinstance(k, Consent)),
        **fields,
    )


def item(categories: str = "maal", **more: Any) -> Item:
    """A goal in the log, unless said otherwise."""
    fields = {"id": "Goal/1", "frame": LOG, "recorded": datetime(2026, 10, 1, 12, tzinfo=UTC), **more}
    return Item(categories=frozenset(categories.split()), **fields)


def question(what: Item | str, to: str = "bup", **more: Any) -> Request:
    """May this go to these? `to`: services or names of single readers, apart by blanks."""
    names = to.split()
    fields = {"channel": "push", "time": NOW, "sender": "stafettlogg", **more}
    return Request(
        item=item(what) if isinstance(what, str) else what,
        recipient=Recipient(
            system="recipient",
            organizations=frozenset(NUMBERS.get(n, n) for n in names if n in NUMBERS or n.isdecimal()),
            participants=frozenset(reference(n) for n in names if n not in NUMBERS and not n.isdecimal()),
        ),
        **fields,
    )


def ask(known: Facts | Prepared, what: Item | str = "maal", to: str = "bup", **more: Any) -> Decision:
    """The decision on a question."""
    return decide(question(what, to, **more), known)


def rules(decision: Decision) -> list[str]:
    """The ids of the rules named, in order."""
    return [reason.rule for reason in decision.reasons]


BOTH = permit("s1", "mor far", "bup skole", "plan maal tiltak")
WORLD = (*PARENTS, staff("bup"), staff("skole"), staff("ppt"))
LATER, LATEST = NOW - timedelta(days=2), NOW - timedelta(days=1)
