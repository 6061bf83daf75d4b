"""The query plan of every statement that a path sends, taken where and as the gateway sends it: the same
connection, role, tenants and parameters; what the look at it writes is undone at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "
_PLANNED = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_LISTS = re.compile(r"(%\(\w+\)s(::\w+)?)(, %\(\w+\)s(::\w+)?){2,}")


@contextmanager
def watched(engine: Engine) -> Iterator[dict[str, list[str]]]:
    """Statement -> plan, of everything sent meanwhile; each statement once."""
    found: dict[str, list[str]] = {}

    def look(
        _connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        shown = shortened(statement)
        if shown in found or not _PLANNED.match(statement):
            return
        given = parameters[0] if many else parameters
        with cursor.connection.cursor() as beside:
            beside.execute("SAVEPOINT plan")
            beside.execute(EXPLAIN + statement, given)
            found[shown] = [row[0] for row in beside.fetchall()]
            beside.execute("ROLLBACK TO SAVEPOINT plan")

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def shortened(statement: str) -> str:
    """Without the casts of parameters, lists of them and white space."""
    text = _LISTS.sub(r"\1, …", " ".join(statement.split()))
    return re.sub(r"%\((\w+)\)s(::\w+( WITH TIME ZONE)?)?", r":\1", text)


def scans(plans: dict[str, list[str]], rows: Callable[[str], int]) -> list[str]:
    """What reads a whole table that grows: (statement, table)."""
    out = []
    for statement, plan in plans.items():
        for table in re.findall(r"Seq Scan on (\w+)", "\n".join(plan)):
            if rows(table) > 500:
                out.append(f"{table}: {statement[:160]}")
    return out
