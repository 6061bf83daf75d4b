"""What callers know: real ids of all children, of both municipalities, by the name a path or a query gives
them; and the bodies that are mutated. Lists of one campaign are as long as those of any other, so that a
seed chooses the same; what the ids themselves are is new each time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz import children
from tests.fuzz.canaries import Canaries
from tests.fuzz.children import CLINIC, HERE, Child, number
from tests.fuzz.configuration import HERE as FJORDBYEN
from tests.fuzz.configuration import SYSTEMS
from tests.fuzz.configuration import THERE as NEIGHBOUR
from tests.fuzz.installation import FAMILY, Installation
from tests.web.person import Page
from tests.welfare.reporting import report

FHIR = "application/fhir+json"
NONE = "0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"  # is nothing's id
NEIGHBOURS = ("nabologg", "nabobup", "nabodrift")
TYPES = (
    "Patient", "CarePlan", "CareTeam", "Goal", "ServiceRequest", "Observation", "Communication",
    "Appointment", "DocumentReference", "Binary", "Consent", "RelatedPerson", "PractitionerRole",
    "Practitioner", "Organization", "Provenance", "Task", "AuditEvent", "Flag", "Bundle", "Nothing",
)  # fmt: skip


@dataclass
class Known:
    """persons: by name, their id; refs: by name, what is theirs; records: what each system once handed in;
    resources: FHIR as BUP reads Fri; forms: of the family's pages (address, fields); pages: their addresses;
    one: single ids by the name of a path's parameter; versions: of what BUP reads, by
    reference; numbers: national ids by child."""

    persons: dict[str, str] = field(default_factory=dict)
    refs: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    forms: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    one: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def values(self, name: str, free: bool) -> list[str]:
        """What may stand for a parameter. free: only of Fri and of Nabo, with whom whoever decides in
        Fjordbyen may do as they like."""
        names = [n for n in self.persons if not free or n in ("Fri", "Like", "Nabo")]
        refs = [ref for n in names for ref in self.refs[n]]
        if name in ("person_id", "person", "patient", "subject"):
            return [*(self.persons[n] for n in names), NONE]
        if name in ("id", "item", "_id"):
            return [ref if name == "item" else ref.partition("/")[2] for ref in refs] + [NONE]
        if name in ("plan", "consent_id"):
            kind = {"plan": "CarePlan", "consent_id": "Consent"}[name]
            return [ref.partition("/")[2] for ref in refs if ref.startswith(f"{kind}/")] + [NONE]
        return self.one.get(name, [NONE])


def plant(made: Installation) -> Known:
    """Hand in all children; let there be a conflict, a recall, an act and a report; note what is where."""
    canaries, known = made.canaries, Known()
    everyone = _children(canaries)
    for child in everyone.values():  # Like is Fri once more, so that two may be merged
        records = child.log(
            consent=child.name != "Taus", mother=children.MOTHER if child.name == "Fri" else None
        )
        system = "nabologg" if child.name == "Nabo" else "logg"
        _note(made, known, child.name, system, records)
        known.numbers[child.name] = child.fnr
    _note(made, known, "Fri", "plan", children.plan(everyone["Fri"]))
    own = children.at_the_clinic(canaries, known.persons["Delt"])
    known.refs["Delt"].append(f"Goal/{made.call('bup', 'POST', '/fhir/Goal', own, Content_Type=FHIR)['id']}")
    _occurrences(made, known, canaries)
    _read(made, known)
    _pages(made, known)
    return known


def _children(canaries: Canaries) -> dict[str, Child]:
    free = {"own": False, "to": ("bup", "koordinerendeEnhet")}
    fnr = [number(day, day * 31) for day in range(1, 5)]
    fri = Child("Fri", fnr[0], canaries, (*HERE, FAMILY), **free)  # type: ignore[arg-type]
    delt = Child(
        "Delt", canaries.known(fnr[1], "Delt: national id", "logg", *CLINIC), canaries, ("logg",), CLINIC
    )
    taus = Child("Taus", canaries.known(fnr[2], "Taus: national id", "logg", *CLINIC), canaries, ("logg",))
    nabo = Child("Nabo", canaries.known(fnr[3], "Nabo: national id", *NEIGHBOURS), canaries, NEIGHBOURS)
    canaries.known(children.MOTHER, "national id of Fri's mother", *HERE, FAMILY)
    like = Child("Like", number(6, 186), canaries, (*HERE, FAMILY), own=False)
    return {one.name: one for one in (fri, delt, taus, nabo, like)}


def _note(made: Installation, known: Known, name: str, system: str, records: list[dict[str, Any]]) -> None:
    refs = list(dict.fromkeys(made.hand_in(system, records).values()))
    owners = made.persons(NEIGHBOUR if name == "Nabo" else FJORDBYEN)
    person = next(owners[ref] for ref in refs)
    if name not in known.persons:
        known.persons[name] = person
        known.refs[name] = [f"Patient/{person}"]
    fast = {one["id"] for one in records if str(one["id"]).endswith("-fast")}  # proves at the end
    kept = [ref for one, ref in zip(records, refs, strict=False) if one["id"] not in fast]
    known.refs[name] += [ref for ref in kept if ref not in known.refs[name]]
    if name in ("Fri", "Nabo"):
        known.records.setdefault(system, []).extend(records)


def _occurrences(made: Installation, known: Known, canaries: Canaries) -> None:
    goal, measure = (
        next(r for r in known.refs["Fri"] if r.startswith(k)) for k in ("Goal/", "ServiceRequest/")
    )
    answer = made.call("bup", "GET", f"/fhir/{goal}")
    changed = answer | {"description": {"text": "BUP har sagt det på en annen måte"}}
    match = f'W/"{answer["meta"]["versionId"]}"'
    made.call("bup", "PUT", f"/fhir/{goal}", changed, If_Match=match, Content_Type=FHIR)
    own = next(one for one in known.records["logg"] if one["id"] == "Fri-maal")
    made.hand_in(
        "logg", [own | {"tekst": "Skolen har sagt det på en tredje måte", "endret": "2026-11-20T09:00:00Z"}]
    )
    fri = known.persons["Fri"]
    found = made.call("drift", "GET", f"/people/{fri}/conflicts")["conflicts"]
    recall = {"by": "Kari", "items": [measure], "reason": "feil-person"}
    called = made.call("drift", "POST", f"/people/{fri}/recall", recall)
    hidden = next(r for r in reversed(known.refs["Delt"]) if r.startswith("Goal/"))
    reason = canaries.new("Delt: why it is withheld", "drift", "logg")
    act = {"kind": "withholding", "by": "Kari", "reason": reason, "items": [hidden]}
    acted = made.call("drift", "POST", f"/people/{known.persons['Delt']}/acts", act)
    told = report("bm-1", beskrivelse=canaries.new("a report to child welfare", "logg", "barnevern"))
    reported = made.call("logg", "POST", "/welfare/reports", told)
    lanes = made.call("drift", "GET", "/lanes?limit=200")["lanes"]
    notices = made.call("logg", "GET", "/notices")["notices"]
    known.one = {
        "conflict_id": [*(one["id"] for one in sorted(found, key=lambda o: str(o["path"]))), NONE],
        "deviation_id": [*_ids(called), NONE],
        "act_id": [_act(made, fri, measure), str(acted["id"]), NONE],
        "report_id": [str(reported["id"]), NONE],
        "discussion_id": ["droefting-1", NONE],
        "lane_id": _padded([one["id"] for one in sorted(lanes, key=lambda o: str(o["recipient"]))], 4),
        "notice_id": _padded([one["id"] for one in notices], 2),
        "system": [*(one["id"] for one in SYSTEMS), "finnes-ikke"],
        "recipient": [*(one["id"] for one in SYSTEMS), "343231946"],
        "type": list(TYPES),
        "version": ["1", "2", "0", "-1", "99999999999999999999"],
        "sha256": [hashlib.sha256(b"x").hexdigest()],
        "answered": ["same", "different", "ja"],
        "merge_id": [NONE],
        "question_id": [NONE],
    }


def _act(made: Installation, person: str, item: str) -> str:
    """An act about Fri, that may be ended."""
    act = {"kind": "withholding", "by": "Kari", "reason": "Avtalt", "items": [item]}
    return str(made.call("drift", "POST", f"/people/{person}/acts", act)["id"])


def _ids(called: dict[str, Any]) -> list[str]:
    return [str(one["id"]) for one in called["deviations"]]


def _padded(ids: list[str], size: int) -> list[str]:
    return [*ids, *([NONE] * size)][:size]


def _read(made: Installation, known: Known) -> None:
    """Fri as BUP reads them: bodies that are right, and what there is of older versions and of the audit."""
    for kind in ("CarePlan", "Goal", "ServiceRequest", "Communication", "RelatedPerson", "Consent"):
        found = made.call("bup", "GET", f"/fhir/{kind}?patient={known.persons['Fri']}")
        resources = [one["resource"] for one in found.get("entry", [])]
        resources = [one for one in resources if one["resourceType"] == kind]
        known.versions |= {f"{kind}/{one['id']}": one["meta"]["versionId"] for one in resources}
        known.resources += sorted(resources, key=lambda one: str(sorted(one)))[:2]

    audit = made.call("drift", "GET", f"/fhir/AuditEvent?patient={known.persons['Fri']}&_count=3")
    known.one["event"] = [str(one["resource"]["id"]) for one in audit.get("entry", [])] or [NONE]


def _pages(made: Installation, known: Known) -> None:
    """Every page that Fri's mother reaches by links, with its forms."""
    if made.family is None:
        return
    left, known.pages = ["/min-side"], []
    while left and len(known.pages) < 40:
        path = left.pop(0)
        if path in known.pages or not path.startswith("/min-side") or "logg-ut" in path:
            continue
        answer = made.family.http.get(path)
        if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
            continue
        page = Page(answer)
        known.pages.append(path)
        known.forms += [(action, fields) for action, fields in page.forms if action not in dict(known.forms)]
        left += page.links.values()
