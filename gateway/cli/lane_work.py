"""What the `lanes` commands do, through the same functions that workers and the API use. Shows ids, states,
times and codes; never content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, Row, select
from sqlalchemy.sql import ColumnElement

from gateway.cli import people, screen
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub
from gateway.exchange import steering
from gateway.exchange.reasons import Reason
from gateway.hub.content import unpack
from gateway.hub.schema.tables import disclosure, lane, link, recipient

LAST_ATTEMPTS = 10
STATES = ("held", "running", "waiting")


def show_list(
    config: Path, *, recipient: str | None, state: str | None, everything: bool, limit: int
) -> None:
    """A table of lanes, and the recipients that are down."""
    states = (state,) if state else (*STATES, "idle") if everything else STATES
    where: list[ColumnElement[bool]] = [lane.c.state.in_(states)]
    if recipient:
        where.append(lane.c.recipient == recipient)
    with people.opened(config) as hub, hub.store.read(*hub.settings.tenant_ids) as connection:
        rows = connection.execute(
            select(lane).where(*where).order_by(lane.c.waiting_since, lane.c.id).limit(limit + 1)
        ).all()
        _show_down(connection)
    _show_rows(list(rows[:limit]), more=len(rows) > limit, everything=everything)


def _show_rows(rows: list[Row[Any]], *, more: bool, everything: bool) -> None:
    if not rows:
        screen.say("No lanes." if everything else "No such lanes: nothing waits, runs or is held.")
        return
    table = _table("lane", "recipient", "person", "state", "since", "not before", "tries", "reason")
    for one in rows:
        table.add_row(
            Text(one.id), Text(one.recipient), Text(one.person), Text(one.state), _moment(one.waiting_since),
            _moment(one.next_at), Text(str(one.attempts)), Text(one.last_error or ""),
        )  # fmt: skip
    screen.results().print(table)
    if more:
        screen.note("There are more; --limit shows them.")


def _show_down(connection: Connection) -> None:
    down = connection.execute(select(recipient).where(recipient.c.breaker == "open"))
    for one in down:
        probe = _moment(one.probe_at)
        screen.say(f"{one.system} is down ({one.last_error}); the next call tries again at {probe}.")


def show_one(config: Path, named: str) -> None:
    """One lane, its held records and last attempts."""
    with people.opened(config) as hub, hub.store.read(*hub.settings.tenant_ids) as connection:
        one = _find(connection, named)
        table = _table("", "")
        for name in (
            "id",
            "recipient",
            "person",
            "state",
            "cursor",
            "facts_cursor",
            "run",
            "owner",
            "attempts",
        ):
            table.add_row(Text(name), Text(str(getattr(one, name))))
        for name in ("waiting_since", "next_at", "deadline"):
            table.add_row(Text(name), _moment(getattr(one, name)))
        table.add_row(Text("reason"), Text(one.last_error or ""))
        screen.results().print(table)
        _show_holds(connection, one)
        _show_attempts(connection, one)


def _show_holds(connection: Connection, one: Row[Any]) -> None:
    held = connection.execute(
        select(link.c.ref, link.c.hold).where(
            link.c.tenant == one.tenant,
            link.c.person == one.person,
            link.c.system == one.recipient,
            link.c.hold.is_not(None),
        )
    ).all()
    if held:
        table = _table("refused by the recipient", "why")
        for row in held:
            table.add_row(Text(row.ref), Text(row.hold))
        screen.results().print(table)


def _show_attempts(connection: Connection, one: Row[Any]) -> None:
    rows = connection.execute(
        select(disclosure)
        .where(
            disclosure.c.tenant == one.tenant,
            disclosure.c.person == one.person,
            disclosure.c.recipient == one.recipient,
        )
        .order_by(disclosure.c.started.desc(), disclosure.c.id)
        .limit(LAST_ATTEMPTS)
    ).all()
    table = _table("last attempts", "state", "item", "ground", "error")
    for row in rows:
        items = unpack(connection, row.items, disclosure, row.tenant, row.id)
        refs, grounds = (", ".join(str(i[key]) for i in items) for key in ("ref", "ground"))
        table.add_row(_moment(row.started), Text(row.state), Text(refs), Text(grounds), Text(row.error or ""))
    screen.results().print(table if rows else "Nothing has been sent on it yet.")


def release(config: Path, named: str) -> None:
    """Go on."""
    _act(
        config, named, lambda c, tenant, lane_id, now: steering.release(c, tenant, lane_id, now),
        "It goes on.",
    )  # fmt: skip


def replay(config: Path, named: str) -> None:
    """Compare all again."""
    _act(
        config, named, lambda c, tenant, lane_id, now: steering.replay(c, tenant, lane_id, now),
        "Everything is compared again.",
    )  # fmt: skip


def recheck(config: Path, recipient: str) -> None:
    """Doubt what a recipient holds, lane by lane."""
    with people.opened(config) as hub:
        with hub.store.read(*hub.settings.tenant_ids) as connection:
            rows = connection.execute(select(lane.c.tenant, lane.c.id).where(lane.c.recipient == recipient))
            found = [(row.tenant, row.id) for row in rows]
        if not found:
            raise Impossible("There is no lane to such a recipient.")
        for tenant in sorted({tenant for tenant, _ in found}):
            with hub.store.write(tenant) as connection:
                steering.recheck_waiting(connection, tenant, recipient)
        running = [one for one in found if not _rechecked(hub, *one)]
    screen.say(f"{len(found) - len(running)} lanes to {recipient} look at everything again.")
    if running:
        raise Impossible(f"{len(running)} lanes were just running. Run this again for them; it does no harm.")


def _rechecked(hub: Hub, tenant: str, lane_id: str) -> bool:
    with hub.store.write(tenant) as connection:
        return steering.recheck(connection, tenant, lane_id, datetime.now(UTC))


def hold(config: Path, named: str, reason: str) -> None:
    """Stop. Raises Impossible, which does not say what was given."""
    if reason not in [*Reason]:
        raise Impossible(f"The reason is one of {', '.join(Reason)}.")
    why = Reason(reason)
    _act(
        config, named, lambda c, tenant, lane_id, now: steering.hold(c, tenant, lane_id, now, why),
        "It is held.",
    )  # fmt: skip


Action = Callable[[Connection, str, str, datetime], bool]


def _act(config: Path, named: str, action: Action, done: str) -> None:
    with people.opened(config) as hub:
        one = _act_in(hub, named, action)
    screen.say(f"Lane {one.id} to {one.recipient}: {done}")


def _act_in(hub: Hub, named: str, action: Action) -> Row[Any]:
    with hub.store.write(*hub.settings.tenant_ids) as connection:
        one = _find(connection, named)
        if not action(connection, one.tenant, one.id, datetime.now(UTC)):
            now = connection.execute(select(lane.c.state).where(lane.c.id == one.id)).scalar()
            raise Impossible(f"Lane {one.id} is {now}; this cannot be done with it now. Try again.")
        return one


def _find(connection: Connection, named: str) -> Row[Any]:
    pattern = named.replace("%", "").replace("_", "") + "%"
    rows = connection.execute(select(lane).where(lane.c.id.like(pattern)).limit(2)).all()
    if len(rows) != 1:
        raise Impossible("Several lanes begin so." if rows else "There is no such lane.")
    return rows[0]


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=any(headings))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _moment(at: datetime | None) -> Text:
    return Text(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else "")
