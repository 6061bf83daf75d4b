"""Our certificate towards a system and its issuer (mutual TLS), and whose certificates we trust there.
Files that have changed are loaded for the next connection; never shows a key.

Sources: RFC 8705 (mutual TLS for OAuth clients).
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from adapters.tokens.faults import SecretGone


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where our certificate is kept: PEM with the chain, and with the key unless that is kept apart."""

    chain: Callable[[], str]  # raises SecretGone
    key: Callable[[], str] | None = None


class Tls:
    """How we speak to one system and to whoever gives its tokens.

    ca_file: the authorities (PEM) that sign the system's certificate; it alone is then believed by them. Its
    issuer may have a public one as well. Raises SecretGone where the certificate cannot be used.
    """

    def __init__(self, certificate: Certificate | None, ca_file: Path | None) -> None:
        self._certificate = certificate
        self.to_system = _trusting(ca_file, public=ca_file is None)
        self.to_issuer = _trusting(ca_file, public=True)
        self._loaded = ""
        if certificate is not None:
            self._load(_pem(certificate))

    def renew(self) -> None:
        """Use a certificate that was changed from the next connection on. One that is unfit changes
        nothing: the one in use goes on until it is mended."""
        if self._certificate is None:
            return
        with suppress(SecretGone):
            pem = _pem(self._certificate)
            if pem != self._loaded:
                self._load(pem)

    def _load(self, pem: str) -> None:
        _into(
            ssl.create_default_context(), pem
        )  # unfit ones stop here, before the contexts in use are touched
        for context in (self.to_system, self.to_issuer):
            _into(context, pem)
        self._loaded = pem


def _pem(certificate: Certificate) -> str:
    return certificate.chain() + "\n" + (certificate.key() if certificate.key else "")


def _trusting(ca_file: Path | None, *, public: bool) -> ssl.SSLContext:
    context = (
        httpx.create_ssl_context(trust_env=False) if public else ssl.create_default_context(cafile=ca_file)
    )
    if public and ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _into(context: ssl.SSLContext, pem: str) -> None:
    try:
        with _file(pem.encode("ascii")) as name:
            context.load_cert_chain(name, password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SecretGone("the client certificate cannot be used") from error


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """The standard library reads certificates from files alone: one in memory where there is such a thing, so
    that a key touches no disk; else one that only we can read, for a moment."""
    with ExitStack() as stack:
        if hasattr(os, "memfd_create"):
            handle = os.memfd_create("certificate", os.MFD_CLOEXEC)
            name = f"/proc/self/fd/{handle}"
        else:
            handle, name = tempfile.mkstemp(prefix="stafettbro-")
            stack.callback(Path(name).unlink)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            yield name
