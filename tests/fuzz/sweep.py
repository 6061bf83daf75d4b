"""Everything hostile once, so that no seed leaves any of it out: each path, header, media type, method and
body, where it is read by somebody who is let in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from tests.fuzz import hostile
from tests.fuzz.known import FHIR, Known
from tests.fuzz.wire import Asked

JSON = b"application/json"
TAKING = (
    ("logg", b"/systems/logg/records", JSON), ("logg", b"/systems/logg/records", b"application/x-ndjson"),
    ("bup", b"/fhir/Goal", FHIR.encode()), ("logg", b"/worklist/search", JSON),
)  # fmt: skip


def sweep(known: Known) -> Iterator[Asked]:
    """The requests."""
    goals = f"/fhir/Goal?patient={known.persons['Fri']}".encode()
    for caller, path, media in TAKING:
        for body in hostile.BODIES:
            yield Asked(caller, b"POST", path, ((b"Content-Type", media),), body, "every body")
    for path in hostile.RAW_PATHS:
        yield Asked("bup", b"GET", path, label="every path")
    for header in hostile.HEADERS:
        yield Asked("bup", b"GET", goals, (header,), label="every header")
    for media in hostile.MEDIA:
        body = b'{"resourceType": "Goal"}'
        yield Asked("bup", b"POST", b"/fhir/Goal", ((b"Content-Type", media),), body, "every media type")
    for headers, body in hostile.FRAMES:
        said = ((b"Content-Type", JSON), *headers)
        yield Asked("logg", b"POST", b"/systems/logg/records", said, body, "every frame", framed=True)
    for method in hostile.METHODS:
        yield Asked("bup", method, goals, label="every method")
    for text in hostile.TEXTS:
        yield Asked("bup", b"GET", goals + b"&_id=" + quote(text).encode(), label="every text")
