"""Adapters: one kind of connected system each. `open_adapter` makes one from plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from adapters.contract import Adapter, TokenSource
from adapters.fhir_server import FhirServer
from adapters.folder import Folder
from adapters.individuell_plan import IndividuellPlan
from adapters.retry import Patience
from adapters.stafettlogg import Stafettlogg

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
    delimiter: str = ";",
    encoding: str = "utf-8-sig",
) -> Adapter:
    """The adapter of a system. deadline: seconds that one call may take in all. Raises ValueError where
    `folder` or `url` is missing."""
    if kind == "folder":
        if folder is None:
            raise ValueError("a folder system needs a folder")
        return Folder(folder, form=folder_format, delimiter=delimiter, encoding=encoding)
    if url is None:
        raise ValueError("the system needs a url")
    patience = Patience(deadline=deadline)
    if kind == "fhir":
        return FhirServer(url, tokens, patience=patience)
    chosen = Stafettlogg if kind == "stafettlogg" else IndividuellPlan
    return chosen(url, tokens, ids=ids, patience=patience)


__all__ = ["Adapter", "Kind", "TokenSource", "open_adapter"]
