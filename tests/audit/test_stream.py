"""The audit as it is handed on: all of it, in order, no content, and again rather than not at all."""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import jsontext
from gateway.cli.audit_work import hand_on
from gateway.hub.audit.stream import Lines, Position, Syslog, Told
from tests.access.tokens_out.test_others import Authority, certificate, pem
from tests.audit.standing import NOW, TENANT, Standing, filled


class Kept(io.BytesIO):
    """What was written, after it was closed too."""

    def close(self) -> None:
        """Nothing more comes."""


@pytest.fixture
def standing(sqlite_url: str, tmp_path: Path) -> Iterator[Standing]:
    made = filled(sqlite_url, tmp_path)
    yield made
    made.close()


def lines(out: Kept) -> list[dict[str, object]]:
    return [jsontext.decode(line) for line in out.getvalue().splitlines()]


def test_every_chained_entry_is_a_line_once_and_in_order(standing: Standing, tmp_path: Path) -> None:
    out, position = Kept(), Position(tmp_path / "state" / "stream.json")
    hand_on(standing.store, Lines(out), position, TENANT)
    numbers = [line["number"] for line in lines(out)]
    assert numbers == list(range(1, 56))
    standing.note(901)
    hand_on(standing.store, Lines(out), Position(position.path), TENANT)
    assert len(lines(out)) == 55  # not chained yet
    standing.sealer.round(TENANT)
    hand_on(standing.store, Lines(out), Position(position.path), TENANT)
    assert [line["number"] for line in lines(out)] == list(range(1, 57))
    assert {"content", "pin"}.isdisjoint(lines(out)[-1])
    assert lines(out)[-1]["subject"] == "act-901"
    assert b"keys" not in out.getvalue()


class Breaking:
    """A sink that fails in the middle."""

    def __init__(self, out: Kept, after: int) -> None:
        self.lines, self.left = Lines(out), after

    def send(self, told: list[Told]) -> None:
        """Fails when it has been asked often enough."""
        if not self.left:
            raise OSError("no room")
        self.left -= 1
        self.lines.send(told)

    def close(self) -> None:
        """Nothing more comes."""


def test_what_failed_is_handed_on_again(standing: Standing, tmp_path: Path) -> None:
    out, path = Kept(), tmp_path / "stream.json"
    with pytest.raises(OSError, match="no room"):
        hand_on(standing.store, Breaking(out, 3), Position(path), TENANT)
    assert Position(path).of(TENANT) == 3
    hand_on(standing.store, Lines(out), Position(path), TENANT)
    assert [line["number"] for line in lines(out)] == list(range(1, 56))


MESSAGE = re.compile(
    rb"<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) \S+ stafettbro - (\w+) \[stafettbro@32473((?: \w+="
    rb'"(?:[^"\\\]]|\\["\\\]])*")+)\]'
)


def test_a_syslog_server_gets_whole_messages_of_rfc_5424(standing: Standing, tmp_path: Path) -> None:
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            line, _ = server.accept()
            with line:
                while piece := line.recv(65536):
                    got.append(piece)

        thread = threading.Thread(target=take)
        thread.start()
        sink = Syslog("127.0.0.1", server.getsockname()[1], tls=False)
        hand_on(standing.store, sink, Position(tmp_path / "p.json"), TENANT)
        sink.close()
        thread.join()
    rest, messages = b"".join(got), []
    while rest:
        length, _, after = rest.partition(b" ")
        messages.append(after[: int(length)])
        rest = after[int(length) :]
    found = [MESSAGE.fullmatch(one) for one in messages]
    assert len(found) == 55
    assert all(found)
    logins = {one[1] for one in found if one is not None and one[3] == b"login"}
    assert logins <= {b"38", b"36"}  # facility 4, informational or warning


def test_what_would_end_a_value_is_escaped() -> None:
    one = Told(
        at=NOW,
        block=1,
        values={"tenant": 'a"]\\', "kind": "login", "outcome": "done", "client": "x\ny"},
    )
    assert b'tenant="a\\"\\]\\\\"' in one.syslog("host")
    assert MESSAGE.fullmatch(one.syslog("host"))


def guarded(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server on this machine shows, and the authority that says it is right."""
    authority = Authority(*certificate("SIEM CA"))
    (folder / "siem.pem").write_text("".join(pem(*certificate("siem", authority))))
    (folder / "ca.pem").write_text(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "siem.pem")
    return context, folder / "ca.pem"


def test_over_tls_only_a_server_that_is_believed_gets_anything(standing: Standing, tmp_path: Path) -> None:
    context, authority = guarded(tmp_path)
    got: list[bytes] = []

    def take(server: socket.socket) -> None:
        for _ in range(2):
            line, _address = server.accept()
            with line:
                try:
                    with context.wrap_socket(line, server_side=True) as safe:
                        while piece := safe.recv(65536):
                            got.append(piece)
                except OSError:
                    got.append(b"not believed;")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=take, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises(ssl.SSLCertVerificationError):
            Syslog("127.0.0.1", port, tls=True)
        sink = Syslog("127.0.0.1", port, tls=True, ca_file=authority)
        hand_on(standing.store, sink, Position(tmp_path / "p.json"), TENANT)
        sink.close()
        thread.join()
    first, _, rest = b"".join(got).partition(b";")
    assert first == b"not believed"
    assert rest.count(b" stafettbro - ") == 55


def test_a_syslog_server_that_has_hung_up_is_told_nothing_and_it_all_comes_again(
    standing: Standing, tmp_path: Path
) -> None:
    position = Position(tmp_path / "p.json")
    with socket.create_server(("127.0.0.1", 0)) as server:
        sink = Syslog("127.0.0.1", server.getsockname()[1], tls=False)
        server.accept()[0].close()
        with pytest.raises(ConnectionError):
            hand_on(standing.store, sink, position, TENANT)
        sink.close()
    assert position.of(TENANT) == 0
