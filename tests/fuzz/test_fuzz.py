"""The short form of `make fuzz`: 2,000 requests on a real gateway over SQLite; nothing breaks, nobody is told
what is not for them, and nothing is left in clear. And the judge does find what there is to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import campaign
from tests.fuzz.canaries import MARKS, Canaries
from tests.fuzz.judgement import Judge
from tests.fuzz.wire import Answered, Asked

REQUESTS = 2_000


@pytest.mark.timeout(600)
def test_whatever_is_asked_nothing_breaks_and_nothing_leaks(tmp_path: Path) -> None:
    report = campaign.run(tmp_path, REQUESTS, campaign.SEED)
    assert report["wrong in all"] == 0, campaign.summary(report)
    assert report["requests"] == REQUESTS
    assert report["statuses"][200] > REQUESTS / 10, "it asks for too little that there is"
    assert report["words told to who may see them"] > 20, "the search finds nothing where there is something"
    assert len(report["operations"]) > 80


def told(body: bytes, status: int = 200, **asked: bytes) -> list[str]:
    """What the judge finds wrong with an answer to BUP."""
    canaries = Canaries()
    assert [canaries.new("hers", "bup"), canaries.new("hidden", "logg")] == ["kanarifugl000", "kanarifugl001"]
    canaries.known("14831770229", "a number", "logg")
    judge = Judge(canaries)
    judge.look(
        Asked("bup", b"GET", asked.get("target", b"/"), body=asked.get("body")), Answered(status, (), body)
    )
    return [one["what"] for one in judge.findings]


@pytest.mark.parametrize("hidden", ["kanarifugl001", "14831770229", MARKS["nabokommune"]])
def test_the_judge_finds_what_a_caller_may_not_see(hidden: str) -> None:
    assert told(b'{"text": "kanarifugl000"}') == []
    assert len(told(f'{{"text": "{hidden}"}}'.encode())) == 1
    assert told(f'{{"field": "{hidden}"}}'.encode(), target=f"/?x={hidden}".encode()) == []


@pytest.mark.parametrize("status", [0, 500, 502, 503])
def test_the_judge_finds_what_breaks(status: int) -> None:
    assert told(b"", status) == [f"answered {status}"]
    assert told(b"Traceback (most recent call last)", 400) != []
