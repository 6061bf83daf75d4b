"""Whether the database is there and migrated, for whoever asks without a token: looked at some times a second
at most, since nobody has to show anything to ask."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from gateway.access.pace import Pace
from gateway.errors import ConfigurationError
from gateway.hub.schema import serves
from gateway.hub.store import Store

LOOKS_PER_SECOND = 20


class Readiness:
    """Of one process. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pace = Pace(LOOKS_PER_SECOND, LOOKS_PER_SECOND)
        self._seen = {"database": False, "migrated": False}

    def checks(self) -> dict[str, bool]:
        """What holds now, or what did a moment ago where many ask."""
        if self._pace.wait(self) == 0:
            self._seen = self._look()
        return dict(self._seen)

    def _look(self) -> dict[str, bool]:
        try:
            with self._store.outside() as connection:
                migrated = serves(connection)
        except ConfigurationError:
            migrated = False
        except SQLAlchemyError:
            return {"database": False, "migrated": False}
        return {"database": True, "migrated": migrated}
