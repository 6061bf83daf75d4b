"""The figures of both sizes beside each other, and the page with the query plans. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import quantiles
from typing import Any

from bench.scale.paths import NAMES, Size

AIM = 1.3
AIMED = ("timeline", "intake", "lane run")


def figures(sizes: list[Size]) -> dict[str, dict[str, Any]]:
    """p50 and p99 in milliseconds of what was kept; forgets it."""
    out: dict[str, dict[str, Any]] = {}
    for size in sizes:
        for name in NAMES:
            cuts = quantiles(size.took[name], n=100, method="inclusive")
            out.setdefault(name, {})[str(size.children)] = {
                "p50": round(cuts[49], 2),
                "p99": round(cuts[98], 2),
                "visits": len(size.took[name]),
            }
            size.took[name] = []
    return out


def ratios(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The larger by the smaller."""
    out = {}
    for name, by_size in found.items():
        small, large = (by_size[key] for key in sorted(by_size, key=int))
        out[name] = {key: round(large[key] / small[key], 2) for key in ("p50", "p99")}
    return out


def table(out: dict[str, Any]) -> str:
    """As Markdown."""
    return "\n".join(_table(out)) + "\n"


def _table(out: dict[str, Any]) -> Iterator[str]:
    small, large = out["sizes"]
    yield f"| | {small['children']:,} children | {large['children']:,} children | times | aim |"
    yield "| --- | --- | --- | --- | --- |"
    for name in (
        "versions",
        "links",
        "disclosures",
        "audit",
        "lanes",
        "waiting",
        "bytes",
        "bytes_of_key_store",
        "seconds_to_make",
    ):
        yield f"| {name.replace('_', ' ')} | {small[name]:,} | {large[name]:,} | | |"
    keys = str(small["children"]), str(large["children"])
    for state in ("warm", "cold"):
        for name, found in out[state].items():
            for cut in ("p50", "p99"):
                one, other = (found[key][cut] for key in keys)
                times = f"{other / one:.2f}"
                aim = f"{AIM}" if state == "warm" and name in AIMED else ""
                yield f"| {name}, {state}, {cut}, ms | {one} | {other} | {times} | {aim} |"
    for name, one in out["background"][keys[0]].items():
        other = out["background"][keys[1]][name]
        yield f"| {name}, ms | {one} | {other} | {other / one:.2f} | |"


def page(out: dict[str, Any]) -> str:
    """The whole page for docs/."""
    size = f"A run at {out['scale']:g} of the full size (`SCALE`); {out['persons']} persons were looked at."
    lines = [*HEAD, size, "", *_table(out), "", *READ, "", "## Query plans", "", *PLANS]
    for statement, plan in out["plans"][list(out["plans"])[-1]].items():
        lines += ["", f"`{statement[:600]}{' …' if len(statement) > 600 else ''}`", "", "```", *plan, "```"]
    return "\n".join(lines) + "\n"


HEAD = (
    "# What size costs",
    "",
    "From `make bench-scale`: two databases of the same shape on one PostgreSQL, in one run, each",
    "person's timeline, one entry coming in and one run of a lane, the sizes in turn. The rows are those",
    "that the gateway itself wrote about invented children, opened and written again under other ids and",
    "names, each child's sealed by a key of its own that stands in the key store (SQLite, beside the",
    "database); versions lie in the order of a life in which all children are written about at the same",
    "time. *Warm*: each person is looked at twice, and the second look counts. *Cold*: the database was",
    "started anew and its files put out of memory. *Key*: a person's key out of the key store, unwrapped;",
    "where nobody has used it for a minute, the first of the other paths pays for it.",
    "",
    "`make bench-scale SCALE_KEEP=FOLDER` makes the databases there and leaves them; the next run",
    "measures them again. Before anything is measured, some children are read through the gateway's own",
    "store and found by what their system calls them and by their number.",
    "",
)
READ = (
    "The aim is of the warm figures. The sweep compares every lane with its person, once a minute in each",
    "worker, and is the one thing that grows with the number of children; what looks for work, dates and the",
    "dead reads what is due.",
)
PLANS = (
    "Of every statement on those paths, in the larger database, as the gateway sends it: with its role,",
    "row-level security and parameters. `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)`; lists are shortened.",
)
