"""An application behind its server, in a thread of this process, and a client that costs next to nothing: one
connection, and requests written down before. So that the time of this process is that of whole requests."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import uvicorn

from tests.access.possession import Sent

Answer = tuple[int, dict[str, str], bytes]


class FrontDoor:
    """Until `close`."""

    def __init__(self, app: Any) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self._line = socket.create_connection(listening.getsockname())
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, sent: Sent) -> Answer:
        """What is answered: status, headers in small letters, body."""
        self._line.sendall(written(sent))
        head, _, body = self._line.recv(1 << 16).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        parts, length = [body], int(headers["content-length"])
        while sum(map(len, parts)) < length:
            parts.append(self._line.recv(1 << 16))
        return int(first.split()[1]), headers, b"".join(parts)

    def close(self) -> None:
        """Hang up, and stop the server."""
        self._line.close()
        self._server.should_exit = True
        self._thread.join()


def written(sent: Sent) -> bytes:
    """A request as it goes over the line."""
    headers = [("host", "127.0.0.1"), ("content-length", str(len(sent.body))), *sent.headers]
    lines = [f"{sent.method} {sent.address} HTTP/1.1", *(f"{name}: {text}" for name, text in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + sent.body
