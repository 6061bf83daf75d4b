"""FHIR R4 Consent in and out: the IHE PCF subset written; PCF and the forms of HL7's examples read as acts.

Reading never raises: what is not understood permits nothing, while its refusals stand, read as broadly as
they may be meant. docs/consent.md lists how every ambiguity was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

from consent.acts import PURPOSES
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

Resource = dict[str, Any]
_IN_ERROR: Final = "entered-in-error"
_NOT_YET: Final = frozenset({"draft", "proposed"})
_LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)
_UNCLEAR: Final = datetime(1, 1, 1, tzinfo=UTC)  # a mark, known by identity
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
        root = _dict(self.resource.get("provision"))
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
        period, since = _dict(root.get("period")), _dict(root.get("dataPeriod"))
        times = [_time(period.get("start")), _time(period.get("end")), _time(since.get("start"))]
        start, end, applies_from = (None if t is _UNCLEAR else t for t in times)
        understood = self._understood(root) and _UNCLEAR not in times and status not in _NOT_YET
        permits = decision == "samtykker"
        return Consent(
            id=f"Consent/{self.resource.get('id', '')}",
            frame=_reference(self._extension("belongs-to")) or "",
            decision=decision,
            givers=frozenset(_named(p) for p in _list(self.resource.get("performer"))),
            recipients=frozenset(self._actors(root)) if permits else self._refused(root),
            categories=frozenset(self._categories(root)) if permits or self._coded(root) else _EVERYTHING,
            about=_named(_dict(self._extension("gjelder").get("valueReference")))
            if self._extension("gjelder")
            else None,
            purpose=self._purpose(root),
            start=start,
            end=end,
            applies_from=applies_from,
            withdrawn=self._withdrawn(),
            withdrawn_by=_reference(_sub(self._extension("trukket"), "av")),
            recorded=_moment(self.resource.get("dateTime")),
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
        rule = {c for s, c in _codings(self.resource.get("policyRule")) if s == ACT_CODE}
        kind = root.get("type") or ("permit" if rule == {"OPTIN"} else "deny")
        clear = kind == "permit" and rule <= {"OPTIN"} and self.resource.get("status") != "rejected"
        if clear and said in (None, "samtykker"):
            return "samtykker"
        return "motsetterSeg" if said == "motsetterSeg" else "nekter"

    def _understood(self, root: Resource) -> bool:
        """Whether a permit says whole what it permits, so that nothing of it is passed over."""
        scopes = set(_codings(self.resource.get("scope")))
        status = self.resource.get("status")
        return (
            scopes == {(SCOPE, "patient-privacy")}
            and status in ("active", "inactive", _IN_ERROR)
            and not {"modifierExtension", "implicitRules"} & set(self.resource)
            and not _modified(root)
            and set(root) <= _PERMIT
            and self._known_policy()
            and self._coded(root)
            and all(self._is_recipient(a) for a in _list(root.get("actor")))
            and all(_dict(d).get("meaning") == "instance" for d in _list(root.get("data")))
            and set(_dict(root.get("dataPeriod"))) <= {"start"}
            and all(c in _SHARES for _, c in self._actions(root))
            and all(s in _LABEL_SYSTEMS for s, _ in _each_coding(root.get("securityLabel")))
            and self._purpose(root) in PURPOSES
            and all(_dict(p).get("type") == "deny" for p in _list(root.get("provision")))
        )

    def _known_policy(self) -> bool:
        """Our own policy or one the caller knows; or the general rule that one opts in."""
        uris = {_dict(p).get("uri") for p in _list(self.resource.get("policy"))}
        rules = set(_codings(self.resource.get("policyRule")))
        if uris and not uris <= self.policies | {self.names.policy("samtykke")}:
            return False
        return (bool(uris) and not rules) or rules == {(ACT_CODE, "OPTIN")}

    # --- exceptions --------------------------------------------------------------------------------------

    def _exceptions(self, root: Resource) -> tuple[list[Resource], list[Resource]]:
        """Nested denials of a whole recipient or single items; and all others. A nested permit is neither:
        in a denial it is not granted, in a permit it adds nothing."""
        nested = [_dict(p) for p in _list(root.get("provision"))]
        denials = [p for p in nested if p.get("type") != "permit"]
        plain = [
            p
            for p in denials
            if (set(p) == {"type", "actor"} and self._refused(p))
            or (set(p) == {"type", "data"} and self._instances(p))
        ]
        return plain, [p for p in denials if p not in plain]

    def _instances(self, provision: Resource) -> bool:
        return all(_dict(d).get("meaning") == "instance" for d in _list(provision.get("data")))

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
        actors = _list(provision.get("actor"))
        named = frozenset(self._actors(provision))
        known = all(map(self._is_recipient, actors)) and all(map(_is_known, named))
        return named if known else _EVERYTHING

    def _actors(self, provision: Resource) -> Iterator[str]:
        for actor in _list(provision.get("actor")):
            reference = _dict(_dict(actor).get("reference"))
            identifier = _dict(reference.get("identifier"))
            own = identifier.get("system") in (self.names.ids("tjeneste"), ENH)
            named = str(identifier["value"]) if own and identifier.get("value") else _named(reference)
            yield self.organizations.get(named, named)

    def _is_recipient(self, actor: Any) -> bool:
        roles = set(_codings(_dict(actor).get("role")))
        return bool(roles) and all(s == PARTICIPATION and c in _RECIPIENTS for s, c in roles)

    def _coded(self, provision: Resource) -> bool:
        """Whether all its codes are categories of ours."""
        codes = [dict.fromkeys(s for s, _ in _codings(c)) for c in _list(provision.get("code"))]
        return all(list(c) == [self.names.codes("consent-category")] for c in codes)

    def _categories(self, provision: Resource) -> Iterator[str]:
        system = self.names.codes("consent-category")
        yield from (c for s, c in _each_coding(provision.get("code")) if s == system)

    def _actions(self, provision: Resource) -> Iterator[tuple[str, str]]:
        for concept in _list(provision.get("action")):
            yield from ((s, c if s == ACTION else "unknown") for s, c in _codings(concept))

    def _items(self, provision: Resource) -> Iterator[str]:
        for data in _list(provision.get("data")):
            yield _named(_dict(_dict(data).get("reference")))

    def _labels(self, root: Resource) -> Iterator[str]:
        yield from (c for s, c in _each_coding(root.get("securityLabel")) if s in _LABEL_SYSTEMS)
        for extension in _list(self.resource.get("extension")):
            if _dict(extension).get("url") == self.names.extension("samtykke-sensitivitet"):
                yield str(_dict(_dict(extension).get("valueCoding")).get("code", ""))

    def _purpose(self, root: Resource) -> str:
        """Of ours, or treatment; none means coordination only under our own policy."""
        said = {(str(_dict(c).get("system")), str(_dict(c).get("code"))) for c in _list(root.get("purpose"))}
        own = {c for s, c in said if s == self.names.codes("formaal")}
        if len(said) == 1 and own:
            return own.pop()
        if said:
            return "behandling" if said == {(ACT_REASON, "TREAT")} else "unknown"
        uris = {_dict(p).get("uri") for p in _list(self.resource.get("policy"))}
        return "samordning" if uris == {self.names.policy("samtykke")} else "unknown"

    def _withdrawn(self) -> datetime | None:
        """When it was withdrawn. A day counts from its beginning anywhere; an unknown time as always."""
        mark = self._extension("trukket")
        if not mark and self.resource.get("status") != "inactive":
            return None
        text = str(_sub(mark, "tidspunkt").get("valueDateTime", ""))
        return _moment(text if len(text) > 10 else f"{text}T00:00:00+14:00") or _LONG_AGO

    def _extension(self, name: str) -> Resource:
        url = self.names.extension(name)
        return next(
            (_dict(e) for e in _list(self.resource.get("extension")) if _dict(e).get("url") == url), {}
        )


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


def _modified(node: Any) -> bool:
    """Whether something in it may turn its meaning around."""
    if isinstance(node, dict):
        return "modifierExtension" in node or any(map(_modified, node.values()))
    return isinstance(node, list) and any(map(_modified, node))


def _named(reference: Any) -> str:
    """A hub reference, or "system|value" of a logical one."""
    found = _dict(reference)
    if found.get("reference"):
        return str(found["reference"])
    identifier = _dict(found.get("identifier"))
    value = identifier.get("value")
    return f"{identifier.get('system', '')}|{value}" if value else "unknown"


def _reference(extension: Resource) -> str | None:
    named = _named(_dict(extension.get("valueReference")))
    return None if named == "unknown" else named


def _sub(extension: Resource, url: str) -> Resource:
    return next((_dict(p) for p in _list(extension.get("extension")) if _dict(p).get("url") == url), {})


def _codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a CodeableConcept; one without codings is unknown."""
    if concept is None:
        return
    found = _list(_dict(concept).get("coding"))
    yield from ((str(_dict(c).get("system")), str(_dict(c).get("code"))) for c in found)
    if not found:
        yield "unknown", "unknown"


def _each_coding(nodes: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a list of CodeableConcepts or Codings."""
    for node in _list(nodes):
        if "coding" in _dict(node) or "code" not in _dict(node):
            yield from _codings(node)
        else:
            yield str(node.get("system")), str(node.get("code"))


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _time(text: Any) -> date | datetime | None:
    if text is None:
        return None
    try:
        if len(str(text)) == len("2026-11-21"):
            return date.fromisoformat(str(text))
    except ValueError:
        return _UNCLEAR
    return _moment(text) or _UNCLEAR


def _dict(value: Any) -> Resource:
    """The object; an empty one for nothing. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, dict):
        raise TypeError("not an object")
    return value or {}


def _list(value: Any) -> list[Any]:
    """The list; an empty one for nothing. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, list):
        raise TypeError("not a list")
    return value or []
