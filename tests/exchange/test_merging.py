"""Persons that turn out to be one: everything is one person's, nothing is lost or made twice, and all of it
goes back when the merge is undone, with what has been written since."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, select, text, update

from gateway.errors import Conflict, Moved
from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.exchange.holders import holders
from gateway.exchange.sight import Looking
from gateway.hub import claims, links, moving, past, persons, versions
from gateway.hub.acts import Act, Kind
from gateway.hub.joining import State
from gateway.hub.schema import tables
from gateway.hub.schema.tables import lane, waiting_record
from tests.end_to_end.invented import START, Child
from tests.exchange.merging import BY, held, merge, merges_of, merging, owner, row_of
from tests.intake.world import NOW, TENANT, World

CHILD, OTHER = Child(1), Child(2)
fresh = itertools.count(10)


def both(here: World) -> tuple[str, str]:
    here.take("stafettlogg", *CHILD.log_records(), CHILD.goal("m1", 1))
    here.take("stafettlogg", *OTHER.log_records(), OTHER.goal("m1", 1), OTHER.goal("m2", 2))
    return owner(here, CHILD), owner(here, OTHER)


def test_everything_becomes_one_persons_and_the_old_id_leads_there(here: World) -> None:
    kept, joined = both(here)
    before = held(here, joined, OTHER)
    merge(here, CHILD, OTHER)
    assert owner(here, OTHER) == kept
    assert held(here, joined, OTHER).items == []
    now = held(here, kept, OTHER).items
    assert now[-len(before.items) :] == before.items  # in the order they had, behind the other's
    with here.service.store.read(TENANT) as connection:
        assert persons.resolve(connection, TENANT, joined) == kept
        own = versions.of_person(connection, TENANT, kept)
    assert len({v.change_no for v in own.values()}) == len(own)
    assert all(v.person == kept for v in own.values())
    assert row_of(here, kept).change_no >= max(v.change_no for v in own.values())


def test_all_lanes_are_compared_anew_and_the_others_rest(here: World) -> None:
    kept, joined = both(here)
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(lane).values(state="idle", cursor=10_000, facts_cursor=10_000))
        own = (lane.c.person == joined, lane.c.recipient == "bup")
        connection.execute(update(lane).where(*own).values(state="held"))
    merge(here, CHILD, OTHER)
    with here.service.store.read(TENANT) as connection:
        rows = connection.execute(select(lane)).all()
    of = {(row.person, row.recipient): row for row in rows}
    assert {row.facts_cursor for (who, _), row in of.items() if who == kept} == {-1}
    assert of[kept, "bup"].state == "held"  # what an operator held on either side stays held
    assert of[kept, "individuell-plan"].state == "waiting"
    assert {row.state for (who, _), row in of.items() if who == joined} == {"idle"}
    behind = row_of(here, joined).change_no
    assert {row.cursor for (who, _), row in of.items() if who == joined} == {behind}


def test_what_is_under_way_ends_first(here: World) -> None:
    kept, joined = both(here)
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(lane).where(lane.c.person == joined).values(state="running"))
    with pytest.raises(Conflict) as refused:
        merging(here).merge(kept, joined, BY, NOW)
    assert refused.value.code == "under-way"
    assert row_of(here, joined).merged_into is None


def test_nobody_is_merged_with_themselves_or_through_a_signpost(here: World) -> None:
    kept, joined = both(here)
    with pytest.raises(Conflict):
        merging(here).merge(kept, kept, BY, NOW)
    merge(here, CHILD, OTHER)
    for pair in ((kept, joined), (joined, kept)):
        with pytest.raises(Moved) as moved:
            merging(here).merge(*pair, BY, NOW)
        assert moved.value.new == kept


def test_the_hub_of_an_earlier_time_is_as_it_was(here: World) -> None:
    kept, joined = both(here)
    clock = here.service.clock()
    first = merging(here).merge(kept, joined, BY, clock + timedelta(hours=1))
    merging(here).undo(kept, first.id, BY, clock + timedelta(hours=2))

    def had(who: str, hours: float) -> int:
        with here.service.store.read(TENANT) as connection:
            return len(past.of_person(connection, TENANT, who, clock + timedelta(hours=hours)))

    mine, theirs = had(kept, 0), had(joined, 0)
    assert mine
    assert theirs
    assert (had(kept, 1.5), had(joined, 1.5)) == (mine + theirs, 0)
    assert (had(kept, 2.5), had(joined, 2.5)) == (mine, theirs)


def test_the_question_about_them_is_answered_and_what_waited_is_taken_in(here: World) -> None:
    kept, joined = both(here)
    log = CHILD.log_records()[0]
    barn = log["barn"] | {"fnr": OTHER.fnr}
    changed = (START + timedelta(seconds=9)).isoformat()
    (answer,) = here.take("stafettlogg", log | {"barn": barn, "endret": changed, "nivaa": 3})
    assert answer.status.value == "waiting"
    merging(here).merge(joined, kept, BY, NOW)
    with here.service.store.read(TENANT) as connection:
        (asked,) = claims.of_persons(connection, TENANT, [kept])
        waiting = connection.execute(select(waiting_record)).all()
        name = links.names(connection, TENANT, "stafettlogg", [CHILD.log])[CHILD.log]
        log_now = versions.current(connection, TENANT, name.ref)
    assert (asked.state, asked.by, waiting) == (claims.State.SAME, BY.by, [])
    assert log_now is not None
    assert '"3"' in str(log_now.resource).replace("'", '"')


def test_a_refused_number_is_refused_again(here: World) -> None:
    kept, _ = both(here)
    log = CHILD.log_records()[0]
    wrong = log | {"barn": log["barn"] | {"fnr": OTHER.fnr}, "endret": "2026-11-02T08:00:00+01:00"}
    here.take("stafettlogg", wrong)
    with here.service.store.read(TENANT) as connection:
        (asked,) = claims.of_persons(connection, TENANT, [kept])
    merging(here).refuse(kept, asked.id, BY, NOW)
    (answer,) = here.take("stafettlogg", wrong)
    assert (answer.status.value, answer.problems[0].code) == ("rejected", "number-refused")
    with pytest.raises(Conflict):
        merging(here).refuse(kept, asked.id, BY, NOW)


def test_a_number_given_up_leads_to_its_person_once_somebody_says_so(here: World) -> None:
    log = CHILD.log_records()[0]
    here.take("stafettlogg", log | {"barn": log["barn"] | {"fnr": OTHER.fnr}})
    here.take("stafettlogg", log | {"endret": "2026-11-02T08:00:00+01:00"})
    plan = CHILD.plan_records()
    former = plan[0] | {"person": plan[0]["person"] | {"fnr": OTHER.fnr}}
    (answer, waits) = here.take("individuell-plan", former, plan[1])
    assert (answer.status.value, waits.status.value) == ("waiting", "waiting")
    with here.service.store.read(TENANT) as connection:
        (asked,) = claims.of_persons(connection, TENANT, [owner(here, CHILD)])
    merging(here).accept(owner(here, CHILD), asked.id, BY, NOW)
    assert (here.count("person"), here.count("waiting_record")) == (1, 0)
    assert here.statuses("individuell-plan", former, plan[1]) == ["unchanged", "unchanged"]


def test_an_objection_made_while_they_were_one_stands_for_both_afterwards(here: World) -> None:
    kept, joined = both(here)
    acting = here.service.acting(TENANT, None)

    def object_to(who: str, own: str) -> None:
        made = Act(own, who, Kind.OBJECTION, "Kari", "Vil ikke", "drift", NOW)
        acting.make(made, NOW)

    object_to(kept, "mine")
    first = merge(here, CHILD, OTHER)
    object_to(kept, "ours")
    merging(here).undo(kept, first.id, BY, NOW)
    assert held(here, kept, CHILD).acts == ["objection", "objection"]
    assert held(here, joined, OTHER).acts == ["objection"]  # of the two only what was said of both


def test_a_later_merge_is_undone_first(here: World) -> None:
    kept, joined = both(here)
    here.take("stafettlogg", *Child(3).log_records())
    third = owner(here, Child(3))
    inner = merge(here, CHILD, OTHER)
    outer = merging(here).merge(third, kept, BY, NOW)
    with pytest.raises(Conflict) as refused:
        merging(here).undo(kept, inner.id, BY, NOW)
    assert refused.value.code == "later-merge"
    merging(here).undo(third, outer.id, BY, NOW)
    assert owner(here, OTHER) == owner(here, CHILD) == kept
    merging(here).undo(kept, inner.id, BY, NOW)
    assert owner(here, OTHER) == joined
    with pytest.raises(Conflict):
        merging(here).undo(kept, inner.id, BY, NOW)
    assert [one.state for one in merges_of(here, kept)] == [State.UNDONE, State.UNDONE]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("a", "b")), st.sampled_from(("m1", "m2", "m3")), st.integers(1, 6), st.booleans()
    ),
    max_size=6,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=EDITS, between=EDITS, after=EDITS)
def test_undone_a_merge_has_never_been(here: World, before: list, between: list, after: list) -> None:  # type: ignore[type-arg]
    """Whatever is written before, while and after the two are one: each ends with what it would have had."""
    kids = {name: Child(next(fresh)) for name in ("a", "b", "control-a", "control-b")}
    for child in kids.values():
        here.take("stafettlogg", *child.log_records())

    def write(edits: list) -> None:  # type: ignore[type-arg]
        for who, goal, edition, anew in edits:
            for name in (who, f"control-{who}"):
                child = kids[name]
                record = child.goal(goal, edition)
                extra = {"barn": child.log_records()[0]["barn"] | {"foedt": "2015-05-05"}}
                moved = child.log_records()[0] | extra | {"endret": record["endret"]}
                here.take("stafettlogg", *([record, moved] if anew else [record]))

    write(before)
    done = merge(here, kids["a"], kids["b"])
    write(between)
    merging(here).undo(done.kept, done.id, BY, NOW)
    write(after)
    for name in ("a", "b"):
        mine, control = kids[name], kids[f"control-{name}"]
        assert owner(here, mine) == (done.kept if name == "a" else done.joined)
        expected = held(here, owner(here, control), control)
        found = held(here, owner(here, mine), mine)
        assert sorted(found.items, key=str) == sorted(expected.items, key=str)
        assert [i for i in found.items if i[1] == "Goal"] == [i for i in expected.items if i[1] == "Goal"]
        assert (found.numbers, found.links) == (expected.numbers, expected.links)


def test_every_table_with_a_person_is_moved_in_a_way_somebody_chose() -> None:
    metadata: MetaData = tables.metadata
    named = {table.name for table, _ in moving.BY_REFERENCE} | moving.OTHERWISE
    assert {t.name for t in metadata.sorted_tables if "person" in t.c} <= named


# History, questions, a signpost's own lane, and who looked then: those stay with whom they were about.
STAYING = ("resource_version", "lane", "person_claim", "audit")


def test_no_row_is_left_behind(here: World) -> None:
    _, joined = both(here)
    merge(here, CHILD, OTHER)
    with here.service.store.read(TENANT) as connection:
        left = {
            table.name: connection.execute(
                text(f'SELECT count(*) FROM "{table.name}" WHERE person = :who'), {"who": joined}
            ).scalar_one()
            for table in tables.metadata.sorted_tables
            if "person" in table.c and table.name not in STAYING
        }
    assert {name for name, count in left.items() if count} == set()


def test_what_is_written_while_they_are_merged_and_parted_is_kept_by_its_own_log(here: World) -> None:
    """Writers in many threads meet merges and their undoing; each edit ends with its own log's child."""
    kept, joined = both(here)

    def write(child: Child) -> list[str]:
        said = [child.goal(f"w{n}", n + 10) for n in range(12)]
        return [status for record in said for status in here.statuses("stafettlogg", record)]

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, child) for child in (CHILD, OTHER, CHILD, OTHER)]
        for _ in range(4):
            done = merging(here).merge(kept, joined, BY, NOW)
            merging(here).undo(kept, done.id, BY, NOW)
        told = [status for one in writing for status in one.result(60)]
    assert set(told) <= {"stored", "unchanged"}
    for child, who in ((CHILD, kept), (OTHER, joined)):
        with here.service.store.read(TENANT) as connection:
            own = versions.of_types(connection, TENANT, who, ["Goal"])
            names = links.natives(connection, TENANT, "stafettlogg", own)
        assert {f"{child.log}-w{n}" for n in range(12)} <= set(names.values())
        assert all(name.startswith(f"{child.log}-") for name in names.values())
        assert {v.person for v in own.values()} == {who}


def test_a_consent_that_was_given_before_and_comes_late_permits_nothing_of_the_others(here: World) -> None:
    """What the one had agreed to when the two were two, whenever its system tells of it."""
    early = [r for r in CHILD.log_records() if r["type"] != "samtykke"]
    alone = [r for r in OTHER.log_records() if r["type"] != "samtykke" and r.get("rolle") != "foresatt"]
    born = {"barn": alone[0]["barn"] | {"foedt": CHILD.born.isoformat()}}
    here.take("stafettlogg", *early, CHILD.goal("m1", 1))
    here.take("stafettlogg", alone[0] | born, *alone[1:], OTHER.goal("m1", 1))
    done = merge(here, CHILD, OTHER)
    assert permitted(here, done.kept) == (False, False)
    here.take("stafettlogg", CHILD.consent("s", 1))  # written three weeks before the merge
    assert permitted(here, done.kept) == (True, False)
    since = CHILD.consent("since", 2) | {"endret": (NOW + timedelta(hours=1)).isoformat()}
    here.take("stafettlogg", since)
    assert permitted(here, done.kept) == (True, True)


def permitted(here: World, person: str) -> tuple[bool, bool]:
    """Whether the goal of either may go to BUP."""
    service, system = here.service, here.system("bup")
    at = NOW + timedelta(days=1)
    with service.store.read(TENANT) as connection:
        sight = Looking(service.settings, service.facts, system, at).whole(connection, person, hold=False)
        names = links.names(connection, TENANT, "stafettlogg", [f"{CHILD.log}-m1", f"{OTHER.log}-m1"])
    assert sight is not None
    refs = {native: name.ref for native, name in names.items()}
    assert len(refs) == 2, names
    own, theirs = (refs[f"{one.log}-m1"] in sight.seen for one in (CHILD, OTHER))
    return own, theirs


def test_who_read_of_both_at_once_is_known_of_each_after_they_were_parted(here: World) -> None:
    """A recall of either finds them, and neither's log of what was told names what is about the other."""
    kept, joined = both(here)
    done = merge(here, CHILD, OTHER)
    with here.service.store.write(TENANT) as connection:
        natives = [f"{CHILD.log}-m1", f"{OTHER.log}-m1"]
        names = links.names(connection, TENANT, "stafettlogg", natives)
        own, theirs = (names[one].ref for one in natives)
        items = tuple(Disclosed(ref, 1, ("maal",), "G1", (), ()) for ref in (own, theirs))
        disclosures.begin(
            connection, TENANT, [Attempt(disclosures.new_id(), kept, items)], recipient="bup", channel="read",
            run=0, epoch=1, owner=None, now=NOW, deadline=None, state=disclosures.DELIVERED,
        )  # fmt: skip
    for _ in range(2):
        merging(here).undo(kept, done.id, BY, NOW)
        with here.service.store.read(TENANT) as connection:
            for who, ref in ((kept, own), (joined, theirs)):
                (told,) = disclosures.of_person(connection, TENANT, who)
                assert [one["ref"] for one in told["items"]] == [ref]
                assert [h.system for h in holders(connection, TENANT, who, ["bup"], [ref])] == ["bup"]
        done = merge(here, CHILD, OTHER)
