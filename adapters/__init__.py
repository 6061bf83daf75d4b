"""Adapters: one kind of connected system each. `open_adapter` makes one from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adapters.contract import Adapter, TokenSource
from adapters.csv_form import CsvForm

Kind = Literal["stafettlogg", "individuell-plan", "fhir", "folder"]


def open_adapter(
    kind: Kind,
    *,
    tokens: TokenSource,
    url: str | None = None,
    ids: Literal["ours", "theirs"] = "ours",
    deadline: float = 10.0,
    folder: Path | None = None,
    folder_format: Literal["json", "ndjson", "csv"] = "json",
    types: Sequence[str] = (),
    history: bool = False,
    item_system: str | None = None,
    csv: CsvForm | None = None,
    snapshot: bool = False,
    tasks: bool = False,
) -> Adapter:
    """The adapter of a system. deadline: seconds that one call may take in all. types, history: what a FHIR
    server is asked for, and whether by its histories; item_system: of our identifiers there. snapshot: each
    file of a folder holds all the system has. tasks: a FHIR server acknowledges by Tasks. Raises ValueError
    where `folder` or `url` is missing."""
    if kind == "folder":
        from adapters.folder import Folder

        if folder is None:
            raise ValueError("a folder system needs a folder")
        return Folder(folder, form=folder_format, csv=csv, snapshot=snapshot)
    if url is None:
        raise ValueError("the system needs a url")
    return _over_http(kind, url, tokens, ids, deadline, Asked(tuple(types), history, item_system, tasks))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a FHIR server is asked for, and by what identifiers it knows our items."""

    types: tuple[str, ...]
    history: bool
    item_system: str | None
    tasks: bool


def _over_http(
    kind: Kind, url: str, tokens: TokenSource, ids: Literal["ours", "theirs"], deadline: float, asked: Asked
) -> Adapter:
    """Imported only here, so that whoever reads files alone does not load an HTTP client."""
    from adapters.fhir_server import OURS, POLLED, FhirServer
    from adapters.individuell_plan import IndividuellPlan
    from adapters.retry import Patience
    from adapters.stafettlogg import Stafettlogg

    patience = Patience(deadline=deadline)
    types = asked.types or POLLED
    if kind == "fhir":
        return FhirServer(
            url,
            tokens,
            patience=patience,
            types=types if not asked.tasks or "Task" in types else (*types, "Task"),
            history=asked.history,
            identifier_system=asked.item_system or OURS,
        )
    chosen = Stafettlogg if kind == "stafettlogg" else IndividuellPlan
    return chosen(url, tokens, ids=ids, patience=patience)


__all__ = ["Adapter", "CsvForm", "Kind", "TokenSource", "open_adapter"]
