"""A document's own file, for a reader who may see the document: as something to save, never to be shown or
run here, under a name that tells nothing. The judge has decided; this opens nothing it left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import Response

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.web.door import resolve
from gateway.web.insight import Insight
from mappings import reading
from mappings.model import Resource

NAME: Final = "dokument"
OTHER: Final = ("application/octet-stream", "bin")
ENDINGS: Final[Mapping[str, str]] = {  # what a browser may be told that it is; anything else is only bytes
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/plain": "txt",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
}
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def has_file(resource: Resource) -> bool:
    """Whether it is a document with a file of its own in it, as its reader sees it."""
    return resource.get("resourceType") == "DocumentReference" and _attachment(resource) is not None


def file_of(session: Session, insight: Insight, given: str, among: Iterable[str]) -> Response:
    """The file of the document that a handle means, of those among these that may be seen; noted as told.
    Raises NotFound."""
    known = [ref for ref in among if ref in insight.seen and _is_open(insight.seen[ref])]
    ref = resolve(session, given, known)
    media, content = _read(insight.seen[ref])
    insight.tell([ref])
    media, ending = (media, ENDINGS[media]) if media in ENDINGS else OTHER
    named = {"Content-Disposition": f'attachment; filename="{NAME}.{ending}"', **HEADERS}
    answer = Response(content, headers=named)
    answer.headers["Content-Type"] = media
    return answer


def _is_open(resource: Resource) -> bool:
    return has_file(resource) and not reading.in_error(resource)


def _attachment(resource: Resource) -> Resource | None:
    found = (one.get("attachment") or {} for one in resource.get("content") or ())
    return next((one for one in found if isinstance(one.get("data"), str) and one["data"]), None)


def _read(resource: Resource) -> tuple[str, bytes]:
    """What it is said to be, and the bytes. Raises NotFound for what is no base64."""
    attachment = _attachment(resource) or {}
    try:
        content = base64.b64decode("".join(str(attachment.get("data")).split()), validate=True)
    except binascii.Error as error:
        raise NotFound("No such file") from error
    return str(attachment.get("contentType") or "").partition(";")[0].strip().lower(), content
