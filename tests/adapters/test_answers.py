"""Reasons of a refusal: codes and places pass, anything that may be content does not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters import fhir_answers, jsontext, record_answers
from adapters.contract import Unavailable
from adapters.transport import Answer, Transport
from tests.adapters import let_in


def refusal(body: Any) -> Answer:
    return Answer(422, httpx.Headers(), jsontext.encode(body))


@pytest.mark.parametrize(
    ("issue", "reason"),
    [
        ({"code": "invalid", "expression": ["Goal.target[0].due"]}, "invalid Goal.target[0].due"),
        ({"code": "invalid", "diagnostics": "Kari", "details": {"text": "Kari"}}, "invalid"),
        ({"code": "Kari Nordmann", "expression": ["Goal.where(text='Kari Nordmann')"]}, ""),
        ({"code": 7, "expression": "Goal"}, ""),
    ],
)
def test_an_outcome_is_told_without_content(issue: dict[str, Any], reason: str) -> None:
    assert fhir_answers.reasons(refusal({"resourceType": "OperationOutcome", "issue": [issue]})) == reason


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ({"field": "oppmoete[2].status", "detail": "Kari"}, "oppmoete[2].status"),
        ({"errors": [{"field": "a"}, {"field": "b", "text": "Kari"}, {"field": "a"}]}, "a, b"),
        ({"field": "Kari Nordmann"}, ""),
        (["Kari"], ""),
    ],
)
def test_a_problem_is_told_without_content(problem: Any, reason: str) -> None:
    assert record_answers.reasons(refusal(problem)) == reason


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://peer.example/fhir/Goal?page=2", True),
        ("https://peer.example/fhir?_getpages=1", True),
        ("http://peer.example/fhir/Goal", False),
        ("https://peer.example:8443/fhir/Goal", False),
        ("https://peer.example.evil.example/fhir/Goal", False),
        ("https://user@peer.example/fhir/Goal", False),
        ("https://peer.example/fhirother/Goal", False),
    ],
)
def test_where_our_token_may_go(url: str, ours: bool) -> None:
    transport = Transport("https://peer.example/fhir/", let_in.none(), timeout=1.0)
    assert transport.same_origin(url) is ours


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["https://127.0.0.1:9/fhir/Goal", "//127.0.0.1:9/Goal", "/admin", "../admin"]
)
async def test_no_request_leaves_the_base(path: str) -> None:
    transport = Transport("http://127.0.0.1:9/fhir", let_in.none(), timeout=1.0)
    with pytest.raises(Unavailable, match="points away"):
        await transport.get(path, media="application/json")
    await transport.close()
