"""The same small world as the way in has."""

from tests.intake.conftest import here

__all__ = ["here"]
