"""What `check` looks at: the configuration's meaning, secrets, mapping files, database and connections. Each
look yields findings; none stops the others, and nothing is changed or sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import cast

from adapters.contract import AdapterError, Finding
from gateway.access.client_proof import ClientProof
from gateway.config import Route, Settings, System, secret
from gateway.errors import ConfigurationError
from gateway.hub import directory
from gateway.hub.opened import open_store
from gateway.hub.roles import demand_isolated_role
from gateway.hub.schema import HEAD, isolation
from gateway.hub.store import Store
from gateway.operating import access_checks, database, mapping_of, token_checks
from gateway.operating.faults import Impossible, expected, fault
from gateway.operating.findings import Found as Found
from gateway.operating.findings import Level
from gateway.service import open_adapter
from mappings.dialects import LOSSES, Loss

CONNECT_SECONDS = 15.0
UNKNOWN_REGIME = "takes part in a log or plan, and its regime is unknown; add it under [[organizations]]"


def without_connections(settings: Settings) -> Iterator[Found]:
    """Everything that can be known from the file and the disk."""
    for system in settings.systems:
        yield _mapping(system)
        yield from _ways_in_and_out(settings, system)
        yield from _losses(system)
    for route in settings.routes:
        yield from _route(settings, route)
    yield from _secrets(settings)
    yield from access_checks.of_callers(settings)
    yield from _processes(settings)


def with_connections(settings: Settings) -> Iterator[Found]:
    """The database and every connected system."""
    stands = _database(settings)
    yield stands
    yield from _isolation(settings)
    if stands.level == "ok" and database.absent(settings.database_url) is None:
        yield from _sealed(settings)
    for system in settings.systems:
        token = token_checks.with_connection(system)
        if token is not None:
            yield token
        if token is None or token.level == "ok":
            yield from _connection(system)


def _mapping(system: System) -> Found:
    about = f"mapping of {system.id}"
    if system.mapping_name == "fhir":
        return Found("ok", about, "FHIR")
    try:
        mapping_of.load(system.mapping_name)
    except Impossible as error:
        return Found("error", about, str(error))
    return Found("ok", about, system.mapping_name)


def _losses(system: System) -> Iterator[Found]:
    """What the form that a FHIR server gets cannot hold."""
    for loss in losses_of(system):
        yield Found("ok", f"form of {system.id}", f"{loss.path}: {loss.text}")


def losses_of(system: System) -> tuple[Loss, ...]:
    """What of our records does not reach a system because of the form it gets."""
    if system.adapter != "fhir":
        return ()
    return LOSSES["document" if system.receives == "document" else system.activities]


def _ways_in_and_out(settings: Settings, system: System) -> Iterator[Found]:
    about = f"system {system.id}"
    called = any(c.system == system.id for c in settings.clients)
    reads = system.adapter == "folder" or system.poll_seconds is not None
    if not called and not reads:
        yield Found(
            "warning", about, "nothing comes in: it has no client that may call us, and no poll_seconds"
        )
    if system.deliver == "pull" and not called:
        yield Found("error", about, 'deliver = "pull", but it has no client that could fetch anything')
    if system.organization not in {o.number for o in settings.organizations}:
        yield Found("warning", about, f"the regime of its organization {system.organization} is unknown")
    if system.audience == "organization" and system.readers:
        yield Found("warning", about, '`readers` has no meaning with audience = "organization"')
    reported_to = any(t.child_welfare == system.id for t in settings.tenants)
    if not reported_to and not any(system.id in (r.source, r.recipient) for r in settings.routes):
        yield Found("warning", about, "no route begins or ends here")


def _route(settings: Settings, route: Route) -> Iterator[Found]:
    about = f"route {route.source} -> {route.recipient}"
    recipient = settings.system(route.recipient)
    if route.source == route.recipient:
        yield Found("error", about, "leads back to where it began: nothing is ever sent to its own source")
    if recipient is not None and recipient.deliver == "none":
        yield Found("error", about, f'can never deliver: {recipient.id} has deliver = "none"')
    same = [r for r in settings.routes if (r.source, r.recipient) == (route.source, route.recipient)]
    if len(same) > 1 and same[0] is route:
        yield Found("error", about, f"stands {len(same)} times in the file")
    if recipient is not None and recipient.adapter != "fhir" and route.create_person:
        yield Found("warning", about, "create_person has no meaning: only a FHIR server keeps patients")
    if not route.open:
        yield Found("ok", about, f"closed; `stafettbro preview {route.source} {route.recipient}` shows it")


def _secrets(settings: Settings) -> Iterator[Found]:
    references = {
        "identifier_key_ref": settings.identifier_key_ref,
        "welfare.key_ref": settings.welfare.key_ref,
    }
    for system in settings.systems:
        references |= token_checks.references(system)
    for about, reference in references.items():
        if reference is None:
            continue
        try:
            secret(reference)
        except (ConfigurationError, OSError) as error:
            yield Found("error", about, expected(error) or fault(error))
        else:
            yield Found("ok", about, reference)
    for system in settings.systems:
        yield from token_checks.without_connection(system)
    for login in settings.logins:
        try:
            ClientProof(login, time.time)
        except (ConfigurationError, OSError) as error:
            yield Found("error", f"key of login {login.id}", expected(error) or fault(error))
        else:
            yield Found("ok", f"key of login {login.id}", login.key_ref or login.secret_ref or "")


def _processes(settings: Settings) -> Iterator[Found]:
    sqlite = settings.database_url.startswith("sqlite")
    if sqlite and not settings.embedded_worker:
        yield Found(
            "warning", "embedded_worker", "false has no meaning on SQLite: the worker runs inside `serve`"
        )
    if not sqlite and settings.identifier_key_ref is None:
        yield Found(
            "warning", "identifier_key_ref",
            "not set: every process needs the same state_folder, where the key is kept",
        )  # fmt: skip


def _database(settings: Settings) -> Found:
    missing = database.absent(settings.database_url)
    if missing is not None:
        return Found("ok", "database", f"{missing} does not exist yet; `stafettbro serve` creates it")
    try:
        found = database.revision(settings.database_url)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the other checks go on
        return Found("error", "database", expected(error) or fault(error))
    if found != HEAD:
        text = f"on schema {found or 'none'}, this program on {HEAD}; `stafettbro migrate` changes that"
        return Found("warning", "database", text)
    return Found("ok", "database", f"on schema {HEAD}")


def _isolation(settings: Settings) -> Iterator[Found]:
    """Whether PostgreSQL holds transactions to the tenants they name."""
    store = Store(settings.database_url)
    if store.sqlite:
        return
    try:
        with store.outside() as connection:
            demand_isolated_role(connection)
            whole = isolation.isolated(connection)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the other checks go on
        yield Found("error", "tenants", expected(error) or fault(error))
    else:
        left = (
            "not yet held apart by the database: run `stafettbro database isolate` when the upgrade is done"
        )
        yield (
            Found("ok", "tenants", "held apart by the database")
            if whole
            else Found("warning", "tenants", left)
        )
    finally:
        store.close()


def _sealed(settings: Settings) -> Iterator[Found]:
    """Whether what is personal is sealed, by keys that are at hand; then what is read with them."""
    try:
        store = open_store(settings)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the other checks go on
        yield Found("error", "keys", expected(error) or fault(error))
        return
    if store.keys is not None and store.keys.seals:
        yield Found("ok", "keys", "what is personal is sealed")
    else:
        clear = "what is personal stands in clear: run `stafettbro database seal` when the upgrade is done"
        yield Found("warning", "keys", clear)
    yield from _unknown_organizations(settings, store)


def _unknown_organizations(settings: Settings, store: Store) -> Iterator[Found]:
    """Organizations that take part in a log or plan, and whose secrecy regime nobody has stated."""
    known = {o.number for o in settings.organizations}
    try:
        for tenant in settings.tenant_ids:
            with store.read(tenant) as connection:
                found = directory.listed(connection, tenant, directory.ORGANIZATION)
            for one in found:
                if one.key not in known:
                    yield Found("warning", f"organization {one.key}", UNKNOWN_REGIME)
    finally:
        store.close()


def _connection(system: System) -> Iterator[Found]:
    about = f"connection to {system.id}"
    if system.adapter != "folder" and system.url is None:
        yield Found("ok", about, "none: it calls us")
        return
    try:
        findings = asyncio.run(_ask(system))
    except TimeoutError:
        yield Found("error", about, f"no answer within {CONNECT_SECONDS:.0f} seconds")
    except AdapterError as error:
        yield Found("error", about, error.detail)
    except Exception as error:  # noqa: BLE001 - one system's fault must not hide the others
        yield Found("error", about, expected(error) or fault(error))
    else:
        yield from (Found(cast(Level, one.level), about, one.text) for one in findings)


async def _ask(system: System) -> tuple[Finding, ...]:
    adapter = open_adapter(system)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await adapter.check()
    finally:
        await adapter.close()
