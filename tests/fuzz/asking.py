"""Requests made up by Hypothesis from what callers know: every operation of the contract and every page,
asked by everyone, with real ids of all children crossed, real bodies mutated, and everything hostile in
between."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from hypothesis import strategies as st

from tests.fuzz import hostile, seeds
from tests.fuzz.askers import CALLERS, DECIDING, GOOD, PLAIN, QUERIES, SAFE, callers
from tests.fuzz.canaries import MARKS
from tests.fuzz.configuration import CLIENTS, HERE
from tests.fuzz.known import Known
from tests.fuzz.wire import CURRENT, Asked, Headers
from tests.mappings.strange_resources import resources as strange


@dataclass(frozen=True)
class _One:
    """One request in the making. free: of whom it may be, see Known.values."""

    known: Known
    label: str
    caller: str
    free: bool
    fits: dict[str, str] = field(default_factory=dict)  # what goes together: type, id, patient

    @property
    def mark(self) -> str:
        """What is found again of this caller's texts."""
        return MARKS[CLIENTS[self.caller][0] if self.caller in CLIENTS else "fjordbyen"]

    def ids(self, name: str) -> list[str]:
        """What may stand for a parameter."""
        known = self.known
        if name == "system" and self.caller in CLIENTS and "/systems/" in self.label:
            return [str(CLIENTS[self.caller][1])] * len(known.one["system"]) * 2 + known.one["system"]
        if name in GOOD:
            return GOOD[name]
        if name in ("given", "which"):
            links = [part for page in known.pages for part in page.split("/")[3:] if len(part) == 24]
            return [*dict.fromkeys(links), "A" * 24]
        if name in ("code", "login"):
            return ["nn", "nb", "idporten", "x"]
        if name in ("reader", "participant"):
            return [ref for refs in known.refs.values() for ref in refs if "Re" in ref or "Pr" in ref] or [
                "x"
            ]
        if name == "identifier":
            knows = self.caller in ("bup", "leser", "logg")
            numbers = known.numbers.values() if knows else [known.numbers["Fri"]]
            return [f"urn:oid:2.16.578.1.12.4.1.4.1|{number}" for number in numbers]
        return known.values(name, self.free)

    @property
    def home(self) -> tuple[str, ...]:
        """Whom the caller has most to do with."""
        tenant = CLIENTS[self.caller][0] if self.caller in CLIENTS else HERE
        return ("Nabo",) if tenant != HERE else ("Fri", "Fri", "Like" if self.free else "Delt")

    def seeds(self, template: str, patient: str, item: str) -> list[Any]:
        """Bodies that are right."""
        if template == "/systems/{system}/records":
            return seeds.records(self.known, self.caller)
        if template.startswith("/fhir"):
            some = seeds.resources(self.known, self.caller, patient)
            some = [{**one, "id": item} for one in some if one["resourceType"] == self.fits["type"]] or some
            return [seeds.bundle(some[:2]), seeds.bundle(some[-1:])] if template == "/fhir" else some
        return seeds.others(template, patient, item, self.fits["goal"], self.fits["by"])


@st.composite
def requests(draw: st.DrawFn, known: Known, label: str, query: list[str], needed: int) -> Asked:
    """One request. label: "GET /fhir/{type}", as the contract and the pages have it; query: the parameters
    that it takes, those first that it cannot do without; needed: how many these are."""
    declared, _, template = label.partition(" ")
    usual = callers(label, bool(known.pages))
    caller = draw(st.sampled_from(usual if draw(st.integers(0, 4)) else CALLERS))
    other = draw(hostile.once_in(25))
    method = draw(st.sampled_from(hostile.METHODS)) if other else declared.encode()
    reading = method in SAFE or template.endswith("/_search")
    one = _One(known, label, caller, free=caller in DECIDING and not reading)
    one = replace(one, fits=draw(_fitting(one)))
    strange_path = draw(hostile.once_in(50))
    target = draw(st.sampled_from(hostile.RAW_PATHS)) if strange_path else draw(_address(one, template))
    target += draw(_query(one, query, needed))
    sends = declared in ("POST", "PUT") or draw(hostile.once_in(20))
    body = draw(_body(one, template)) if sends else None
    headers = draw(_headers(one, body is not None))
    if strange_path or other:
        label = "strange path" if strange_path else f"another method at {template}"
    return Asked(caller, method, target, headers, body, label)


@st.composite
def _fitting(draw: st.DrawFn, one: _One) -> dict[str, str]:
    """Real values of a path and a query that belong together: what is there, and whose it is."""
    known, name = one.known, draw(st.sampled_from(one.home))
    refs = known.refs[name]
    kinds = {each["resourceType"] for each in known.resources}
    fit = [ref for ref in refs if ref in known.versions] if "{version}" in one.label else refs
    if one.label.startswith("PUT"):
        fit = [ref for ref in refs if ref.partition("/")[0] in kinds]
    kind, _, own = draw(st.sampled_from(fit or refs)).partition("/")
    if "AuditEvent" in one.label:
        own = draw(st.sampled_from(known.one["event"]))
    if one.label.startswith("POST /fhir"):
        kind = draw(st.sampled_from(sorted(kinds)))
    found = {
        name: draw(st.sampled_from([ref for ref in refs if ref.startswith(wanted)] or refs))
        for name, wanted in (("goal", "Goal/"), ("by", "PractitionerRole/"), ("reader", "RelatedPerson/"))
    }
    for name_there, wanted in (("plan", "CarePlan/"), ("consent_id", "Consent/")):
        there = [ref for ref in refs if ref.startswith(wanted)] or refs
        found[name_there] = draw(st.sampled_from(there)).partition("/")[2]
    found |= {"type": kind, "id": own, "item": f"{kind}/{own}", "_id": own}
    found["version"] = known.versions.get(f"{kind}/{own}", "1")
    return found | dict.fromkeys(("patient", "subject", "person", "person_id"), known.persons[name])


@st.composite
def _address(draw: st.DrawFn, one: _One, template: str) -> bytes:
    """Of a page mostly one that there is."""
    made = re.sub(r"\{\w+\}", "[^/]{24}", template)
    actions = [action for action, _ in one.known.forms]
    there = [path for path in (*one.known.pages, *actions) if re.fullmatch(made, path)]
    if there and draw(st.integers(0, 9)) < 7:
        return draw(st.sampled_from(there)).encode()
    return draw(_path(one, template))


@st.composite
def _path(draw: st.DrawFn, one: _One, template: str) -> bytes:
    parts = []
    for part in template.split("/"):
        if not part.startswith("{"):
            parts.append(part.encode())
        elif draw(hostile.once_in(15)):
            text = draw(st.sampled_from(hostile.TEXTS)).encode()
            parts.append(quote_from_bytes(text, safe="" if draw(st.booleans()) else "./;%").encode())
        else:
            name = part.strip("{}")
            fits = name in one.fits and draw(st.integers(0, 9)) < 7
            own = one.fits[name] if fits else draw(st.sampled_from(one.ids(name)))
            parts.append(quote_from_bytes(own.encode()).encode())
    return b"/".join(parts)


@st.composite
def _query(draw: st.DrawFn, one: _One, names: list[str], needed: int) -> bytes:
    given = []
    wanted = draw(st.sampled_from((0, 1, 1, 2, 3) if names else (0, 0, 0, 1)))
    wanted = wanted if draw(hostile.once_in(8)) else max(wanted, needed)
    for n in range(wanted):
        name = names[n] if n < max(needed, 1) and names else draw(st.sampled_from((*names, *QUERIES)))
        how = draw(st.integers(0, 5))
        pool = (
            [one.fits[name]]
            if name in one.fits and how < 2
            else one.ids(name)
            if how < 3
            else PLAIN
            if how < 5
            else (*hostile.TEXTS, one.mark)
        )
        given.append((name, draw(st.sampled_from(pool))))
    raw = b"&\xff=%ff&;&=&%" if wanted and draw(hostile.once_in(20)) else b""
    return b"?" + urlencode(given).encode() + raw if given else b""


@st.composite
def _body(draw: st.DrawFn, one: _One, template: str) -> bytes:
    if draw(hostile.once_in(20)):
        return draw(hostile.bodies())
    if template.startswith("/min-side"):
        return draw(_form(one))
    if template.endswith("/_search"):
        return draw(_query(one, ["patient", "identifier", "_id"], 1))[1:]
    real = draw(st.integers(0, 9)) < 7
    patient = one.fits["patient"] if real else draw(st.sampled_from(one.ids("patient")))
    item = one.fits["id"] if real else draw(st.sampled_from(one.ids("id")))
    whole = draw(st.sampled_from(one.seeds(template, patient, item)))
    if template.startswith("/fhir") and draw(hostile.once_in(4)):
        whole = seeds.about(draw(strange()), patient)
        whole = seeds.bundle([whole]) if template == "/fhir" else whole
    swap = [*one.ids("item"), *one.ids("id")]
    return draw(hostile.written(draw(hostile.mutated(whole, one.mark, swap))))


@st.composite
def _form(draw: st.DrawFn, one: _One) -> bytes:
    last = one.label.rpartition("/")[2]
    forms = [fields for action, fields in one.known.forms if action.endswith(last)]
    fields = dict(draw(st.sampled_from(forms or [fields for _, fields in one.known.forms] or [{}])))
    if fields and draw(hostile.once_in(3)):
        fields[draw(st.sampled_from(sorted(fields)))] = [draw(st.sampled_from((*hostile.TEXTS, one.mark)))]
    return urlencode(fields, doseq=True).encode()


@st.composite
def _headers(draw: st.DrawFn, one: _One, body: bool) -> Headers:
    made = []
    form = "/min-side" in one.label
    if body:
        right = b"application/x-www-form-urlencoded" if form else seeds.media(one.label)
        wrong = draw(hostile.once_in(10))
        made.append((b"Content-Type", draw(st.sampled_from(hostile.MEDIA)) if wrong else right))
    if form and body and not draw(hostile.once_in(4)):
        made.append((b"Origin", b"https://testserver"))
    if one.label.startswith("PUT") and draw(st.booleans()):
        made.append((b"If-Match", draw(st.sampled_from((CURRENT, CURRENT, b'W/"1"', b"*")))))
    if draw(hostile.once_in(4)):
        made.append(draw(st.sampled_from(hostile.HEADERS)))
    return tuple(made)
