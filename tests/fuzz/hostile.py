"""What nobody sends who means well: texts, paths, headers and bodies that are wrong in ways of their own."""

from __future__ import annotations

import copy
import gzip
from typing import Any

from hypothesis import strategies as st

from gateway import jsontext
from tests.api.test_broken_bodies import ODD, places

TEXTS = (
    "..", "../../etc/passwd", "..\\..\\windows", "\x00", "\x1f", "' OR '1'='1", "{{7*7}}",
    "${jndi:ldap://x}", "<script>alert(1)</script>", "%s%n%x", "9" * 400, "-1", "1e309", "NaN", "null",
    "true", "[]", "{}", "*", ".", "🧒🏽", "e\u0301", "\u202e", "\ufeff", "Ω" * 2_000, "A" * 9_000, "a,b,c",
    "a|b", "a b", ";", "~", "@", "$", "_", "0", "01", "+1", " 1", "1.0", "0x1", "٣", "2026-02-30",
    "2026-11-22T25:61:00Z", "9999-12-31", "-0001-01-01", "urn:oid:2.16.578.1.12.4.1.4.1|", "|", "Patient/",
    "Patient/../Goal/1", "http://127.0.0.1:9/Goal/1", "W/\"1\"",
)  # fmt: skip
RAW_PATHS = (
    b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"//fhir//Goal", b"/fhir/../metrics",
    b"/fhir/%2e%2e/metrics", b"/fhir/Goal%2f..%2fPatient", b"/fhir;x=1/metadata", b"/FHIR/metadata",
    b"/fhir/metadata/", b"/fhir/%00", b"/%ff%fe", b"/%c0%ae%c0%ae/", b"/\xc3\xa6", b"/%", b"/%zz", b"/?",
    b"/??", b"/#x", b"*", b"http://127.0.0.1/metrics", b"/min-side/%2e%2e/metrics", b"/min-side//barn/",
    b"/docs", b"/openapi.json", b"/.env", b"/static/../main.py", b"/healthz%0d%0aX:1", b"/" + b"a" * 20_000,
    b"/fhir/" + b"Goal/" * 500, b"/systems/logg/records/..;/",
)  # fmt: skip
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"X-HTTP-Method-Override", b"DELETE"), (b"X-Method-Override", b"PUT"), (b"X-Original-URL", b"/metrics"),
    (b"X-Rewrite-URL", b"/metrics"), (b"X-Forwarded-For", b"127.0.0.1"),
    (b"X-Forwarded-Host", b"evil.example"), (b"X-Forwarded-Proto", b"ftp"),
    (b"Forwarded", b"for=_x;host=evil.example"), (b"Host", b"evil.example"), (b"Host", b""),
    (b"Host", b"[::1"), (b"Accept", b"application/fhir+xml"), (b"Accept", b"*/*;q=x"),
    (b"Accept", b"text/html"), (b"Accept", b"\xff\xfe"), (b"Accept-Encoding", b"gzip, br;q=0"),
    (b"Accept-Language", b"x" * 5_000), (b"Accept-Language", b"nn;q=9,*;q=-1"), (b"Range", b"bytes=0-1,5-"),
    (b"If-Match", b"W/\"0\""), (b"If-Match", b"*"), (b"If-Match", b"\"\xc3\xa6\""),
    (b"If-Match", b"W/\"" + b"9" * 500 + b"\""), (b"If-None-Exist", b"identifier=x|y"),
    (b"If-None-Exist", b"_id=%ff&patient=\x80"), (b"If-None-Match", b"*"),
    (b"If-Modified-Since", b"yesterday"), (b"Idempotency-Key", b"1"), (b"Idempotency-Key", b"k" * 3_000),
    (b"Idempotency-Key", b"\xe6\xf8"), (b"Cookie", b"__Host-stafettbro=x; =; ;;"), (b"Cookie", b"\xff=\xff"),
    (b"Origin", b"null"), (b"Origin", b"https://testserver"), (b"Sec-Fetch-Site", b"same-origin"),
    (b"Stafettbro-System", b"nabologg"), (b"Stafettbro-System", b"bup"), (b"Stafettbro-System", b"\xc3\xa6"),
    (b"Authorization", b"Bearer"), (b"Authorization", b"Basic eDp5"), (b"DPoP", b"a.b.c"),
    (b"DPoP", b"\xff"), (b"Upgrade", b"websocket"), (b"Connection", b"close"),
    (b"Connection", b"Authorization"), (b"Expect", b"1"), (b"TE", b"trailers"),
    (b"Prefer", b"return=representation;x"), (b"Prefer", b"respond-async"),
    (b"X-Request-Id", b"spurvungefjord"), (b"X-Tom", b""), (b"X-Lang", b"y" * 30_000), (b"Via", b"1.1 \xff"),
)  # fmt: skip
MEDIA = (
    b"application/json", b"application/fhir+json", b"application/x-ndjson",
    b"application/fhir+json; charset=utf-16", b"application/json;charset=latin-1", b"text/plain",
    b"application/xml", b"application/fhir+xml", b"text/html", b"application/x-www-form-urlencoded",
    b"multipart/form-data", b"multipart/form-data; boundary=", b"", b"json", b"\xff/\xff",
    b"application/json, text/html", b"application/octet-stream", b"application/merge-patch+json",
)  # fmt: skip
FRAMES: tuple[tuple[tuple[tuple[bytes, bytes], ...], bytes], ...] = (
    (((b"Transfer-Encoding", b"chunked"),), b"2\r\n{}\r\n0\r\n\r\n"),
    (((b"Transfer-Encoding", b"chunked"),), b"2;a=b\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n"),
    (
        ((b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"3")),
        b"0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
    ),
    (((b"Transfer-Encoding", b"chunked, identity"),), b"0\r\n\r\n"),
    (((b"Transfer-Encoding", b"xchunked"), (b"Content-Length", b"2")), b"{}"),
    (((b"Transfer-Encoding", b"chunked"),), b"zz\r\n{}\r\n0\r\n\r\n"),
    (((b"Content-Length", b"2"), (b"Content-Length", b"3")), b"{} "),
    (((b"Content-Length", b"+2"),), b"{}"),
    (((b"Content-Length", b"-1"),), b"{}"),
    (((b"Content-Length", b"2, 2"),), b"{}"),
    (((b"Content-Length", b"9" * 40),), b"{}"),
    (((b"X Bad", b"1"), (b"Content-Length", b"2")), b"{}"),
    (((b"X-Fold", b"a\r\n b"), (b"Content-Length", b"2")), b"{}"),
    (((b"X-Bare", b"a\rb"), (b"Content-Length", b"2")), b"{}"),
    (((b"X-Nul", b"a\x00b"), (b"Content-Length", b"2")), b"{}"),
)
METHODS = (
    b"GET",
    b"POST",
    b"PUT",
    b"PATCH",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"get",
    b"SEARCH",
    b"FOO",
)
_DEEP = (
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"resourceType":"Goal","x":' + b"[" * 60 + b"]" * 60 + b"}",
)
_NUMBERS = b"1e999999", b"-1e-999999", b"9" * 5_000, b"0." + b"1" * 5_000, b"NaN", b"-Infinity", b"-0", b"01"
BODIES = (
    b"", b" ", b"null", b"true", b'""', b"0", b"[]", b"{}", b"[[[]]]", b"[null]", b'"\\ud800"',
    b'{"a":"\\u0000"}', b"\xff\xfe", b"{", b'{"a":1,"a":2}', b"{}{}", b"a=b&c=%ff", b"patient=&_id=%00",
    b"<Goal xmlns='http://hl7.org/fhir'/>",
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', b"\n\n\n", b"{}\n\n{",
    b"\x1f\x8b\x08", b"%PDF-1.4", *_DEEP, *_NUMBERS, gzip.compress(b"[" + b"0," * 2_000_000 + b"0]"),
)  # fmt: skip


def once_in(times: int) -> st.SearchStrategy[bool]:
    """True so often; what Hypothesis tries first is False."""
    return st.integers(1, times).map(lambda one: one == times)


def values(mark: str) -> st.SearchStrategy[Any]:
    """A JSON value in the place of another one; texts carry the mark, so that it can be found again."""
    marked = st.builds(lambda text: f"{mark} {text}", st.sampled_from(TEXTS))
    return st.one_of(ODD, marked, st.sampled_from(TEXTS), st.just(mark))


@st.composite
def mutated(draw: st.DrawFn, whole: Any, mark: str, swap: list[str]) -> Any:
    """A copy with up to three places changed, gone, or with a real id of something else in them."""
    made = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        spots = list(places(made))
        if not spots:
            break
        *way, last = draw(st.sampled_from(spots))
        holder = made
        for step in way:
            holder = holder[step]
        how = draw(st.integers(0, 5))
        if how == 0:
            del holder[last]
        elif how == 1 and swap and isinstance(holder[last], str):
            holder[last] = draw(st.sampled_from(swap))
        elif how == 2 and isinstance(holder[last], list):
            holder[last] = holder[last] * 3
        else:
            holder[last] = copy.deepcopy(draw(values(mark)))
    return made


@st.composite
def written(draw: st.DrawFn, value: Any) -> bytes:
    """A value as bytes: mostly JSON, at times in another encoding, cut off, or with something behind."""
    text = jsontext.encode(value)
    how = draw(st.integers(0, 49))
    if how == 49:
        return b"\xef\xbb\xbf" + text
    if how == 48:
        return text.decode().encode("utf-16")
    if how == 47:
        return text.decode().encode("latin-1", "replace")
    if how == 46:
        return text[: draw(st.integers(0, max(0, len(text) - 1)))]
    if how == 45:
        return text + draw(st.sampled_from([b"\x00", b"]", text, b"\n" + text]))
    if how == 44:
        return text.replace(b":", b":" + draw(st.sampled_from(_NUMBERS)) + b',"x":', 1)
    return text


def bodies() -> st.SearchStrategy[bytes]:
    """A body that has nothing to do with what is asked."""
    return st.one_of(st.sampled_from(BODIES), st.binary(max_size=40))
