"""A mail server on loopback that speaks SMTP (RFC 5321) with STARTTLS and AUTH PLAIN, and can be told to fail
in the ways that mail servers do. It keeps every byte it is sent."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "stafettbro", "hemmelig"


class MailPeer:
    """The server. fault: what it answers to the recipient or the message ("450", "550", "451-data",
    "554-data", "drop", "hang"); None: it takes everything."""

    def __init__(self, folder: Path) -> None:
        self.ca_file, self._key = certificate(folder)
        self.port = 0
        self.taken: list[bytes] = []
        self.bytes = bytearray()  # everything anybody said to it, decrypted
        self.fault: str | None = None
        self.encrypted: list[bool] = []  # per message
        self._hanging = asyncio.Event()

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        self._hanging.set()
        server.close()

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.ca_file, self._key)
        return made

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = known = False
        try:
            await self._say(writer, "220 peer ESMTP")
            while line := await reader.readline():
                self.bytes += line
                verb = line.split()[0].upper().decode() if line.split() else ""
                if verb in ("EHLO", "HELO"):
                    more = ["250-peer", "250-AUTH PLAIN"] if secure else ["250-peer", "250-STARTTLS"]
                    await self._say(writer, *more, "250 8BITMIME")
                elif verb == "STARTTLS":
                    await self._say(writer, "220 go ahead")
                    await writer.start_tls(self.context())
                    secure = True
                elif verb == "AUTH":
                    given = base64.b64decode(line.split()[2])
                    known = given == f"\0{USER}\0{PASSWORD}".encode()
                    await self._say(writer, "235 welcome" if known else "535 no")
                elif verb == "RCPT" and self.fault in ("450", "550"):
                    await self._say(writer, f"{self.fault} not this one")
                elif verb == "DATA":
                    if not known:
                        await self._say(writer, "530 who are you")
                        continue
                    await self._say(writer, "354 go on")
                    body = await reader.readuntil(b"\r\n.\r\n")
                    self.bytes += body
                    if self.fault == "drop":
                        return
                    if self.fault == "hang":
                        await self._hanging.wait()
                    elif self.fault and self.fault.endswith("-data"):
                        await self._say(writer, f"{self.fault[:3]} no")
                    else:
                        self.taken.append(body)
                        self.encrypted.append(secure)
                        await self._say(writer, "250 taken")
                elif verb == "QUIT":
                    await self._say(writer, "221 bye")
                    return
                else:
                    await self._say(writer, "250 ok")
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, *lines: str) -> None:
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await writer.drain()


@contextmanager
def running(folder: Path) -> Iterator[MailPeer]:
    """A server in a thread of its own."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    peer, stop = MailPeer(folder), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(peer.serve(started, stop),))
    thread.start()
    started.wait(10)
    try:
        yield peer
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    own, secret = folder / "mail.pem", folder / "mail.key"
    own.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return own, secret
