"""Taking a consent back: nothing goes on by it, what was under way is accounted for, and an older database
does not bring it back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.api import consents
from gateway.errors import ConfigurationError
from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.hub import links
from gateway.service import build
from tests.api.test_fhir_read import person
from tests.api.world import NOW, World, fields

SENDING = "5f0c1b52-6a1e-4f7e-9c39-0c7f7bb1c0de"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "PATIENCE", 0.1)


@pytest.fixture
def entered(any_world: World, emma: list[dict[str, Any]]) -> World:
    any_world.hand_in("logg", emma)
    return any_world


def goals(world: World, emma: list[dict[str, Any]]) -> int:
    """How many goals BUP is shown."""
    own = person(world, emma[0]).removeprefix("Patient/")
    total: int = fields(world.get(f"/fhir/Goal?patient={own}", "bup"))["total"]
    return total


def ref(world: World, native_id: str) -> str:
    """What a record of the log is in the hub."""
    with world.service.store.read("fjordbyen") as connection:
        return links.names(connection, "fjordbyen", "logg", [native_id])[native_id].ref


def withdraw(world: World, by: str, client: str = "drift", consent: str = "e-s1") -> Any:
    return world.post(f"/consents/{ref(world, consent).partition('/')[2]}/withdraw", client, {"by": by})


def sending(world: World, emma: list[dict[str, Any]], *, channel: str = "push") -> None:
    """A delivery that was decided before and is under way."""
    own = person(world, emma[0]).removeprefix("Patient/")
    attempt = Attempt(SENDING, own, (Disclosed("Goal/1", 1, (), "G1", (), ()),))
    with world.service.store.write("fjordbyen") as connection:
        disclosures.begin(
            connection,
            "fjordbyen",
            [attempt],
            recipient="bup",
            channel=channel,
            run=1,
            epoch=1,
            owner="w1",
            now=NOW,
            deadline=NOW + timedelta(seconds=10),
        )


def test_one_of_those_who_decide_takes_it_back(entered: World, emma: list[dict[str, Any]]) -> None:
    assert goals(entered, emma) > 0
    entered.later()
    answer = withdraw(entered, ref(entered, "e-d2"))
    assert (answer.status_code, fields(answer)["closed"], fields(answer)["mayHaveArrived"]) == (200, True, [])
    assert goals(entered, emma) == 0
    entered.later()
    again = withdraw(entered, ref(entered, "e-d2"))
    assert (again.status_code, fields(again)) == (200, fields(answer))


def test_the_system_that_keeps_the_consent_is_told(entered: World, emma: list[dict[str, Any]]) -> None:
    entered.later()
    withdraw(entered, ref(entered, "e-d2"))
    consent = ref(entered, "e-s1").partition("/")[2]
    shown = fields(entered.get(f"/fhir/Consent/{consent}", "logg"))
    (mark,) = [e for e in shown["extension"] if e["url"].endswith("trukket")]
    parts = {p["url"]: p for p in mark["extension"]}
    assert shown["status"] == "inactive"
    assert parts["tidspunkt"]["valueDateTime"].startswith("2026-11-21T12:01:00")
    assert parts["av"]["valueReference"]["reference"] == ref(entered, "e-d2")


def test_only_a_participant_and_only_a_client_of_that_system(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    stranger = withdraw(entered, "RelatedPerson/finnes-ikke")
    assert (stranger.status_code, fields(stranger)["field"]) == (422, "by")
    by = ref(entered, "e-d2")
    assert withdraw(entered, by, "bup").status_code == 404
    assert withdraw(entered, by, "nabodrift").status_code == 404
    assert entered.post("/consents/x/withdraw", "drift", {"by": by}).status_code == 404
    assert entered.post("/consents/x/withdraw", "drift", {"by": 7}).status_code == 422
    assert goals(entered, emma) > 0


@pytest.mark.parametrize(
    ("end", "listed"), [(disclosures.UNKNOWN, [SENDING]), (disclosures.REFUSED, []), (disclosures.UNSENT, [])]
)
def test_what_was_under_way_is_waited_for(
    entered: World, emma: list[dict[str, Any]], end: str, listed: list[str]
) -> None:
    sending(entered, emma)
    entered.later()
    first = withdraw(entered, ref(entered, "e-d2"))
    assert (first.status_code, fields(first)["closed"]) == (202, False)
    entered.later()
    assert withdraw(entered, ref(entered, "e-d2")).status_code == 202  # its deadline alone proves nothing
    with entered.service.store.write("fjordbyen") as connection:
        disclosures.finish(connection, "fjordbyen", [(SENDING, end, None)], entered.now)
    last = withdraw(entered, ref(entered, "e-d2"))
    assert (last.status_code, fields(last)["mayHaveArrived"]) == (200, listed)


def test_what_was_handed_out_is_under_way_until_its_deadline(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    sending(entered, emma, channel="pull")
    assert withdraw(entered, ref(entered, "e-d2")).status_code == 202
    entered.later()
    last = withdraw(entered, ref(entered, "e-d2"))
    assert (last.status_code, fields(last)["mayHaveArrived"]) == (200, [SENDING])


def test_a_record_that_takes_back_is_answered_the_same_way(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    consent = next(one for one in emma if one["id"] == "e-s1")
    taken = {**consent, "trukket": {"tidspunkt": "2026-11-21T11:00:00+01:00", "av": "e-d2"}}
    taken["endret"] = "2026-11-21T11:00:00+01:00"
    sending(entered, emma)
    answer = entered.hand_in("logg", taken)
    assert (answer.status_code, fields(answer)["closed"]) == (202, False)
    with entered.service.store.write("fjordbyen") as connection:
        disclosures.finish(connection, "fjordbyen", [(SENDING, disclosures.DELIVERED, None)], NOW)
    answer = entered.hand_in("logg", [{**taken, "endret": "2026-11-21T11:00:01+01:00", "form": "muntlig"}])
    assert fields(answer)["results"][0]["closed"] is True


def test_an_older_edition_closes_only_what_it_takes_back(entered: World, emma: list[dict[str, Any]]) -> None:
    consent = next(one for one in emma if one["id"] == "e-s1")
    entered.hand_in("logg", {**consent, "endret": "2026-11-21T12:00:00+01:00"})
    sending(entered, emma)
    late = {**consent, "form": "muntlig", "endret": "2026-11-21T10:00:00+01:00"}
    answer = entered.hand_in("logg", late)
    assert (answer.status_code, fields(answer)["late"], "closed" in fields(answer)) == (200, True, False)
    taken = {**late, "trukket": {"tidspunkt": "2026-11-21T10:30:00+01:00", "av": "e-d2"}}
    answer = entered.hand_in("logg", {**taken, "endret": "2026-11-21T10:30:00+01:00"})
    assert (answer.status_code, fields(answer)["late"], fields(answer)["closed"]) == (202, True, False)
    assert goals(entered, emma) == 0


def test_an_older_backup_stays_closed(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    path = Path(world.service.store.url.database or "")
    backup = path.with_suffix(".backup")
    _copy(path, backup)
    world.later()
    assert withdraw(world, ref(world, "e-d2")).status_code == 200
    world.close()
    _copy(backup, path)
    restored = World(world.service.settings, world.issuer)
    restored.later(2)
    assert goals(restored, emma) == 0
    restored.close()


def test_a_journal_that_cannot_be_read_stops_the_start(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    withdraw(world, ref(world, "e-d2"))
    journal = world.service.journal.path
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"tenant": "fjo')  # cut off while it was written: never committed
    build(world.service.settings, lambda: NOW).close()
    journal.write_bytes(b"x" + whole)
    with pytest.raises(ConfigurationError, match="line 1"):
        build(world.service.settings, lambda: NOW)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as a, closing(sqlite3.connect(target)) as b:
        a.backup(b)
