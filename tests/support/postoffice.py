"""A real mail server of this machine that keeps what it is given, and can be told to misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class PostOffice:
    """`refuses`: recipients that it does not know. `answer`: what it says to every mail. `hang_up`: it takes so many
    mails and breaks the line instead of saying so."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    answer: str = "250 OK"
    hang_up: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: Any) -> str:
        if to in self.refuses:
            return "550 no such user"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        if self.hang_up:
            self.hang_up -= 1
            server.transport.close()
        return self.answer

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]


@contextmanager
def post_office(port: int, user: str = "", password: str = "") -> Iterator[PostOffice]:
    """A mail server without encryption; with a user it takes mails from nobody else."""

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()))

    office = PostOffice(port)
    log_in = {"auth_required": bool(user), "auth_require_tls": False, "authenticator": known}
    controller = Controller(office, hostname="127.0.0.1", port=port, **log_in)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
