"""The command `convert`: native records to FHIR and back, from a file or stdin to stdout. Stateless: it needs
neither configuration nor database, and keeps nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from gateway import jsontext
from gateway.cli import screen
from gateway.cli.options import CONFIG_FILE
from gateway.cli.outcome import DONE, REFUSED, Impossible
from mappings.model import Problem, RecordMapping

BOM = b"\xef\xbb\xbf"


def convert(
    system: Annotated[
        str, typer.Argument(metavar="SYSTEM", help="stafettlogg, individuell-plan, or a configured system.")
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="JSON, UTF-8; stdin if absent or -.")
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
    pretty: Annotated[bool, typer.Option("--pretty", help="Indented, for people.")] = False,
) -> None:
    """Turn a system's records into a FHIR Bundle, or back.

    In comes a JSON list of records, or one record; out comes a Bundle. --back goes the other way, and gives
    each record equal to what went in. What FHIR cannot say travels in a Binary of the Bundle. A record that
    is refused is named on stderr with field and reason; the rest is converted all the same, and the exit
    code is 1.

    Examples:

    ```
    stafettbro convert stafettlogg emma.json --pretty
    stafettbro convert stafettlogg emma.json | stafettbro convert --back stafettlogg
    ```
    """
    from gateway.cli import mapping_of

    settings = _settings(system, mapping, config)
    compiled = mapping_of.named(system, mapping, settings)
    value = _decoded(_read(file))
    turned, complaints = _backward(compiled, system, value) if back else _forward(compiled, system, value)
    _write(turned, pretty=pretty)
    for line in complaints:
        screen.complain(line)
    raise typer.Exit(REFUSED if complaints else DONE)


def _settings(system: str, mapping: Path | None, config: Path | None) -> Any:
    """The configuration, only where it is needed: asked for, or here and the system is none of ours."""
    from gateway.cli.mapping_of import OURS

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


def _forward(mapping: RecordMapping, system: str, value: Any) -> tuple[Any, list[str]]:
    from mappings.convert import to_bundle

    records = value if isinstance(value, list) else [value]
    bundle, refusals = to_bundle(mapping, system, records)
    return bundle, [line for one in refusals for line in _lines(one.index + 1, one.record_id, one.problems)]


def _lines(number: int, record_id: str | None, problems: Iterable[Problem]) -> list[str]:
    name = f"record {number} ({record_id})" if record_id else f"record {number}"
    return [f"{name}: {one.field or 'the whole record'}: {one.text}" for one in problems]


def _backward(mapping: RecordMapping, system: str, value: Any) -> tuple[Any, list[str]]:
    from mappings.convert import from_bundle

    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        raise Impossible("--back takes a FHIR Bundle: an object with resourceType Bundle.")
    records, lost = from_bundle(mapping, system, value)
    return records, [f"{one.reference}: {one.reason}" for one in lost]


def _write(value: Any, *, pretty: bool) -> None:
    text = jsontext.encode(value)
    sys.stdout.buffer.write((msgspec.json.format(text, indent=2) if pretty else text) + b"\n")
    sys.stdout.buffer.flush()
