"""The command `profiles`: what Stafettbro publishes of its FHIR, written as a FHIR package. It needs neither
configuration nor database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from gateway.cli import screen
from mappings import canonical


def profiles(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The package to write, a .tgz.")],
    base: Annotated[
        str, typer.Option("--canonical", metavar="URL", help="What the canonical URLs begin with.")
    ] = canonical.BASE,
) -> None:
    """Write the profiles of everything Stafettbro emits as a FHIR package.

    Profiles, extensions, code systems, value sets, concept maps, the CapabilityStatement and examples. Load
    it in a validator or a FHIR server to check what a gateway sends. --canonical publishes them under a base
    of your own; what a gateway sends names the base that is built in.

    Example:

    ```
    stafettbro profiles stafettbro.fhir.tgz
    ```
    """
    from gateway.api.published import contents
    from mappings.profiles.package import packed

    parts = urlsplit(base)
    if not parts.scheme or not (parts.netloc or parts.path) or parts.query or parts.fragment:
        raise typer.BadParameter("an absolute URL is needed", param_hint="--canonical")
    files = contents()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed(files, base))
    screen.say(f"{file}: {len(files)} files")
