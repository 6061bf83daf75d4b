"""The mapping a command works with: ours by name, a file, or that of a configured system. Needs neither
database nor network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mappings
from gateway.operating.faults import Impossible
from mappings.lens.system import SystemMapping
from mappings.model import MappingError, RecordMapping

if TYPE_CHECKING:
    from gateway.config import Settings, System

OURS = ("stafettlogg", "individuell-plan", "leverandoer-x")


def load(name: str) -> SystemMapping:
    """A mapping file: ours by name, or any by its path. Raises Impossible with file, section and reason."""
    try:
        return mappings.load(name)
    except MappingError as error:
        raise Impossible(str(error)) from error


def of_system(system: System) -> RecordMapping:
    """The mapping file of a configured system. Raises Impossible; a FHIR system has none."""
    if system.mapping_name == "fhir":
        raise Impossible(f"{system.id} speaks FHIR already; there is nothing to convert.")
    return load(system.mapping_name)


def named(system_id: str, file: Path | None, settings: Settings | None) -> RecordMapping:
    """The mapping for a system: the given file, else the configured one, else ours of that name."""
    if file is not None:
        return load(str(file))
    system = settings.system(system_id) if settings else None
    if system is not None:
        return of_system(system)
    if system_id in OURS:
        return load(system_id)
    ours = f"{', '.join(OURS[:-1])} and {OURS[-1]}"
    raise Impossible(
        f"No mapping is known for {system_id}. Without a configuration there are {ours};\n"
        "give another one with --mapping FILE, or a configuration that has the system with --config FILE."
    )
