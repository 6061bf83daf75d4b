"""An export as files: names and bytes. Names hold ids and titles without what a file system could stumble
over, and no national id; the page that opens them all is `export_page`'s."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway import jsontext
from gateway.cli import export_page
from gateway.cli.export_content import Everything
from gateway.hub.content import digest
from gateway.hub.versions import Version
from mappings.canonical import BASE

_UNSAFE = re.compile(r"[^\w .()-]+")
_DOTS = re.compile(r"\.{2,}")
_NATIONAL = re.compile(r"\d{6}\s?\d{5}")
ACTIVE = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"})


@dataclass(frozen=True, slots=True)
class Document:
    """One attached file, and the resource it hangs on."""

    ref: str
    version: int
    path: str
    title: str
    content: bytes


def files(everything: Everything) -> Iterator[tuple[str, bytes]]:
    """Every file of the export; index.html first."""
    attached = documents(everything)
    yield "index.html", export_page.page(everything, attached).encode()
    yield "bundle.json", written(bundle(everything))
    for ref, versions in everything.history.items():
        for one in versions:
            yield version_path(ref, one.version), written(plain_version(one))
    for document in attached:
        yield document.path, document.content
    for name, rows in (
        ("utleveringer", everything.disclosures),
        ("koblinger", everything.links),
        ("konflikter", everything.conflicts),
        ("sene-utgaver", everything.late),
        ("ventende", everything.waiting),
        ("baner", everything.lanes),
    ):
        yield f"{name}.json", written(plain(rows))


def version_path(ref: str, version: int) -> str:
    """Where a version stands: versjoner/Goal/3f2c…/2.json."""
    kind, _, own = ref.partition("/")
    return f"versjoner/{safe(kind)}/{safe(own)}/{version}.json"


def plain_version(one: Version) -> dict[str, Any]:
    """A version with what the hub knows of it."""
    return {
        "reference": one.ref,
        "version": one.version,
        "source": one.source,
        "createdBy": one.created_by,
        "recorded": plain(one.recorded),
        "stored": plain(one.stored),
        "resource": one.resource,
    }


def bundle(everything: Everything) -> dict[str, Any]:
    """What holds now, as one FHIR Bundle."""
    entries = [
        {"fullUrl": f"{BASE}/{ref}", "resource": one.resource} for ref, one in everything.current.items()
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def documents(everything: Everything) -> list[Document]:
    """Every attached file in any version, each content once."""
    found: list[Document] = []
    seen: set[tuple[str, str]] = set()
    for ref, versions in everything.history.items():
        for one in reversed(versions):
            for attachment in _attachments(one.resource):
                key = (ref, digest(attachment.get("data")))
                content = _decoded(attachment["data"])
                if key not in seen and content is not None:
                    seen.add(key)
                    title = str(attachment.get("title") or one.resource.get("description") or "dokument")
                    name = f"{len(found) + 1:02} {_file_name(title, attachment.get('contentType'))}"
                    found.append(Document(ref, one.version, f"dokumenter/{name}", title, content))
    return found


def _attachments(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("data"), str) and "contentType" in value:
            yield value
        for inner in value.values():
            yield from _attachments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _attachments(inner)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None  # the version's own file keeps it as it came


def _file_name(title: str, kind: object) -> str:
    name = safe(title)
    mime = str(kind or "").partition(";")[0].strip().lower()
    ending = mimetypes.guess_extension(mime) or ".bin"
    if not name.lower().endswith(ending):
        name += ending
    return f"{name}.txt" if mime in ACTIVE else name  # a page of others must not run where this one is read


def safe(text: str) -> str:
    """A text as part of a file name."""
    short = _NATIONAL.sub("nummer", unicodedata.normalize("NFC", text))
    return _DOTS.sub(".", _UNSAFE.sub("_", short)).strip(" .")[:80] or "uten navn"


def written(value: Any) -> bytes:
    """JSON for people."""
    return msgspec.json.format(jsontext.encode(value), indent=2) + b"\n"


def plain(value: Any) -> Any:
    """Database values as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
