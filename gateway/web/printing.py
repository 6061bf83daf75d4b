"""What a page gives as a PDF: the content of a document, set as of today in Oslo."""

from __future__ import annotations

from datetime import datetime

from gateway import jsontext
from gateway.documents.pdf import pdf
from gateway.documents.sheet import Content
from gateway.errors import Unprocessable
from gateway.web.language import OSLO
from mappings.model import NotExpressible


def printed(says: Content, now: datetime) -> bytes:
    """The document, tagged. Made before it is written as told, so that what cannot be set is told to nobody.
    Raises Unprocessable where it cannot be set."""
    try:
        return pdf(jsontext.encode(says).decode(), now.astimezone(OSLO).date().isoformat())
    except NotExpressible as error:
        raise Unprocessable("The document cannot be set", code="not-expressible") from error
