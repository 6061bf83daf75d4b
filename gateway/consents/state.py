"""How each consent of a person stands now: its state in plain words, who must sign, who has and who is
missing. Asks the consent library; decides nothing and reads no content but the consents themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from consent import fhir_consent
from consent.acts import PURPOSES, WRITTEN
from consent.days import begins, ceases, moment
from consent.life import Signing, signing
from consent.model import Consent
from gateway.exchange.facts import PersonFacts
from gateway.hub.versions import Version

NOT_YET = frozenset({"draft", "proposed"})
PERMIT = "samtykker"


@dataclass(frozen=True, slots=True)
class Signer:
    """One natural person who has a say: by which references, in which role. asked: must | one-of."""

    participants: tuple[str, ...]
    role: str
    asked: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One consent as it stands. acts: what it says, the consent itself first, then refusals of parts of it.
    hear, weigh: a hearing of the child is due (W6)."""

    ref: str
    state: str
    version: Version
    acts: tuple[Consent, ...]
    signers: tuple[Signer, ...] = ()
    hear: bool = False
    weigh: bool = False

    @property
    def said(self) -> Consent | None:
        """The consent itself; None for one that says nothing yet."""
        return self.acts[0] if self.acts else None


def standings(facts: PersonFacts, found: Iterable[Version], now: datetime) -> list[Standing]:
    """Each of these Consent resources as it stands, newest first."""
    acts: dict[str, list[Consent]] = {}
    for one in facts.facts.consents:
        acts.setdefault(one.id, []).append(one)
    newest = sorted(found, key=lambda v: v.change_no, reverse=True)
    return [standing(facts, version, tuple(acts.get(version.ref, ())), now) for version in newest]


def standing(facts: PersonFacts, version: Version, acts: tuple[Consent, ...], now: datetime) -> Standing:
    """One consent as it stands."""
    if not acts:
        return Standing(version.ref, "draft", version, ())
    asked = _asked(facts, acts[0], now)
    state = _state(facts, version, acts[0], asked, now)
    open_yet = state in ("partial", "in-force", "later")
    due = asked is not None and open_yet and _unheard(facts, now)
    return Standing(
        ref=version.ref,
        state=state,
        version=version,
        acts=acts,
        signers=_signers(facts, asked) if asked is not None else (),
        hear=due and asked is not None and asked.hear,
        weigh=due and asked is not None and asked.weigh,
    )


def _asked(facts: PersonFacts, said: Consent, now: datetime) -> Signing | None:
    """Who must sign; None for what nobody signs."""
    if said.decision != PERMIT or said.in_error or said.about is not None:
        return None
    return signing(said, facts.prepared_for(said.frame), now)


def _unheard(facts: PersonFacts, now: datetime) -> bool:
    return facts.prepared.at(now).unheard


def _state(facts: PersonFacts, version: Version, said: Consent, asked: Signing | None, now: datetime) -> str:
    ended = _ended(version, said, now)
    if ended is not None:
        return ended
    if said.decision != PERMIT:
        return "refusal"
    if not said.understood:
        return "not-counted" if _readable(version) else "not-understood"
    if _permits_nothing(said):
        return "permits-nothing"
    if facts.facts.settings.demands_writing and said.form not in WRITTEN:
        return "writing-demanded"
    if moment(now) < begins(said.start):
        return "later"
    return _counts(said, asked)


def _ended(version: Version, said: Consent, now: datetime) -> str | None:
    """Why it is over, or has not begun as an act at all."""
    if said.in_error:
        return "in-error"
    if said.withdrawn is not None and said.withdrawn <= now:
        return "withdrawn"
    if version.resource.get("status") in NOT_YET:
        return "draft"
    if said.decision == PERMIT and ceases(said.end) <= moment(now):
        return "ended"
    return None


def _readable(version: Version) -> bool:
    """Whether it can be read, so that where it comes from is why it does not count."""
    return any(act.understood for act in fhir_consent.read(version.resource)[:1])


def _permits_nothing(said: Consent) -> bool:
    whole = said.recipients and said.categories and not (said.start is None and said.end is None)
    return not whole or said.purpose not in PURPOSES


def _counts(said: Consent, asked: Signing | None) -> str:
    if asked is None:  # a third person's own: nobody else is asked
        return "in-force" if said.about in said.givers else "partial"
    if asked.unknown:
        return "unknown-signers"
    return "in-force" if asked.complete else "partial"


def _signers(facts: PersonFacts, asked: Signing) -> tuple[Signer, ...]:
    roles = {p.id: p.role for p in facts.facts.participants}
    groups = [(group, "must") for group in asked.must] + [(group, "one-of") for group in asked.one_of]
    return tuple(
        Signer(
            participants=tuple(ref for ref in group if ref in roles) or group,
            role=_role(group, roles),
            asked=kind,
            signed=group in asked.signed,
        )
        for group, kind in groups
    )


def _role(group: tuple[str, ...], roles: Mapping[str, str]) -> str:
    """A participant's role. One known as the person alone is the child; an organization is child welfare
    (W4)."""
    found = next((roles[ref] for ref in group if ref in roles), None)
    return found or ("barn" if any(ref.startswith("Patient/") for ref in group) else "barnevern")


def plain_time(value: date | datetime | None) -> str | None:
    """A day or a moment as JSON."""
    return value.isoformat() if value is not None else None
