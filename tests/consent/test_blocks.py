"""What stands above any consent, in its first and narrow form: any mark closes."""

from __future__ import annotations

from datetime import date

import pytest

from consent import Settings
from tests.consent.worlds import BOTH, NUMBERS, WORLD, ask, child, facts, item, rules


@pytest.mark.parametrize("mark", ["NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM", "noe nytt"])
def test_a_label_keeps_the_item_from_every_system_that_does_not_honour_it(mark: str) -> None:
    known = facts(*WORLD, child(), BOTH)
    marked = item(author_organization=NUMBERS["bup"], labels=frozenset({mark}))
    for reader in ("bup", "skole", "mor", "barn"):
        assert rules(ask(known, marked, to=reader)) == ["B4"]


@pytest.mark.parametrize(
    ("protection", "answer"),
    [
        ("ugradert", ["W8", "W3", "G1"]),
        ("klientadresse", ["W8", "W3", "G1"]),
        ("fortrolig", ["B1"]),
        ("strengtFortrolig", ["B1"]),
        ("noe nytt", ["unknown"]),
        (None, ["unknown"]),
    ],
)
def test_address_protection_closes_everything(protection: str | None, answer: list[str]) -> None:
    decision = ask(facts(*WORLD, BOTH, address_protection=protection))
    assert rules(decision) == answer
    assert decision.permitted is (len(answer) > 1)


def test_an_unknown_or_future_birth_date_closes_everything() -> None:
    assert rules(ask(facts(*WORLD, BOTH, born=None))) == ["unknown"]
    assert rules(ask(facts(*WORLD, BOTH, born=date(2027, 1, 1)))) == ["unknown"]


def test_an_unknown_channel_is_no_channel() -> None:
    assert rules(ask(facts(*WORLD, BOTH), channel="fax")) == ["unknown"]


@pytest.mark.parametrize("settings", [Settings(consent_age=12), Settings(joint_age=True), None])
def test_settings_out_of_bounds_close_everything(settings: Settings | None) -> None:
    assert rules(ask(facts(*WORLD, BOTH, settings=settings))) == ["unknown"]
