"""What intake is told of a record before it is put: when, about whom, and what it names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mappings import load
from mappings.canonical import DNR, FHN, FNR
from mappings.model import Heading, Json, PersonKey, Problem
from tests.mappings.factories import LOG, PLAN, record, small

X = load("leverandoer-x")
ERROR = {"tidspunkt": "2026-11-01T10:00:00+01:00"}


def of(kind: str, **fields: Any) -> Heading:
    return LOG.describe(record(kind, **fields))


def about(**child: Json) -> PersonKey | None:
    return of("stafettlogg", barn=child).person


def test_everything_of_a_plain_record() -> None:
    assert of("maal", tekst="x") == Heading(
        type="maal",
        id="own",
        frame="logg",
        changed=datetime(2026, 10, 29, 12, 2, 10, 500_000, UTC),
        resource_type="Goal",
        needs=("logg",),
        mentions=("d1",),
    )


def test_a_log_has_no_frame_and_is_about_somebody() -> None:
    heading = of("stafettlogg", barn={"foedt": "2010-03-02"})
    assert (heading.frame, heading.is_frame) == (None, True)
    assert (heading.needs, heading.mentions) == ((), ("d1",))
    assert of("maal", tekst="x").person is None


@pytest.mark.parametrize(
    ("child", "key"),
    [
        ({"fnr": "15108695088"}, PersonKey(((FNR, "15108695088"),), None)),
        ({"dnr": "71921077186"}, PersonKey(((DNR, "71921077186"),), None)),
        ({"fhn": "83111025226", "fnr": "15108695088"},
         PersonKey(((FNR, "15108695088"), (FHN, "83111025226")), None)),
        ({"foedt": "2015-03-02", "fnr": ""}, PersonKey((), date(2015, 3, 2))),
        ({"foedt": "2015-03"}, PersonKey((), None)),
        ({"navn": {"fornavn": "Kari"}}, PersonKey((), None)),
    ],
)  # fmt: skip
def test_the_child_is_known_by_its_numbers_and_its_whole_birthday(
    child: dict[str, Json], key: PersonKey
) -> None:
    assert about(**child) == key


def test_a_number_in_a_text_is_known_by_its_digits() -> None:
    log = {
        "Radtype": "LOGG",
        "LoggNr": "7",
        "Sist endret": "04.05.2026 11:05",
        "Overskrift": "K (83111025226)",
    }
    assert X.describe(log).person == PersonKey(((FHN, "83111025226"),), None)


def test_a_birthday_in_the_system_s_own_writing_is_read() -> None:
    text = """
    person = "barn"
    frame = true
    [section.maal.fields.barn]
    slot = "barn"
    fields = { foedt = { to = "birthDate", as = "date", form = "dd.MM.yyyy" } }
    """
    native = {"type": "maal", "id": "a", "endret": "2026-01-01T00:00:00Z", "barn": {"foedt": "02.03.2015"}}
    assert small(text).describe(native).person == PersonKey((), date(2015, 3, 2))


def test_what_a_record_names_is_needed_or_only_mentioned_each_once() -> None:
    heading = of(
        "samtykke", endretAv="d9", opprettetAv="d8", giver=["d1", "", "d2", "d1"],
        mottakere=["bup", "983974678", "d3"], gjelder="d4", unntattPoster=["n1", "d2"],
        trukket={"tidspunkt": "2026-01-01", "av": "d7"}, feilregistrert={**ERROR, "av": "d6"},
    )  # fmt: skip
    assert set(heading.needs) == {"logg", "d1", "d2", "d3", "d4"}
    assert heading.needs[0] == "logg"
    assert set(heading.mentions) == {"n1", "d6", "d7", "d8", "d9"}


def test_a_record_does_not_need_itself() -> None:
    assert of("melding", svarPaa="own", mottakere=["own", "d1"]).needs == ("logg", "d1")


def test_ids_made_of_cells_are_named_whole() -> None:
    row = {"LoggNr": "7", "Radtype": "TILTAK", "RadNr": "3", "Sist endret": "04.05.2026 11:05"}
    heading = X.describe({**row, "Knyttet til mål": "1, 2,"})
    assert (heading.needs, heading.frame) == (("7", "7/1", "7/2"), "7")
    assert heading.changed == datetime(2026, 5, 4, 9, 5, tzinfo=UTC)
    assert heading.ours == "ServiceRequest/3"
    assert of("tiltak").ours is None


@pytest.mark.parametrize(
    ("kind", "fields", "withdrawn"),
    [
        ("maal", {"tekst": "x", "feilregistrert": ERROR}, True),
        ("maal", {"tekst": "x", "feilregistrert": {}}, False),
        ("maal", {"tekst": "x", "status": "avbrutt"}, False),
        ("stafettlogg", {"barn": {"foedt": "2010-01-01"}, "status": "feilregistrert"}, True),
        ("stafettlogg", {"barn": {"foedt": "2010-01-01"}, "status": "aktiv"}, False),
        ("stafettlogg", {"barn": {"foedt": "2010-01-01"}}, False),
        ("stafettlogg", {"barn": {"foedt": "2010-01-01"}, "feilregistrert": ERROR}, True),
    ],
)
def test_registered_in_error_is_said_by_the_mark_or_by_the_status_of_a_log(
    kind: str, fields: dict[str, Json], withdrawn: bool
) -> None:
    assert of(kind, **fields).withdrawn is withdrawn


@pytest.mark.parametrize("codes", ['codes = "ord"', 'codes = "ord", open = true'])
def test_a_status_of_a_log_by_a_plain_code_table_says_it_too(codes: str) -> None:
    text = f"""
    frame = true
    [section.maal.fields]
    status = {{ to = "lifecycleStatus", {codes} }}
    [codes]
    ord = {{ feil = "entered-in-error", ferdig = "completed" }}
    """
    native = {"type": "maal", "id": "a", "endret": "2026-01-01T00:00:00Z"}
    assert small(text).describe({**native, "status": "feil"}).withdrawn is True
    assert small(text).describe({**native, "status": "ferdig"}).withdrawn is False
    assert small(text.replace("frame = true", "")).describe(
        {**native, "status": "feil", "plan": "p"}
    ).withdrawn is False  # fmt: skip


@pytest.mark.parametrize(
    ("version", "said"),
    [(7, "7"), ("a", "a"), ("", ""), (None, None), ("x" * 300, "x" * 255)],
)
def test_the_system_s_own_version_is_told(version: Json, said: str | None) -> None:
    mapping = small('[section.maal.fields]\nversjon = { as = "scalar" }')
    assert mapping.describe(record("maal", "plan", versjon=version)).version == said
    assert mapping.describe(record("maal", "plan", versjon=True)).version is None


def test_what_should_be_there_and_words_beyond_a_table_are_warned_of() -> None:
    missing = Problem("ansvarlig", "«ansvarlig» mangler og bør fylles ut.", "missing")
    assert of("tiltak").warnings == (missing,)
    assert of("tiltak", ansvarlig="d1").warnings == ()
    text = "Ordet finnes ikke i kodelisten «ord»; det beholdes, men deles ikke."
    mapping = small(
        '[section.maal.fields]\nx = { to = "a", codes = "ord", open = true }\n[codes]\nord = ["ja"]'
    )
    assert mapping.describe(record("maal", "plan", x="nei")).warnings == (Problem("x", text, "unknown-code"),)
    for value in ("ja", "", None):
        assert mapping.describe(record("maal", "plan", x=value)).warnings == ()


def test_a_plan_s_heading_is_read_by_its_own_words() -> None:
    heading = PLAN.describe(record("plan", person={"fnr": "15108695088"}))
    assert heading.person == PersonKey(((FNR, "15108695088"),), None)
    assert heading.type == "plan"
