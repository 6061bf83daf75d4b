"""What can go wrong before anything is sent, as stable codes with a sentence for whoever runs the gateway.
Names the system, the issuer's host and what to do; never a secret, and nothing of the issuer's answer."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from adapters.contract import NoToken

SENTENCES: Final = {
    "token-unreached": "{issuer} svarer ikke. Det prøves igjen av seg selv; se på nettverk og adresse.",
    "token-certificate": "sertifikatet til {issuer} er ikke til å stole på. Se på adressen og `ca_file`.",
    "token-unavailable": "{issuer} har en feil hos seg. Det prøves igjen av seg selv.",
    "token-metadata": "{issuer} sier ikke hvor token hentes. Se på `issuer` og adressen.",
    "token-address": "{issuer} viser til en adresse vi ikke går til. Er den riktig, skriv den i `token_url`.",
    "token-client": "{issuer} kjenner oss ikke. Se på `client_id`, og om nøkkelen vår er registrert der.",
    "token-grant": "{issuer} godtok ikke forespørselen. Se på nøkkelen, klokken og hva klienten har fått.",
    "token-scope": "{issuer} gir oss ikke det vi ber om. Se på `scope`, og om klienten har fått det der.",
    "token-resource": "{issuer} kjenner ikke ressursen. Se på `resource`.",
    "token-proof": "{issuer} godtok ikke beviset for nøkkelen (DPoP). Se på klokken på maskinen.",
    "token-refused": "{issuer} sa nei. Se på hvordan klienten er satt opp der.",
    "token-answer": "{issuer} svarte noe annet enn et token. Se på adressen.",
    "token-unbound": "{issuer} ga et token uten binding til nøkkelen vår. Slå på DPoP for klienten der.",
    "token-consumer": "tokenet fra {issuer} gjelder en annen virksomhet. Se på `organization` og klienten.",
    "token-secret": "hemmeligheten eller nøkkelen kan ikke leses. Se på filen som oppsettet peker på.",
}


class SecretGone(Exception):
    """A secret that was there at start cannot be read any more, or is unfit."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom a message is about: the system (its id) and who gives the tokens (a host; nobody for a fixed
    one)."""

    system: str
    issuer: str = ""

    def failure(self, code: str, retry_after: float | None = None) -> NoToken:
        """The error to raise. retry_after: seconds that the issuer asked to wait."""
        sentence = f"Ingen adgang til {self.system}: {SENTENCES[code].format(issuer=self.issuer)}"
        return NoToken(code, sentence, retry_after=retry_after)


def is_of_certificates(error: BaseException | None) -> bool:
    """Whether TLS is why no connection came about: their certificate, or ours, was not believed."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def host(url: str) -> str:
    """The name of an issuer in messages."""
    return urlsplit(url).hostname or url
