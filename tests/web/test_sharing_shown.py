"""What each recipient gets stands at a glance and item by item, as far as the reader may know of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.api.conftest import records
from tests.web.conftest import JONAS, JONAS_MOTHER, Pages
from tests.web.person import Page, Person
from tests.web.test_consents import BUP, child, fill, sign, yes


def grid(page: Page) -> dict[str, dict[str, str]]:
    """Recipient -> category -> what stands in the cell."""
    body = page.html[page.html.index('<table class="ds-table grid"') : page.html.index("</table>")]
    found = {}
    for row in body.split('<tr role="row">')[2:]:
        name = re.search(r"<a [^>]*>(.*?)</a>", row, re.S)
        cells = re.findall(
            r'<span class="named"[^>]*>(.*?)</span><span class="ds-tag"[^>]*>(.*?)</span>', row
        )
        assert name is not None
        found[unescape(name[1])] = {unescape(k): unescape(v) for k, v in cells}
    return found


def named(cells: dict[str, dict[str, str]], begins: str) -> dict[str, str]:
    """The row of a recipient whose name begins so."""
    return next(row for name, row in cells.items() if name.startswith(begins))


def test_the_grid_says_what_each_gets_in_part_or_not_at_all(pages: Pages, mother: Person) -> None:
    page = child(mother)
    cells = named(grid(page), BUP)
    assert cells["Mål"] == cells["Tiltak"] == cells["Lysglimt"] == "Får"
    assert cells["Notater"] == cells["Bekymringen"] == "Nei"
    form = mother.get(page.link("Gi samtykke"))
    kept = next(own for words, own in form.labels.items() if words.startswith("Lysglimt: "))
    name, value = form.inputs[kept]
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    sign(mother, mother.post(path, fill(form) | {name: [value]}))
    assert named(grid(child(mother)), BUP)["Lysglimt"] == "Noe"


def test_what_kind_of_place_it_is_stands_behind_its_name_unless_the_name_says_so(mother: Person) -> None:
    names = list(grid(child(mother)))
    assert "Fjordbyen legesenter (Fastlege)" in names
    assert "BUP Fjordane, Indre Fjord" in names
    assert "Fjordbyen helsestasjon" in names


def test_what_is_decided_and_what_the_grid_says_are_the_same(pages: Pages, mother: Person) -> None:
    cells = named(grid(child(mother)), BUP)
    of = {"Mål": "e-m1", "Tiltak": "e-t1", "Notater": "e-n1", "Møter": "e-mo1", "Meldinger": "e-me1"}
    assert {c: cells[c] for c in of} == {
        c: "Får" if pages.outcome(one) == "permit" else "Nei" for c, one in of.items()
    }


def test_the_page_of_a_recipient_says_why_and_shows_what_it_sees(pages: Pages, mother: Person) -> None:
    shown = mother.get(child(mother).link(BUP))
    assert "Alle som må bestemme, har sagt ja." in shown.text
    assert "Mangler ja fra deg og Øyvind Åge Nygård." in shown.text
    assert "Emma ble bedt i bursdag!" in shown.text
    assert "Står ved gjerdet" not in shown.html  # the note, which BUP does not get
    told = pages.service.store
    with told.read("fjordbyen") as connection:
        from gateway.exchange import disclosures

        refs = {
            item["ref"]
            for one in disclosures.of_person(connection, "fjordbyen", pages.patient("e-l1"))
            for item in one["items"]
        }
    assert pages.ref("e-l1") in refs  # it was read here, and that is written


def test_the_preview_shows_item_by_item_what_they_would_see(pages: Pages, mother: Person) -> None:
    shown = yes(mother, ["notat"])
    assert f"Se det slik {BUP}" in shown.text
    assert "Står ved gjerdet sju av ti friminutt" in shown.text  # once the father has signed too
    assert "Står ved gjerdet" not in mother.get(child(mother).link(BUP)).html  # but not now


def test_who_has_signed_and_who_has_not(pages: Pages, mother: Person) -> None:
    signed = sign(mother, yes(mother, ["notat"]))
    assert "Har skrevet under deg" in signed.text
    assert "Mangler underskrift Øyvind Åge Nygård" in signed.text


def hidden_yes(jonas: Person) -> None:
    """Jonas says yes to notes for BUP, unseen by his parents."""
    form = jonas.get(child(jonas, "Jonas").link("Si ja"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=["moete"], skjult="ja") | {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    sign(jonas, jonas.post(path, answered))


def plain(page: Page) -> str:
    """All words, without what is of one session alone."""
    return re.sub(r"<[^>]*>", " ", page.html)


def test_what_a_young_person_says_unseen_changes_nothing_on_the_guardians_pages(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    form = mother.get(child(mother, "Jonas").link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=["moete"]) | {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    sign(mother, mother.post(path, answered))

    def seen() -> list[str]:
        page = child(mother, "Jonas")
        return [plain(page), plain(mother.get(page.link(BUP))), plain(mother.post(path, answered))]

    before = seen()
    hidden_yes(jonas)
    assert seen() == before


def test_a_young_person_reads_sentences_of_their_own_in_both_languages(pages: Pages) -> None:
    jonas = pages.person()
    jonas.log_in(JONAS)
    page = child(jonas, "Jonas")
    assert "Hvem får vite hva om deg, Jonas" in page.text
    assert "Du og foreldrene dine bestemmer sammen" in page.text  # he is 15
    jonas.http.get("/min-side/spraak/nn")
    page = child(jonas, "Jonas")
    assert "Kven får vite kva om deg, Jonas" in page.text
    assert "Du og foreldra dine bestemmer saman" in page.text
    mother = pages.person()
    mother.log_in(JONAS_MOTHER)
    assert "Samtykker: Jonas" in child(mother, "Jonas").text


@pytest.mark.parametrize(
    ("born", "says"),
    [
        ("2010-06-02", "Du bestemmer selv hvem som får vite hva"),
        ("2013-06-02", "du har rett til å si hva du mener"),
    ],
)
def test_how_far_they_decide_follows_the_rules_of_consent(pages: Pages, born: str, says: str) -> None:
    log: dict[str, Any] = records("stafettlogg", "jonas")[0]
    changed = {**log, "endret": "2026-11-21T12:00:00Z", "barn": {**log["barn"], "foedt": born}}
    assert pages.hand_in("logg", [changed]).json()["results"][0]["status"] == "stored"
    jonas = pages.person()
    jonas.log_in(JONAS)
    assert says in child(jonas, "Jonas").text
