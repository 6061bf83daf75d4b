"""How far a message came is told as it is: what a server refused, what it surely does not have, and what
nobody can know. Nothing is said to a server that cannot prove who it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import Mail
from gateway.consents.mail_server import Handed, MailServer
from gateway.consents.nudge_mail import message
from tests.consents.smtp_server import PASSWORD, USER, MailPeer, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailPeer]:
    with running(tmp_path_factory.mktemp("mail")) as found:
        yield found


@pytest.fixture
def peer(shared: MailPeer, monkeypatch: pytest.MonkeyPatch) -> MailPeer:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    shared.fault = None
    shared.taken.clear()
    shared.bytes.clear()
    return shared


def hand(peer: MailPeer, **more: Any) -> Handed:
    given = {
        "host": "127.0.0.1",
        "port": peer.port,
        "sender": "ikke-svar@fjordbyen.example",
        "user": USER,
        "password_ref": "env:MAIL_PASSWORD",
        "ca_file": str(peer.ca_file),
        "timeout_seconds": 1,
        **more,
    }
    server = MailServer(Mail.model_validate(given))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    made = message(
        sender=given["sender"], address="skolen@fjordbyen.example", language="nb", cases=1, link="/", now=now
    )
    return server.hand(made)


def test_what_is_taken(peer: MailPeer) -> None:
    assert hand(peer) is Handed.SENT
    assert b"Du har 1 sak i Stafettbro." in peer.taken[0]


@pytest.mark.parametrize(
    ("fault", "handed"),
    [
        ("450", Handed.NOT_SENT),
        ("451-data", Handed.NOT_SENT),
        ("550", Handed.REFUSED),
        ("554-data", Handed.REFUSED),
        ("drop", Handed.UNKNOWN),
        ("hang", Handed.UNKNOWN),
    ],
)
def test_what_is_not(peer: MailPeer, fault: str, handed: Handed) -> None:
    peer.fault = fault
    assert hand(peer) is handed
    assert peer.taken == []


def test_nobody_there(peer: MailPeer) -> None:
    assert hand(peer, port=1) is Handed.DOWN


def test_a_server_with_a_strangers_certificate_is_not_even_told_who_we_are(peer: MailPeer) -> None:
    assert hand(peer, ca_file=None) is Handed.DOWN
    assert b"AUTH" not in peer.bytes
    assert b"MAIL" not in peer.bytes


def test_a_wrong_password(peer: MailPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "feil")
    assert hand(peer) is Handed.DOWN
    assert peer.taken == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "post.example", "security": "none"},
        {"user": None},
        {"sender": "ikke svar <a@b>"},
        {"sender": "a@b\r\nBcc: c@d"},
    ],
    ids=["clear-text", "half-a-login", "name", "header"],
)
def test_what_is_not_accepted_as_configuration(peer: MailPeer, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        hand(peer, **wrong)
