"""Definitions and examples as one FHIR package: a gzipped tar with package.json, an index and a file for
each. The same resources give the same bytes. Our canonical base may be written as another one.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Final

from mappings import canonical, jsontext
from mappings.model import Json, Resource
from mappings.profiles.heading import PUBLISHER, VERSION

NAME: Final = "stafettbro.fhir"
DEPENDENCIES: Final = {"hl7.fhir.r4.core": "4.0.1", "hl7.fhir.no.basis": "2.2.x"}
_INDEXED: Final = (
    "id", "url", "version", "kind", "type", "supplements", "content", "valueSet", "derivation",
)  # fmt: skip
File = tuple[str, Json]


def files(definitions: Iterable[Resource], examples: Iterable[Resource]) -> Iterator[File]:
    """Path and content of every file, package.json first."""
    defined = {f"package/{_name(one)}": one for one in definitions}
    yield "package/package.json", _manifest()
    yield "package/.index.json", _index(defined)
    yield from defined.items()
    yield from ((f"package/example/{_name(one)}", one) for one in examples)


def packed(contents: Iterable[File], base: str = canonical.BASE) -> bytes:
    """The package. base: what our canonical base is written as."""
    written = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=written, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for path, content in contents:
            text = jsontext.encode(content).decode().replace(canonical.BASE, base.rstrip("/"))
            one = tarfile.TarInfo(path)
            one.size = len(text.encode())
            tar.addfile(one, io.BytesIO(text.encode()))
    return written.getvalue()


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}-{resource['id']}.json"


def _manifest() -> Json:
    return {
        "name": NAME,
        "version": VERSION,
        "type": "fhir.ig",
        "canonical": canonical.BASE,
        "title": "Stafettbro",
        "description": "Profiler, utvidelser og koder for det Stafettbro gir ut som FHIR.",
        "author": PUBLISHER,
        "license": "EUPL-1.2",
        "fhirVersions": ["4.0.1"],
        "dependencies": DEPENDENCIES,
        "directories": {"example": "example"},
    }


def _index(defined: dict[str, Resource]) -> Json:
    entries = [
        {
            "filename": path.rpartition("/")[2],
            "resourceType": one["resourceType"],
            **{key: one[key] for key in _INDEXED if isinstance(one.get(key), str)},
        }
        for path, one in defined.items()
    ]
    return {"index-version": 2, "files": entries}
