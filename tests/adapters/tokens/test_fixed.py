"""Credentials that were handed out once: the headers of each, and a secret that is changed while we run."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from adapters.contract import Again, NoToken
from adapters.tokens import fixed
from adapters.tokens.faults import About, SecretGone

ABOUT = About("bup")
URL = "https://bup.example/fhir/Goal/1"


def headers(source: fixed.Fixed) -> dict[str, str]:
    return dict(asyncio.run(source.headers("GET", URL)))


def test_each_kind_has_its_header() -> None:
    assert headers(fixed.none(ABOUT)) == {}
    assert headers(fixed.bearer(ABOUT, lambda: "t")) == {"Authorization": "Bearer t"}
    assert headers(fixed.api_key(ABOUT, lambda: "k", "X-Key")) == {"X-Key": "k"}
    user = headers(fixed.basic(ABOUT, "kari", lambda: "æ:b"))["Authorization"]
    assert b64decode(user.removeprefix("Basic ")).decode() == "kari:æ:b"


def test_a_secret_that_was_changed_is_read_when_the_old_one_is_refused() -> None:
    kept = ["old"]
    source = fixed.bearer(ABOUT, lambda: kept[0])
    used = headers(source)
    kept[0] = "new"
    assert headers(source) == used  # not read for each request
    assert source.heard(URL, used, 200, {}) is None
    assert source.heard(URL, used, 401, {}) is Again.SHOWN
    assert headers(source) == {"Authorization": "Bearer new"}


def test_the_same_secret_is_not_shown_again() -> None:
    source = fixed.bearer(ABOUT, lambda: "t")
    assert source.heard(URL, headers(source), 401, {}) is None


def test_a_secret_that_is_gone_is_told_of_without_the_secret() -> None:
    def gone() -> str:
        raise SecretGone("geheim")

    with pytest.raises(NoToken) as told:
        headers(fixed.bearer(ABOUT, gone))
    assert told.value.code == "token-secret"
    assert "geheim" not in str(told.value)
    assert "bup" in told.value.sentence
