"""The commands `audit …`: whether what is written in the audit is what was written."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import CONFIG_FILE, Config, Json
from gateway.cli.outcome import PlainCommand

audit = typer.Typer(
    name="audit",
    no_args_is_help=True,
    help="Who did what with whose data: check that it is what was written, and hand it on.",
)


@audit.command("stream", cls=PlainCommand)
def stream(
    config: Config = CONFIG_FILE,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until stopped.")
    ] = False,
) -> None:
    """Hand the audit on to whoever watches over the installation (a SIEM).

    JSON lines to stdout or a file, or syslog (RFC 5424), as `[audit_stream]` of the configuration says: ids
    and codes of every entry that has been chained, in the order of the chain. How far it came is kept in the
    state folder; after a failure the last block is handed on again, so that none is missing.

    Examples:

    ```
    stafettbro audit stream >> audit.ndjson
    stafettbro audit stream --follow --config stafettbro.toml
    ```
    """
    from gateway.cli import audit_work

    audit_work.stream(config, follow=follow)


@audit.command("verify", cls=PlainCommand)
def verify(
    config: Config = CONFIG_FILE,
    tenant: Annotated[str | None, typer.Option(metavar="ID", help="This tenant alone.")] = None,
    as_json: Json = False,
) -> None:
    """Check the audit, the chain over it, the signed heads, and the log of disclosures.

    Finds every entry that was changed, removed, slipped in or moved, a chain that was cut off, and a
    disclosure that no longer says what the audit says of it. Names the first one. Runs while everything runs,
    and changes nothing. Exit code 1: something is wrong.

    Examples:

    ```
    stafettbro audit verify --config stafettbro.toml
    stafettbro audit verify --tenant fjordbyen --json
    ```
    """
    from gateway.cli import audit_work

    audit_work.verify(config, tenant, as_json=as_json)
