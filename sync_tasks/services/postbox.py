"""Handing mails to an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from sync_tasks.services.letters import Letter
from sync_tasks.settings import Settings

TIMEOUT = 30  # seconds for a server to answer

UNSENT: tuple[type[Exception], ...] = (OSError, smtplib.SMTPException)  # a mail did not go, or nobody said that it did


@contextmanager
def postbox(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A server that takes mails. Raises one of `UNSENT`."""
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=TIMEOUT, context=context
        )  # fmt: skip
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield server


def mail(letter: Letter, to: Sequence[str], sender: str, identity: str, now: datetime) -> EmailMessage:
    """A letter as a mail. `identity`: the same for the same mail, so that servers know one that comes twice."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, ", ".join(to), letter.subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # no automatic answers, please
    made.set_content(letter.text)
    return made
