"""Whether what a record says of a beginning and an end can be: FHIR has no period that ends before it starts,
and to leave one of the two out would say something else (a consent without end, a participant who stays).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mappings.lens.declaration import Field
from mappings.lens.forms import date_form
from mappings.lens.times import moment
from mappings.model import Json, Problem, Record

BACKWARDS: Final = "Slutten er før starten."
_DAY: Final = 10  # signs of a date


@dataclass(frozen=True, slots=True)
class Period:
    """Two fields of one object of a record that are start and end of one FHIR Period. path: the object."""

    path: tuple[str, ...]
    start: Field
    end: Field

    def holder(self, native: Record) -> Record:
        """The object they stand in; empty where there is none."""
        found: Json = native
        for name in self.path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}


def periods(fields: tuple[Field, ...], path: tuple[str, ...] = ()) -> Iterator[Period]:
    """The periods that fields declare. A resource's own start and end are none."""
    single = {f.to: f for f in fields if f.to and not f.many and not f.fields}
    for to, end in single.items():
        above, _, last = to.rpartition(".")
        start = single.get(f"{above}.start" if above else "start")
        if last == "end" and start is not None and (above or path):
            yield Period(path, start, end)
    for field in fields:
        if field.fields and not field.many and not field.parts:
            yield from periods(field.fields, (*path, field.name))


def backwards(declared: tuple[Period, ...], native: Record) -> Iterator[Problem]:
    """A problem for each period that surely ends before it starts."""
    for period in declared:
        holder = period.holder(native)
        start, end = _fhir(period.start, holder), _fhir(period.end, holder)
        if start and end and _is_before(end, start):
            yield Problem(".".join((*period.path, period.end.name)), BACKWARDS, "ends-before-start")


def _fhir(field: Field, holder: Record) -> str | None:
    value = holder.get(field.name)
    if not isinstance(value, str) or not value:
        return None
    return value if field.form is None else date_form(field.form, field.zone).fhir(value)


def _is_before(one: str, other: str) -> bool:
    """Times by the clock; where one is a day, a month or a year, as far as both say."""
    if len(one) > _DAY and len(other) > _DAY:
        first, second = moment(one), moment(other)
        return first is not None and second is not None and first < second
    known = min(len(one), len(other), _DAY)
    return one[:known] < other[:known]
