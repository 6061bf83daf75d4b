"""Whom a system knows: persons about whom it made something here, or was told something. To every other
system a person is not there: neither lane, nor entry of the audit, nor id. Decides nothing of what is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from gateway.hub import persons
from gateway.hub.schema.tables import disclosure, person, resource


def known(connection: Connection, tenant: str, system: str, people: Collection[str]) -> frozenset[str]:
    """Those of these persons (ids, also of who was merged since) that the system knows."""
    now = {own: persons.resolve(connection, tenant, own) for own in people}
    columns = person.c
    asked = select(columns.id).where(
        columns.tenant == tenant,
        columns.id.in_(sorted(set(now.values()))),
        is_known(tenant, system, columns.id),
    )
    found = set(connection.execute(asked).scalars())
    return frozenset(own for own, one in now.items() if one in found)


def is_known(tenant: str, system: str, own: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same as a condition on a column that holds a person's id."""
    made, told = resource.c, disclosure.c
    return or_(
        exists().where(made.tenant == tenant, made.person == own, made.created_by == system),
        exists().where(told.tenant == tenant, told.person == own, told.recipient == system),
    )
