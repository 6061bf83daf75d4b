"""The report as tables for a terminal. Prints; measures nothing."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from bench import decisions, guarding

CONTENDERS = {
    "floor": "bare FastAPI, one insert",
    "single": "POST records, one at a time",
    "batch": "POST records, NDJSON of 100",
}


def show(report: dict[str, Any], console: Console) -> None:
    """All tables, with the generator's own ceiling under them."""
    tables = (
        _lenses(report["lenses"]),
        _decisions(report["decisions"]),
        _guarding(report["guarding"]),
        _throughput(report),
        _latency(report),
    )
    for table in tables:
        console.print(table)
    ceiling = report["wrk_ceiling_requests_per_second"]
    console.print(
        f"wrk alone, same bodies: {ceiling['single']} single and {ceiling['batch']} batch requests/s"
    )


def _lenses(figures: dict[str, Any]) -> Table:
    table = _table("A goal through its lens", "", "a second", "aim", "fhir.resources", "x", "aim")
    aims, rates = figures["aims"], figures["per_second"]
    for ours, theirs in (("put", "dump"), ("get", "parse")):
        times = (figures["against_fhir_resources"][ours], aims["against_fhir_resources"])
        table.add_row(ours, *map(str, (rates[ours], aims["per_second"], f"{theirs} {rates[theirs]}", *times)))
    return table


def _decisions(figures: dict[str, Any]) -> Table:
    table = _table("Consent decisions", "", "", "aim")
    for row in decisions.rows(figures):
        table.add_row(*row)
    return table


def _guarding(rows: list[dict[str, Any]]) -> Table:
    parts = ("tokens", "encryption", "audit", "together")
    table = _table("What guarding costs", "database", "request", "CPU ms", *parts, "aim")
    for row in rows:
        shares = (f"{row[f'{part}_share']:.0%}" for part in parts)
        table.add_row(row["database"], row["what"], str(row["whole"]), *shares, f"{guarding.AIM:.0%}")
    return table


def _throughput(report: dict[str, Any]) -> Table:
    table = _table("Entries in", "database", "", "records/s", "x floor", "aim", "CPU ms/record", "MB")
    for row in report["throughput"]:
        for name, label in CONTENDERS.items():
            figures, kind = row[name], row["database"]
            aim = report["aims_against_floor"].get(name, {}).get(kind, "")
            cells = (kind, label, figures["records_per_second"], figures["against_floor"], aim)
            table.add_row(*map(str, (*cells, figures["cpu_ms_per_record"], round(row["memory_mb"][name]))))
    return table


def _latency(report: dict[str, Any]) -> Table:
    names = ("database", "entries/s", "entries", "p50 ms", "p99 ms", "most ms", "CPU ms/entry", "MB")
    table = _table("From entry to acknowledged delivery", *names)
    for row in report["latency"]:
        times = (row["p50_ms"], row["p99_ms"], row["most_ms"], row["cpu_ms_per_entry"], row["memory_mb"])
        table.add_row(*map(str, (row["database"], row["entries_per_second"], row["entries"], *times)))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 1 or not column else "right")
    return table
