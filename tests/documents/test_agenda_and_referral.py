"""The agenda and the referral as documents: what stands in them, what is said to be missing, and that they
can be read aloud."""

from __future__ import annotations

import io
from datetime import date
from functools import cache
from typing import Any

import pytest
from pypdf import PdfReader

from gateway import jsontext
from gateway.documents.agenda import agenda
from gateway.documents.pdf import pdf
from gateway.documents.referral import missing, referral
from gateway.documents.sheet import Content
from mappings import load
from mappings.model import EMPTY, Ids, Resource
from tests.api.conftest import records
from tests.documents.test_document import _tags

ON = date(2026, 11, 22)
LOG = load("stafettlogg")


@cache
def resources() -> tuple[Resource, ...]:
    """Everything in Emma's log, as the hub has it."""
    found = records("stafettlogg", "emma")
    refs = {one["id"]: f"{LOG.describe(one).resource_type}/{one['id']}" for one in found}
    ids = Ids("Patient/emma", refs["emma-logg"], LOG.name, refs, {ref: own for own, ref in refs.items()})
    states = [LOG.put(one, EMPTY, ids) for one in found]
    return tuple(part for state in states for slot, part in state.focus.items() if slot != "provenance")


def log() -> Resource:
    """The log itself."""
    return next(one for one in resources() if one["resourceType"] == "CarePlan")


def sent_on() -> Resource:
    """The referral."""
    return next(one for one in resources() if one["id"] == "e-h1")


def text(said: Content) -> str:
    """What a reader sees, line breaks aside."""
    pages = _read(said).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


def _read(said: Content) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(jsontext.encode(said).decode(), ON.isoformat())))


def meeting(**more: Any) -> Resource:
    """A meeting that has been called."""
    return {
        "resourceType": "Appointment", "id": "next", "status": "booked", "start": "2026-12-03T09:00:00+01:00",
        "description": "Overgang til ungdomsskolen",
        "participant": [
            {"actor": {"type": "Location", "display": "Møterom 2"}, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/e-d6"}, "status": "needs-action"},
            {"actor": {"reference": "RelatedPerson/e-d2"}, "status": "accepted"},
        ],
        **more,
    }  # fmt: skip


def test_the_agenda_has_what_there_is_to_talk_about() -> None:
    said = text(agenda(log(), resources(), "nb", ON))
    for wanted in (
        "Møteagenda for Emma Sofie Nygård Testesen",
        "Ikke innkalt ennå",
        "Mål som skal evalueres",
        "Sove hele natta i egen seng fem av sju netter.",
        "Frist: 01.12.2026",
        "Frister",
        "11.12.2026 Tiltak Observasjon i klasserommet",
        "Observasjon i klasserommet Ingen planlagt",
        "Hvem har ansvaret for tiltaket «Observasjon i klasserommet»?",
        "Møtet er ikke innkalt ennå. Dette er de som deltar nå.",
    ):
        assert wanted in said, wanted
    assert "Samtaler hos helsesykepleier" not in said  # it is done


def test_of_a_meeting_that_is_called_those_who_are_invited_stand_there() -> None:
    said = text(agenda(log(), [*resources(), meeting()], "nb", ON))
    assert "Møte: 03.12.2026 kl. 09.00" in said
    assert "Sted: Møterom 2" in said
    assert "Overgang til ungdomsskolen" in said
    invited = said[said.index("Hvem som er invitert") :]
    assert "Berit Psykolog" in invited
    assert "kommer" in invited
    assert "Odd Fastlege" not in invited


def test_a_deadline_that_has_passed_is_said_to_have() -> None:
    said = text(agenda(log(), resources(), "nb", date(2027, 3, 1)))
    assert "01.12.2026 (fristen er gått ut)" in said


def test_what_was_not_given_is_not_there() -> None:
    few = [
        one for one in resources() if one["resourceType"] not in ("Goal", "ServiceRequest", "Communication")
    ]
    said = text(agenda(log(), few, "nb", ON))
    for hidden in ("Sove hele natta", "Observasjon i klasserommet", "Neste møte"):
        assert hidden not in said


def test_a_referral_has_its_four_parts() -> None:
    said = text(referral(log(), resources(), sent_on(), "nb", {"bup": "BUP Fjordane"}.__getitem__))
    for wanted in (
        "Til: BUP Fjordane",
        "Henviser: Odd Fastlege",
        "Medhenvisere: Hanne Helsesykepleier",
        "1. Ønsket bidrag",
        "Vurdering av angst og søvn; råd til skole og hjem.",
        "2. Tiltak som er prøvd, og effekten av dem",
        "Samtaler hos helsesykepleier",
        "3. Nettverk",
        "4. Underskrifter",
    ):
        assert wanted in said, wanted


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": None}, "Det står ikke hva mottakeren ønskes å bidra med."),
        ({"supportingInfo": []}, "Det står ikke hvilke tiltak som er prøvd."),
        ({"extension": []}, "Nettverket rundt barnet er ikke beskrevet."),
        ({"extension": []}, "Ingen har skrevet under."),
        ({"requester": None}, "Det står ikke hvem som henviser."),
    ],
)
def test_what_is_missing_is_said_plainly(changes: dict[str, Any], sentence: str) -> None:
    lacking = {**sent_on(), **changes}
    assert sentence in missing(log(), resources(), lacking, "nb")
    said = text(referral(log(), resources(), lacking, "nb", str))
    assert sentence in said[: said.index("1. Ønsket bidrag")]


def test_a_measure_without_effect_is_missing_something() -> None:
    lacking = [one for one in resources() if one["resourceType"] != "Observation"]
    wanted = "Det står ikke hvilken effekt tiltaket «Samtaler hos helsesykepleier» har hatt."
    assert wanted in missing(log(), lacking, sent_on(), "nb")
    assert wanted not in missing(log(), resources(), sent_on(), "nb")


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_both_can_be_read_aloud(language: str) -> None:
    for said in (
        agenda(log(), [one for one in resources() if "🙂" not in str(one)], language, ON),
        referral(log(), resources(), sent_on(), language, str),
    ):
        reader = _read(said)
        root: Any = reader.trailer["/Root"]
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == (language, True)
        assert reader.metadata is not None
        assert reader.metadata.title == said["title"]
        tags = str(_tags(root["/StructTreeRoot"].get_object()))
        for tag in ("/H1", "/H2", "/Table", "/TH", "/TD"):
            assert f"'{tag}'" in tags, tag
        assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
