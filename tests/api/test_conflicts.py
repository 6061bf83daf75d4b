"""Conflicts at the front door: shown to those who coordinate as far as they may see each value, decided with
one call, and settled for every system."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

import consent
from consent.evaluate import UNKNOWN
from gateway import jsontext
from gateway.hub import conflicts as kept
from gateway.hub import versions
from gateway.hub.schema.tables import conflict
from mappings.canonical import BELONGS_TO, ENTRY_KIND
from tests.api.conftest import records
from tests.api.test_consent_life import changed, ref
from tests.api.test_fhir_read import person
from tests.api.test_pull import pull
from tests.api.world import World, fields

THEIRS, OURS = "Planens ord om målet", "Loggens ord om målet"


@dataclass
class Disputed:
    """Emma's goal e-m1: the log says one thing, her plan another."""

    world: World
    log: list[dict[str, Any]]
    person: str
    goal: str
    seconds: int = 0

    def told(self, client: str = "logg", query: str = "") -> list[dict[str, Any]]:
        """The conflicts that a client is told of."""
        answer = self.world.get(f"/people/{self.person}/conflicts{query}", client)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = fields(answer)["conflicts"]
        return found

    def decide(self, client: str = "logg", **more: Any) -> Any:
        """The answer to a decision."""
        one = self.told("drift")[0] if self.told("drift") else self.told("drift", "?state=decided")[0]
        said = {"choice": "current", "version": one["version"], "by": self.by, "reason": "Avtalt i møtet"}
        return self.world.post(f"/conflicts/{one['id']}/decide", client, {**said, **more})

    @property
    def by(self) -> str:
        """The stafettholder."""
        return ref(self.world, "e-d1")

    def current(self) -> dict[str, Any]:
        """The goal as it stands, as BUP reads it."""
        found: dict[str, Any] = fields(self.world.get(f"/fhir/{self.goal}", "bup"))
        return found

    def in_log(self, **more: Any) -> str:
        """An edit in the log; its status."""
        return self._edit("logg", changed(self.log, "e-m1", self._now(), **more))

    def in_plan(self, **more: Any) -> str:
        """An edit of what the plan was handed."""
        return self._edit("plan", {**self.handed, "endret": self._now(), **more})

    def pulled(self) -> None:
        """The plan fetches everything, and confirms it."""
        page = pull(self.world)
        for one in page["records"]:
            if one["item"] == self.goal:
                self.handed = one["record"]
        pull(self.world, page["cursor"])

    def _edit(self, system: str, record: dict[str, Any]) -> str:
        answer = self.world.hand_in(system, [record])
        assert answer.status_code == 200, answer.text
        self.world.later()
        return str(fields(answer)["results"][0]["status"])

    def _now(self) -> str:
        self.seconds += 1
        return f"2026-11-21T12:{self.seconds:02d}:00+01:00"


def dispute(world: World, emma: list[dict[str, Any]]) -> Disputed:
    """The conflict in this world."""
    world.hand_in("logg", emma)
    world.hand_in("plan", records("individuell-plan", "emma"))
    made = Disputed(world, emma, person(world, emma[0]), ref(world, "e-m1"))
    made.pulled()
    assert made.in_log(tekst=OURS) == "stored"
    assert made.in_plan(tekst=THEIRS) == "conflict"
    return made


@pytest.fixture
def disputed(world: World, emma: list[dict[str, Any]]) -> Disputed:
    return dispute(world, emma)


@pytest.fixture
def anywhere(any_world: World, emma: list[dict[str, Any]]) -> Disputed:
    """On each database, for what storage may decide."""
    return dispute(any_world, emma)


def test_both_values_are_shown_with_their_systems_and_times(disputed: Disputed) -> None:
    (one,) = disputed.told()
    assert (one["resource"], one["path"], one["kind"], one["state"]) == (
        disputed.goal, "Goal.description", "changed", "open",
    )  # fmt: skip
    assert (one["current"]["system"], one["current"]["value"]) == ("logg", {"text": OURS})
    assert (one["theirs"]["system"], one["theirs"]["value"]) == ("plan", {"text": THEIRS})
    assert one["current"]["at"] < one["theirs"]["at"]
    assert one["current"]["by"] == disputed.by
    assert one["choices"] == ["current", "theirs", "value"]
    assert disputed.by in one["deciders"]
    assert disputed.world.get(f"/conflicts/{one['id']}", "logg").content
    own = f"/disclosures?patient={disputed.person}&limit=500"
    told = fields(disputed.world.get(own, "drift"))["disclosures"]
    assert any(d["channel"] == "read" and d["recipient"] == "logg" for d in told)


def test_only_where_somebody_coordinates_and_never_with_content_for_an_operator(disputed: Disputed) -> None:
    assert disputed.told("bup") == disputed.told("plan") == []
    (one,) = disputed.told("drift")
    assert [one[side]["shown"] for side in ("current", "theirs")] == ["hidden", "hidden"]
    assert OURS not in str(one)
    assert THEIRS not in str(one)
    assert one["choices"] == ["current", "theirs"]
    for client in ("bup", "plan", "nabo", "nabodrift"):
        assert disputed.world.get(f"/conflicts/{one['id']}", client).status_code == 404
        assert disputed.decide(client).status_code == 404
    assert disputed.world.get(f"/people/{disputed.person}/conflicts", "nabodrift").status_code == 404


def test_nothing_is_shown_or_taken_that_the_judge_refuses(
    disputed: Disputed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "decide", lambda *_: UNKNOWN)
    (one,) = disputed.told()
    assert one["current"]["value"] == {"text": OURS}, "its own words, read back"
    assert (one["theirs"]["value"], one["theirs"]["shown"]) == (None, "hidden")
    assert THEIRS not in str(one)
    assert one["choices"] == ["current", "value"]
    assert fields(disputed.decide(choice="theirs"))["field"] == "choice"


def test_without_a_route_from_the_system_its_value_is_not_shown(
    disputed: Disputed, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = disputed.world.service
    left = [r for r in service.settings.routes if (r.source, r.recipient) != ("plan", "logg")]
    monkeypatch.setattr(service, "settings", service.settings.model_copy(update={"routes": left}))
    assert disputed.told()[0]["theirs"]["shown"] == "hidden"


def test_theirs_becomes_a_version_for_all_and_the_conflict_is_closed(anywhere: Disputed) -> None:
    disputed = anywhere
    before = len(pull(disputed.world)["records"])
    answer = disputed.decide(choice="theirs")
    assert answer.status_code == 200, answer.text
    said = fields(answer)
    assert (said["state"], said["decision"]["choice"], said["choices"]) == ("decided", "theirs", [])
    assert said["decision"]["by"] == disputed.by
    assert disputed.current()["description"] == {"text": THEIRS}
    assert disputed.told() == []
    assert before, "the plan was to get the log's words"
    assert THEIRS not in str([r for r in pull(disputed.world)["records"] if r["record"]["tekst"] != THEIRS])
    again = disputed.decide(choice="theirs")
    assert (again.status_code, fields(again)) == (200, said), "the same decision again changes nothing"
    other = disputed.decide(choice="current")
    assert (other.status_code, fields(other)["code"]) == (409, "settled")


def test_the_current_value_stays_and_the_other_system_gets_it_without_a_new_conflict(
    anywhere: Disputed,
) -> None:
    disputed = anywhere
    version = disputed.told()[0]["version"]
    assert disputed.decide().status_code == 200
    assert disputed.told("logg", "?state=decided")[0]["version"] == version, "nothing was written anew"
    disputed.pulled()
    assert disputed.handed["tekst"] == OURS
    assert disputed.in_plan(egneOrd="Jeg vil være med") == "stored"
    assert disputed.current()["description"] == {"text": OURS}
    assert disputed.told() == []


def test_a_value_of_ones_own_goes_to_both(disputed: Disputed) -> None:
    answer = disputed.decide(choice="value", value={"text": "Vi er enige om dette"})
    assert answer.status_code == 200, answer.text
    assert disputed.current()["description"] == {"text": "Vi er enige om dette"}
    disputed.pulled()
    assert disputed.handed["tekst"] == "Vi er enige om dette"
    assert disputed.handed["endret"].startswith("2026-11-21")


@pytest.mark.parametrize("value", [{"text": 5}, {"tekst": "x"}, "bare tekst", {"text": None}, None, []])
def test_a_value_that_does_not_fit_changes_nothing(disputed: Disputed, value: Any) -> None:
    answer = disputed.decide(choice="value", value=value)
    assert (answer.status_code, fields(answer)["field"]) == (422, "value")
    assert disputed.current()["description"] == {"text": OURS}
    assert len(disputed.told()) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"by": "PractitionerRole/ukjent"}, "by"),
        ({"choice": "begge"}, "choice"),
        ({"reason": "  "}, "reason"),
        ({"version": "1"}, "version"),
        ({"value": {"text": "x"}}, "value"),
    ],
)
def test_a_decision_that_is_not_understood(disputed: Disputed, said: dict[str, Any], field: str) -> None:
    answer = disputed.decide(**said)
    assert (answer.status_code, fields(answer)["field"]) == (422, field)


def test_what_has_moved_on_is_not_decided(disputed: Disputed) -> None:
    version = disputed.told()[0]["version"]
    assert disputed.in_log(tekst=OURS, evalueringsfrist="2027-05-05") == "stored"
    answer = disputed.decide(choice="theirs", version=version)
    assert (answer.status_code, fields(answer)["code"]) == (409, "moved-on")
    assert disputed.decide(choice="theirs").status_code == 200
    assert disputed.current()["description"] == {"text": THEIRS}
    assert disputed.current()["target"][0]["dueDate"] == "2027-05-05"


def test_an_operator_may_decide_between_the_two_and_writes_nothing(disputed: Disputed) -> None:
    own = disputed.decide("drift", choice="value", value={"text": "Driftens ord"})
    assert (own.status_code, fields(own)["field"]) == (422, "choice")
    assert disputed.decide("drift", choice="theirs").status_code == 200
    assert disputed.current()["description"] == {"text": THEIRS}


@pytest.mark.parametrize("who", ["log", "plan"])
def test_it_closes_by_itself_when_both_say_the_same(anywhere: Disputed, who: str) -> None:
    disputed = anywhere
    if who == "log":
        assert disputed.in_log(tekst=THEIRS) == "stored"
    else:
        assert disputed.in_plan(tekst=OURS) == "stored"
    assert disputed.told() == []
    (one,) = disputed.told("logg", "?state=equal")
    assert one["settled"]
    assert disputed.current()["description"] == {"text": THEIRS if who == "log" else OURS}


def test_one_that_is_said_again_is_one_on_the_list(disputed: Disputed) -> None:
    assert disputed.in_plan(tekst="Planens nye ord") == "conflict"
    (one,) = disputed.told()
    assert one["theirs"]["value"] == {"text": "Planens nye ord"}
    assert [o["theirs"]["value"] for o in disputed.told("logg", "?state=replaced")] == [{"text": THEIRS}]


def test_what_is_registered_in_error_is_no_conflict_any_more(disputed: Disputed) -> None:
    error = {"tidspunkt": "2026-11-21T12:30:00+01:00", "av": "e-d1", "grunn": "Feil barn"}
    assert disputed.in_log(tekst=OURS, feilregistrert=error) == "stored"
    assert disputed.told("drift") == []
    assert len(disputed.told("drift", "?state=withdrawn")) == 1


def at_a_place(disputed: Disputed, native_id: str, steps: list[Any], theirs: Any) -> dict[str, Any]:
    """A conflict between the log and the plan at this place of an item, as the log is told of it."""
    world, item = disputed.world, ref(disputed.world, native_id)
    content = {"steps": steps, "theirs": theirs, "theirsAt": world.now.isoformat(), "kind": "changed"}
    row = kept.new("fjordbyen", "plan", disputed.person, item, "place", content, world.now)
    with world.service.store.write("fjordbyen") as connection:
        kept.keep(connection, [row])
    return fields(world.get(f"/conflicts/{row['id']}", "logg"))  # type: ignore[no-any-return]


def test_a_decision_makes_nothing_another_category_or_another_logs(disputed: Disputed) -> None:
    """What consents are asked about is said where the item is made."""
    world = disputed.world
    kind = [{"coding": [{"system": ENTRY_KIND, "code": "henvisning"}]}]
    plan = {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/another"}}
    with world.service.store.read("fjordbyen") as connection:
        goal = versions.of_refs(connection, "fjordbyen", [disputed.goal])[disputed.goal].resource
    (belongs,) = [e for e in goal["extension"] if e["url"] == BELONGS_TO]
    for native_id, steps, theirs in (
        ("e-t1", [{"field": "category"}], kind),
        ("e-m1", [{"field": "extension"}, {"of": "extension", "like": belongs}], plan),
    ):
        one = at_a_place(disputed, native_id, steps, theirs)
        assert one["current"]["shown"] == "whole", one
        assert "theirs" not in one["choices"], one
        for choice in ({"choice": "theirs"}, {"choice": "value", "value": theirs}):
            said = {**choice, "version": one["version"], "by": disputed.by, "reason": "Avtalt"}
            answer = world.post(f"/conflicts/{one['id']}/decide", "logg", said)
            assert (answer.status_code, fields(answer)["field"]) == (422, "choice"), answer.text


def test_a_document_is_shown_by_hash_and_size_and_its_bytes_are_had_by_that_hash(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own, there = person(world, emma[0]), ref(world, "e-dok1")
    ours, theirs = (base64.b64encode(bytes([n]) * 50_000).decode() for n in (1, 2))
    seen = world.get(f"/fhir/{there}", "bup")
    resource = fields(seen)
    resource["content"][0]["attachment"]["data"] = ours
    headers = world.headers("bup", Content_Type="application/fhir+json", If_Match=seen.headers["etag"])
    put = world.http.put(f"/fhir/{there}", content=jsontext.encode(resource), headers=headers)
    assert put.status_code == 200, put.text
    edit = changed(emma, "e-dok1", "2026-11-21T12:30:00+01:00", innhold=theirs)
    assert fields(world.hand_in("logg", [edit]))["results"][0]["status"] == "conflict"
    answer = world.get(f"/people/{own}/conflicts", "logg")
    assert len(answer.content) < 5_000
    (one,) = fields(answer)["conflicts"]
    assert (one["current"]["system"], one["theirs"]["system"]) == ("bup", "logg")
    for side, content in (("current", ours), ("theirs", theirs)):
        (told,) = one[side]["attachments"]
        raw = base64.b64decode(content)
        assert told == {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        path = f"/conflicts/{one['id']}/attachments/{told['sha256']}"
        assert world.get(path, "logg").content == raw
        assert world.get(path, "drift").status_code == world.get(path, "bup").status_code == 404
    with world.service.store.read("fjordbyen") as connection:
        (content,) = connection.execute(select(conflict.c.content)).scalars()
    assert len(content) < 1.1 * len(theirs) + 5_000, "theirs alone; what stands here is in its version"
    said = {
        "choice": "theirs",
        "version": one["version"],
        "by": ref(world, "e-d1"),
        "reason": "Nyeste utgave",
    }
    assert world.post(f"/conflicts/{one['id']}/decide", "logg", said).status_code == 200
    now = fields(world.get(f"/fhir/{there}", "bup"))
    assert now["content"][0]["attachment"]["data"] == theirs
