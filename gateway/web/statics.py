"""The files that pages load: Designsystemet's style sheets as its package holds them, our own, the mark, and
the one script.
Each has an address that changes with what is in it, so that browsers may keep it for good."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath

from gateway.errors import NotFound
from gateway.web.desk import BASE

FOLDER: Final = Path(__file__).parent / "static"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
}
FILES: Final = (
    "designsystemet/theme.css",
    "designsystemet/designsystemet.css",
    "stil.css",
    "merke.svg",
    "nytt.js",
)
STYLES: Final = ("theme.css", "designsystemet.css", "stil.css")  # in the order pages name them


@dataclass(frozen=True, slots=True)
class Static:
    """One file. mark: of its content, in hexadecimal; packed: the content as gzip."""

    name: str
    media: str
    content: bytes
    packed: bytes
    mark: str

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{BASE}/statisk/{self.mark}/{self.name}"


def read(path: Path) -> Static:
    """A file as it is served."""
    content = path.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:16]
    return Static(path.name, MEDIA[path.suffix], content, gzip.compress(content, mtime=0), mark)


STATICS: Final = {one.name: one for one in (read(FOLDER / name) for name in FILES)}
router = APIRouter(prefix=BASE, include_in_schema=False)


def address(name: str) -> str:
    """Where a file is. Raises KeyError for one that is none of ours."""
    return STATICS[name].address


@router.get("/statisk/{mark}/{name}")
def static(request: Request, mark: Annotated[str, InPath(pattern="^[0-9a-f]{16}$")], name: str) -> Response:
    """One file, to be kept for good. A page of another release names the same file by another mark: it gets
    ours, and keeps it for no time. Raises NotFound."""
    found = STATICS.get(name)
    if found is None:
        raise NotFound("No such file")
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Vary": "Accept-Encoding"}
    headers["Cache-Control"] = FOR_GOOD if mark == found.mark else "no-store"
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(found.packed if packs else found.content, media_type=found.media, headers=headers)
