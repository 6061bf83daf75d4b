"""The invented children of the figures are ones the gateway takes in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench import children
from mappings import load

LUA = (Path(children.__file__).parent / "load.lua").read_text(encoding="utf-8")


@pytest.mark.parametrize("child", [0, 1, 77, 499])
def test_their_records_are_accepted(child: int) -> None:
    for system, records in (
        ("stafettlogg", [*children.log_records(child), children.goal(child, "m", children.WRITTEN)]),
        ("individuell-plan", children.plan_records(child)),
    ):
        mapping = load(system)
        assert [mapping.describe(record).warnings for record in records] == [()] * len(records)


def test_no_two_have_the_same_national_id() -> None:
    ids = [children.log_records(child)[0]["barn"]["fnr"] for child in range(500)]
    assert len(set(ids)) == 500


def test_what_wrk_sends_is_accepted_too() -> None:
    template = "".join(re.findall(r"'([^']*)'", LUA.split("local GOAL =")[1].split("\n\n")[0]))
    record = json.loads(template % ("w", 0, 1, 7, 7))
    heading = load("stafettlogg").describe(record)
    assert (heading.frame, heading.needs) == ("barn-7", ("barn-7",))
