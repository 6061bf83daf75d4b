"""`people`: through the same functions as the API, and said by ids and states."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from gateway.hub.schema.tables import link
from tests.cli.conftest import Installation, Invoke
from tests.cli.test_looking import CONTENT, copied
from tests.sealed import looking

EMMA = "stafettlogg:emma-logg"
WHY = ("--by", "Kari Nordmann", "--reason", "Samme barn")


def another(own: Installation) -> str:
    """A log of somebody else in the same installation."""
    logs = select(link.c.native_id).where(link.c.system == "stafettlogg", link.c.ref.like("CarePlan/%"))
    with closing(looking(own.url, own.state)) as store, store.read("fjordbyen") as connection:
        found = sorted(connection.execute(logs).scalars())
    return f"stafettlogg:{next(one for one in found if one != 'emma-logg')}"


def test_they_are_merged_shown_and_parted(lived_in: Installation, invoke: Invoke, tmp_path: Path) -> None:
    own = copied(lived_in, tmp_path)
    other = another(own)
    done = invoke("people", "merge", EMMA, other, *WHY, "-c", own.config)
    assert done.exit_code == 0, done.output
    merge_id = re.search(r"merge ([0-9a-f-]{36})", done.output)
    assert merge_id is not None
    shown = invoke("people", "show", other, "-c", own.config)
    assert merge_id.group(1) in shown.output
    again = invoke("people", "merge", EMMA, other, *WHY, "-c", own.config)
    assert (again.exit_code, "same person" in again.output) == (3, True)
    parted = invoke("people", "unmerge", EMMA, merge_id.group(1), *WHY, "-c", own.config)
    assert parted.exit_code == 0, parted.output
    assert "Nobody was told anything" in parted.output
    assert ", undone" in invoke("people", "show", EMMA, "-c", own.config).output
    assert not [word for word in CONTENT if word in done.output + shown.output + parted.output]


def test_what_is_wrong_is_said(lived_in: Installation, invoke: Invoke, tmp_path: Path) -> None:
    own = copied(lived_in, tmp_path)
    nobody = "0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"
    for asked, word in (
        (("people", "merge", EMMA, another(own), "--by", "14831770229", "--reason", "x"), "number"),
        (("people", "unmerge", EMMA, nobody, *WHY), "No such merge"),
        (("people", "answer", EMMA, nobody, "same", *WHY), "No such question"),
    ):
        done = invoke(*asked, "-c", own.config)
        assert done.exit_code == 3, done.output
        assert word in done.output
    assert "No merges" in invoke("people", "show", EMMA, "-c", own.config).output
