"""The rules as data: every version has both written forms and a source, and counts in its own days."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import consent
from consent.model import Reason
from consent.rules import RULES, Rule, in_force

DAY = date(2026, 7, 1)
OLD = Rule("x", Reason("X", "hpl §§ 25, 45", "gammel", "gamal"), valid_to=date(2026, 6, 30))
NEW = Rule("x", Reason("X", "hpl § 25", "ny", "ny"), valid_from=DAY)


def test_of_two_versions_the_one_of_the_day_counts() -> None:
    for rules in ((OLD, NEW), (NEW, OLD)):
        assert in_force(date(2026, 6, 30), rules)["x"].source == "hpl §§ 25, 45"
        assert in_force(DAY, rules)["x"].source == "hpl § 25"


def test_where_two_versions_meet_the_later_counts() -> None:
    always = Rule("x", Reason("X", "før", "før", "før"))
    assert in_force(DAY, (NEW, always))["x"].source == "hpl § 25"
    assert in_force(date(2000, 1, 1), (NEW, always))["x"].source == "før"
    assert in_force(date(2000, 1, 1), (NEW,)) == {}


def test_every_rule_has_a_source_and_a_sentence_in_both_written_forms() -> None:
    for rule in RULES:
        assert rule.reason.source
        for sentence in (rule.reason.nb, rule.reason.nn):
            assert re.fullmatch(r"[A-ZÆØÅ].*\.", sentence), rule.key


def test_every_key_the_code_asks_for_is_there_and_every_rule_is_asked_for() -> None:
    folder = Path(consent.__file__).parent
    code = "".join(p.read_text() for p in folder.glob("*.py") if p.name != "rules.py")
    asked = set(re.findall(r'reasons\["([^"]+)"', code))
    assert asked <= {r.key for r in RULES}
    assert all(f'"{r.key}"' in code for r in RULES)
