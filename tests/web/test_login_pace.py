"""Nobody takes steps of a login faster than people do: each asks the provider, and writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Limits
from tests.access.issuer_server import Issuer
from tests.api.world import settings
from tests.web.conftest import ORIGIN, Pages, Provider, with_logins


@pytest.fixture
def hurried(sqlite_url: str, tmp_path: Path, issuer: Issuer, provider: Provider) -> Iterator[Pages]:
    """Three steps a minute, behind a proxy."""
    limits = Limits(login_steps_per_minute=3)
    plain = settings(sqlite_url, tmp_path, issuer)
    more = {"limits": limits, "proxies": ("127.0.0.0/8",)}
    told = plain.model_validate(plain.model_dump() | more)
    made = Pages(with_logins(told, tmp_path, provider, ORIGIN), issuer, provider)
    yield made
    made.close()


def test_an_address_that_begins_too_many_logins_is_told_to_wait_and_no_other_is(hurried: Pages) -> None:
    http = hurried.person().http
    way = "/min-side/logg-inn/idporten"
    begun = [http.get(way) for _ in range(4)]
    assert [one.status_code for one in begun] == [303, 303, 303, 429]
    assert "Vent litt" in begun[-1].text
    assert 1 <= int(begun[-1].headers["retry-after"]) <= 20
    assert http.get(f"{way}/svar?code=x&state=y").status_code == 429  # nothing is written down for it
    assert http.get("/min-side").status_code == 200
