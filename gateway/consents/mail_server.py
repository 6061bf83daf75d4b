"""Hands a message to the mail server by SMTP, over TLS with the server's certificate checked, and says how
far it came: only what surely was not taken is tried again. Knows nothing of what the message is about."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from enum import StrEnum

from gateway.config import Mail, secret


class Handed(StrEnum):
    """How far it came."""

    SENT = "sent"
    REFUSED = "refused"  # for good
    NOT_SENT = "not-sent"  # not now
    DOWN = "down"  # nor anything else
    UNKNOWN = "unknown"  # the server may have taken it


@dataclass(frozen=True, slots=True)
class MailServer:
    """One server. Each message has a connection of its own: there are few."""

    mail: Mail

    def hand(self, message: EmailMessage) -> Handed:
        """Blocks for as long as the server takes to answer. Raises nothing but faults of ours."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException):
            return Handed.DOWN
        try:
            return self._told(server, message)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.close()

    def _connected(self) -> smtplib.SMTP:
        """Greeted, encrypted and let in."""
        mail, name = self.mail, "stafettbro"  # nobody outside needs this machine's name
        context = ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file else None)
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                mail.host, mail.port, name, timeout=mail.timeout_seconds, context=context
            )
        else:
            server = smtplib.SMTP(mail.host, mail.port, name, timeout=mail.timeout_seconds)
        try:
            if mail.security == "starttls":
                server.starttls(context=context)
            if mail.user is not None and mail.password_ref is not None:
                server.login(mail.user, secret(mail.password_ref))
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _told(self, server: smtplib.SMTP, message: EmailMessage) -> Handed:
        try:
            server.ehlo_or_helo_if_needed()
            for code, _ in (server.mail(str(message["From"])), server.rcpt(str(message["To"]))):
                if code >= 400:
                    return Handed.REFUSED if code >= 500 else Handed.NOT_SENT
        except (OSError, smtplib.SMTPException):
            return Handed.DOWN
        try:
            code, _ = server.data(message.as_bytes(policy=policy.SMTP))
        except smtplib.SMTPDataError as error:  # said before any of it went
            return Handed.REFUSED if error.smtp_code >= 500 else Handed.NOT_SENT
        except (OSError, smtplib.SMTPException):
            return Handed.UNKNOWN
        if code == 250:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            return Handed.SENT
        return Handed.REFUSED if code >= 500 else Handed.NOT_SENT
