"""The world of the pages' tests: a gateway whose families log in at a certified provider, with Emma's log."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from tests.web.browser import chromium
from tests.web.person import ORIGIN, Person
from tests.web.serving import serving

__all__ = ["chromium"]  # a fixture

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


@dataclass(frozen=True)
class Place:
    """Where the gateway of a browser's tests answers, on plain http on this machine: a port that stays open
    for the run, and a provider that knows it."""

    at: socket.socket
    url: str
    provider: Provider


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@contextmanager
def _provider(origin: str) -> Iterator[Provider]:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    known = {"jwks": {"keys": [key.as_dict(private=False)]}}
    backs = [f"{origin}/min-side/logg-inn/{name}/svar" for name in LOGINS]
    clients = [
        {"client_id": "stafettbro", "redirect_uris": backs, **known},
        {"client_id": "helseid", "redirect_uris": backs, "dpop_bound_access_tokens": True, **known},
    ]
    with peers.oidc(clients) as peer:
        yield Provider(peer.url, key)


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with _provider(ORIGIN) as one:
        yield one


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        at.listen(128)  # whoever comes before the gateway is up waits
        url = f"http://127.0.0.1:{at.getsockname()[1]}"
        with _provider(url) as one:
            yield Place(at, url, one)


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


def _pages(folder: Path, issuer: Issuer, provider: Provider, public_url: str = ORIGIN) -> Pages:
    plain = settings(f"sqlite:///{folder / 'stafettbro.db'}", folder / "state", issuer)
    return Pages(with_logins(plain, folder, provider, public_url), issuer, provider)


def _filled(folder: Path, issuer: Issuer, provider: Provider, children: Sequence[str]) -> Path:
    made = _pages(folder, issuer, provider)
    for child in children:
        answer = made.hand_in("logg", records("stafettlogg", child))
        assert answer.status_code == 200, answer.text
    made.close()
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, provider: Provider) -> Path:
    """The folder of a gateway with Emma's and Jonas's logs, made once."""
    return _filled(tmp_path_factory.mktemp("filled"), issuer, provider, ("emma", "jonas"))


@pytest.fixture(scope="session")
def emmas(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, place: Place) -> Path:
    """The folder of a gateway with Emma's log alone, made once."""
    return _filled(tmp_path_factory.mktemp("emmas"), issuer, place.provider, ("emma",))


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


@pytest.fixture
def site(emmas: Path, tmp_path: Path, issuer: Issuer, place: Place) -> Iterator[tuple[Pages, str]]:
    """A gateway of its own with Emma's log, for browsers, and the address of its pages."""
    shutil.copytree(emmas, tmp_path / "gateway")
    with open_to_browsers(tmp_path / "gateway", issuer, place) as made:
        yield made


@contextmanager
def open_to_browsers(folder: Path, issuer: Issuer, place: Place) -> Iterator[tuple[Pages, str]]:
    """The gateway of a folder behind a real server, and the address of its pages."""
    made = _pages(folder, issuer, place.provider, place.url)
    with serving(made.app, place.at.dup()):
        yield made, f"{place.url}/min-side"
    made.close()
