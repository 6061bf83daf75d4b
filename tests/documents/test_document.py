"""The plan as a document: readable, tagged, in its language, the same bytes from the same content; what
people wrote is text and never markup."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from pypdf import PdfReader

from gateway import jsontext
from gateway.documents import CONTENT, DocumentMapping, document, onto_held
from gateway.documents.content import content
from gateway.documents.pdf import pdf
from mappings.completeness import CATEGORIES
from mappings.model import EMPTY, ITEM, Ids, Resource, State
from tests.documents.plans import members, plan

AT = datetime(2026, 10, 1, 12, tzinfo=UTC)
IDS = Ids(
    "Patient/emma", "", "arkiv", {"DocumentReference/9": "DocumentReference/emma-ip"},
    {"Patient/emma": "Patient/1", "DocumentReference/emma-ip": "DocumentReference/9"},
)  # fmt: skip


def made(
    parts: list[Resource] | None = None, seen: frozenset[str] = CATEGORIES, language: str = "nb"
) -> State:
    says = content(plan(), members() if parts is None else parts, seen, language)
    return State(document(plan(), says, AT))


def read(state: State) -> PdfReader:
    (one,) = DocumentMapping().get(state, IDS)["content"]
    return PdfReader(io.BytesIO(base64.b64decode(one["attachment"]["data"])))


def text(state: State) -> str:
    """What a reader sees, line breaks aside."""
    return " ".join("\n".join(page.extract_text() for page in read(state).pages).split())


def test_coordinator_phone_and_date_stand_on_top() -> None:
    said = text(made())
    first = said[: said.index("Ressurser")]
    assert "Individuell plan for Emma Sofie Nygård Testesen" in first
    assert "Koordinator: Grete Koordinator, Koordinerende enhet, Fjordbyen kommune" in first
    assert "Telefon: 90 00 00 01" in first
    assert "Innholdet er fra: 01.10.2026" in first


def test_goals_measures_and_those_who_take_part_are_told_in_words() -> None:
    said = text(made())
    for wanted in (
        "Hovedmål: Emma trives og sover godt.",
        "Med egne ord: «Ha det gøy på skolen»",
        "Frist: 01.06.2027",
        "Angstbehandling, ti timer",
        "Ansvarlig: Berit Psykolog",
        "Frist: 01.03.2027",
        "Status: planlagt",
        "Omfang: Ukentlig",
        "veileder skolen",
        "Det står ikke om det trengs samarbeid med andre.",
    ):
        assert wanted in said, wanted


def test_it_can_be_read_aloud() -> None:
    reader = read(made())
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("nb", True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 - pypdf has its own
    assert reader.metadata is not None
    assert reader.metadata.title == "Individuell plan for Emma Sofie Nygård Testesen"
    tags = str(_tags(root["/StructTreeRoot"].get_object()))
    for tag in ("/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/L"):
        assert f"'{tag}'" in tags, tag
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()


def _tags(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    found = [str(element["/S"])] if "/S" in element else []
    for kid in kids if isinstance(kids, list) else [kids]:
        kid = kid.get_object() if hasattr(kid, "get_object") else kid
        if hasattr(kid, "get"):
            found += _tags(kid)
    return found


def test_in_nynorsk() -> None:
    state = made(language="nn")
    assert read(state).trailer["/Root"]["/Lang"] == "nn"  # type: ignore[index]
    assert "Dette manglar i planen" in text(state)
    assert "Innhaldet er frå: 01.10.2026" in text(state)


def test_what_was_not_given_is_not_there_nor_said_to_be_missing() -> None:
    few = [m for m in members() if m["resourceType"] not in ("Goal", "ServiceRequest")]
    said = text(made(few, frozenset({"plan"})))
    assert "Angstbehandling, ti timer" not in said
    assert "sover godt" not in said
    assert "ingen mål" not in said
    assert "ingen tiltak" not in said


def test_the_same_content_gives_the_same_bytes_and_other_content_others() -> None:
    first = DocumentMapping().get(made(), IDS)
    pdf.cache_clear()
    assert DocumentMapping().get(made(list(reversed(members()))), IDS) == first
    fewer = [m for m in members() if m["resourceType"] != "Goal"]
    assert DocumentMapping().get(made(fewer), IDS) != first


@pytest.mark.parametrize(
    "words", ['#panic("x")', "*fet* _kursiv_ $x$", "= Overskrift", '#import "/etc/passwd": *']
)
def test_what_people_wrote_is_never_markup(words: str) -> None:
    parts = [{**m, "description": {"text": words}} if m["resourceType"] == "Goal" else m for m in members()]
    assert words in text(made(parts))


def test_an_emoji_in_the_childs_words_does_not_stop_the_document() -> None:
    goal = next(m for m in members() if m["resourceType"] == "Goal")
    parts = [{**goal, "description": {"text": "Ha det gøy 😊"}}]
    assert "Ha det gøy" in text(made(parts))


def test_a_valid_document_reference_of_its_type() -> None:
    native = DocumentMapping().get(made(), IDS)
    DocumentReference.model_validate_json(jsontext.encode(native))
    assert native["type"]["coding"] == [
        {"system": "urn:oid:2.16.578.1.12.4.1.1.9602", "code": "A02-2", "display": "Individuell plan"}
    ]
    assert native["content"][0]["attachment"]["contentType"] == "application/pdf"
    assert native["subject"] == {"reference": "Patient/1"}


def test_a_server_may_keep_the_bytes_where_it_likes_and_add_what_it_likes() -> None:
    state = made()
    native = DocumentMapping().get(state, IDS)
    moved = {**native["content"][0]["attachment"], "url": "Binary/5"}
    del moved["data"]
    theirs = {**native, "content": [{"attachment": moved}], "custodian": {"display": "Arkivet"}}
    held = DocumentMapping().put(theirs, state, IDS)
    assert held.focus[CONTENT] == state.focus[CONTENT]
    assert held.focus[ITEM]["custodian"] == {"display": "Arkivet"}
    assert DocumentMapping().put(native, held, IDS) == state
    assert DocumentMapping().put(native, EMPTY, IDS).focus[ITEM]["id"] == "emma-ip"


def test_a_later_look_at_the_same_content_changes_nothing() -> None:
    held = made().focus
    later = document(plan(), content(plan(), members(), CATEGORIES, "nb"), AT + timedelta(days=3))
    assert onto_held(later, held) == held
    fewer = content(plan(), members()[:-1], CATEGORIES, "nb")
    anew = onto_held(
        document(plan(), fewer, AT + timedelta(days=3)), {**held, ITEM: {**held[ITEM], "custodian": {}}}
    )
    assert anew[ITEM]["date"][:10] == "2026-10-04"
    assert "custodian" in anew[ITEM]
