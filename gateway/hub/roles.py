"""The three roles of a PostgreSQL database: the owner, who makes and changes the tables; the application, who
owns nothing and is held to the tenants it names; the claimer, who sees which lanes and timers are due."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, Connection

from gateway.errors import ConfigurationError

NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,50}")
HOW: Final = "run what `stafettbro database roles` prints, as PostgreSQL's superuser"


@dataclass(frozen=True, slots=True)
class Roles:
    """Their names, and the database they are of."""

    owner: str
    application: str
    database: str

    @property
    def claimer(self) -> str:
        """The role that looks above the tenants."""
        return claimer_of(self.application)


def claimer_of(application: str) -> str:
    """The name of the claimer beside an application's role."""
    return f"{application}_claimer"


def named(url: URL, owner: str) -> Roles:
    """The roles for the database at `url`, which is the application's own address. Raises
    ConfigurationError for names that would need quoting."""
    application, database = url.username or "", url.database or ""
    for name in (owner, application, database):
        if not NAME.fullmatch(name):
            raise ConfigurationError(
                f"database_url: {name!r} must be a role's or database's name of a-z, 0-9 and _"
            )
    if owner == application:
        raise ConfigurationError(f"the application's role must not be the owner's: {owner}")
    return Roles(owner, application, database)


def statements(roles: Roles) -> str:
    """What PostgreSQL's superuser runs once in the database, and again after a release that asks for it.
    Doing it twice does no harm. Tables of an earlier release, whoever owns them, become the owner's."""
    owner, application, claimer = roles.owner, roles.application, roles.claimer
    return f"""BEGIN;
SET LOCAL lock_timeout = '500ms';
DO $$ BEGIN IF current_database() <> '{roles.database}' THEN
  RAISE 'this is for the database {roles.database}'; END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname IN ('{owner}', '{application}')
    AND (oid = 10 OR rolname = current_user))
  THEN RAISE 'take another role: one of these is the superuser'; END IF; END $$;
{_role(owner)}
{_role(application)}
{_role(claimer)}
ALTER ROLE {owner} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE {application} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE {claimer} NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT {claimer} TO {application};
ALTER DATABASE {roles.database} OWNER TO {owner};
ALTER SCHEMA public OWNER TO {owner};
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {application}, {claimer};
GRANT USAGE ON SCHEMA public TO {application}, {claimer};
DO $$ DECLARE one regclass; BEGIN
  FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p', 'v', 'm') AND relowner <> '{owner}'::regrole
  LOOP EXECUTE format('ALTER TABLE %s OWNER TO {owner}', one); END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {application};
DO $$ DECLARE one regclass; BEGIN
  FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relname IN ('audit', 'audit_block')
  LOOP EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM {application}', one); END LOOP;
END $$;
COMMIT;
"""  # noqa: S608 - the names are checked


def _role(name: str) -> str:
    made = f"CREATE ROLE {name};"
    return f"DO $$ BEGIN IF to_regrole('{name}') IS NULL THEN {made} END IF; END $$;"


def demand_isolated_role(connection: Connection) -> None:
    """Raises ConfigurationError, with what to do, where the role that is connected could see past what
    transactions name. Asks nothing on SQLite."""
    faults = list(_faults(connection)) if connection.dialect.name == "postgresql" else []
    if faults:
        raise ConfigurationError("database_url: " + "; ".join(faults))


def _faults(connection: Connection) -> Iterator[str]:
    row = connection.exec_driver_sql(_ASKED).one()
    role, claimer = row.name, claimer_of(row.name)
    if row.super:
        yield f"the role {role} is a superuser, or may become one: PostgreSQL holds it to no tenant; {HOW}"
    elif row.bypass:
        yield f"the role {role} has BYPASSRLS, or may become one that has; {HOW}"
    elif row.owns:
        yield f"the role {role} owns {row.owns}, or may become who does; {HOW}"
    elif row.inherits is None or not row.may_claim:
        yield f"the role {role} may not become {claimer}; {HOW}"
    elif row.inherits:
        yield f"the role {role} inherits what {claimer} sees; {HOW}"


_BECOMES: Final = "pg_has_role(current_user, {}, 'MEMBER')"
_ASKED: Final = f"""
SELECT current_user AS name,
  EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND {_BECOMES.format("r.oid")}) AS super,
  EXISTS (SELECT FROM pg_roles r WHERE r.rolbypassrls AND {_BECOMES.format("r.oid")}) AS bypass,
  coalesce(
    (SELECT 'the table ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm')
      AND {_BECOMES.format("c.relowner")} LIMIT 1),
    (SELECT 'the schema ' || nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND {_BECOMES.format("nspowner")} LIMIT 1),
    (SELECT 'the database ' || datname FROM pg_database
      WHERE datname = current_database() AND {_BECOMES.format("datdba")})
  ) AS owns,
  pg_has_role(current_user, to_regrole(current_user || '_claimer'), 'USAGE') AS inherits,
  pg_has_role(current_user, to_regrole(current_user || '_claimer'), 'MEMBER') AS may_claim
"""  # noqa: S608 - of our own words
