"""A plan with 2,000 entries that a clinician may see, and many plans: every page stays light, all of it is on
some page, once, what is new before all else; what no page has shown is told to nobody and stays new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bench import children
from gateway.hub import plan_readings
from gateway.web.clinic import list_pages
from gateway.web.clinic.plan_shown import AT_ONCE
from gateway.web.statics import STATICS
from tests.api.conftest import records
from tests.api.world import fields
from tests.web.conftest import Pages
from tests.web.person import Page, Person
from tests.web.test_clinic import PLANS, address, again, emma
from tests.web.test_much import noted
from tests.web.test_seats import told
from tests.web.test_statics import LIGHT, loaded

SHARED = ("lysglimt", "maal", "tiltak", "melding")  # kinds that Emma's family shares with BUP
CANARY = "kanarifugl"
NAMED = re.compile(r"(?:Ting|Oppføring) \d+\.")


def much(pages: Pages, entries: int) -> None:
    """So many in Emma's log, all of them shared with BUP but the notes, which are canaries."""
    more(pages, 0, entries)
    emma_ = records("stafettlogg", "emma")
    note = next(one for one in emma_ if one["id"] == "e-n1")
    glimpse = next(one for one in emma_ if one["type"] == "lysglimt")
    hidden = [{**note, "id": f"h-{n}", "tekst": CANARY} for n in range(20)]
    hidden += [{**glimpse, "id": f"h-{n}", "tekst": CANARY, "sperre": ["NORS"]} for n in range(20, 30)]
    stored(pages, hidden)


def more(pages: Pages, start: int, count: int, words: str = "Noen ord til. ") -> None:
    """So many more, or anew, of every kind that is shared."""
    found = records("stafettlogg", "emma")
    first = {kind: next(one for one in found if one["type"] == kind) for kind in SHARED}
    made = [_thing(pages, first[SHARED[n % len(SHARED)]], n, words) for n in range(start, start + count)]
    for place in range(0, len(made), 250):
        stored(pages, made[place : place + 250])


def _thing(pages: Pages, like: dict[str, Any], number: int, words: str) -> dict[str, Any]:
    name = "tekst" if "tekst" in like else "tittel"
    at = (pages.now - timedelta(hours=number)).isoformat()
    when = {"tidspunkt": at} if "tidspunkt" in like else {}
    when["endret"] = pages.now.isoformat()
    return {**like, **when, "id": f"t-{number}", name: f"Ting {number}. {words * 6}"}


def stored(pages: Pages, given: list[dict[str, Any]]) -> None:
    answer = pages.hand_in("logg", given)
    assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text[:2_000]


def weight(page: Page) -> int:
    loads = {one.rpartition("/")[2] for one in loaded(page.html)}
    return len(page.html.encode()) + sum(len(STATICS[name].content) for name in loads)


def sides(page: Page) -> int:
    """How many pages it says there are."""
    found = re.search(r"Side \d+ av (\d+)", page.text)
    return int(found[1]) if found else 1


def walk(person: Person, where: str) -> Iterator[Page]:
    """From the first page, by the links to the next."""
    page = person.get(where)
    while True:
        yield page
        if "Neste side" not in page.links:
            return
        page = person.get(page.links["Neste side"])


def cards(page: Page) -> int:
    return page.html.count('<li class="ds-card" id="p')


def tags(page: Page, word: str) -> int:
    """How many things are marked so."""
    return page.html.count(f">{word}</span>")


def disclosed(pages: Pages) -> list[set[str]]:
    """What each page has told of Emma, the newest first; who it is about and who takes part aside."""
    asked = f"/disclosures?patient={pages.patient('e-m1')}"
    found = fields(pages.get(asked, "drift"))["disclosures"]
    aside = ("Patient/", "CarePlan/", "PractitionerRole/", "RelatedPerson/")
    made = [
        (one["started"], {item["ref"] for item in one["items"] if not item["ref"].startswith(aside)})
        for one in found
        if one["channel"] == "page"
    ]
    return [refs for _, refs in sorted(made, key=lambda one: one[0], reverse=True)]


def test_a_plan_with_two_thousand_entries_is_light_on_each_page(pages: Pages) -> None:
    much(pages, 2_000)
    berit = again(pages)
    page = emma(berit)
    where = address(page)
    assert sides(page) >= 2_000 // AT_ONCE
    for side in (1, 2, 20, sides(page)):
        shown = berit.get(f"{where}?side={side}")
        assert weight(shown) < LIGHT, side
        for words in ("Hvem du kan ringe", "Grete Koordinator", "+47 55 50 43 21", "Vist 21. november 2026"):
            assert words in shown.text, (side, words)
        assert CANARY not in shown.html
    assert weight(berit.get(PLANS)) < LIGHT
    beyond = berit.get(f"{where}?side=9999")
    assert f"Side {sides(page)} av {sides(page)}" in beyond.text
    copy = berit.http.get(f"{where}/delt-plan.json")
    held = [one["resource"] for one in copy.json()["entry"]]
    assert sum("Ting " in str(one) for one in held) == 2_000, "the copy for the journal is whole"


def test_all_of_it_is_on_some_page_once_and_what_is_hidden_on_none(pages: Pages) -> None:
    much(pages, 230)
    berit = again(pages)
    where = address(emma(berit))
    found = list(walk(berit, where))
    assert len(found) == sides(found[0]) > 4
    named = [one for page in found for one in NAMED.findall(page.text)]
    assert sorted(named) == sorted(f"Ting {n}." for n in range(230))
    assert [cards(page) for page in found[:-1]] == [AT_ONCE] * (len(found) - 1)
    assert not [page for page in found if CANARY in page.html]
    total = sum(cards(page) for page in found)
    assert f"Du har åpnet {total} av {total}" in berit.get(where).text
    groups = {said: href for said, href in found[0].links.items() if re.search(r" \(\d+\)$", said)}
    assert sum(int(said.rpartition("(")[2][:-1]) for said in groups) == total
    for said, href in groups.items():
        page = berit.get(href.partition("#")[0])
        assert f'id="{href.partition("#")[2]}"' in page.html, said


def test_what_is_told_is_what_the_page_has_and_no_more(pages: Pages) -> None:
    much(pages, 130)
    berit = again(pages)
    assert "Emma" in berit.get(PLANS).text
    assert disclosed(pages)[0] == set(), "the list tells who coordinates"
    where = address(emma(berit))
    own = {pages.ref(f"t-{n}"): f"Ting {n}." for n in range(130)}
    hidden = {pages.ref(f"h-{n}") for n in range(30)}
    for side in (1, 2, 3):
        pages.later()
        page = berit.get(f"{where}?side={side}")
        told_now = disclosed(pages)[0]
        assert len(told_now) == cards(page) > 0
        assert {own[ref] for ref in told_now if ref in own} == set(NAMED.findall(page.text)), side
        assert not told_now & hidden


def test_what_no_page_has_shown_is_still_new_the_next_time(pages: Pages) -> None:
    much(pages, 130)
    first = emma(again(pages))
    assert "Første gang du åpner planen" in first.text
    seen, all_of_it = set(NAMED.findall(first.text)), {f"Ting {n}." for n in range(130)}
    berit = again(pages)
    listed = re.search(r"(\d+) nye ting siden sist", berit.get(PLANS).text)
    assert listed is not None
    found = list(walk(berit, address(emma(berit))))
    new = [page.text.partition("Nytt siden")[2].partition("Henvisning Vurdering")[0] for page in found]
    assert {one for text in new for one in NAMED.findall(text)} == all_of_it - seen
    assert int(listed[1]) == sum(tags(page, "Nytt") for page in found)
    assert "Ikke noe nytt" in berit.get(PLANS).text
    pages.later()
    assert "Ikke noe nytt av det du kan se" in emma(again(pages)).text


def test_what_is_not_opened_this_time_stays_changed_and_what_was_seen_stays_seen(pages: Pages) -> None:
    much(pages, 130)
    list(walk(berit := again(pages), address(emma(berit))))
    pages.later()
    more(pages, 0, 60, "Andre ord. ")
    for changed in (AT_ONCE, 60 - AT_ONCE, 0):  # the first page is all that is opened
        pages.later()
        page = emma(again(pages))
        assert (tags(page, "Endret"), tags(page, "Nytt")) == (changed, 0)


def test_what_came_and_what_was_changed_stands_before_all_else_for_as_long_as_the_visit(pages: Pages) -> None:
    much(pages, 130)
    list(walk(berit := again(pages), address(emma(berit))))
    told(pages, "e-m1", tekst="Et endret mål.")
    more(pages, 500, 60)
    pages.later()
    sister = again(pages)
    where = address(emma(sister))
    for _ in range(2):  # opened once more, they are where they were
        one, two, *rest = walk(sister, where)
        assert "Et endret mål." in one.text + two.text
        new = NAMED.findall(one.text) + NAMED.findall(two.text.partition("Henvisning Vurdering")[0])
        assert {f"Ting {n}." for n in range(500, 560)} <= set(new)
        assert tags(one, "Nytt") + tags(one, "Endret") == AT_ONCE
        assert not [page for page in rest if "Nytt siden" in page.text]
    pages.later()
    assert "Ikke noe nytt av det du kan se" in emma(again(pages)).text


def test_two_pages_at_once_are_both_remembered(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    much(pages, 130)
    berit = again(pages)
    where, find, meanwhile = address(emma(berit)), plan_readings.find, [2]

    def then_the_other(*given: Any) -> Any:
        found = find(*given)
        if meanwhile:  # she opens another while this one is made
            berit.get(f"{where}?side={meanwhile.pop()}")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(plan_readings, "find", then_the_other)
        berit.get(f"{where}?side=3")
    counted = re.search(r"Du har åpnet (\d+) av", berit.get(where).text)
    assert counted is not None
    assert int(counted[1]) > 2 * AT_ONCE


def test_only_what_was_opened_is_acknowledged(pages: Pages) -> None:
    much(pages, 130)
    berit = again(pages)
    page = emma(berit)
    where, seen = address(page), set(NAMED.findall(page.text))
    after = berit.post(f"{where}/kvitter", page.form("/kvitter"))
    rows = fields(pages.get(f"/people/{pages.patient('e-m1')}/receipts", "drift"))["deliveries"]
    mine = {one["item"] for one in rows if one["recipient"] == "~min-side/343231946"}
    assert {f"Ting {n}." for n in range(130) if pages.ref(f"t-{n}") in mine} == seen
    assert len(mine) == cards(page)
    assert not seen & set(NAMED.findall(after.text)), "what is not opened stands first now"
    assert cards(after) == AT_ONCE
    assert "Kvitter for at dere har sett dette" in after.text


def test_a_page_reads_its_own_words_and_asks_little(pages: Pages) -> None:
    much(pages, 230)
    berit = again(pages)
    where = address(emma(berit))
    with noted(pages) as found:
        berit.get(f"{where}?side=3")
    assert AT_ONCE <= found["titles"] + found["texts"] <= 4 * AT_ONCE
    assert found["statements"] <= 40


def test_of_many_plans_a_page_shows_some_what_is_new_first_and_tells_of_no_other(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        stored(pages, another(n))
    monkeypatch.setattr(list_pages, "AT_ONCE", 3)
    berit = again(pages)
    for n in (1, 4):  # looked at, so that they are not new
        berit.get(next(one.link(f"Barn {n}") for one in walk(berit, PLANS) if f"Barn {n}" in one.text))
    before = [told_of(pages, n) for n in range(7)]
    first = berit.get(PLANS)
    assert sides(first) == 3
    told_now = [told_of(pages, n) - before[n] for n in range(7)]
    assert [n for n in range(7) if told_now[n]] == [n for n in range(7) if f"Barn {n}" in first.text]
    listed = [re.findall(r"Barn \d|Emma Sofie", page.text) for page in walk(berit, PLANS)]
    assert [len(side) for side in listed] == [3, 3, 2]
    names = [name for side in listed for name in side]
    assert sorted(names) == sorted(["Emma Sofie", *(f"Barn {n}" for n in range(7))])
    assert names[-2:] == ["Barn 1", "Barn 4"]


def another(number: int) -> list[dict[str, Any]]:
    """A log of another child in which the psychologist takes part too, and which is shared with BUP."""
    berit = next(one for one in records("stafettlogg", "emma") if one["id"] == "e-d6")
    made = children.log_records(number)
    log = made[0]["id"]
    made[-1]["mottakere"].append("bup")
    return [*made, {**berit, "id": f"{log}-berit", "logg": log, "endretAv": f"{log}-laerer"}]


def told_of(pages: Pages, number: int) -> int:
    """How often a page told of this child."""
    own = pages.patient(f"barn-{number}")
    found = fields(pages.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    return len([one for one in found if one["channel"] == "page"])
