"""What every table of the configuration has in common: unknown keys are errors, and secrets are named, not
held."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.errors import ConfigurationError


def _reference(value: str) -> str:
    if not value.startswith(("env:", "file:")):
        raise ValueError("must be env:NAME or file:/path")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
SecretRef = Annotated[str, AfterValidator(_reference)]


def secret(reference: str) -> str:
    """The secret that a reference names. Raises ConfigurationError, which names the reference only."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name)
    else:
        path = Path(name)
        value = path.read_text().strip() if path.is_file() else None
    if not value:
        raise ConfigurationError(f"the secret {reference} is not set")
    return value


class Model(BaseModel):
    """Every table of the file: unknown keys are errors, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
