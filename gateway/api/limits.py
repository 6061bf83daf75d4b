"""What a request may weigh, checked before any of it is looked at: bytes, depth, and characters that no
database column holds. Reads bodies; knows nothing of what is in them."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import Request

from gateway import jsontext
from gateway.errors import InvalidRequest, UnsupportedMedia
from mappings.lens.checks import MOST_DEPTH as MOST_DEPTH
from mappings.lens.checks import MOST_DIGITS, MOST_EXPONENT

MOST_BYTES = 20 * 1024 * 1024
MOST_RECORDS = 1_000
NUL = b"\\u0000"


async def body(request: Request) -> bytes:
    """The whole body; the guard ends it at MOST_BYTES."""
    return await request.body()


def media_type(request: Request) -> str:
    """The request's content type without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def demand(request: Request, *accepted: str) -> str:
    """The content type, if it is one of these. Raises UnsupportedMedia."""
    given = media_type(request)
    if given not in accepted:
        raise UnsupportedMedia(f"The content type must be one of {', '.join(accepted)}")
    return given


def decoded(text: bytes, *, nul: bool = False) -> Any:
    """JSON as values. Raises InvalidRequest, which never repeats the text. nul: U+0000 is for the caller to
    refuse, record by record."""
    if not nul and NUL in text:
        raise InvalidRequest("The character U+0000 is not accepted", code="character")
    try:
        value = jsontext.decode(text)
    except RecursionError as error:
        raise InvalidRequest("The JSON is nested too deeply", code="too-deep") from error
    except (jsontext.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("The body is not JSON", code="not-json") from error
    if text.count(b"{") + text.count(b"[") > MOST_DEPTH and _deeper(value, MOST_DEPTH):
        raise InvalidRequest(f"The JSON is nested deeper than {MOST_DEPTH}", code="too-deep")
    _STRICT.decode(text.decode())
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    """What one reader takes from the first and another from the last is not what anybody signed for."""
    if len(dict(pairs)) != len(pairs):
        raise InvalidRequest("A key stands twice in one object", code="key-twice")


def _number(text: str) -> None:
    exponent = text.lower().partition("e")[2].lstrip("+-")
    if len(text) > MOST_DIGITS or (exponent and (len(exponent) > 3 or int(exponent) > MOST_EXPONENT)):
        raise InvalidRequest("A number is larger or longer than numbers are here", code="number")


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_once, parse_int=_number, parse_float=_number)


def _deeper(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        return left == 0 or any(_deeper(part, left - 1) for part in value.values())
    if isinstance(value, list):
        return left == 0 or any(_deeper(part, left - 1) for part in value)
    return False
