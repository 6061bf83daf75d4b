"""The command `convert`: native records to FHIR and back, from a file or stdin to stdout. Stateless: it needs
neither configuration nor database, and keeps nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from adapters.csv_form import CsvForm, Unreadable, Unwritable
from gateway import jsontext
from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE
from gateway.cli.outcome import DONE, REFUSED, Impossible
from mappings.model import Problem, RecordMapping

BOM = b"\xef\xbb\xbf"


def convert(
    system: Annotated[
        str,
        typer.Argument(
            metavar="SYSTEM", help="stafettlogg, individuell-plan, leverandoer-x, or a configured system."
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="JSON, or the system's own CSV; stdin if absent or -."),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="From a FHIR Bundle to native records.")] = False,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="The mapping file to use.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", envvar="STAFETTBRO_CONFIG", help="For configured systems."
        ),
    ] = None,
    pretty: Annotated[bool, typer.Option("--pretty", help="JSON, indented, for people.")] = False,
) -> None:
    """Turn a system's records into a FHIR Bundle, or back.

    In comes a JSON list of records, or one record, or CSV where the system's mapping file declares it; out
    comes a Bundle. --back goes the other way, and gives each record equal to what went in, in the form it
    came in. What FHIR cannot say travels in a Binary of the Bundle. A record that is refused is named on
    stderr with field and reason; the rest is converted all the same, and the exit code is 1.

    Examples:

    ```
    stafettbro convert stafettlogg emma.json --pretty
    stafettbro convert stafettlogg emma.json | stafettbro convert --back stafettlogg
    stafettbro convert leverandoer-x eksport.csv > bundle.json
    ```
    """
    from gateway.file_form import csv_of
    from gateway.operating import mapping_of

    settings = _settings(system, mapping, config)
    compiled = mapping_of.named(system, mapping, settings)
    csv = csv_of(compiled)
    if back:
        records, complaints = _backward(compiled, system, _decoded(_read(file)))
        _send(_as_csv(records, csv) if csv and not pretty else _as_json(records, pretty=pretty))
    else:
        bundle, complaints = _forward(compiled, system, _given(_read(file), csv))
        _send(_as_json(bundle, pretty=pretty))
    for line in complaints:
        screen.complain(line)
    raise typer.Exit(REFUSED if complaints else DONE)


def _settings(system: str, mapping: Path | None, config: Path | None) -> Any:
    """The configuration, only where it is needed: asked for, or here and the system is none of ours."""
    from gateway.operating.mapping_of import OURS

    needed = config is not None or (mapping is None and system not in OURS and CONFIG_FILE.exists())
    if not needed:
        return None
    from gateway.config import load

    return load(config or CONFIG_FILE)


def _read(file: Path | None) -> bytes:
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read()
    return file.read_bytes()


def _decoded(content: bytes) -> Any:
    if not content.strip():
        raise Impossible("There is nothing to convert: the input is empty.")
    try:
        return jsontext.decode(content.removeprefix(BOM))
    except (jsontext.DecodeError, UnicodeDecodeError) as error:
        raise Impossible(f"The input is not JSON in UTF-8: {error}") from error


def _given(content: bytes, csv: CsvForm | None) -> list[tuple[str, Any]]:
    """What is to be converted, each with the name of its place: rows of CSV, unless JSON was given."""
    if csv is None or content.removeprefix(BOM).lstrip()[:1] in (b"", b"[", b"{"):
        value = _decoded(content)
        listed = value if isinstance(value, list) else [value]
        return [(f"record {number}", one) for number, one in enumerate(listed, 1)]
    try:
        rows = list(csv.lines(csv.text(content)))
    except Unreadable as error:
        raise Impossible(f"line {error.line}: {error.reason}") from error
    bad = next(((line, reason) for line, row, reason in rows if row is None), None)
    if bad is not None:
        raise Impossible(f"line {bad[0]}: {bad[1]}")
    return [(f"line {line}", row) for line, row, _ in rows]


def _forward(mapping: RecordMapping, system: str, given: list[tuple[str, Any]]) -> tuple[Any, list[str]]:
    from mappings.convert import to_bundle

    bundle, refusals = to_bundle(mapping, system, [record for _, record in given])
    return bundle, [
        line for one in refusals for line in _lines(given[one.index][0], one.record_id, one.problems)
    ]


def _lines(place: str, record_id: str | None, problems: Iterable[Problem]) -> list[str]:
    name = f"{place} ({record_id})" if record_id else place
    return [f"{name}: {one.field or 'the whole record'}: {one.text}" for one in problems]


def _backward(mapping: RecordMapping, system: str, value: Any) -> tuple[Any, list[str]]:
    from mappings.convert import from_bundle

    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        raise Impossible("--back takes a FHIR Bundle: an object with resourceType Bundle.")
    records, lost = from_bundle(mapping, system, value)
    return records, [f"{one.reference}: {one.reason}" for one in lost]


def _as_csv(records: list[Any], csv: CsvForm) -> bytes:
    try:
        return csv.bytes(records)
    except Unwritable as error:
        raise Impossible(f"{error.column}: {error.reason}") from error


def _as_json(value: Any, *, pretty: bool) -> bytes:
    text = jsontext.encode(value)
    return (msgspec.json.format(text, indent=2) if pretty else text) + b"\n"


def _send(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
