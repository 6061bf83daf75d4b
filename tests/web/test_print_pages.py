"""What is printed on the pages: made of what this reader may see and of nothing else, told in the log of what
was told, under a name that says nothing about anybody."""

from __future__ import annotations

import io

import pytest
import typst
from pypdf import PdfReader

from gateway.documents.pdf import pdf
from tests.api.conftest import records
from tests.api.world import fields
from tests.web.conftest import Pages
from tests.web.person import Person
from tests.web.test_seats import MINE, told, with_user
from tests.web.test_writing import home, kari, logged_in


def printed(pages: Pages, person: Person, name: str) -> tuple[str, str]:
    """A PDF as text with its metadata, line breaks aside, and the name of its file."""
    answer = person.http.get(f"{home(pages, person)}/utskrift/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert "no-store" in answer.headers["cache-control"]
    reader = PdfReader(io.BytesIO(answer.content))
    said = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    return f"{said} {reader.metadata}", answer.headers["content-disposition"]


def test_the_log_the_agenda_and_the_referral_are_on_one_page(pages: Pages) -> None:
    teacher = kari(pages)
    shown = teacher.get(f"{home(pages, teacher)}/utskrift")
    for words in ("Stafettloggen (PDF)", "Møteagenda (PDF)", "Henvisning"):
        assert shown.link(words)
    path = shown.link("Henvisning").rpartition("/utskrift/")[2]
    text, name = printed(pages, teacher, path)
    assert "Vurdering av angst og søvn" in text
    assert name == 'attachment; filename="henvisning.pdf"'
    log = printed(pages, teacher, "plan.pdf")[0]
    for words in ("Stafettlogg for Emma Sofie", "Stafettholder: Kari Kontaktlærer", "Status: pågår"):
        assert words in log
    assert "aktør" not in log  # who is "ansatt" on every page
    assert "Sove hele natta" in printed(pages, teacher, "agenda.pdf")[0]


def test_the_plan_beside_the_log_is_printed_too_with_what_it_lacks_where_one_takes_part_in_it(
    pages: Pages,
) -> None:
    teacher = kari(pages)
    plan = records("individuell-plan", "emma")
    assert pages.hand_in("plan", plan).status_code == 200
    here = f"{home(pages, teacher)}/utskrift"
    assert "Individuell plan (PDF)" not in teacher.get(here).text
    pages.later()
    user = {"utsteder": pages.provider.url, "subjekt": "kari"}
    me = {**next(one for one in plan if one["id"] == "ei-d1"), "bruker": user}
    assert pages.hand_in("plan", [me | {"endret": pages.now.isoformat()}]).status_code == 200
    assert teacher.get(MINE).link("Emma")
    shown = teacher.get(here)
    answer = teacher.http.get(shown.link("Individuell plan (PDF)"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    said = " ".join(
        "".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.content)).pages).split()
    )
    assert "Individuell plan for Emma Sofie" in said
    assert "mangler" in said
    assert "Individuell plan (PDF)" in teacher.get(shown.link("Møteagenda og henvisninger derfra")).text


def test_what_is_printed_is_written_as_told(pages: Pages) -> None:
    teacher = kari(pages)
    own = f"/disclosures?patient={pages.patient('e-n1')}&limit=500"

    def goals() -> int:
        found = fields(pages.get(own, "drift"))["disclosures"]
        told_here = [d for d in found if d["recipient"] == "~min-side"]
        return sum(i["ref"] == pages.ref("e-m1") for d in told_here for i in d["items"])

    before = goals()
    printed(pages, teacher, "agenda.pdf")
    assert goals() == before + 1


def test_what_cannot_be_set_says_so_and_is_told_to_nobody(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> bytes:
        raise typst.TypstError("a message that would hold content")

    teacher = kari(pages)
    here = home(pages, teacher)
    own = f"/disclosures?patient={pages.patient('e-n1')}&limit=500"
    before = fields(pages.get(own, "drift"))["disclosures"]
    pdf.cache_clear()
    monkeypatch.setattr(typst, "compile", refused)
    answer = teacher.http.get(f"{here}/utskrift/agenda.pdf")
    assert answer.status_code == 422
    assert "would hold content" not in answer.text
    assert fields(pages.get(own, "drift"))["disclosures"] == before


@pytest.mark.parametrize("name", ["plan.pdf", "agenda.pdf"])
def test_what_is_hidden_leaves_no_trace(pages: Pages, name: str) -> None:
    """Goal, measure and message are kept from everybody but those who wrote them; each has a canary."""
    with_user(pages, "e-d4", "per")
    pages.later()
    changes = {"e-m2": "tekst", "e-t2": "tittel", "e-me1": "emne"}
    for own, field in changes.items():
        one = next(r for r in records("stafettlogg", "emma") if r["id"] == own)
        told(pages, own, **{field: f"kanarifugl-{own}"}, sperre=["NORU"])
        assert one["id"] == own
    per = logged_in(pages, "per")
    text, _ = printed(pages, per, name)
    assert "kanarifugl" not in text
    assert "Emma" in text


def test_whoever_may_not_see_the_referral_finds_none(pages: Pages) -> None:
    with_user(pages, "e-d4", "per")
    teacher, per = kari(pages), logged_in(pages, "per")
    path = teacher.get(f"{home(pages, teacher)}/utskrift").link("Henvisning").rpartition("/utskrift/")[2]
    told(pages, "e-h1", sperre=["NORU"], oensketBidrag="kanarifugl")
    shown = per.get(f"{home(pages, per)}/utskrift")
    assert "kanarifugl" not in shown.html
    assert "Det er ingen henvisning her som du kan se." in shown.text
    assert per.get(f"{home(pages, per)}/utskrift/{path}").status == 404


def test_in_the_readers_language(pages: Pages) -> None:
    teacher = kari(pages)
    teacher.get("/min-side/spraak/nn")
    assert "Kven som er invitert" in printed(pages, teacher, "agenda.pdf")[0]
