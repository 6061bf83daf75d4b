"""Emma, Jonas and Amina: what may go where, by every channel, and what a redaction leaves of Amina's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent import Channel, Decision, Outcome, Recipient, Request, decide, held, prepare, redact
from tests.consent.sample_children import child, here, number
from tests.consent.worlds import NOW, NUMBERS

pytestmark = here
LINES = (Path(__file__).parent / "children.txt").read_text(encoding="utf-8").splitlines()
HEAD, *ROWS = [line.split() for line in LINES if line and not line.startswith("#")]
READERS = {
    ("emma", "mor"): "RelatedPerson/e-d2",
    ("emma", "far"): "RelatedPerson/e-d3",
    ("jonas", "mor"): "RelatedPerson/j-d3",
    ("jonas", "far"): "RelatedPerson/j-d4",
    ("jonas", "barn"): "RelatedPerson/j-d5",
    ("amina", "barn"): "RelatedPerson/a-d2",
}
CELLS = [(row[0], row[1], to, cell) for row in ROWS for to, cell in zip(HEAD[2:], row[2:], strict=True)]


def recipient(name: str, to: str) -> Recipient:
    honours = frozenset({"NORN_FORANS"})
    if to in NUMBERS:
        return Recipient(to, frozenset({number(to)}), honours=honours)
    return Recipient(to, frozenset(), frozenset({READERS[name, to]}), honours)


def asked(name: str, record: str, to: str, channel: str = "push", *, redacts: bool = True) -> Decision:
    one = child(name)
    request = Request(one.items[record], None, recipient(name, to), channel, NOW, redacts=redacts)
    return decide(request, one.facts)


def cell(decision: Decision) -> str:
    if decision.outcome is Outcome.DENY:
        return f"-{decision.reasons[-1].rule}"
    return f"{decision.ground}{'*' if decision.outcome is Outcome.REDACT else ''}"


@pytest.mark.parametrize("name", ["emma", "jonas", "amina"])
def test_every_item_recipient_and_channel_gets_its_answer(name: str) -> None:
    one, wrong = child(name), []
    prepared = prepare(one.facts)
    for who, record, to, expected in CELLS:
        if who != name or expected == ".":
            continue
        for channel in Channel:
            request = Request(one.items[record], None, recipient(name, to), channel, NOW, redacts=True)
            found = cell(decide(request, prepared))
            wrong += [(record, to, channel, expected, found)] if found != expected else []
    assert wrong == []


def test_every_item_of_the_samples_has_its_line() -> None:
    for name in ("emma", "jonas", "amina"):
        assert {row[1] for row in ROWS if row[0] == name} == set(child(name).items)


def test_jonas_note_withheld_from_guardians_needs_jonas_alone() -> None:
    decision = asked("jonas", "j-n1", "bup")
    assert [r.rule for r in decision.reasons] == ["W2", "G1"]
    assert decision.missing == ("RelatedPerson/j-d5",)


def test_a_caller_that_cannot_redact_gets_nothing_of_amina() -> None:
    for who, record, to, expected in CELLS:
        if who == "amina" and expected != ".":
            decision = asked("amina", record, to, redacts=False)
            assert (decision.permitted, [r.rule for r in decision.reasons]) == (False, ["B1"])


def left(record: str) -> str:
    """What of one of Amina's records a redaction leaves for BUP, as text."""
    one = child("amina")
    decision = asked("amina", record, "bup")
    assert decision.plan is not None
    return json.dumps(redact(one.resources[one.items[record].id], decision.plan), ensure_ascii=False)


def test_aminas_goal_goes() -> None:
    made = left("a-m1")
    assert "Fullføre Vg2." in made
    assert "Jeg skal bli sykepleier." in made


def test_aminas_measure_goes_without_its_description_and_the_unit() -> None:
    made = left("a-t1")
    assert "Tilrettelagt eksamen" in made
    assert "Strandgata" not in made
    one = child("amina")
    plan = asked("amina", "a-t1", "bup").plan
    assert plan is not None
    waiting = held(one.resources["ServiceRequest/a-t1"], plan)
    assert [(h.path, h.key is not None) for h in waiting] == [("note[0].text", True)]
    responsible = left("a-d1")
    assert "Rådgiver" in responsible
    assert "360189554" not in responsible


def test_nothing_of_amina_that_goes_tells_where_she_is() -> None:
    everything = "".join(left(record) for record in child("amina").items)
    for word in ("Fjordbyen", "vidaregåande skule", "360189554", "343231946", "Strandgata", "BUP Fjordane"):
        assert word not in everything
    for number_ in ("9144897", "359797117"):
        assert number_ not in everything
    assert "Traumebehandling" in everything
