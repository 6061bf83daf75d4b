"""FHIR R4 Consent in and out: the IHE PCF subset written; PCF and the forms of HL7's examples read as acts.

Reading never raises: what is not understood permits nothing, while its refusals stand, read as broadly as
they may be meant. docs/consent.md lists how every ambiguity was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from consent.acts import PURPOSES
from consent.fhir_json import (
    UNCLEAR,
    Resource,
    codings,
    each_coding,
    is_modified,
    moment,
    name_of,
    node,
    nodes,
    reference,
    sub,
    time,
)
from consent.model import Consent
from consent.names import (
    ACT_CODE,
    ACT_REASON,
    ACTION,
    CONFIDENTIALITY,
    ENH,
    OURS,
    PARTICIPATION,
    SCOPE,
    Names,
)

_IN_ERROR: Final = "entered-in-error"
_NOT_YET: Final = frozenset({"draft", "proposed"})
_LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)
_RECIPIENTS: Final = frozenset({"IRCP", "PRCP"})
_SHARES: Final = frozenset({"access", "disclose"})
_LABEL_SYSTEMS: Final = frozenset({ACT_CODE, CONFIDENTIALITY})
_PERMIT: Final = frozenset(
    {
        "type",
        "period",
        "actor",
        "code",
        "purpose",
        "dataPeriod",
        "data",
        "action",
        "securityLabel",
        "provision",
    }
)
_NARROWING: Final = frozenset(
    {"class", "action", "securityLabel", "purpose", "period", "dataPeriod", "provision"}
)
_EVERYTHING: Final[frozenset[str]] = frozenset()  # of a refusal: whatever it is, whoever it is


@dataclass(frozen=True, slots=True)
class _Reader:
    resource: Resource
    names: Names
    policies: frozenset[str]
    organizations: Mapping[str, str]

    def acts(self) -> Iterator[Consent]:
        """The consent itself, then each exception that is one of its own."""
        root = node(self.resource.get("provision"))
        base = self._base(root)
        if base is None:
            return
        plain, others = self._exceptions(root)
        recipients = frozenset(r for p in plain for r in self._actors(p))
        items = frozenset(i for p in plain for i in self._items(p))
        yield replace(base, except_recipients=recipients, except_items=items)
        yield from (self._refusal(base, p) for p in others)

    # --- the base ----------------------------------------------------------------------------------------

    def _base(self, root: Resource) -> Consent | None:
        status = self.resource.get("status")
        decision = self._decision(root)
        if status in _NOT_YET and decision == "samtykker" and not root.get("provision"):
            return None  # nobody has decided yet
        period, since = node(root.get("period")), node(root.get("dataPeriod"))
        times = [time(period.get("start")), time(period.get("end")), time(since.get("start"))]
        start, end, applies_from = (None if t is UNCLEAR else t for t in times)
        understood = self._understood(root) and UNCLEAR not in times and status not in _NOT_YET
        permits = decision == "samtykker"
        return Consent(
            id=f"Consent/{self.resource.get('id', '')}",
            frame=reference(self._extension("belongs-to")) or "",
            decision=decision,
            givers=frozenset(name_of(p) for p in nodes(self.resource.get("performer"))),
            recipients=frozenset(self._actors(root)) if permits else self._refused(root),
            categories=frozenset(self._categories(root)) if permits or self._coded(root) else _EVERYTHING,
            about=name_of(node(self._extension("gjelder").get("valueReference")))
            if self._extension("gjelder")
            else None,
            purpose=self._purpose(root),
            start=start,
            end=end,
            applies_from=applies_from,
            withdrawn=self._withdrawn(),
            withdrawn_by=reference(sub(self._extension("trukket"), "av")),
            recorded=moment(self.resource.get("dateTime")),
            labels=frozenset(self._labels(root)),
            only_labelled=bool(root.get("securityLabel")),
            items=frozenset(self._items(root)) if permits else _EVERYTHING,
            form=self._extension("form").get("valueCode"),
            in_error=status == _IN_ERROR,
            understood=understood,
        )

    def _decision(self, root: Resource) -> str:
        """What was decided; anything but a clear permit refuses. A policy rule decides where no type
        stands."""
        said = self._extension("avgjoerelse").get("valueCode")
        rule = {c for s, c in codings(self.resource.get("policyRule")) if s == ACT_CODE}
        kind = root.get("type") or ("permit" if rule == {"OPTIN"} else "deny")
        clear = kind == "permit" and rule <= {"OPTIN"} and self.resource.get("status") != "rejected"
        if clear and said in (None, "samtykker"):
            return "samtykker"
        return "motsetterSeg" if said == "motsetterSeg" else "nekter"

    def _understood(self, root: Resource) -> bool:
        """Whether a permit says whole what it permits, so that nothing of it is passed over."""
        scopes = set(codings(self.resource.get("scope")))
        status = self.resource.get("status")
        return (
            scopes == {(SCOPE, "patient-privacy")}
            and status in ("active", "inactive", _IN_ERROR)
            and not {"modifierExtension", "implicitRules"} & set(self.resource)
            and not is_modified(root)
            and set(root) <= _PERMIT
            and self._known_policy()
            and self._coded(root)
            and all(self._is_recipient(a) for a in nodes(root.get("actor")))
            and all(node(d).get("meaning") == "instance" for d in nodes(root.get("data")))
            and set(node(root.get("dataPeriod"))) <= {"start"}
            and all(c in _SHARES for _, c in self._actions(root))
            and all(s in _LABEL_SYSTEMS for s, _ in each_coding(root.get("securityLabel")))
            and self._purpose(root) in PURPOSES
            and all(node(p).get("type") == "deny" for p in nodes(root.get("provision")))
        )

    def _known_policy(self) -> bool:
        """Our own policy or one the caller knows; or the general rule that one opts in."""
        uris = {node(p).get("uri") for p in nodes(self.resource.get("policy"))}
        rules = set(codings(self.resource.get("policyRule")))
        if uris and not uris <= self.policies | {self.names.policy("samtykke")}:
            return False
        return (bool(uris) and not rules) or rules == {(ACT_CODE, "OPTIN")}

    # --- exceptions --------------------------------------------------------------------------------------

    def _exceptions(self, root: Resource) -> tuple[list[Resource], list[Resource]]:
        """Nested denials of a whole recipient or single items; and all others. A nested permit is neither:
        in a denial it is not granted, in a permit it adds nothing."""
        nested = [node(p) for p in nodes(root.get("provision"))]
        denials = [p for p in nested if p.get("type") != "permit"]
        plain = [
            p
            for p in denials
            if (set(p) == {"type", "actor"} and self._refused(p))
            or (set(p) == {"type", "data"} and self._instances(p))
        ]
        return plain, [p for p in denials if p not in plain]

    def _instances(self, provision: Resource) -> bool:
        return all(node(d).get("meaning") == "instance" for d in nodes(provision.get("data")))

    def _refusal(self, base: Consent, provision: Resource) -> Consent:
        """An exception as an act of its own: towards its actors, or everyone; of its categories, or
        everything where it also narrows by what is not known here."""
        coded = self._coded(provision) and not set(provision) & _NARROWING and "data" not in provision
        categories = frozenset(self._categories(provision)) if coded else _EVERYTHING
        return replace(
            base,
            decision="nekter",
            recipients=self._refused(provision),
            categories=categories,
            items=_EVERYTHING,
        )

    # --- parts -------------------------------------------------------------------------------------------

    def _refused(self, provision: Resource) -> frozenset[str]:
        """Whom a denial names; everyone where it names somebody otherwise than as a recipient known here."""
        actors = nodes(provision.get("actor"))
        named = frozenset(self._actors(provision))
        known = all(map(self._is_recipient, actors)) and all(map(_is_known, named))
        return named if known else _EVERYTHING

    def _actors(self, provision: Resource) -> Iterator[str]:
        for actor in nodes(provision.get("actor")):
            reference = node(node(actor).get("reference"))
            identifier = node(reference.get("identifier"))
            own = identifier.get("system") in (self.names.ids("tjeneste"), ENH)
            named = str(identifier["value"]) if own and identifier.get("value") else name_of(reference)
            yield self.organizations.get(named, named)

    def _is_recipient(self, actor: Any) -> bool:
        roles = set(codings(node(actor).get("role")))
        return bool(roles) and all(s == PARTICIPATION and c in _RECIPIENTS for s, c in roles)

    def _coded(self, provision: Resource) -> bool:
        """Whether all its codes are categories of ours."""
        codes = [dict.fromkeys(s for s, _ in codings(c)) for c in nodes(provision.get("code"))]
        return all(list(c) == [self.names.codes("consent-category")] for c in codes)

    def _categories(self, provision: Resource) -> Iterator[str]:
        system = self.names.codes("consent-category")
        yield from (c for s, c in each_coding(provision.get("code")) if s == system)

    def _actions(self, provision: Resource) -> Iterator[tuple[str, str]]:
        for concept in nodes(provision.get("action")):
            yield from ((s, c if s == ACTION else "unknown") for s, c in codings(concept))

    def _items(self, provision: Resource) -> Iterator[str]:
        for data in nodes(provision.get("data")):
            yield name_of(node(node(data).get("reference")))

    def _labels(self, root: Resource) -> Iterator[str]:
        yield from (c for s, c in each_coding(root.get("securityLabel")) if s in _LABEL_SYSTEMS)
        for extension in nodes(self.resource.get("extension")):
            if node(extension).get("url") == self.names.extension("samtykke-sensitivitet"):
                yield str(node(node(extension).get("valueCoding")).get("code", ""))

    def _purpose(self, root: Resource) -> str:
        """Of ours, or treatment; none means coordination only under our own policy."""
        said = {(str(node(c).get("system")), str(node(c).get("code"))) for c in nodes(root.get("purpose"))}
        own = {c for s, c in said if s == self.names.codes("formaal")}
        if len(said) == 1 and own:
            return own.pop()
        if said:
            return "behandling" if said == {(ACT_REASON, "TREAT")} else "unknown"
        uris = {node(p).get("uri") for p in nodes(self.resource.get("policy"))}
        return "samordning" if uris == {self.names.policy("samtykke")} else "unknown"

    def _withdrawn(self) -> datetime | None:
        """When it was withdrawn. A day counts from its beginning anywhere; an unknown time as always."""
        mark = self._extension("trukket")
        if not mark and self.resource.get("status") != "inactive":
            return None
        text = str(sub(mark, "tidspunkt").get("valueDateTime", ""))
        return moment(text if len(text) > 10 else f"{text}T00:00:00+14:00") or _LONG_AGO

    def _extension(self, name: str) -> Resource:
        url = self.names.extension(name)
        return next((node(e) for e in nodes(self.resource.get("extension")) if node(e).get("url") == url), {})


def read(
    resource: Resource,
    names: Names = OURS,
    policies: frozenset[str] = frozenset(),
    organizations: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Consent, ...]:
    """The acts a Consent stands for; empty when it is none, or only a draft. Never raises.

    policies: URIs of policies, besides ours, under which a permit counts. organizations: "Organization/id" ->
    organization number, where known; a denial towards one that is not known is a denial towards everyone.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
        return ()
    try:
        return tuple(_Reader(resource, names, policies, organizations).acts())
    except Exception:  # noqa: BLE001 - total by contract: what cannot be read refuses everything
        return (_refused(resource),)


def _refused(resource: Resource) -> Consent:
    """Of a Consent that cannot be read: a no to everything, by anyone."""
    empty: frozenset[str] = frozenset()
    identity = f"Consent/{resource.get('id', '')}"
    return Consent(identity, "", "nekter", empty, empty, empty, understood=False)


def _is_known(name: str) -> bool:
    """An organization number, a service or the reference of a participant."""
    kind, slash, _ = name.partition("/")
    if slash:
        return kind in ("PractitionerRole", "RelatedPerson", "Patient")
    return name != "unknown" and "|" not in name and not name.startswith("#")
