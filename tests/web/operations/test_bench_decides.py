"""What each recipient would get of a record on the bench and why: by the judge that decides deliveries, of a
child nobody knows, of one who is here, and of a record of the hub. Nothing is sent; content is for those with
the right, and what they see is written down."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from sqlalchemy import select

from gateway.consents.onlookers import OPERATIONS
from gateway.hub.audit import listing
from gateway.hub.audit.listing import Wanted
from gateway.hub.schema.tables import metadata
from tests.access.town import CANARIES
from tests.api.conftest import records
from tests.web.conftest import Pages
from tests.web.operations.test_bench import PASTED, goal, tried
from tests.web.operations.test_messages import GOAL, disclosed, message
from tests.web.person import Page, Person
from tests.web.test_consents import child

BENCH = "/min-side/drift/proevebenk"
OF_THE_SESSION = {"login_session"}  # it notes that it was used


def pasted(somebody: Person, **given: str) -> Page:
    return tried(somebody, system="logg", post=json.dumps(goal(tekst=PASTED)), **given)


def told(page: Page, recipient: str) -> str:
    """What the page says of one recipient."""
    after = page.text.split("Hva hver mottaker", 1)[1].rpartition(f" {recipient} Mål:")[2]
    return after.split(" Mål:", 1)[0]


def fetch(somebody: Person, system: str = "logg", native: str = "e-m1", why: str = "asked") -> Page:
    form = somebody.get(BENCH).form("/lagret")
    return somebody.post(f"{BENCH}/lagret", form | {"system": [system], "id": [native], "grunn": [why]})


def everything(pages: Pages) -> dict[str, list[Any]]:
    """Every row of every table, but that of who looked."""
    with pages.service.store.read("fjordbyen") as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in OF_THE_SESSION and not table.name.startswith("audit")
        }


def test_a_pasted_record_is_decided_under_assumptions_that_are_said(operator: Person) -> None:
    shown = pasted(operator)
    assert shown.status == 200
    for said in (
        "Antatt: barnet er 10 år.",
        "Antatt: adressen er ikke beskyttet.",
        "Antatt: to foresatte med felles foreldreansvar, og at posten er skrevet av noen i Koordinerende",
        "Antatt: alle som må bestemme, har samtykket til bup, lege og plan, og samtykket gjelder alt.",
    ):
        assert said in shown.text, said
    assert "kan deles" in told(shown, "bup")
    assert PASTED in told(shown, "bup")
    assert "W3" in told(shown, "bup")


def test_without_consent_nobody_but_its_own_gets_it(operator: Person) -> None:
    shown = pasted(operator, til="ingen", skrevet="362819482")
    assert "Antatt: ingen har samtykket." in shown.text
    assert "skrevet av noen i Solvang barneskole" in shown.text
    for recipient in ("bup", "lege", "plan"):
        assert "Noen som må bestemme, har ikke gitt noe gyldig samtykke" in told(shown, recipient)
        assert PASTED not in told(shown, recipient)


@pytest.mark.parametrize(
    ("given", "who", "gets"),
    [
        ({"til": "bup"}, "bup", True),
        ({"til": "bup"}, "lege", False),
        ({"om": "maal"}, "bup", True),
        ({"om": "notat"}, "bup", False),
        ({"alder": "17"}, "bup", True),
        ({"alder": "ukjent"}, "bup", False),
        ({"adresse": "ukjent"}, "bup", False),
        ({"adresse": "fortrolig"}, "bup", True),
        ({"alder": "x", "til": "nabologg", "om": "alt mulig"}, "bup", False),
    ],
)
def test_each_assumption_counts(operator: Person, given: dict[str, str], who: str, gets: bool) -> None:
    shown = pasted(operator, **given)
    assert shown.status == 200
    assert (PASTED in told(shown, who)) is gets


def test_what_the_records_say_counts_before_what_is_assumed(pages: Pages, operator: Person) -> None:
    """Emma's whole log, pasted: as it is decided for Emma, item by item, though nobody looked at hers."""
    shown = tried(operator, system="logg", eksempel="stafettlogg/emma", til="ingen", alder="3")
    for said in ("Barnets alder står i postene.", "Samtykkene er de som står i postene.",
                 "Deltakerne er de som står i postene.", "Adressebeskyttelsen står i postene."):  # fmt: skip
        assert said in shown.text, said
    ids = [one["id"] for one in records("stafettlogg", "emma")]
    for native in ("e-m1", "e-n1"):
        for recipient, place in (("plan", 0), ("bup", 1), ("lege", 2)):
            parts = re.split(rf"Post {ids.index(native) + 1}, [^:]+: ", shown.text)[1:]
            expected = {"permit": "kan deles", "redact": "kan deles", "deny": "deles ikke"}
            assert parts[place].startswith(expected[pages.outcome(native, recipient)]), (native, recipient)


@pytest.mark.parametrize("sample", [None, "stafettlogg/emma", "stafettlogg/jonas"])
def test_a_trial_changes_nothing_and_tells_the_log_nothing(
    pages: Pages, operator: Person, caplog: pytest.LogCaptureFixture, sample: str | None
) -> None:
    before = everything(pages)
    assert len(before["resource_version"]) > 20
    with caplog.at_level(logging.DEBUG):
        shown = pasted(operator) if sample is None else tried(operator, system="logg", eksempel=sample)
    assert shown.status == 200
    assert "kan deles" in shown.text
    assert everything(pages) == before
    said = " ".join([caplog.text, *(repr(one.__dict__) for one in caplog.records)])
    assert [one for one in (PASTED, *CANARIES) if one in said] == []


def test_records_of_several_logs_are_tried_one_log_at_a_time(operator: Person) -> None:
    post = json.dumps([goal(), goal(id="x-1", logg="jonas-logg")])
    found = tried(operator, system="logg", post=post)
    assert found.status == 422
    assert "Prøv én logg eller plan om gangen." in found.text


def test_a_pasted_record_is_decided_for_a_child_who_is_here(pages: Pages, seeing: Person) -> None:
    given = {"for": "barn", "barn": pages.patient("e-m1"), "grunn": "asked"}
    before = everything(pages)
    shown = pasted(seeing, **given)
    assert shown.status == 200
    assert PASTED in told(shown, "bup")
    assert "Antatt" not in shown.text.split("Hva hver mottaker", 1)[1]
    assert everything(pages) == before
    with pages.service.store.read("fjordbyen") as connection:
        every = listing.looked(connection, "fjordbyen", Wanted(person=pages.patient("e-m1"), limit=20))
    entry = next(one for one in every if one.action == "bench tried")
    assert entry.details == {"why": "asked"}
    assert str(entry.client).startswith("operator/")
    assert PASTED not in repr(every)


def test_for_that_child_it_is_decided_as_consents_stand_now(
    pages: Pages, seeing: Person, mother: Person
) -> None:
    given = {"for": "barn", "barn": pages.patient("e-m1"), "grunn": "asked"}
    ask = mother.get(child(mother).link("Trekk samtykket"))
    mother.post(next(action for action, _ in ask.forms if action.endswith("trekk")), ask.form("trekk"))
    assert pages.outcome("e-m1") == "deny"
    shown = pasted(seeing, **given)
    assert PASTED not in told(shown, "bup")
    note = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-n1")
    again = tried(seeing, system="logg", post=json.dumps(note | {"tekst": PASTED}), **given)
    assert again.text.count(PASTED) < pasted(seeing).text.count(PASTED)


def test_consents_that_are_pasted_let_nobody_in(pages: Pages, seeing: Person, mother: Person) -> None:
    given = {"for": "barn", "barn": pages.patient("e-m1"), "grunn": "asked"}
    ask = mother.get(child(mother).link("Trekk samtykket"))
    mother.post(next(action for action, _ in ask.forms if action.endswith("trekk")), ask.form("trekk"))
    log = [one for one in records("stafettlogg", "emma") if one["id"] != "e-m1"]
    shown = tried(seeing, system="logg", post=json.dumps([goal(tekst=PASTED), *log]), **given)
    assert shown.status == 200
    bup = shown.text.split("Post 1, mål: ")[2]
    assert bup.startswith("deles ikke")
    assert PASTED not in bup.split("Post 2,")[0]


@pytest.mark.parametrize("change", [{"grunn": ""}, {"barn": "ingen"}, {"barn": "' or 1=1"}])
def test_a_child_is_named_by_our_id_and_with_a_reason(
    pages: Pages, seeing: Person, change: dict[str, str]
) -> None:
    given = {"for": "barn", "barn": pages.patient("e-m1"), "grunn": "asked"} | change
    assert pasted(seeing, **given).status == 422


def test_of_a_protected_child_nothing_is_decided_here(pages: Pages, seeing: Person) -> None:
    """What is taken away of a pasted text would tell where the child lives."""
    protect(pages, "fortrolig")
    shown = pasted(seeing, **{"for": "barn", "barn": pages.patient("e-m1"), "grunn": "asked"})
    assert "Personen har beskyttet adresse" in shown.text
    assert "Hva hver mottaker" not in shown.text
    assert "Hva hver mottaker" not in fetch(seeing).text
    assert GOAL not in fetch(seeing).html
    assert disclosed(pages) == []


def protect(pages: Pages, how: str) -> None:
    log = next(one for one in records("stafettlogg", "emma") if one["type"] == "stafettlogg")
    barn = log["barn"] | {"adressebeskyttelse": how}
    pages.hand_in("logg", [log | {"barn": barn, "endret": "2026-11-21T12:30:00+01:00"}])


def test_a_record_of_the_hub_is_shown_as_its_recipients_may_have_it(pages: Pages, seeing: Person) -> None:
    before = disclosed(pages)
    shown = fetch(seeing)
    assert shown.status == 200
    assert "Mål fra logg" in shown.text
    assert "Kommer likt tilbake" in shown.text
    assert '"resourceType": "Goal"' in shown.text
    assert GOAL in told(shown, "bup")
    assert GOAL in told(shown, "plan")
    (one,) = [row for row in disclosed(pages) if row not in before]
    items = one["items"]
    assert isinstance(items, list)
    assert pages.ref("e-m1") in [item["ref"] for item in items]
    with pages.service.store.read("fjordbyen") as connection:
        every = listing.looked(connection, "fjordbyen", Wanted(person=pages.patient("e-m1"), limit=30))
    eyes = {one.details["as"] for one in every if one.action == "content shown"}
    assert eyes == {name for name in ("plan", "bup", "lege") if pages.outcome("e-m1", name) != "deny"}


def test_the_family_reads_that_it_was_on_the_bench(pages: Pages, seeing: Person, mother: Person) -> None:
    fetch(seeing)
    page = mother.get(child(mother).link("Se hvem som har sett hva"))
    assert "En som drifter løsningen, så på" in page.text


def test_what_only_its_own_system_can_hold_is_not_shown(pages: Pages, seeing: Person) -> None:
    """Unknown keys of the log's own: tried on the way there and back, told to nobody."""
    shown = fetch(seeing, native="emma-logg")
    assert shown.status == 200
    assert "Kommer likt tilbake" in shown.text
    for own in ("fargekode", "#2f7d5b", "kommunensEgetSaksnummer", "2026/01423"):
        assert own not in shown.html, own


def test_what_nobody_may_have_is_decided_and_not_shown(pages: Pages, seeing: Person) -> None:
    """The note goes nowhere; its own system has it, and no operator reads it by that."""
    shown = fetch(seeing, native="e-n1")
    assert shown.status == 200
    note = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-n1")
    assert note["tekst"] not in shown.text
    assert "ingen mottaker kan få det nå" in shown.text
    assert "deles ikke" in shown.text
    assert [one for one in CANARIES if one in shown.html] == []
    assert disclosed(pages) == []


@pytest.mark.parametrize(
    ("system", "native"), [("logg", "finnes-ikke"), ("nabologg", "e-m1"), ("bup", "e-m1"), ("x", "")]
)
def test_what_is_not_there_is_not_there(pages: Pages, seeing: Person, system: str, native: str) -> None:
    found = fetch(seeing, system, native)
    assert found.status == 404
    assert "Systemet har ingen slik post her." in found.text
    assert disclosed(pages) == []


def test_without_a_reason_no_record_is_fetched(pages: Pages, seeing: Person) -> None:
    found = fetch(seeing, why="")
    assert found.status == 422
    assert "Velg en grunn" in found.text
    assert GOAL not in found.html
    assert disclosed(pages) == []


def test_a_message_is_put_on_the_bench_from_its_own_page(pages: Pages, seeing: Person) -> None:
    there = seeing.get(message(pages, seeing, "e-m1"))
    bench = seeing.get(there.link("Legg den på prøvebenken"))
    assert "Meldingen du kom fra." in bench.text
    assert GOAL not in bench.html
    shown = seeing.post(f"{BENCH}/lagret", bench.form("/lagret") | {"grunn": ["investigating"]})
    assert GOAL in told(shown, "bup")


def test_without_the_right_no_word_of_content_is_on_the_bench(
    pages: Pages, operator: Person, seeing: Person
) -> None:
    form = operator.get(BENCH).form("/proevebenk")
    bench = operator.get(BENCH)
    assert [action for action, _ in bench.forms if action.endswith("lagret")] == []
    assert 'name="barn"' not in bench.html
    refused = [
        operator.post(f"{BENCH}/lagret", form | {"system": ["logg"], "id": ["e-m1"], "grunn": ["asked"]}),
        operator.post(
            BENCH,
            form
            | {"system": ["logg"], "post": [json.dumps(goal())], "for": ["barn"], "grunn": ["asked"],
               "barn": [pages.patient("e-m1")]},
        ),
    ]  # fmt: skip
    sealed = message(pages, operator, "e-m1").rpartition("/")[2]
    seen = operator.get(f"{BENCH}?melding={sealed}")
    assert seen.status == 200
    assert {one.status for one in refused} == {404}
    for page in (*refused, bench, seen):
        assert [one for one in (GOAL, *CANARIES) if one in page.html] == []
    of_another = message(pages, seeing, "e-m1").rpartition("/")[2]
    assert operator.get(f"{BENCH}?melding={of_another}").status == 404
    assert disclosed(pages) == []
    with pages.service.store.read("fjordbyen") as connection:
        every = listing.looked(connection, "fjordbyen", Wanted(limit=100))
    assert [one for one in every if one.action in ("content shown", "bench tried")] == []
    assert OPERATIONS not in repr([one for one in every if one.action == "bench tried"])
