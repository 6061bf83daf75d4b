"""A plan with more in it than one page has room for: each part has pages of its own, everything stands on
one of them, once, and what is written as read is what the page that was drawn shows."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.children_page import KINDS, fill
from gateway.exchange import disclosures
from gateway.web.statics import STATICS
from tests.api.conftest import records
from tests.web.conftest import MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_statics import LIGHT, loaded

NUMBER = re.compile(r"Oppføring (\d+)\.")
FILLED = 300
HIDDEN = "kanarifugl"
MORE = {"tiltak": 9_100, "moeter": 9_200, "tidligere": 9_300, "dokumenter": 9_400, "deltakere": 9_500}
EACH = 23


def mothers(pages: Pages, entries: int) -> tuple[Person, str]:
    """Emma's mother, logged in, with so much in the log; and the address of the plan."""
    fill(pages, entries, {"utsteder": pages.provider.url, "subjekt": "kari"})
    one = pages.person()
    home = one.log_in(MOTHER)
    return one, f"{home.link('Emma')}/plan"


def more(pages: Pages) -> None:
    """Of each kind that `fill` has none of, so many; and of every kind one that guardians may not see."""
    emma = records("stafettlogg", "emma")
    first = {kind: next(one for one in emma if one["type"] == kind) for kind in (*KINDS, "moete", "dokument")}
    member = {key: value for one in emma if one["id"] == "e-d6" for key, value in one.items() if key != "hpr"}
    hours = timedelta(hours=1)
    made: list[dict[str, Any]] = []
    for n in range(EACH):
        said = {part: f"Oppføring {start + n}." for part, start in MORE.items()}
        made += [
            {**first["tiltak"], "id": "x-9100", "tittel": said["tiltak"], "maal": [], "ansvarlig": "e-d1"},
            {**first["moete"], "id": "x-9200", "agenda": said["moeter"],
             "tid": (pages.now + (n + 1) * hours).isoformat()},
            {**first["moete"], "id": "x-9300", "agenda": said["tidligere"],
             "tid": (pages.now - (n + 1) * hours).isoformat()},
            {**first["dokument"], "id": "x-9400", "tittel": said["dokumenter"]},
            {**member, "id": "x-9500", "navn": {"fornavn": said["deltakere"], "etternavn": "Ny"}},
        ]  # fmt: skip
        for one in made[-len(MORE) :]:
            one["id"] = f"x-{int(one['id'][2:]) + n}"
    for n, like in enumerate(first.values()):
        words = {key: HIDDEN for key in ("tekst", "tittel", "agenda", "egneOrd") if key in like}
        made.append({**like, **words, "id": f"x-skjult{n}", "sperre": ["NORN_FORANS"]})
    answer = pages.hand_in("logg", made)
    assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text[:500]


def pages_of(person: Person, address: str, part: str) -> Iterator[Page]:
    """The pages of a part, as one turns them."""
    ahead: str | None = address
    while ahead:
        shown = person.get(ahead.partition("#")[0])
        assert shown.status == 200
        yield shown
        found = re.search(rf'rel="next" href="([^"]*[?;&]{part}=\d+#{part})"', shown.html)
        ahead = html.unescape(found[1]) if found else None


def section(shown: Page, part: str) -> str:
    """What of a page a part is: to the next one."""
    ends = {"maal": "tiltak", "tiltak": "lysglimt", "lysglimt": "moeter", "moeter": "tidligere",
            "tidligere": "dokumenter", "dokumenter": "deltakere"}  # fmt: skip
    said = re.sub(r'<span class="ds-sr-only">[^<]*</span>', "", shown.html)  # the name of a link, once more
    return said.partition(f'id="{part}"')[2].partition(f'id="{ends.get(part, "-")}"')[0]


def wanted(part: str) -> set[int]:
    """The numbers of what stands in a part."""
    kinds = {"maal": (1, 2), "lysglimt": (0,)}
    if part in kinds:
        return {n for n in range(FILLED) if n % len(KINDS) in kinds[part]}
    return {MORE[part] + n for n in range(EACH)}


def last_told(pages: Pages) -> set[str]:
    """What the newest look told."""
    with pages.service.store.read("fjordbyen") as connection:
        found = disclosures.of_person(connection, "fjordbyen", pages.patient("e-m1"))
    return {one["ref"] for one in found[-1]["items"]}


def test_everything_stands_on_one_page_of_its_part_and_what_is_drawn_is_what_is_told(pages: Pages) -> None:
    mother, plan = mothers(pages, FILLED)
    more(pages)
    numbers = [*(n for n in range(FILLED) if n % len(KINDS) in (0, 1, 2)),
               *(start + n for start in MORE.values() for n in range(EACH))]  # fmt: skip
    refs = {n: pages.ref(f"x-{n}") for n in numbers}
    hidden = {pages.ref(f"x-skjult{n}") for n in range(len(KINDS) + 2)}
    for part in ("maal", "tiltak", "lysglimt", "moeter", "tidligere", "dokumenter", "deltakere"):
        counted, others, sides = Counter[int](), set[tuple[str, ...]](), 0
        pages.later()  # looks have an order
        for shown in pages_of(mother, plan, part):
            sides += 1
            drawn = [int(n) for n in NUMBER.findall(section(shown, part))]
            counted.update(n for n in drawn if n in wanted(part))
            others.add(tuple(NUMBER.findall(section(shown, "lysglimt" if part != "lysglimt" else "moeter"))))
            told = last_told(pages)
            pages.later()
            assert {n for n, ref in refs.items() if ref in told} == set(map(int, NUMBER.findall(shown.html)))
            assert not hidden & told
            assert HIDDEN not in shown.html
        assert sides > 1, part
        assert len(others) == 1, part  # the rest stays where it is
        assert counted == Counter(wanted(part)), part


def test_what_a_page_says_of_pages_is_the_same_whatever_is_hidden(pages: Pages) -> None:
    mother, plan = mothers(pages, 45)
    before = re.findall(r"Side \d+ av \d+", mother.get(plan).html)
    assert before
    like = {one["type"]: one for one in records("stafettlogg", "emma")}
    more_hidden = [
        {**like[kind], "id": f"h-{kind}-{n}", "sperre": ["NORN_FORANS"]}
        for kind in ("maal", "tiltak", "lysglimt", "moete", "dokument")
        for n in range(25)
    ]
    answer = pages.hand_in("logg", more_hidden)
    assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text[:500]
    assert re.findall(r"Side \d+ av \d+", mother.get(plan).html) == before


def test_a_page_that_is_not_there_is_the_last_and_nothing_but_numbers_is_asked_by(pages: Pages) -> None:
    mother, plan = mothers(pages, 100)
    assert "Emma ble bedt i bursdag!" in section(mother.get(f"{plan}?lysglimt=9000"), "lysglimt")
    assert mother.get(f"{plan}?lysglimt=Emma").status == 404
    assert mother.get(f"{plan}?lysglimt=-1").status == 404


def test_two_parts_are_turned_beside_each_other(pages: Pages) -> None:
    mother, plan = mothers(pages, 100)
    shown = mother.get(f"{plan}?maal=2")
    turned = html.unescape(re.findall(r'href="([^"]*lysglimt=2#lysglimt)"', shown.html)[0])
    assert turned.endswith("?maal=2&lysglimt=2#lysglimt")
    both = mother.get(turned.partition("#")[0])
    assert section(both, "maal").count("<article") == section(shown, "maal").count("<article")
    assert "Oppføring 0." not in section(both, "lysglimt")


def test_the_plan_of_a_child_with_two_thousand_entries_is_light(pages: Pages) -> None:
    mother, plan = mothers(pages, 2_000)
    for address in (plan, f"{plan}?maal=3&lysglimt=9"):
        page = mother.get(address)
        loads = {one.rpartition("/")[2] for one in loaded(page.html)}
        assert len(page.html.encode()) + sum(len(STATICS[name].content) for name in loads) < LIGHT


def test_what_a_recipient_sees_has_pages_with_each_entry_once_and_tells_those_alone(pages: Pages) -> None:
    mother, plan = mothers(pages, FILLED)
    grid = mother.get(plan.removesuffix("/plan"))
    address: str | None = grid.link("BUP Fjordane")
    refs = {n: pages.ref(f"x-{n}") for n in range(FILLED)}
    counted, sides = Counter[int](), 0
    while address:
        pages.later()  # looks have an order
        shown = mother.get(address)
        drawn = set(map(int, NUMBER.findall(shown.html)))
        assert {n for n, ref in refs.items() if ref in last_told(pages)} == drawn
        counted.update(drawn)
        assert len(shown.html.encode()) < LIGHT / 3  # what it loads is the rest
        sides += 1
        address = next((to for said, to in shown.links.items() if said == "Eldre"), None)
    assert sides > 3
    assert set(counted.values()) == {1}
    assert set(counted) >= wanted("maal")
