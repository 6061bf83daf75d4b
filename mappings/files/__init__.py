"""The mapping files that ship with the project, and how a file becomes a mapping. The only reader of disks
in this package.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from mappings.lens.declaration import BadDeclaration
from mappings.lens.reader import parse
from mappings.lens.system import SystemMapping

_OURS = resources.files(__name__)


def load(name_or_path: str) -> SystemMapping:
    """Compile a mapping file: one of ours by its name ("stafettlogg"), or any other by its path.

    A file may use another with `uses`: one of ours by name, or a path beside itself. Raises BadDeclaration.
    """
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return SystemMapping(parse(_text(path), path.name, lambda used: _used(used, path.parent)))
    return _ours(name_or_path)


@lru_cache
def _ours(name: str) -> SystemMapping:
    return SystemMapping(parse(_own_text(name), f"{name}.toml", _own_text))


def _used(name: str, folder: Path) -> str:
    return _text(folder / name) if name.endswith((".toml", ".json")) else _own_text(name)


def _own_text(name: str) -> str:
    file = _OURS / (name if name.endswith(".json") else f"{name}.toml")
    if "/" in name or not file.is_file():
        raise BadDeclaration(f"{name}.toml", "", "there is no such mapping file")
    return file.read_text(encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDeclaration(path.name, "", f"cannot be read: {type(error).__name__}") from error
