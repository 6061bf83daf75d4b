"""The gateway of the API's tests, whose audit is looked at here."""

from __future__ import annotations

from tests.api.conftest import emma as emma
from tests.api.conftest import issuer as issuer
from tests.api.conftest import world as world
