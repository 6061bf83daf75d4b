"""The logins for people in a demo run: their keys, made for this run alone, what the gateway's configuration
says of them, and what the issuer knows of the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from joserfc.jwk import ECKey

from gateway.config_callers import DEMO_LEVEL
from gateway.demo.login_clients import LoginClient
from gateway.demo.people import RUNS, SEES, Kind

PAGES: Final = "/min-side"  # as in gateway/web/desk.py, which takes a second to load


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One of them, with the private key by which the gateway proves itself."""

    id: str
    name: str  # what people read after "Logg inn med"
    who: Kind
    key: ECKey

    @property
    def secret(self) -> bytes:
        """The private key, as a file holds it."""
        return msgspec.json.encode(self.key.as_dict(private=True))

    def client(self, gateway: str) -> LoginClient:
        """What the issuer knows of it. gateway: its address, without a slash at the end."""
        back = f"{gateway}{PAGES}/logg-inn/{self.id}/svar"
        return LoginClient(self.who, self.key.as_dict(private=False), back, f"{gateway}{PAGES}")

    def settings(self, issuer: str, key_ref: str) -> dict[str, Any]:
        """Its table in the gateway's configuration."""
        return {
            "id": self.id,
            "name": self.name,
            "tenant": "fjordbyen",
            "who": self.who,
            "issuer": issuer,
            "client_id": self.id,
            "key_ref": key_ref,
            "acr": [DEMO_LEVEL],
            **({"role": RUNS, "content_role": SEES} if self.who == "operations" else {}),
        }


KINDS: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("demo-familie", "demoinnlogging for familier", "family"),
    ("demo-ansatt", "demoinnlogging for ansatte", "staff"),
    ("demo-drift", "demoinnlogging for drift", "operations"),
)


def new_logins() -> Iterator[DemoLogin]:
    """The logins of one run."""
    for own, name, who in KINDS:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        yield DemoLogin(own, name, who, key)
