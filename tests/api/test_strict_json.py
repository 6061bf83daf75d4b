"""JSON that two readers could read differently, or that costs more than it weighs, is refused before anything
of it is looked at; each way in reads by the same function."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gateway.api import limits
from gateway.api.limits import MOST_BYTES, MOST_DEPTH
from gateway.errors import InvalidRequest
from tests.api.test_fhir_read import person
from tests.api.world import World, fields

BROKEN = {
    "key-twice": [b'{"a":1,"a":2}', b'[{"b":{"a":1,"\\u0061":2}}]', b'{"type":"maal","type":"samtykke"}'],
    "number": [
        b'{"a":1e400}',
        b'{"a":-1e-400}',
        b'{"a":1E+999999999999}',
        b'{"a":1.' + b"9" * 1_000_000 + b"}",
        b'{"a":0.' + b"0" * 40 + b"1}",
        b'{"a":1234567890123456789012345678901234567890123}',
    ],
    "not-json": [
        b'{"a":1e' + b"9" * 100_000 + b"}",
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\xed\xa0\x80":1}',
        b'{"a":"\xff"}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1}{"b":2}',
        b'{"a":01}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b"",
    ],
    "too-deep": [
        b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    "character": [b'{"a":"\\u0000"}'],
}
CASES = [(code, text) for code, texts in BROKEN.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), CASES, ids=range(len(CASES)))
def test_it_is_refused_at_once(code: str, text: bytes) -> None:
    began = time.process_time()
    with pytest.raises(InvalidRequest) as refused:
        limits.decoded(text)
    assert refused.value.code == code
    assert time.process_time() - began < 0.5
    assert len(refused.value.detail) < 100


@pytest.mark.parametrize(
    "text", [b'{"a":1.10,"b":-0.5E+3,"c":1e99,"d":[{"a":1},{"a":1}]}', '{"a":"\\ud83d\\ude00 é"}'.encode()]
)
def test_what_is_sound_is_let_through(text: bytes) -> None:
    assert limits.decoded(text)


def test_a_whole_body_of_small_things_costs_little() -> None:
    for text in (b"[" + b'{"a":1},' * 500_000 + b"{}]", b'["' + b"a" * (MOST_BYTES - 10) + b'"]'):
        began = time.process_time()
        limits.decoded(text)
        assert time.process_time() - began < 10


@pytest.mark.parametrize("text", [b'{"a":1,"a":2}', b'{"a":1e400}', b'{"a":"\\ud800"}', b"[" * 5_000])
def test_every_way_in_reads_so(world: World, emma: list[dict[str, Any]], text: bytes) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    ways = {
        "/systems/logg/records": "logg",
        "/fhir/Goal": "bup",
        "/fhir": "bup",
        f"/people/{own}/acts": "drift",
        "/worklist/search": "drift",
        "/systems/logg/receipts": "logg",
        "/systems/logg/snapshots": "logg",
    }
    for path, client in ways.items():
        media = "application/fhir+json" if path.startswith("/fhir") else "application/json"
        answer = world.post(path, client, text, Content_Type=media)
        assert answer.status_code == 400, (path, answer.status_code, answer.text)
        assert "Traceback" not in answer.text
    lines = world.hand_in("logg", text + b'\n{"type":"maal"}', Content_Type="application/x-ndjson")
    said = [one["problems"][0]["code"] for one in fields(lines)["results"]]
    assert said[0] in BROKEN
    assert said[1] not in BROKEN  # the other line is looked at by itself
