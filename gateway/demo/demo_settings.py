"""Writes what a demo run starts from into its folder: stafettbro.toml, the issuer's clients, secrets and the
sample children moved to today. Everything in the folder is made anew for each run."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from gateway import jsontext
from gateway.access import scopes
from gateway.demo import people, sample_children
from gateway.demo.demo_logins import DemoLogin, new_logins
from gateway.errors import ConfigurationError

MARK = "stafettbro-demo"  # a folder with this file in it is ours to empty
AUDIENCE = "stafettbro-demo"
HOST = "127.0.0.1"
ACTING = (
    scopes.RECORDS_WRITE,
    scopes.RECORDS_READ,
    scopes.TIMELINE_READ,
    scopes.FHIR_READ,
    scopes.FHIR_WRITE,
)
CLIENTS: dict[str, tuple[str, ...]] = {
    "stafettlogg": ACTING,
    "individuell-plan": ACTING,
    "bup": ACTING,
    "drift": tuple(sorted(scopes.ALL - scopes.UNGATED - {scopes.RECORDS_WRITE, scopes.FHIR_WRITE})),
}
ORGANIZATIONS = (
    ("362819482", "Solvang barneskole", "education"),
    ("318625271", "Nordbygda ungdomsskule", "education"),
    ("360189554", "Fjordbyen vidaregåande skule", "education"),
    ("321993516", "PPT for Indre Fjord", "education"),
    ("364512074", "Fjordgløtt barnehage", "education"),
    ("381909379", "Fjordbyen helsestasjon", "health"),
    ("343231946", "BUP Fjordane, Indre Fjord", "health"),
    ("339825971", "Fjordbyen legesenter", "health"),
    ("359797117", "Koordinerende enhet, Fjordbyen kommune", "health"),
    ("387574913", "Fjordbyen barneverntjeneste", "child-welfare"),
)
SYSTEMS = ("stafettlogg", "individuell-plan", "bup")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each process listens, on this machine only."""

    gateway: int = 8420
    stafettlogg: int = 8421
    individuell_plan: int = 8422
    bup: int = 8423
    issuer: int = 8429


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one run and the addresses in it."""

    folder: Path
    ports: Ports

    def url(self, port: int) -> str:
        """The address of a port."""
        return f"http://{HOST}:{port}"

    @property
    def config(self) -> Path:
        """The gateway's configuration."""
        return self.folder / "stafettbro.toml"

    def secret(self, name: str) -> Path:
        """A file that holds one secret."""
        return self.folder / "secrets" / name

    def seed(self, system: str) -> Path:
        """What a demo system starts with."""
        return self.folder / f"{system}.seed.json"


def prepare(folder: Path, ports: Ports, today: date) -> Layout:
    """Empty the folder of an earlier demo and fill it. Raises ConfigurationError for any other folder."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise ConfigurationError(f"{folder} er i bruk til noe annet enn demoen; velg en tom mappe")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Denne mappa tømmes hver gang demoen starter.\n", encoding="utf-8")
    layout = Layout(folder, ports)
    logins = tuple(new_logins())
    _write_secrets(layout, logins)
    _write_seeds(layout, today)
    layout.config.write_text(_toml(layout, logins), encoding="utf-8")
    return layout


def _write_secrets(layout: Layout, logins: tuple[DemoLogin, ...]) -> None:
    (layout.folder / "secrets").mkdir(mode=0o700)
    for name in [f"{system}.token" for system in SYSTEMS] + [f"{client}.client" for client in CLIENTS]:
        _private(layout.secret(name), secrets.token_urlsafe(24).encode())
    for login in logins:
        _private(layout.secret(f"{login.id}.jwk"), login.secret)
    machines = {
        client: {"secret": layout.secret(f"{client}.client").read_text(), "scopes": list(reach)}
        for client, reach in CLIENTS.items()
    }
    gateways = {login.id: login.client(layout.url(layout.ports.gateway)) for login in logins}
    known = {"audience": AUDIENCE, "clients": machines, "logins": gateways}
    _private(layout.folder / "clients.json", msgspec.json.encode(known))


def _private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _write_seeds(layout: Layout, today: date) -> None:
    for system in ("stafettlogg", "individuell-plan"):
        seeds = sample_children.everything(system, today)
        seeds = people.known_at(layout.url(layout.ports.issuer), seeds)
        layout.seed(system).write_bytes(jsontext.encode(seeds))
    layout.seed("bup").write_bytes(jsontext.encode(sample_children.patients(today)))


def _toml(layout: Layout, logins: tuple[DemoLogin, ...]) -> str:
    ports = layout.ports
    issuer = layout.url(ports.issuer)
    parts = [
        "# Skrevet av demoen; skrives på nytt hver gang den starter.",
        _table(
            "",
            public_url=layout.url(ports.gateway),
            database_url=f"sqlite:///{layout.folder / 'stafettbro.db'}",
            state_folder=str(layout.folder / "gateway"),
        ),
        _table("[[tenants]]", id="fjordbyen", name="Fjordbyen kommune"),
        *(_table("[[organizations]]", number=n, name=t, regime=r) for n, t, r in ORGANIZATIONS),
        _records_system(layout, "stafettlogg", ports.stafettlogg),
        _records_system(layout, "individuell-plan", ports.individuell_plan),
        _bup(layout),
        *(_table("[[routes]]", source=s, recipient=r) for s in SYSTEMS for r in SYSTEMS if s != r),
        _table("[[issuers]]", issuer=issuer, audience=AUDIENCE, tokens="bearer", algorithms=["ES256"]),
        *(_client(issuer, name, reach) for name, reach in CLIENTS.items()),
        *(_login(layout, issuer, one) for one in logins),
    ]
    return "\n\n".join(parts) + "\n"


def _records_system(layout: Layout, name: str, port: int) -> str:
    return _table(
        "[[systems]]",
        id=name,
        tenant="fjordbyen",
        adapter=name,
        organization="359797117",
        url=layout.url(port),
        audience="participants",
    ) + _credentials(layout, name)


def _bup(layout: Layout) -> str:
    return _table(
        "[[systems]]",
        id="bup",
        tenant="fjordbyen",
        adapter="fhir",
        organization="343231946",
        url=layout.url(layout.ports.bup) + "/fhir",
        acknowledges=True,
        poll_seconds=1.0,
        probe_seconds=2.0,
        probe_max_seconds=10.0,
    ) + _credentials(layout, "bup")


def _credentials(layout: Layout, system: str) -> str:
    where = f"file:{layout.secret(f'{system}.token')}"
    return "\n" + _table("[systems.credentials]", kind="bearer", token_ref=where)


def _client(issuer: str, name: str, reach: tuple[str, ...]) -> str:
    acting = {"system": name} if name in SYSTEMS else {}
    return _table(
        "[[clients]]", issuer=issuer, client_id=name, tenant="fjordbyen", **acting, scopes=list(reach)
    )


def _login(layout: Layout, issuer: str, login: DemoLogin) -> str:
    where = f"file:{layout.secret(f'{login.id}.jwk')}"
    return _table("[[logins]]", **login.settings(issuer, where))


def _table(heading: str, **values: Any) -> str:
    """One TOML table; JSON strings, numbers and lists of strings are written alike in TOML."""
    lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in values.items()]
    return "\n".join(([heading] if heading else []) + lines)
