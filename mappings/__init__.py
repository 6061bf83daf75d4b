"""Mappings: what a system's records are in FHIR, and back. Pure values; see model for what a mapping is.

`load("stafettlogg")` or `load("path/to/file.toml")` compiles a mapping file; nothing else reads a disk.
"""

from __future__ import annotations

from mappings.files import load

__all__ = ["load"]
