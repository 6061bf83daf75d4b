"""Options that several commands share, so that they are called and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CONFIG_FILE = Path("stafettbro.toml")

Config = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", envvar="STAFETTBRO_CONFIG", help="The configuration."),
]
OwnerUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar="STAFETTBRO_OWNER_URL", help="PostgreSQL: the owner's address of the database."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Give JSON lines, for programs.")]
