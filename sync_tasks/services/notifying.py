"""Telling people by mail what they have to mend: at once, and then once a day in one mail, until it is mended.

What is to be told is kept in SQL. Whoever sends takes it first, for a while; should he die, somebody else sends it when
that is over. A mail that went out just before a crash goes out again under the same Message-ID, by which servers know
it: SMTP leaves no better choice between losing a mail and sending it twice.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sync_tasks.bootstrap import App
from sync_tasks.services import letters
from sync_tasks.services.letters import Letter
from sync_tasks.services.postbox import UNSENT, mail, postbox
from sync_tasks.state.notifications import Notice

log = logging.getLogger(__name__)

AGAIN = timedelta(hours=24)  # until somebody is told once more
HOLD = timedelta(minutes=10)  # so long what somebody sends is his
LASTING = (".OUTAGE", ".CREDENTIAL_ENDS")  # what is told though nobody is suspended for it
RETRY = timedelta(minutes=15)  # after a server took nothing


def send_due(app: App) -> int:
    """Send what is due; returns how many mails went out. Without an SMTP server everything stays as it is."""
    if not app.settings.smtp_host:
        return 0
    with app.store.writing() as unit:
        taken = unit.notifications.take_due(app.clock(), HOLD)
    if not taken:
        return 0
    try:
        with postbox(app.settings) as server:
            return sum(_send(app, server, notices, to, letter) for notices, to, letter in _letters(app, taken))
    except UNSENT as error:
        log.warning("mail_server_unreachable", extra={"error": type(error).__name__})
        _put_off(app, [notice.id for notice in taken], app.clock() + RETRY)
        return 0


def _letters(app: App, taken: Sequence[Notice]) -> Iterator[tuple[list[Notice], list[str], Letter]]:
    """What to send to whom. What nobody suffers from any more is closed unsent."""
    pages = app.settings.public_url.rstrip("/")
    ordered = sorted(taken, key=lambda notice: (notice.org_id, notice.user_id or 0, notice.id))
    for (org_id, user_id), group in groupby(ordered, key=lambda notice: (notice.org_id, notice.user_id)):
        notices = list(group)
        if user_id is not None:
            yield from (([notice], [notice.address], letters.to_user(notice, pages)) for notice in notices)
            continue
        with app.store.writing() as unit:
            struck = unit.notifications.suspended(org_id)
            over = [n for n in notices if n.cause not in struck and not n.cause.endswith(LASTING)]
            unit.notifications.close_each([notice.id for notice in over], app.clock())
        open_ = [notice for notice in notices if notice not in over]
        if open_:
            yield open_, _admins(app), letters.to_admins(open_[0].org_name, open_, struck)


def _admins(app: App) -> list[str]:
    return [each.strip() for each in app.settings.smtp_admins.split(",") if each.strip()]


def _send(app: App, server: smtplib.SMTP, notices: Sequence[Notice], to: list[str], letter: Letter) -> bool:
    """Send one mail and note that it went out; a recipient who is refused keeps nobody else from his mail."""
    ids, now = [notice.id for notice in notices], app.clock()
    sender = app.settings.smtp_sender or app.settings.smtp_user
    if not to:
        _put_off(app, ids, now + AGAIN)
        return False
    try:
        server.send_message(mail(letter, to, sender, _identity(notices), now))
    except smtplib.SMTPRecipientsRefused:
        log.warning("mail_refused", extra={"notifications": ids})
        _put_off(app, ids, now + AGAIN)
        return False
    except smtplib.SMTPResponseException as error:
        log.warning("mail_refused", extra={"notifications": ids, "status": error.smtp_code})
        _put_off(app, ids, now + RETRY)
        return False
    with app.store.writing() as unit:
        unit.notifications.sent(ids, now, now + AGAIN)
    return True


def _put_off(app: App, ids: Sequence[int], until: datetime) -> None:
    with app.store.writing() as unit:
        unit.notifications.failed(ids, until)


def _identity(notices: Sequence[Notice]) -> str:
    told = " ".join(f"{notice.id}.{notice.times}" for notice in notices)
    return f"inbox-sync.{hashlib.sha256(told.encode()).hexdigest()[:24]}"
