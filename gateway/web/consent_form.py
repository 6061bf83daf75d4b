"""The form of a consent or refusal: read from what a browser sends, checked against what may be chosen, all
faults at once. A draft is what was understood; it is kept in the session until it is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from unicodedata import category

from consent.days import age
from consent.model import Consent
from gateway.web.consents_shown import CATEGORIES
from gateway.web.door import Fields
from gateway.web.insight import Insight
from gateway.web.language import OSLO
from gateway.web.standing import CHILD

LONGEST: Final = timedelta(days=3 * 366)
USUAL: Final = timedelta(days=364)
MOST_WORDS: Final = 1_000
LONGEST_NUMBER: Final = 5
HIDING_AGES: Final = range(12, 16)


@dataclass(frozen=True, slots=True)
class Draft:
    """A consent that nobody has signed yet. facts_no: what it was shown with."""

    frame: str
    by: str
    refuses: bool
    facts_no: int
    recipients: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    purpose: str = ""
    hidden: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def consent(self, ref: str, *givers: str) -> Consent:
        """As the consent it would become."""
        return Consent(
            id=ref,
            frame=self.frame,
            decision="nekter" if self.refuses else "samtykker",
            givers=frozenset(givers or (self.by,)),
            recipients=frozenset(self.recipients),
            categories=frozenset(self.categories),
            except_recipients=frozenset(self.excepted),
            except_items=frozenset(self.items),
            start=date.fromisoformat(self.start) if self.start else None,
            end=date.fromisoformat(self.end) if self.end else None,
            form="digital",
        )


def draft_of(value: Mapping[str, Any] | None) -> Draft | None:
    """The draft that a session keeps."""
    if value is None:
        return None
    lists = ("recipients", "excepted", "categories", "items")
    kept: dict[str, Any] = {name: tuple(v) if name in lists else v for name, v in value.items()}
    return Draft(**kept)


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen, each with the handle it has in the form: recipients, records, and whether the young
    person may hide the consent from the guardians."""

    recipients: dict[str, str]  # handle -> what a consent says
    items: dict[str, str]  # handle -> reference
    may_hide: bool

    @classmethod
    def of(cls, insight: Insight, recipients: Iterable[str], handle: Callable[[str], str]) -> Choices:
        """Of this child, for this person."""
        return cls(
            recipients={handle(said): said for said in recipients},
            items={handle(ref): ref for ref in insight.items()},
            may_hide=_may_hide(insight),
        )


def _may_hide(insight: Insight) -> bool:
    born = insight.here.facts.facts.born
    if insight.here.me.role != CHILD or born is None:
        return False
    return age(born, today(insight)) in HIDING_AGES


def today(insight: Insight) -> date:
    """The day in Norway."""
    return insight.now.astimezone(OSLO).date()


@dataclass(slots=True)
class Filled:
    """A form as somebody filled it in. side: which page of the records is shown; turned: another one is asked
    for, and nothing is to be decided yet. faults: field -> key of the sentence."""

    refuses: bool
    answers: dict[str, str] = field(default_factory=dict)  # handle of a recipient -> ja, nei
    categories: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)  # handles
    start: str = ""
    end: str = ""
    purpose: str = ""
    hidden: bool = False
    side: int = 1
    turned: bool = False
    faults: dict[str, str] = field(default_factory=dict)

    def draft(self, insight: Insight, choices: Choices) -> Draft:
        """What it says, once it has no faults."""
        said = choices.recipients
        return Draft(
            frame=insight.here.frame,
            by=insight.here.me.id,
            refuses=self.refuses,
            facts_no=insight.here.facts_no,
            recipients=tuple(said[h] for h in said if self.answers.get(h) == "ja"),
            excepted=tuple(said[h] for h in said if self.answers.get(h) == "nei"),
            categories=tuple(c for c in CATEGORIES if c in self.categories),
            items=tuple(sorted(choices.items[h] for h in self.items)),
            start=self.start or None,
            end=self.end or None,
            purpose=self.purpose,
            hidden=self.hidden,
        )


def empty(insight: Insight, *, refuses: bool) -> Filled:
    """A form nobody has filled in. A refusal is of everything, for as long as it stands."""
    begin = today(insight)
    if refuses:
        return Filled(True, categories=set(CATEGORIES), start=begin.isoformat())
    return Filled(False, start=begin.isoformat(), end=(begin + USUAL).isoformat())


def like(insight: Insight, other: Consent, choices: Choices) -> Filled:
    """A form that says the same as another's consent. What the other kept back is theirs to say."""
    made = empty(insight, refuses=False)
    services = {p.organization: p.service for p in insight.here.facts.facts.participants if p.organization}
    for handle, said in choices.recipients.items():
        if not other.recipients.isdisjoint({said, services.get(said)}):
            made.answers[handle] = "ja"
    made.categories = set(other.categories) & set(CATEGORIES)
    made.start = max(_text(other.start) or made.start, made.start)
    made.end = _text(other.end) or made.end
    return made


def _text(value: date | None) -> str | None:
    return value.isoformat()[: len("2026-11-21")] if value else None


def filled(fields: Fields, insight: Insight, choices: Choices, *, refuses: bool) -> Filled:
    """The form as it came, with every fault. What is none of the choices is left out as if not chosen."""
    words = " ".join(_plain(fields.get("formaal", [""])[0]).split())
    made = Filled(
        refuses=refuses,
        answers={h: v for h in choices.recipients if (v := _first(fields, f"mottaker-{h}")) in ("ja", "nei")},
        categories=set(fields.get("kategori", ())) & set(CATEGORIES),
        items=set(fields.get("post", ())) & choices.items.keys() if not refuses else set(),
        start=_first(fields, "fra"),
        end=_first(fields, "til"),
        purpose=words[:MOST_WORDS],
        hidden=choices.may_hide and "skjult" in fields,
        side=_number(_first(fields, "side") or _first(fields, "her")),
        turned="side" in fields,
    )
    if refuses:
        made.answers = {h: "ja" for h, v in made.answers.items() if v == "ja"}
    if not made.turned:
        made.faults = _faults(made, today(insight), too_long=len(words) > MOST_WORDS)
    return made


def _plain(text: str) -> str:
    """Without control characters, which no FHIR text may hold; line ends and tabs become spaces."""
    return "".join(" " if category(one) == "Cc" else one for one in text)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER else 1


def _first(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[0].strip()


def _faults(made: Filled, on: date, *, too_long: bool) -> dict[str, str]:
    out: dict[str, str] = {}
    if not made.answers and not made.items:
        out["mottakere"] = "fault.recipients"
    if "ja" in made.answers.values() and not made.categories:
        out["kategorier"] = "fault.categories"
    start, end = _day(made.start), _day(made.end)
    if start is None or start < on:
        out["fra"] = "fault.start"
    if made.refuses and not made.end:
        end = None
    elif end is None or end <= on or (start is not None and end <= start):
        out["til"] = "fault.end"
    elif end - on > LONGEST:
        out["til"] = "fault.too_long"
    if too_long:
        out["formaal"] = "fault.words"
    return out


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        return None
