"""Two municipalities at one gateway, everything that a route can be asked about, and everyone who may ask.

What is asked about is Emma's, in Fjordbyen; the neighbour has a child of its own."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from gateway import jsontext
from gateway.access import scopes
from gateway.access.people_login import identities, proven
from gateway.config import Settings
from gateway.hub import links
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_notices import keep
from tests.api.world import World, fields, settings
from tests.numbers import d_number
from tests.web.person import ORIGIN
from tests.welfare.conftest import with_welfare
from tests.welfare.reporting import report

HERE, THERE = "fjordbyen", "nabokommune"
WHO = {"by": "Kari Nordmann", "reason": "Avklart i møte"}
UNRELATED = "399999998"  # an organization that takes part for nobody
READS = frozenset(one for one in scopes.ALL if one.endswith(".read"))
CANARIES = ("Emma", "Testesen", "14831770229", "friminutt", "e-m1", "Kontaktlærer")
MOTHER, FATHER = "09898504473", "01828303534"  # Emma's
OTHER_MOTHER, YOUNG = "11877904689", "02861183354"  # Jonas's, and Jonas
PROVIDER = "http://127.0.0.1:9"  # nobody answers there: sessions are the server's own
LOGINS = {"idporten": "family", "helseid": "staff", "drift": "operations"}
Things = dict[str, str]


def settled(plain: Settings, folder: Path) -> Settings:
    """The configuration of the API's tests, with child welfare, a system to which nothing is shared, though a
    route leads there, a client of both municipalities, and logins of families and staff."""
    told = with_welfare(plain, nabologg={}).model_dump(mode="json")
    stranger = {"id": "fremmed", "tenant": HERE, "adapter": "fhir", "organization": UNRELATED}
    told["systems"].append({**stranger, "deliver": "none"})
    told["systems"].append({**stranger, "deliver": "none", "id": "nabobup", "tenant": THERE})
    told["routes"].append({"source": "logg", "recipient": "fremmed"})
    told["organizations"].append({"number": UNRELATED, "name": "En uvedkommende", "regime": "health"})
    client = next(one for one in told["clients"] if one["client_id"] == "logg")
    told["clients"].append({**client, "client_id": "fremmed", "system": "fremmed"})
    told["clients"].append({**client, "client_id": "nabobup", "tenant": THERE, "system": "nabobup"})
    told["clients"].append({**client, "client_id": "felles", "system": "lege"})
    told["clients"].append({**client, "client_id": "felles", "tenant": THERE, "system": "nabologg"})
    told["public_url"], told["logins"] = ORIGIN, [_login(folder, *one) for one in LOGINS.items()]
    return Settings.model_validate(told)


def _login(folder: Path, name: str, who: str) -> dict[str, Any]:
    """A login whose provider is not there: who is logged in has a session of the server's."""
    path = folder / "login.jwk"
    if not path.exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        path.write_text(json.dumps(key.as_dict(private=True)))
    at = {"tenant": HERE, "issuer": PROVIDER, "client_id": "stafettbro"}
    roles = {"role": "drift", "content_role": "innhold"} if who == "operations" else {}
    return {"id": name, "name": name, "who": who, "acr": ["high"], "key_ref": f"file:{path}", **at, **roles}


class Town:
    """The gateway, and what is there. things: what a request may name, by what it is called in errands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._count = itertools.count(1)
        user = {"bruker": {"utsteder": PROVIDER, "subjekt": "kari"}}  # the teacher, who has a login too
        self.emma = [one | user if one["id"] == "e-d1" else one for one in records("stafettlogg", "emma")]
        self._hand_in("logg", self.emma)
        self._hand_in("logg", records("stafettlogg", "jonas"))
        self._hand_in("plan", records("individuell-plan", "emma"))
        self._hand_in("nabologg", records("stafettlogg", "amina"), THERE)
        self.things: Things = {
            "person": self._named("e-m1").person,
            "log": self._own("emma-logg"),
            "goal": self._own("e-m1"),
            "standing": self._own("e-s1"),
            "holder": self._own("e-d1"),
            "mother": self._own("e-d2"),
            "plan": self._own("emma-ip", "plan"),
            "number": "14831770229",
            "note": self._own("e-n1"),
            "theirs": self._own("j-m1"),
            "another": self._own("j-d1"),
            "their log": self._own("jonas-logg"),
            "abroad": "nabobup",
            "system": "logg",
            "puller": "plan",
        }
        self.things |= {"answered": "different", "type": "Goal"}
        self._bups()
        self.things |= self.conflict() | self.merged() | self.question() | self.act() | self.report()
        self.things |= self.deviation() | self.lane() | self.notice() | self.discussion() | self.entry()
        self.things |= {"tag": self._tag(self.things["goal"])}
        self.things |= self.changing() | self.closed() | self.consent()

    def _bups(self) -> None:
        """BUP has written of Emma too, and both BUP and the plan's system have asked about her."""
        goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Gå til skolen"}}
        goal |= {"subject": {"reference": f"Patient/{self.things['person']}"}}
        headers = self.world.headers("bup", Content_Type="application/fhir+json")
        self._done(self.world.http.post("/fhir/Goal", content=jsontext.encode(goal), headers=headers))
        for client in ("bup", "plan"):
            self._done(self.world.get(f"/timeline/{self.things['person']}", client))

    # --- what is made anew for each request that changes it ------------------------------------------------

    def conflict(self) -> Things:
        """BUP and the log say different things of a document; the bytes stand in the conflict by hash."""
        n = next(self._count)
        there = self._named("e-dok1").ref
        seen = self.world.get(f"/fhir/{there}", "bup")
        resource = fields(seen)
        ours, theirs = (bytes([n, side]) * 2_000 for side in (1, 2))
        resource["content"][0]["attachment"]["data"] = base64.b64encode(ours).decode()
        headers = {"Content_Type": "application/fhir+json", "If_Match": seen.headers["etag"]}
        put = self.world.http.put(
            f"/fhir/{there}", content=jsontext.encode(resource), headers=self.world.headers("bup", **headers)
        )
        assert put.status_code == 200, put.text
        record = next(one for one in self.emma if one["id"] == "e-dok1")
        edited = {"endret": f"2026-11-21T12:30:{n:02d}+01:00", "innhold": base64.b64encode(theirs).decode()}
        answer = self.world.hand_in("logg", [{**record, **edited}])
        assert fields(answer)["results"][0]["status"] == "conflict", answer.text
        found = fields(self.world.get(f"/people/{self._named('e-m1').person}/conflicts", "logg"))["conflicts"]
        made = {"conflict": found[-1]["id"], "version_of_conflict": str(found[-1]["version"])}
        return made | {"sha256": hashlib.sha256(theirs).hexdigest()}

    def consent(self) -> Things:
        """One consent more of Emma's, in the log."""
        given = next(one for one in self.emma if one["id"] == "e-s1")
        return {"consent": self._record({**given, "id": f"e-s{next(self._count) + 10}"})}

    def pair(self) -> Things:
        """Two children who may be one; each has a log."""
        return {"kept": self._child(), "joined": self._child()}

    def merged(self) -> Things:
        """Two that were merged."""
        pair = self.pair()
        asked = {"other": pair["joined"], **WHO}
        done = self._done(self.world.post(f"/people/{pair['kept']}/merge", "drift", asked))
        return {**pair, "merged": pair["kept"], "merge": done["id"]} | self.pair()

    def question(self) -> Things:
        """A log says another number of its child than before: Emma's."""
        asked = self._child(then={"fnr": "14831770229"})
        found = self._done(self.world.get(f"/people/{asked}/merges", "logg"))["questions"]
        return {"asked": asked, "question": found[0]["id"]}

    def act(self) -> Things:
        """Somebody at the log has found care necessary."""
        said = {"kind": "finding", **WHO, "recipients": ["lege"], "categories": ["maal"]}
        own = self._named("e-m1").person
        return {"act": self._done(self.world.post(f"/people/{own}/acts", "logg", said))["id"]}

    def danger(self) -> Things:
        """Somebody at the log has shared one item because of danger."""
        note, own = self._named("e-n1"), self._named("e-m1").person
        said = {"kind": "emergency", **WHO, "items": [note.ref], "recipients": ["lege"]}
        return {"act": self._done(self.world.post(f"/people/{own}/acts", "logg", said))["id"]}

    def item(self) -> Things:
        """One goal more of Emma's, in the log."""
        given = next(one for one in self.emma if one["id"] == "e-m1")
        return {"goal": self._record({**given, "id": f"e-m{next(self._count) + 10}"})}

    def changing(self) -> Things:
        """One goal more, that BUP has read and is about to change."""
        goal = self.item()["goal"]
        return {"changing": goal, "tag it has": self._tag(goal)}

    def _tag(self, goal: str) -> str:
        """Which version of a goal it is that BUP sees."""
        answer = self.world.get(f"/fhir/Goal/{goal}", "bup")
        return str(answer.headers["etag"].split('"')[1])

    def closed(self) -> Things:
        """A child's log that was closed; there is a plan too, and the family shares the log."""
        n = next(self._count)
        log, holder = self._log(n, "avsluttet")
        others = [one for one in self.emma if one["id"] in ("e-d2", "e-d3", "e-d8", "e-s1")]
        family = jsontext.decode(jsontext.encode(others).replace(b'"e-', f'"k{n}-'.encode()))
        self._hand_in("logg", [log, holder, *(one | {"logg": log["id"]} for one in family)])
        plan, other = (dict(one) for one in records("individuell-plan", "emma")[:2])
        own = {"plan": f"k{n}-ip", "endretAv": f"k{n}-i1"}
        plan |= {
            "id": own["plan"],
            "person": log["barn"],
            "endretAv": own["endretAv"],
            "koordinator": f"k{n}-i1",
        }
        self._hand_in("plan", [plan, {**other, **own, "id": own["endretAv"]}])
        return {"closed": self._own(log["id"])}

    def deviation(self) -> Things:
        """A goal that was recalled after BUP had read it."""
        goal, own = self.item()["goal"], self._named("e-m1").person
        assert self.world.get(f"/fhir/Goal/{goal}", "bup").status_code == 200
        asked = {"items": [f"Goal/{goal}"], "by": WHO["by"], "reason": "feil-person"}
        done = self._done(self.world.post(f"/people/{own}/recall", "logg", asked))
        return {"deviation": done["deviations"][0]["id"]}

    def lane(self) -> Things:
        """Emma's lane to BUP."""
        listed = self._done(self.world.get("/lanes?recipient=bup", "drift"))["lanes"]
        own = self._named("e-m1").person
        return {"lane": next(one["id"] for one in listed if one["patient"] == f"Patient/{own}")}

    def released(self) -> Things:
        """The same, where nobody has stopped it."""
        found = self.lane()
        self._done(self.world.post(f"/lanes/{found['lane']}/release", "drift"))
        return found

    def notice(self) -> Things:
        """That a goal of Emma's is soon to be evaluated, as the worker found it."""
        keep(self.world)
        listed = self._done(self.world.get("/notices?limit=200", "logg"))["notices"]
        own = self._named("e-m1").person
        mine = [
            one for one in listed
            if (one["kind"], one["patient"]) == ("evaluation-near", f"Patient/{own}")
        ]  # fmt: skip
        return {"notice": mine[0]["id"]}

    def report(self) -> Things:
        """The school has reported a concern."""
        done = self._done(self.world.post("/welfare/reports", "logg", report(f"bm-{next(self._count)}")))
        return {"report": done["id"], "reported": self.world.now.isoformat()}

    def discussion(self) -> Things:
        """The school has asked the PPT without saying who it is about."""
        own = self._named("e-m1").person
        asked = {"id": f"d-{next(self._count)}", "text": "Hun sover dårlig.", "recipient": "ppt", "seen": []}
        path = f"/people/{own}/anonymous-discussions"
        done = self._done(self.world.post(path, "logg", asked | {"confirmedBy": WHO["by"]}))
        return {"discussion": done["id"]}

    def entry(self) -> Things:
        """What the audit has of something that the log's system did about Emma."""
        own = self._named("e-m1").person
        found = self._done(self.world.get(f"/fhir/AuditEvent?patient={own}", "logg"))["entry"]
        number = found[0]["resource"]["id"]
        while self.world.get(f"/fhir/AuditEvent/{number}", "nabodrift").status_code == 404:
            self.world.get("/lanes", "nabodrift")  # the neighbour's audit counts from one too
        return {"entry": number}

    def close(self) -> None:
        """End."""
        self.world.close()

    def operator(self, *roles: str) -> str:
        """What the browser of somebody holds who operates the gateway, with these roles."""
        desk = self.world.app.state.web
        found = proven(desk.logins["drift"].login, {"sub": "ola", "roles": list(roles)})
        known = desk.participants.hashes(found.identities)
        login = desk.logins["drift"].login
        return str(desk.sessions.open(login, known, self.world.now, rights=found.rights, name=found.name))

    def session(self, national_id: str, login: str = "idporten", hours: int = 0, **more: str) -> str:
        """What the browser of somebody holds who has logged in so many hours ago. more: other claims."""
        desk = self.world.app.state.web
        desk.participants.catch_up(HERE)
        way = desk.logins[login].login
        known = desk.participants.hashes(identities(way, {"sub": "nobody", "pid": national_id, **more}))
        return str(desk.sessions.open(way, known, self.world.now - timedelta(hours=hours)))

    # --- parts ---------------------------------------------------------------------------------------------

    def _child(self, then: dict[str, str] | None = None) -> str:
        """A child with a log and nothing in it. then: what the log says of the child later."""
        n = next(self._count)
        log, holder = self._log(n, "aktiv")
        self._hand_in("logg", [log, holder])
        if then is not None:
            other = {key: value for key, value in log["barn"].items() if key != "dnr"} | then
            self.world.hand_in("logg", [log | {"barn": other, "endret": "2026-11-21T11:00:00+01:00"}])
        return self._named(f"k{n}-logg").person

    def _log(self, n: int, status: str) -> tuple[dict[str, Any], dict[str, Any]]:
        log, holder = (dict(one) for one in self.emma[:2])
        barn = {"dnr": d_number(date(2014, 5, 3), 500 + 7 * n), "navn": log["barn"]["navn"]}
        barn |= {"foedt": "2014-05-03", "adressebeskyttelse": "ugradert"}
        log |= {"id": f"k{n}-logg", "endretAv": f"k{n}-d1", "barn": barn, "status": status}
        return log, holder | {"id": f"k{n}-d1", "logg": log["id"], "endretAv": f"k{n}-d1"}

    def _record(self, record: dict[str, Any]) -> str:
        self._hand_in("logg", [record])
        return self._own(record["id"])

    def _hand_in(self, system: str, told: list[dict[str, Any]], tenant: str = HERE) -> None:
        client = "nabo" if tenant == THERE else system
        answer = self.world.post(f"/systems/{system}/records", client, told)
        assert answer.status_code == 200, answer.text
        assert {one["status"] for one in fields(answer)["results"]} <= {"stored", "unchanged"}, answer.text
        self.world.later()

    def _done(self, answer: Any) -> Any:
        assert answer.is_success, answer.text
        return fields(answer)

    def _named(self, native_id: str, system: str = "logg") -> Any:
        with self.world.service.store.read(HERE) as connection:
            return links.names(connection, HERE, system, [native_id])[native_id]

    def _own(self, native_id: str, system: str = "logg") -> str:
        return str(self._named(native_id, system).ref.partition("/")[2])


def settle(url: str, folder: Path, issuer: Issuer) -> Town:
    """The town on a fresh database."""
    return Town(World(settled(settings(url, folder, issuer), folder), issuer))


def made_up(things: Things) -> Things:
    """For each thing one of the same form that is not there; what belongs to no child stays."""
    kept = {"answered", "type", "version_of_conflict", "reported"}
    other = {
        "system": "finnes-ikke",
        "abroad": "finnes-ei",
        "puller": "finnes-heller-ikke",
        "sha256": "0" * 64,
        "entry": "audit-99999999",
        "number": "13816798756",
    }
    return {
        name: value if name in kept else other.get(name, str(uuid.uuid4())) for name, value in things.items()
    }
