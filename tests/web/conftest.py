"""The world of the pages' tests: a gateway whose families log in at a certified provider, with Emma's log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from gateway.config import Login, Organization, Settings
from tests import peers
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.world import World, fields, settings
from tests.web.person import ORIGIN, Person

MOTHER, FATHER = "09898504473", "01828303534"
JONAS, JONAS_MOTHER = "02861183354", "11877904689"
LOGINS = {"idporten": "family", "helseid": "staff", "drift": "operations"}
OPERATOR = "ola+stafettbro-drift"  # at the provider: a name, and the roles they have
SEEING = "kari+stafettbro-drift+stafettbro-innhold"


@dataclass(frozen=True)
class Provider:
    """The certified provider, and our key there."""

    url: str
    key: ECKey


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    known = {"jwks": {"keys": [key.as_dict(private=False)]}}
    backs = [f"{ORIGIN}/min-side/logg-inn/{name}/svar" for name in LOGINS]
    clients = [
        {"client_id": "stafettbro", "redirect_uris": backs, **known},
        {"client_id": "helseid", "redirect_uris": backs, "dpop_bound_access_tokens": True, **known},
    ]
    with peers.oidc(clients) as peer:
        yield Provider(peer.url, key)


def with_logins(plain: Settings, folder: Path, provider: Provider, public_url: str) -> Settings:
    """The configuration with logins at this provider."""
    path = folder / "login.jwk"
    path.write_text(json.dumps(provider.key.as_dict(private=True)))
    given: dict[str, Any] = {
        "tenant": "fjordbyen",
        "issuer": provider.url,
        "client_id": "stafettbro",
        "key_ref": f"file:{path}",
        "acr": ("idporten-loa-substantial", "idporten-loa-high"),
        "scope": "openid profile",
    }
    proven = {"client_id": "helseid", "dpop": True, "organization": "387574913"}
    roles = {"role": "stafettbro-drift", "content_role": "stafettbro-innhold"}
    logins = tuple(
        Login.model_validate({"id": name, "name": name.title(), "who": who, **given, **changes})
        for (name, who), changes in zip(LOGINS.items(), ({}, proven, roles), strict=True)
    )
    welfare = Organization(number="387574913", name="Fjordbyen barneverntjeneste", regime="child-welfare")
    more = {"logins": logins, "public_url": public_url, "organizations": (*plain.organizations, welfare)}
    return plain.model_copy(update=more)


class Pages(World):
    """A gateway with pages."""

    def __init__(self, chosen: Settings, issuer: Issuer, provider: Provider) -> None:
        super().__init__(chosen, issuer)
        self.provider = provider
        self._open: list[TestClient] = []

    def person(self) -> Person:
        """Somebody with a browser of their own."""
        http = TestClient(self.app, base_url=ORIGIN, follow_redirects=False)
        self._open.append(http)
        return Person(http, self.provider.url)

    def outcome(self, item: str, recipient: str = "bup") -> str:
        """What the gateway decides about an item now."""
        own = self.patient(item)
        shown = fields(
            self.get(f"/decisions?patient={own}&recipient={recipient}&item={self.ref(item)}", "drift")
        )
        found: str = shown["items"][0]["outcome"]
        return found

    def ref(self, native_id: str) -> str:
        """What a record of the log is in the hub."""
        return self._name(native_id).ref

    def patient(self, native_id: str) -> str:
        """Whose it is."""
        return self._name(native_id).person

    def _name(self, native_id: str) -> Any:
        from gateway.hub import links

        with self.service.store.read("fjordbyen") as connection:
            return links.names(connection, "fjordbyen", "logg", [native_id])[native_id]

    def close(self) -> None:
        """End."""
        for http in self._open:
            http.close()
        super().close()


def _pages(folder: Path, issuer: Issuer, provider: Provider) -> Pages:
    plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
    return Pages(with_logins(plain, folder, provider, ORIGIN), issuer, provider)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, provider: Provider) -> Path:
    """The folder of a gateway with Emma's and Jonas's logs, made once."""
    folder = tmp_path_factory.mktemp("filled")
    made = _pages(folder, issuer, provider)
    for child in ("emma", "jonas"):
        answer = made.hand_in("logg", records("stafettlogg", child))
        assert answer.status_code == 200, answer.text
    made.close()
    return folder


@pytest.fixture
def pages(filled: Path, tmp_path: Path, issuer: Issuer, provider: Provider) -> Iterator[Pages]:
    """A gateway of its own on a copy of that."""
    shutil.copytree(filled, tmp_path / "gateway")
    made = _pages(tmp_path / "gateway", issuer, provider)
    yield made
    made.close()


@pytest.fixture
def mother(pages: Pages) -> Person:
    """Emma's mother, logged in."""
    one = pages.person()
    one.log_in(MOTHER)
    return one
