"""Merging by example: which changes are taken, which become conflicts, and what is no change at all."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from gateway.hub.merge import Conflict, merge
from gateway.hub.sameness import normalise, same, unmarked
from mappings.model import Json, Resource

SECURITY = "urn:oid:2.16.578.1.12.4.1.1.9603"
REDACTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "REDACTED"}
MASKED = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}


def goal(**more: Json) -> Resource:
    """A goal with some of everything."""
    known: Resource = {
        "resourceType": "Goal",
        "id": "1",
        "lifecycleStatus": "active",
        "achievementStatus": {"coding": [{"system": "urn:s", "code": "in-progress"}]},
        "description": {"text": "Leke i friminuttet"},
        "target": [{"dueDate": "2026-11-16"}],
        "identifier": [{"system": "urn:a", "value": "1"}],
        "extension": [{"url": "urn:own-words", "valueString": "eg vil leike"}],
        "note": [{"text": "første"}],
    }
    known.update(more)
    return {k: v for k, v in deepcopy(known).items() if v is not None}


def test_only_what_the_system_changed_is_taken() -> None:
    merged = merge(goal(), goal(lifecycleStatus="completed"), goal(description={"text": "Ny tekst"}))
    assert merged.value == goal(lifecycleStatus="completed", description={"text": "Ny tekst"})
    assert merged.conflicts == ()


def test_what_was_hidden_from_the_system_is_not_deleted_by_its_answer() -> None:
    seen = goal(extension=None)
    merged = merge(seen, {**seen, "lifecycleStatus": "completed"}, goal())
    assert merged.value == goal(lifecycleStatus="completed")


def test_both_to_the_same_is_no_conflict() -> None:
    both = goal(lifecycleStatus="completed")
    merged = merge(goal(), both, both)
    assert merged.value is both
    assert merged.conflicts == ()


def test_both_to_different_values_keeps_ours_and_every_sides_value() -> None:
    merged = merge(goal(), goal(lifecycleStatus="completed"), goal(lifecycleStatus="cancelled"))
    assert merged.value == goal(lifecycleStatus="cancelled")
    assert merged.conflicts == (Conflict("Goal.lifecycleStatus", "cancelled", "completed", "active"),)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(None, {"text": "Ny"}), ({"text": "Ny"}, None)],
)
def test_deleted_by_one_and_changed_by_the_other_is_a_conflict(theirs: Json, ours: Json) -> None:
    merged = merge(goal(), goal(description=theirs), goal(description=ours))
    assert merged.value == goal(description=ours)
    assert merged.conflicts == (Conflict("Goal.description", ours, theirs, {"text": "Leke i friminuttet"}),)


def test_a_deletion_of_what_nobody_else_changed_is_taken() -> None:
    assert merge(goal(), goal(note=None), goal(lifecycleStatus="x")).value == goal(
        note=None, lifecycleStatus="x"
    )


# What is no change


@pytest.mark.parametrize(
    "answer",
    [
        {**goal(), "id": "their-own"},
        {**goal(), "meta": {"versionId": "7", "lastUpdated": "2026-11-01T00:00:00Z", "source": "#x"}},
        {**goal(), "text": {"status": "generated", "div": "<div>…</div>"}},
        {**goal(), "meta": {"security": [REDACTED]}},
        {**goal(), "_statusDate": {"extension": [MASKED]}},
        dict(reversed(goal().items())),
    ],
)
def test_what_servers_and_redaction_set_is_no_change(answer: Resource) -> None:
    current = goal(description={"text": "Ny tekst"})
    merged = merge(goal(), answer, current)
    assert merged.value is current
    assert merged.conflicts == ()


def test_marks_of_redaction_do_not_come_along_with_a_change() -> None:
    labels = [{"system": SECURITY, "code": "NORU"}]
    answer = goal(lifecycleStatus="completed", meta={"versionId": "4", "security": [REDACTED, *labels]})
    base = goal(meta={"security": [*labels, REDACTED]})
    merged = merge(base, answer, goal(meta={"security": labels}))
    assert merged.value == goal(lifecycleStatus="completed", meta={"security": labels})


def test_a_narrative_people_wrote_is_content() -> None:
    written = {"status": "additional", "div": "<div>skrevet</div>"}
    assert merge(goal(), goal(text=written), goal()).value == goal(text=written)
    assert normalise(goal(text=written)) == goal(text=written)


def test_another_order_of_a_list_known_by_identity_is_no_change() -> None:
    two = [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}]
    current = goal(identifier=two, lifecycleStatus="x")
    assert merge(goal(identifier=two), goal(identifier=two[::-1]), current).value is current


@pytest.mark.parametrize(
    ("one", "other"), [(Decimal("1.10"), Decimal("1.1")), (1, True), (1, "1"), (0, False)]
)
def test_numbers_are_the_same_only_with_the_same_digits(one: Any, other: Any) -> None:
    assert not same({"value": one}, {"value": other})
    assert same({"value": one}, {"value": one})


# Lists


def test_each_side_adds_to_a_list() -> None:
    first = {"text": "første"}
    merged = merge(
        goal(),
        goal(note=[first, {"text": "deres"}]),
        goal(note=[first, {"text": "vår", "time": "2026-11-01"}]),
    )
    assert merged.value["note"] == [first, {"text": "deres"}, {"text": "vår", "time": "2026-11-01"}]
    assert merged.conflicts == ()


def test_two_first_notes_are_two_notes_and_two_first_targets_one_conflict() -> None:
    merged = merge(
        goal(note=None, target=None),
        goal(note=[{"text": "deres"}], target=[{"dueDate": "2026-12-01"}]),
        goal(note=[{"text": "vår"}], target=[{"dueDate": "2027-01-01"}]),
    )
    assert sorted(n["text"] for n in merged.value["note"]) == ["deres", "vår"]
    assert [c.path for c in merged.conflicts] == ["Goal.target[0].dueDate"]


def test_the_one_element_of_a_list_is_merged_field_by_field() -> None:
    merged = merge(
        goal(),
        goal(target=[{"dueDate": "2027-01-01"}]),
        goal(target=[{"dueDate": "2026-11-16", "measure": {"text": "dager"}}]),
    )
    assert merged.value["target"] == [{"dueDate": "2027-01-01", "measure": {"text": "dager"}}]
    assert merged.conflicts == ()


def test_participants_are_known_by_whom_they_are() -> None:
    def meeting(**status: str) -> Resource:
        people = [{"actor": {"reference": f"Patient/{n}"}, "status": s} for n, s in status.items()]
        return {"resourceType": "Appointment", "id": "1", "participant": people}

    merged = merge(
        meeting(a="needs-action", b="needs-action"),
        meeting(a="needs-action", b="accepted", c="tentative"),
        meeting(a="declined", b="needs-action"),
    )
    assert merged.value == meeting(a="declined", b="accepted", c="tentative")
    conflict = merge(meeting(a="needs-action"), meeting(a="accepted"), meeting(a="declined")).conflicts
    assert [c.path for c in conflict] == ["Appointment.participant[0].status"]


def test_one_element_taken_away_and_another_changed() -> None:
    def tagged(*codes: str) -> Resource:
        return goal(category=[{"coding": [{"system": "urn:c", "code": c}]} for c in codes])

    assert merge(tagged("a", "b"), tagged("a"), tagged("a", "b", "c")).value == tagged("a", "c")
    both = merge(tagged("a"), tagged("b"), tagged("c"))
    assert both.value == tagged("c")
    assert [c.path for c in both.conflicts] == ["Goal.category"]


def test_two_people_put_different_ones_in_the_place_of_one() -> None:
    def measure(who: str) -> Resource:
        return {"resourceType": "ServiceRequest", "id": "1", "performer": [{"reference": who}]}

    merged = merge(measure("P/1"), measure("P/2"), measure("P/3"))
    assert merged.value == measure("P/3")
    assert [(c.path, c.theirs) for c in merged.conflicts] == [
        ("ServiceRequest.performer", [{"reference": "P/2"}])
    ]


def test_labels_that_close_are_added_up() -> None:
    def labelled(*codes: str) -> Resource:
        return goal(meta={"security": [{"system": SECURITY, "code": c} for c in codes]})

    merged = merge(labelled("NORU"), labelled("NORS"), labelled("NORN_FORANS"))
    assert {s["code"] for s in merged.value["meta"]["security"]} == {"NORS", "NORN_FORANS"}


def test_given_names_keep_their_order() -> None:
    def named(*given: str) -> Resource:
        return {"resourceType": "Patient", "id": "1", "name": [{"use": "official", "given": list(given)}]}

    merged = merge(named("Emma", "Sofie"), named("Ema", "Sofie"), named("Emma", "Sofie", "Nygård"))
    assert merged.value == named("Ema", "Sofie", "Nygård")
    turned = merge(named("Emma", "Sofie"), named("Sofie", "Emma"), named("Emma", "Sofie", "Nygård"))
    assert turned.value == named("Emma", "Sofie", "Nygård")
    assert len(turned.conflicts) == 1


def test_a_list_and_its_extras_stay_aligned() -> None:
    extra = {"extension": [{"url": "urn:x", "valueString": "x"}]}

    def named(given: list[Json], extras: list[Json]) -> Resource:
        name = {"given": given} | ({"_given": extras} if extras else {})
        return {"resourceType": "Patient", "id": "1", "name": [name]}

    merged = merge(named(["A"], []), named(["A", "B"], [None, extra]), named(["A", "C"], []))
    assert merged.value == named(["A", "C"], [])
    assert merged.conflicts[0].theirs == {"given": ["A", "B"], "_given": [None, extra]}


# Extensions


def test_extensions_are_known_by_their_url() -> None:
    merged = merge(
        goal(),
        goal(
            extension=[
                {"url": "urn:level", "valueInteger": 2},
                {"url": "urn:own-words", "valueString": "eg vil leike"},
            ]
        ),
        goal(extension=[{"url": "urn:own-words", "valueString": "eg vil hoppe"}]),
    )
    assert {e["url"]: e for e in merged.value["extension"]} == {
        "urn:own-words": {"url": "urn:own-words", "valueString": "eg vil hoppe"},
        "urn:level": {"url": "urn:level", "valueInteger": 2},
    }


def test_repeated_plain_extensions_add_up() -> None:
    def about(*who: str) -> Resource:
        return goal(extension=[{"url": "urn:third", "valueReference": {"reference": w}} for w in who])

    merged = merge(about("P/1"), about("P/1", "P/2"), about("P/1", "P/3"))
    assert {e["valueReference"]["reference"] for e in merged.value["extension"]} == {"P/1", "P/2", "P/3"}
    assert merged.conflicts == ()


def test_the_same_extension_twice_stays_twice() -> None:
    twice = [{"url": "urn:more", "valueCode": "a"}] * 2
    current = goal(extension=twice)
    merged = merge(goal(extension=None), goal(extension=[{"url": "urn:once", "valueCode": "b"}]), current)
    assert [e["valueCode"] for e in merged.value["extension"]] == ["a", "a", "b"]


def test_repeated_nested_extensions_are_one_value() -> None:
    def history(*levels: tuple[int, str]) -> Resource:
        return goal(
            extension=[
                {
                    "url": "urn:history",
                    "extension": [{"url": "nivaa", "valueInteger": n}, {"url": "fra", "valueDate": d}],
                }
                for n, d in levels
            ]
        )

    merged = merge(history((1, "a")), history((1, "a"), (2, "b")), history((1, "c")))
    assert merged.value == history((1, "c"))
    assert merged.conflicts[0].theirs == history((1, "a"), (2, "b"))["extension"]


# What belongs together


def test_a_value_in_another_type_is_the_same_value() -> None:
    def observed(**value: Json) -> Resource:
        return {"resourceType": "Observation", "id": "1", **value}

    merged = merge(observed(valueString="a"), observed(valueInteger=3), observed(valueString="b"))
    assert merged.value == observed(valueString="b")
    assert merged.conflicts[0].theirs == {"valueInteger": 3}
    alone = merge(
        observed(valueString="a"), observed(valueInteger=3), observed(valueString="a", status="final")
    )
    assert alone.value == observed(valueInteger=3, status="final")


@pytest.mark.parametrize(
    ("base", "theirs", "ours"),
    [
        ({"value": 1, "unit": "kg"}, {"value": 1000, "unit": "g"}, {"value": 2, "unit": "kg"}),
        (
            {"coding": [{"code": "a"}], "text": "A"},
            {"coding": [{"code": "b"}], "text": "B"},
            {"coding": [{"code": "a"}], "text": "C"},
        ),
        (
            {"contentType": "a/b", "data": "AA=="},
            {"contentType": "c/d", "data": "AQ=="},
            {"contentType": "a/b", "data": "Ag=="},
        ),
    ],
)
def test_two_halves_are_nobodys_value(base: Json, theirs: Json, ours: Json) -> None:
    merged = merge(goal(x=base), goal(x=theirs), goal(x=ours))
    assert merged.value == goal(x=ours)
    assert [c.path for c in merged.conflicts] == ["Goal.x"]


def test_a_resource_of_another_type_is_a_conflict_as_a_whole() -> None:
    merged = merge(goal(), {**goal(), "resourceType": "ServiceRequest"}, goal())
    assert merged.value == goal()
    assert len(merged.conflicts) == 1


# Without a base, and with an older copy


def test_a_system_that_held_nothing_adds_what_is_new_and_conflicts_where_it_differs() -> None:
    merged = merge(None, goal(priority={"text": "høy"}, lifecycleStatus="planned"), goal())
    assert merged.value == goal(priority={"text": "høy"})
    assert [c.path for c in merged.conflicts] == ["Goal.lifecycleStatus"]


def test_the_value_from_before_our_delivery_is_not_taken_silently() -> None:
    previous, delivered = (
        goal(),
        goal(description={"text": "Levert"}, note=[{"text": "første"}, {"text": "levert"}]),
    )
    crossing = goal(lifecycleStatus="completed")  # edited before they saw the delivery
    merged = merge(delivered, crossing, delivered, previous=previous)
    assert merged.value == {**delivered, "lifecycleStatus": "completed"}
    assert {(c.path, c.kind) for c in merged.conflicts} == {
        ("Goal.description", "older"),
        ("Goal.note[1]", "older"),
    }
    assert merge(delivered, crossing, delivered).value == crossing


def test_a_new_value_is_taken_though_an_older_one_is_known() -> None:
    delivered = goal(description={"text": "Levert"})
    edited = goal(description={"text": "Deres eget"}, target=[{"dueDate": "2027-02-02"}])
    assert merge(delivered, edited, delivered, previous=goal()).value == edited


def test_nobody_knows_whether_a_delivery_arrived_so_what_crosses_it_is_a_conflict() -> None:
    delivered = goal(description={"text": "Levert"})
    crossing = goal(description={"text": "Deres eget"}, lifecycleStatus="completed")
    merged = merge(delivered, crossing, delivered, previous=goal(), unsure=True)
    assert merged.value == {**delivered, "lifecycleStatus": "completed"}
    assert [(c.path, c.kind) for c in merged.conflicts] == [("Goal.description", "changed")]


def test_a_path_may_be_given_and_holds_no_content() -> None:
    merged = merge(
        goal(identifier=[{"system": "urn:a", "value": "hemmelig", "use": "usual"}]),
        goal(identifier=[{"system": "urn:a", "value": "hemmelig", "use": "temp"}]),
        goal(identifier=[{"system": "urn:a", "value": "hemmelig", "use": "old"}]),
        path="maal",
    )
    assert [c.path for c in merged.conflicts] == ["maal.identifier[0]"]


def patient(*given: Json, **more: Json) -> Resource:
    """Somebody of these names."""
    return {"resourceType": "Patient", "id": "1", "name": [{"use": "official", "given": list(given), **more}]}


@pytest.mark.parametrize(
    ("base", "theirs", "ours"),
    [(["Emma"], ["Ema"], ["Emmi"]), (["A", "A"], ["A"], ["A", "A", "B"]), (["A"], ["A", "A"], ["A", "B"])],
)
def test_plain_lists_edited_at_one_place_or_with_repeats_are_conflicts(
    base: list[str], theirs: list[str], ours: list[str]
) -> None:
    merged = merge(patient(*base), patient(*theirs), patient(*ours))
    assert merged.value == patient(*ours)
    assert [(c.path, c.theirs) for c in merged.conflicts] == [("Patient.name[0].given", theirs)]


def test_two_first_notes_with_a_time_are_two_notes() -> None:
    one, other = {"text": "deres", "time": "2026-11-01"}, {"text": "vår", "time": "2026-11-02"}
    merged = merge(goal(note=None), goal(note=[one]), goal(note=[other]))
    assert sorted(n["text"] for n in merged.value["note"]) == ["deres", "vår"]
    assert merged.conflicts == ()


def test_a_plain_list_as_it_was_before_our_delivery_is_not_taken_silently() -> None:
    merged = merge(patient("A", "B"), patient("A"), patient("A", "B"), previous=patient("A"))
    assert merged.value == patient("A", "B")
    assert [c.kind for c in merged.conflicts] == ["older"]
    taken = merge(patient("A", "B"), patient("A", "B", "C"), patient("A", "B"), previous=patient("A"))
    assert taken.value == patient("A", "B", "C")


def test_both_to_the_same_value_of_another_type_is_no_conflict() -> None:
    def observed(**value: Json) -> Resource:
        return {"resourceType": "Observation", "id": "1", **value}

    merged = merge(
        observed(valueString="a"), observed(valueInteger=3), observed(valueInteger=3, status="final")
    )
    assert merged.value == observed(valueInteger=3, status="final")
    assert merged.conflicts == ()


def test_a_field_taken_away_inside_the_one_element_is_taken_away() -> None:
    whole = {"dueDate": "2026-11-16", "measure": {"text": "dager"}}
    merged = merge(
        goal(target=[whole]),
        goal(target=[{"measure": {"text": "dager"}}]),
        goal(target=[{**whole, "detailString": "fem"}]),
    )
    assert merged.value["target"] == [{"measure": {"text": "dager"}, "detailString": "fem"}]
    assert merged.conflicts == ()


def test_a_nested_extension_is_merged_inside() -> None:
    def level(number: int, reason: str) -> Resource:
        inside = [{"url": "nivaa", "valueInteger": number}, {"url": "grunn", "valueString": reason}]
        return goal(extension=[{"url": "urn:level", "extension": inside}])

    merged = merge(level(1, "a"), level(2, "a"), level(1, "b"))
    assert merged.value == level(2, "b")
    assert merged.conflicts == ()


def test_lists_whose_names_end_alike_are_lists_of_their_own() -> None:
    code, reference = [{"text": "uro"}], [{"reference": "Condition/1"}]
    merged = merge(goal(), goal(reasonCode=code), goal(reasonReference=reference))
    assert merged.value == goal(reasonCode=code, reasonReference=reference)


def test_marks_leave_their_place_in_a_list_of_extras() -> None:
    extra = {"extension": [{"url": "urn:x", "valueString": "x"}]}
    masked = {"extension": [MASKED]}
    assert unmarked({"given": ["A", "B"], "_given": [masked, extra]}) == {
        "given": ["A", "B"],
        "_given": [None, extra],
    }
    assert unmarked({"given": ["A", "B"], "_given": [masked, None]}) == {"given": ["A", "B"]}
    coded = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}
    assert unmarked({"status": "x", "code": {"coding": [coded]}}) == {"status": "x"}


def test_the_only_one_of_a_list_replaced_after_our_delivery_is_one_value_not_two() -> None:
    """Found by the simulator (seed 3): a measure whose text was edited stood there with both texts."""
    previous, delivered = goal(note=[{"text": "før"}]), goal(note=[{"text": "levert"}])
    merged = merge(delivered, goal(note=[{"text": "deres"}]), delivered, previous=previous)
    assert merged.value == goal(note=[{"text": "deres"}])
    assert merged.conflicts == ()
    back = merge(delivered, previous, delivered, previous=previous)
    assert back.value == delivered
    assert [(c.path, c.kind) for c in back.conflicts] == [("Goal.note", "older")]
