"""What `database roles` and `database isolate` do: SQL for PostgreSQL's superuser, and the owner's step."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from gateway import config
from gateway.cli import database
from gateway.cli.outcome import Impossible
from gateway.hub import schema
from gateway.hub.roles import Roles, named, statements
from gateway.welfare import schema as welfare


def roles(path: Path, owner: str | None, *, reports: bool) -> str:
    """The statements for the hub's database, or for the store of reports."""
    settings = config.load(path)
    if reports:
        return statements(_roles(settings.welfare.database_url, settings.welfare.database_owner_url, owner))
    return statements(_roles(settings.database_url, settings.database_owner_url, owner))


def isolate(path: Path, owner_url: str | None) -> None:
    """Every table of the configured databases."""
    settings = database.owned(config.load(path), owner_url)
    if settings.database_owner_url is None:
        raise Impossible("SQLite is one file of one process: there is nothing to isolate.")
    schema.isolate(settings.database_owner_url, _application(settings.database_url))
    reports = settings.welfare
    if reports.database_url is not None and reports.database_owner_url is not None:
        welfare.isolate(reports.database_owner_url, _application(reports.database_url))


def _application(url: str) -> str:
    return make_url(url).username or ""


def _roles(url: str | None, owner_url: str | None, owner: str | None) -> Roles:
    parsed = make_url(url or "sqlite://")
    if parsed.get_backend_name() != "postgresql":
        raise Impossible("SQLite is one file of one process: it has no roles.")
    stated = make_url(owner_url).username if owner_url else None
    return named(parsed, owner or stated or f"{parsed.username}_owner")
