"""The form of a system's files: as its mapping file says, unless the configuration says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from adapters.csv_form import CsvForm
from mappings.lens.system import SystemMapping
from mappings.model import RecordMapping

if TYPE_CHECKING:
    from gateway.config import System

Form = Literal["json", "ndjson", "csv"]


def csv_of(mapping: RecordMapping) -> CsvForm | None:
    """How the system's CSV files are written; None for a system that has none."""
    declared = mapping.declared.csv if isinstance(mapping, SystemMapping) else None
    if declared is None:
        return None
    return CsvForm(
        declared.delimiter, declared.encoding, declared.columns, declared.line_end, declared.quote_all
    )


def form_of(system: System, mapping: RecordMapping) -> tuple[Form, CsvForm]:
    """The form of the files in a system's folder."""
    declared = csv_of(mapping)
    known = declared or CsvForm()
    stated = system.model_fields_set
    csv = CsvForm(
        system.folder_delimiter if "folder_delimiter" in stated else known.delimiter,
        system.folder_encoding if "folder_encoding" in stated else known.encoding,
        known.columns,
        known.line_end,
        known.quote_all,
    )
    return system.folder_format if "folder_format" in stated or declared is None else "csv", csv
