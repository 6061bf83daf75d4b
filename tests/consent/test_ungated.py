"""What consent does not gate: the anonymous discussion and the report to child welfare."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.anonymous import Known, What, findings
from consent.reporting import deadlines, may_see, missing, must_inform_guardians, trace

JONAS = Known(
    names=frozenset({"Jonas Prøve", "Marit Prøve", "Tor"}),
    born=date(2011, 6, 2),
    places=frozenset({"Nordbygda ungdomsskule"}),
    ids=frozenset({"BV-2026-0117"}),
)


def found(text: str, known: Known = JONAS) -> set[tuple[str, What, bool]]:
    return {(text[f.start : f.end], f.what, f.certain) for f in findings(text, known)}


@pytest.mark.parametrize(
    ("text", "part", "what", "certain"),
    [
        ("Vi snakker om Jonas her", "Jonas", What.NAME, True),
        ("det er jonas sin mor", "jonas", What.NAME, True),
        ("Marits bekymring", "Marits", What.NAME, True),
        ("og Tors nye jobb", "Tors", What.NAME, True),
        ("han heter Ola Nordmann nå", "Ola Nordmann", What.NAME, False),
        ("født 2. juni 2011", "2. juni", What.DATE, True),
        ("født 02.06.11", "02.06.11", What.DATE, True),
        ("født 2011-06-02", "2011-06-02", What.DATE, True),
        ("møtte ham 12.03.2026", "12.03.2026", What.DATE, False),
        ("den 17. mai var fin", "17. mai", What.DATE, False),
        ("går på nordbygda nå", "nordbygda", What.PLACE, True),
        ("bor i Strandgata 4", "Strandgata 4", What.PLACE, False),
        ("ring 99887766 i dag", "99887766", What.CONTACT, False),
        ("ring 99 88 77 66 i dag", "99 88 77 66", What.CONTACT, False),
        ("ring +47 998 87 766 i dag", "+47 998 87 766", What.CONTACT, False),
        ("se a@b.no", "a@b", What.CONTACT, False),
        ("fnr 028611 83354", "028611 83354", What.NATIONAL_ID, False),
        ("fnr 02861183354", "02861183354", What.NATIONAL_ID, False),
        ("i sak BV-2026-0117", "BV-2026-0117", What.ID, True),
        ("i sak NAV-77/2026", "NAV-77/2026", What.ID, False),
    ],
)
def test_what_identifies_is_found(text: str, part: str, what: What, certain: bool) -> None:
    assert (part, what, certain) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "En gutt på femten sover dårlig og er mye borte fra skolen.",
        "Hva kan vi gjøre når et barn på 9 år ikke vil hjem?",
        "Vi har prøvd tre tiltak i 6 uker. Ingen har hjulpet.",
        "",
    ],
)
def test_what_does_not_identify_is_left(text: str) -> None:
    assert found(text) == set()


def test_a_name_is_not_found_inside_another_word() -> None:
    assert not {f for f in found("torsdag er motorisk uro verst") if f[1] is What.NAME}


@pytest.mark.parametrize("piece", ["a-", "A.", "Aa-", "a", "1 "])
def test_no_text_takes_long_to_read(piece: str) -> None:
    start = time.process_time()
    findings(piece * (20_000 // len(piece)), JONAS)
    assert time.process_time() - start < 5


@given(st.text(max_size=200))
def test_any_text_is_read_and_places_lie_inside_it(text: str) -> None:
    for one in findings(text, JONAS):
        assert 0 <= one.start < one.end <= len(text)


REPORT: dict[str, Any] = {
    "barn": {"navn": "x"},
    "melder": {"navn": "Kari", "tjeneste": "skole"},
    "grunn": "omsorgssvikt",
    "beskrivelse": "…",
    "tidspunkt": "2026-11-21T12:00:00+01:00",
    "foresatteInformert": {"ja": True},
    "mistankeVoldOvergrep": False,
}


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({}, ()),
        ({"barn": None}, ("barn",)),
        ({"melder": {"navn": "Kari"}}, ("melder.tjeneste",)),
        ({"beskrivelse": ""}, ("beskrivelse",)),
        ({"mistankeVoldOvergrep": None}, ("mistankeVoldOvergrep",)),
        ({"mistankeVoldOvergrep": "nei"}, ("mistankeVoldOvergrep",)),
        ({"foresatteInformert": {"ja": False}}, ("foresatteInformert.hvorforIkke",)),
        ({"foresatteInformert": None}, ("foresatteInformert.hvorforIkke",)),
        ({"foresatteInformert": {"ja": False, "hvorforIkke": "ikke nådd"}}, ()),
        ({"foresatteInformert": None, "mistankeVoldOvergrep": True}, ()),
    ],
)
def test_what_a_report_must_say(changed: dict[str, Any], lacks: tuple[str, ...]) -> None:
    assert missing({**REPORT, **changed}) == lacks


@pytest.mark.parametrize(
    ("received", "assess", "answer", "investigate"),
    [
        ("2026-11-21T12:00:00+01:00", "2026-11-29", "2026-12-13", "2027-03-01"),
        ("2026-11-20T23:30:00+00:00", "2026-11-29", "2026-12-13", "2027-03-01"),  # already the 21st in Oslo
        ("2026-03-20T12:00:00+01:00", "2026-03-28", "2026-04-11", "2026-06-28"),
        ("2026-08-23T12:00:00+02:00", "2026-08-31", "2026-09-14", "2026-12-01"),
    ],
)
def test_the_deadlines_end_with_a_day_in_oslo(
    received: str, assess: str, answer: str, investigate: str
) -> None:
    found = deadlines(datetime.fromisoformat(received))
    ends = (found.assess, found.answer, found.investigate)
    assert [e.date().isoformat() for e in ends] == [assess, answer, investigate]
    assert {(e.hour, e.minute) for e in ends} == {(0, 0)}


def test_a_time_without_a_zone_has_no_deadlines() -> None:
    with pytest.raises(ValueError, match="zone"):
        deadlines(datetime(2026, 11, 21, 12, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize("suspicion", [True, False, None, "ja"])
def test_who_may_see_a_trace(suspicion: Any) -> None:
    report = {**REPORT, "mistankeVoldOvergrep": suspicion}
    one = trace(report, "362819482", "387574913")
    told = suspicion is False
    assert must_inform_guardians(report) is told
    assert may_see(one, organization=None, guardian=True, child=False) is told
    assert may_see(one, organization=None, guardian=False, child=True) is told
    assert may_see(one, organization="362819482", guardian=True, child=False) is told  # also works there
    for organization, sees in (("362819482", True), ("387574913", True), ("343231946", False), (None, False)):
        assert may_see(one, organization=organization, guardian=False, child=False) is sees


@pytest.mark.parametrize("told", [None, {}, {"ja": False, "hvorforIkke": "ikke nådd"}, {"ja": "ja"}])
def test_guardians_who_were_not_told_find_no_trace(told: Any) -> None:
    one = trace({**REPORT, "foresatteInformert": told}, "362819482", "387574913")
    assert not may_see(one, organization=None, guardian=True, child=False)
    assert not may_see(one, organization="362819482", guardian=True, child=False)
    assert may_see(one, organization="362819482", guardian=False, child=False)
