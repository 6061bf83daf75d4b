"""How the connected systems stand on the operators' pages: what waits where something waits, and no more
questions of the database for many systems than for few."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select, update

from gateway.config import Settings
from gateway.hub.schema.tables import disclosure, lane
from gateway.operating import health
from tests.web.conftest import Pages
from tests.web.operations.test_lanes import waits
from tests.web.person import Person


def asked(pages: Pages, chosen: Settings) -> tuple[list[str], list[health.Health]]:
    """The statements of one look, and what it found."""
    said: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    with pages.service.store.read("fjordbyen") as connection:
        event.listen(connection, "before_cursor_execute", note)
        found = health.of_tenant(connection, chosen, "fjordbyen", pages.now)
    return said, found


def with_systems(chosen: Settings, many: int) -> Settings:
    first = chosen.systems[0]
    more = [first.model_copy(update={"id": f"skole-{n}"}) for n in range(many)]
    return chosen.model_copy(update={"systems": (*chosen.systems, *more)})


def test_many_systems_take_as_many_questions_as_few(pages: Pages) -> None:
    few, found = asked(pages, pages.service.settings)
    many, all_found = asked(pages, with_systems(pages.service.settings, 60))
    assert len(few) == len(many) == 5
    assert len(all_found) == len(found) + 60
    plain = {one.system.id: one for one in all_found}
    assert [one for one in found if plain[one.system.id] != one] == []


def test_each_system_has_its_own_times(pages: Pages) -> None:
    before = {one.system.id: one for one in asked(pages, pages.service.settings)[1]}
    assert before["logg"].received is not None
    assert [name for name, one in before.items() if one.delivered or (one.received and name != "logg")] == []
    pages.later()
    delivered = {"tenant": "fjordbyen", "person": pages.patient("e-m1"), "channel": "pull"}
    with pages.service.store.write("fjordbyen") as connection:
        row = connection.execute(select(disclosure)).first()
        assert row is None
        connection.execute(
            disclosure.insert().values(
                **delivered, id="d-1", recipient="plan", state="delivered", started=pages.now,
                run=0, epoch=0, deadline=pages.now, items=b"",
            )
        )  # fmt: skip
    after = {one.system.id: one for one in asked(pages, pages.service.settings)[1]}
    assert (after["plan"].delivered, after["plan"].tries, after["plan"].failed) == (pages.now, 1, 0)
    assert [name for name, one in after.items() if name != "plan" and one != before[name]] == []


@pytest.mark.parametrize("state", ["waiting", "held"])
def test_where_nothing_is_sent_nothing_waits(pages: Pages, operator: Person, state: str) -> None:
    """A lane to a system with deliver = "none" is woken as any other, and nothing ever runs it."""
    own = pages.patient("e-m1")
    with pages.service.store.write("fjordbyen") as connection:
        connection.execute(
            update(lane)
            .where(lane.c.tenant == "fjordbyen", lane.c.person == own, lane.c.recipient == "bup")
            .values(state=state, waiting_since=pages.now, next_at=pages.now)
        )
        assert connection.execute(select(lane.c.id).where(lane.c.recipient == "bup")).first()
    pages.later(20)
    bup = next(one for one in asked(pages, pages.service.settings)[1] if one.system.id == "bup")
    assert (bup.state, bup.line) == ("well", health.Line())
    shown = operator.get("/min-side/drift/system/bup")
    assert "Ingenting venter: hit sendes ingenting. Systemet kan selv lese det det har lov til" in shown.text
    assert "Til bup" not in operator.get("/min-side/drift/koer").text
    assert "Til bup" not in operator.get(f"/min-side/drift/koer?tilstand={state}").text
    every = operator.get("/min-side/drift/koer?tilstand=alle")
    assert "Her sendes ingenting" in every.text
    one = operator.get(next(to for words, to in every.links.items() if words == "Til bup"))
    assert one.status == 200
    assert [action for action, _ in one.forms if action.endswith(("slipp", "paa-nytt", "stopp"))] == []


def test_what_a_system_fetches_itself_waits_for_that(pages: Pages, operator: Person) -> None:
    waits(pages)
    shown = operator.get("/min-side/drift")
    assert "venter på å bli hentet" in shown.text
    lanes = operator.get("/min-side/drift/koer?mottaker=plan")
    assert "Venter på å bli hentet" in lanes.text
    assert "Systemet henter selv, når det spør." in lanes.text
    assert "Står i kø og tas i tur." not in lanes.text
