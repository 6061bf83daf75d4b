"""What a mapping makes of a record: FHIR, the record that comes back to its own system, and what is left by
FHIR alone. Values in, values out; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.csv_form import Unreadable
from gateway import jsontext
from gateway.file_form import csv_of
from gateway.operating.faults import Impossible
from mappings.convert import from_bundle, to_bundle
from mappings.lens.compose import filled
from mappings.lens.system import SystemMapping
from mappings.model import Json, Record, Resource
from mappings.trial.attempt import differences
from mappings.trial.telling import at, short

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Tried:
    """One record. refused: (field, why), where it was not taken. back: what differs in the record that comes
    back to its own system; alone: what another system cannot be told, or is told otherwise."""

    native: Record
    refused: tuple[tuple[str | None, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    back: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether it was refused, or came back different."""
        return bool(self.refused or self.back)


def records_of(mapping: SystemMapping, content: bytes) -> list[Json]:
    """The records of a text: JSON, one or a list of them, or the system's own CSV. Raises Impossible."""
    csv = csv_of(mapping)
    if csv is None or content.removeprefix(_BOM).lstrip()[:1] in (b"", b"[", b"{"):
        try:
            value = jsontext.decode(content.removeprefix(_BOM))
        except (jsontext.DecodeError, UnicodeDecodeError) as error:
            raise Impossible(f"The record is not JSON in UTF-8: {error}", "not-json", str(error)) from error
        return value if isinstance(value, list) else [value]
    try:
        return [row for _, row, _ in csv.lines(csv.text(content)) if row is not None]
    except Unreadable as error:
        where = f"line {error.line}: {error.reason}"
        raise Impossible(where, "not-csv", where) from error


def tried(mapping: SystemMapping, native: Record) -> Tried:
    """Both directions of one record."""
    bundle, refusals = to_bundle(mapping, mapping.name, [native])
    if refusals:
        problems = (problem for refusal in refusals for problem in refusal.problems)
        return Tried(native, tuple((one.field or None, one.text) for one in problems))
    whole, _ = from_bundle(mapping, mapping.name, bundle)
    alone, lost = from_bundle(mapping, mapping.name, {**bundle, "entry": _entries(bundle)})
    others = [one.reason for one in lost] or _told(
        _said(mapping, native), _said(mapping, alone[0]) if alone else None
    )
    return Tried(
        native=native,
        resources=tuple(entry["resource"] for entry in _entries(bundle)),
        back=tuple(_told(native, whole[0] if whole else None)),
        alone=tuple(others),
    )


def _said(mapping: SystemMapping, native: Record) -> Record:
    """What another system could be told: neither empty values nor what this one calls the record."""
    kind = native.get(mapping.declared.type)
    own = {name for one in mapping.sections if one.type == kind for name in one.identity.names}
    return {key: value for key, value in native.items() if key not in own and filled(value) is not None}


def _told(before: Json, after: Json) -> list[str]:
    """A line for each place that differs."""
    return [
        f"{path or 'the whole record'}: {short(at(before, path))} -> {short(at(after, path))}"
        for path in differences(before, after)
    ]


def _entries(bundle: Resource) -> list[Json]:
    """What any recipient gets: all but the Binary that holds what FHIR cannot say."""
    return [entry for entry in bundle.get("entry", ()) if entry["resource"]["resourceType"] != "Binary"]
