"""*.eml and *.mbox into the Inbox, or Sent Items when the owner wrote the mail."""

from __future__ import annotations

import mailbox
from pathlib import Path

from connectors.sandbox.ews import messages, mime
from connectors.sandbox.ews.call import Call
from connectors.sandbox.seeding.report import FileReport

MAX_MAILS = 100_000
MAX_MAIL = 32 * 1024 * 1024


def load_eml(call: Call, path: Path, report: FileReport) -> None:
    _add(call, path.read_bytes(), path.name, report)


def load_mbox(call: Call, path: Path, report: FileReport) -> None:
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.iterkeys()):
            if number >= MAX_MAILS:
                report.skip("the rest of the file", f"more than {MAX_MAILS} mails in one file")
                break
            _add(call, box.get_bytes(key), f"mail {number + 1}", report)
    finally:
        box.close()
    if not report.loaded and not report.skipped:
        report.skip(path.name, "no mail in it")


def _add(call: Call, data: bytes, name: str, report: FileReport) -> None:
    if len(data) > MAX_MAIL:
        report.skip(name, f"larger than {MAX_MAIL // 1024 // 1024} MB")
        return
    if not data.strip():
        report.skip(name, "empty")
        return
    values, problems = mime.read(data)
    if not values.get("InternetMessageHeaders"):
        report.skip(name, "not a mail: it has no header")
        return
    for problem in problems:
        report.note(f"{name}: {problem}")
    owner = call.acting
    own = {owner.address, *call.directory.aliases(owner)}
    sent = values.get("From", {}).get("address", "").lower() in own
    folder = call.directory.distinguished(owner, "sentitems" if sent else "inbox")
    values = messages.finish({**values, "IsRead": True}, owner, call.items.now, draft=False)
    moment = str(values["DateTimeReceived"])
    call.items.create(folder, "Message", values, created=moment, modified=moment)
    report.loaded["Message"] += 1
