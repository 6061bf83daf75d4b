"""A decision in words for a reader, in bokmål or nynorsk. Never names the item or its content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from consent.model import Decision, Outcome, Reason

Language = Literal["nb", "nn"]
_HEADINGS: Final = {
    ("nb", Outcome.PERMIT): "Dette kan deles.",
    ("nb", Outcome.REDACT): "Dette kan deles, men ikke alt.",
    ("nb", Outcome.DENY): "Dette deles ikke.",
    ("nn", Outcome.PERMIT): "Dette kan delast.",
    ("nn", Outcome.REDACT): "Dette kan delast, men ikkje alt.",
    ("nn", Outcome.DENY): "Dette blir ikkje delt.",
}
_REGIMES: Final = {
    "health": ("helsetjenesten", "helsetenesta"),
    "child-welfare": ("barnevernet", "barnevernet"),
    "education": ("opplæringen", "opplæringa"),
    "administration": ("forvaltningen", "forvaltninga"),
    "social": ("sosialtjenesten", "sosialtenesta"),
    "police": ("politiet", "politiet"),
    "private": ("private", "private"),
}
_CROSSING: Final = {
    "nb": "Opplysningen går fra {0} til {1}, som har en annen taushetsplikt.",
    "nn": "Opplysninga går frå {0} til {1}, som har ei anna teieplikt.",
}


def explain(decision: Decision, language: Language = "nb", *, whole: bool = False) -> tuple[str, ...]:
    """The answer, then each reason in order with its rule and source. whole: also the secrecy regimes it
    crosses, the duties that go with it, and what would have to change for the opposite answer."""
    lines = [_HEADINGS[language, decision.outcome]]
    lines += [_sentence(reason, language) for reason in decision.reasons]
    return (*lines, *_more(decision, language)) if whole else tuple(lines)


def _more(decision: Decision, language: Language) -> Iterator[str]:
    form = 1 if language == "nn" else 0
    for giver, taker in decision.crossings:
        yield _CROSSING[language].format(_REGIMES[giver][form], _REGIMES[taker][form])
    yield from (_sentence(reason, language) for reason in decision.remarks)
    yield from decision.turns(language)


def _sentence(reason: Reason, language: Language) -> str:
    return f"{reason.nn if language == 'nn' else reason.nb} ({reason.rule}: {reason.source})"
