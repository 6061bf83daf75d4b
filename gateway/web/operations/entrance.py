"""Who may come to the operators' pages: those whom the municipality's provider gives the role, asked anew at
every page. For everybody else there are no such pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from gateway.access.login_sessions import Session
from gateway.access.people_login import OPERATES, SEES_CONTENT
from gateway.errors import NotFound
from gateway.hub.audit import occasion
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Here

DRIFT: Final = f"{BASE}/drift"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody with the role. client: as the audit names them: an id of ours, never the provider's own."""

    session: Session

    @property
    def tenant(self) -> str:
        """Whose gateway it is to them."""
        return self.session.tenant

    @property
    def client(self) -> str:
        """As the audit names them."""
        return named(self.session.hashes)

    @property
    def sees_content(self) -> bool:
        """Whether they have the right to see what stands in a message."""
        return SEES_CONTENT in self.session.rights


def named(hashes: frozenset[str]) -> str:
    """An operator as the audit names them, by the keyed hash of who they are at the provider."""
    return f"operator/{min(hashes, default='')[:24]}"


async def operator(desk: AtDesk, session: Here) -> Operator:
    """Whoever asks, if they may. Raises NotFound."""
    if desk.logins[session.login].login.who != "operations" or OPERATES not in session.rights:
        raise NotFound("No such page")
    found = Operator(session)
    occasion.asked_by(found.tenant, found.client)
    return found


Operating = Annotated[Operator, Depends(operator)]
