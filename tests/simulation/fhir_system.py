"""A virtual FHIR server: versions with If-Match, conditional create, searches by identifier and by
_lastUpdated, paged by offset. Its clock may be wrong; people write in it too."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from gateway import jsontext
from tests.simulation.network import Answered, Asked
from tests.simulation.virtual_loop import Clock

Resource = dict[str, Any]


@dataclass
class FhirSystem:
    """One server. resources: "Goal/3" -> (version, body)."""

    name: str
    clock: Clock
    skew: float = 0.0
    resources: dict[str, tuple[int, Resource]] = field(default_factory=dict)
    backup: Any = None
    _minted: int = 0
    _versions: int = 0

    def now(self) -> str:
        """The present, as this server's clock says it."""
        return (self.clock() + timedelta(seconds=self.skew)).isoformat(timespec="milliseconds")

    def save(self, resource: Resource) -> str:
        """Store under its id, or a new one."""
        if "id" not in resource:
            self._minted += 1
            resource = {**resource, "id": f"{self.name[0]}{self._minted}"}
        self._versions += 1  # never the same twice, also after a restore
        ref = f"{resource['resourceType']}/{resource['id']}"
        meta = {**resource.get("meta", {}), "versionId": str(self._versions), "lastUpdated": self.now()}
        self.resources[ref] = (self._versions, {**resource, "meta": meta})
        return ref

    def remember(self) -> None:
        """Take a backup."""
        self.backup = dict(self.resources)

    def restore(self) -> bool:
        """Go back to the last backup: as new versions, as a restored server writes them."""
        if self.backup is None:
            return False
        old, self.resources = self.backup, {}
        for _, body in old.values():
            self.save(body)
        return True

    # --- requests ----------------------------------------------------------------------------------------

    def receive(self, asked: Asked) -> Answered:
        """Answer one request."""
        parts = asked.path.split("/")
        if asked.method == "POST" and parts[-1] == "_search":
            return self._search(parts[0], parse_qsl(asked.body.decode()))
        if asked.method == "GET":
            return self._read("/".join(parts)) if len(parts) == 2 else self._search(parts[0], asked.query)
        resource = jsontext.decode(asked.body)
        if "UGYLDIG" in json.dumps(resource, default=str):
            return self._outcome(422)
        if asked.method == "POST":
            return self._create(resource, asked)
        return self._update("/".join(parts), resource, asked)

    def _read(self, ref: str) -> Answered:
        return self._stored(200, ref) if ref in self.resources else self._outcome(404)

    def _create(self, resource: Resource, asked: Asked) -> Answered:
        condition = dict(parse_qsl(asked.headers.get("if-none-exist", "")))
        found = self._having(resource["resourceType"], condition.get("identifier", ""))
        if len(found) > 1:
            return self._outcome(412)
        return self._stored(200, found[0]) if found else self._stored(201, self.save(resource))

    def _update(self, ref: str, resource: Resource, asked: Asked) -> Answered:
        known = self.resources.get(ref)
        match = asked.headers.get("if-match")
        if match is not None and (known is None or match != f'W/"{known[0]}"'):
            return self._outcome(412 if known else 404)
        if asked.headers.get("if-none-match") == "*" and known is not None:
            return self._outcome(412)
        return self._stored(200 if known else 201, self.save(resource))

    def _search(self, kind: str, query: list[tuple[str, str]]) -> Answered:
        asked = dict(query)
        if "identifier" in asked:
            found = self._having(kind, asked["identifier"])
            return self._bundle([self.resources[ref][1] for ref in found])
        since = asked.get("_lastUpdated", "ge0001-01-01T00:00:00+00:00")[2:]
        bodies = [
            body
            for ref, (_, body) in self.resources.items()
            if ref.startswith(f"{kind}/")
            and (
                "patient" not in asked
                or body.get("subject", {}).get("reference") == f"Patient/{asked['patient']}"
            )
            and datetime.fromisoformat(body["meta"]["lastUpdated"]) >= datetime.fromisoformat(since)
        ]
        bodies.sort(key=lambda body: (body["meta"]["lastUpdated"], body["id"]))
        start, count = int(asked.get("_offset", "0")), int(asked.get("_count", "50"))
        more = None
        if start + count < len(bodies):
            more = f"{kind}?{urlencode({**asked, '_offset': str(start + count)})}"
        return self._bundle(bodies[start : start + count], more)

    def _having(self, kind: str, token: str) -> list[str]:
        system, _, value = token.replace("\\", "").partition("|")
        out = []
        for ref, (_, body) in self.resources.items():
            listed = body.get("identifier", [])
            listed = listed if isinstance(listed, list) else [listed]
            if ref.startswith(f"{kind}/") and any(
                one.get("system") == system and one.get("value") == value for one in listed
            ):
                out.append(ref)
        return out

    def _bundle(self, bodies: list[Resource], more: str | None = None) -> Answered:
        links = [{"relation": "next", "url": f"http://{self.name}/{more}"}] if more else []
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": links,
            "entry": [{"resource": body} for body in bodies],
        }
        return 200, {}, jsontext.encode(bundle)

    def _stored(self, status: int, ref: str) -> Answered:
        version, body = self.resources[ref]
        headers = {"etag": f'W/"{version}"', "location": f"http://{self.name}/{ref}/_history/{version}"}
        return status, headers, jsontext.encode(body)

    def _outcome(self, status: int) -> Answered:
        return status, {}, jsontext.encode({"resourceType": "OperationOutcome", "issue": []})
