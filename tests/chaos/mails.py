"""Real mails in five mailboxes that share them: each mail goes to two to five users, some get answers from within the
house, and between them lies junk, of which nobody may come."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from sqlalchemy import text

from connectors.sandbox import seed
from tests.chaos.story import Action, Stage

ROUNDS = 5
KNOWN = 20  # so many of the busiest senders are contacts
FOR_EACH = {
    "autosave__emails": True, "autosave__first_email_days": 20_000, "autosave__unlinked_events": True,
}  # fmt: skip
FOR_ALL = {
    "domains__internal": "acme.example", "resolve__kind": "lead", "resolve__require_outbound": False,
    "resolve__daily_most": 10_000, "resolve__domain_most": 10_000, "resolve__max_recipients": 1000,
    "threads__enabled": True, "threads__links": "all",
    "resolve__all_unresolved": True,  # whom a mail makes must not depend on who was made before
}  # fmt: skip
OTHER = "OtherAddress"
_SAVED, _LINKS = frozenset({"EmailMessage", "Task"}), frozenset({"RelatedToId", "WhatId", "WhoId", "AccountId"})
JUNK = {
    "List-Unsubscribe": "<https://news.example/away>", "List-Id": "<news.example>", "Precedence": "bulk",
    "Auto-Submitted": "auto-generated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    content: bytes
    to: tuple[str, ...]  # whose mailboxes hold it


class Mails:
    """Tells the mails below a directory in rounds."""

    users = ("ann", "bob", "cat", "dan", "eve")
    workers = 5

    def __init__(self, directory: Path, draw: int, scratch: Path) -> None:
        self._random = random.Random(draw)
        self._scratch = scratch
        files = sorted(directory.rglob("*.eml"))
        if not files:
            raise FileNotFoundError(f"there are no *.eml below {directory}")
        self._senders = Counter[str]()
        self._answers: dict[str, str] = {}  # Message-ID of an answer -> of what it answers
        self._mails = list(self._cast([path.read_bytes() for path in files]))
        self._random.shuffle(self._mails)
        self._round = 0

    @property
    def over(self) -> bool:
        return self._round >= ROUNDS

    def open(self, stage: Stage) -> None:
        stage.world.set(**FOR_ALL)
        for name in self.users:
            stage.add_user(name, **FOR_EACH)
        for address, _ in self._senders.most_common(KNOWN):
            name, _, domain = address.partition("@")
            account = stage.world.record("Account", Name=f"House of {address}", Website=f"https://{name}.{domain}")
            contact = stage.world.record("Contact", LastName=name, Email=address, AccountId=account)
            assert contact

    def next(self) -> list[Action]:
        mine = self._mails[self._round :: ROUNDS]
        self._round += 1
        return [self._deliver(number, mail) for number, mail in enumerate(mine)]

    def seen(self, place: str, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A mail that comes before its people are made is not linked to them, and of the accounts of a thread the mail
        that comes first takes its own."""
        if place == "Lead":
            return {"Email": row["Email"]}  # the rest stands in the signature of the mail that came first
        if place == "EmailMessageRelation" and (row["RelationObjectType"] == "Lead" or row["RelationType"] == OTHER):
            return None
        return {k: v for k, v in row.items() if place not in _SAVED or k not in _LINKS}

    def judge(self, stage: Stage) -> list[str]:
        return [*self._unmarked(stage), *self._made_of_junk(stage), *self._apart(stage)]

    # --- the cast

    def _cast(self, real: list[bytes]) -> Iterator[Mail]:
        before = ""
        for number, content in enumerate(real):
            message = message_from_bytes(content, policy=policy.compat32)
            sender = parseaddr(str(message["From"]))[1].lower()
            self._senders[sender] += 1
            to = tuple(self._random.sample(self.users, self._random.randint(2, len(self.users))))
            yield Mail(content, to)
            if number % 5 == 0 and message["Message-ID"]:
                self._answers[f"<answer-{number}@mail.example>"] = parent = str(message["Message-ID"])
                yield Mail(_answer(number, parent, before or sender), to)
            before = sender
            if number % 20 == 0:
                yield Mail(_junk(number), to)

    def _deliver(self, number: int, mail: Mail) -> Action:
        home = self._scratch / f"{self._round}-{number}"
        home.mkdir(parents=True)
        (home / "mail.eml").write_bytes(mail.content)

        def act(stage: Stage) -> None:
            for user in mail.to:
                seed.load(stage.world.sandbox, home, mailbox=stage.users[user].address)

        return act

    # --- the end

    @staticmethod
    def _unmarked(stage: Stage) -> Iterator[str]:
        """Whoever holds a mail that is saved sees that it is."""
        saved = {row["MessageIdentifier"] for row in stage.world.query("SELECT MessageIdentifier FROM EmailMessage")}
        for name, user in stage.users.items():
            for item in stage.world.items(user, "inbox"):
                message_id, marks = item["values"].get("InternetMessageId"), item["values"].get("Categories") or []
                if message_id in saved and "Salesforce" not in marks:
                    yield f"lost: the mark on {message_id} in the mailbox of {name}"

    @staticmethod
    def _made_of_junk(stage: Stage) -> Iterator[str]:
        for made in ("Lead", "Contact"):
            rows = stage.world.query(f"SELECT Email FROM {made} WHERE Email LIKE '%@junk%'")
            yield from (f"too much: {made} {row['Email']}" for row in rows)

    def _apart(self, stage: Stage) -> Iterator[str]:
        """A thread remembers every record that one of its mails was linked to, whoever saved it (THR-8)."""
        linked = {
            row["MessageIdentifier"]: row["RelatedToId"]
            for row in stage.world.query("SELECT MessageIdentifier, RelatedToId FROM EmailMessage")
        }
        with stage.world.app.store.engine.connect() as connection:
            rows = connection.execute(text("SELECT thread_id, value FROM thread_link WHERE part = 'business'")).all()
        threads: dict[int, set[str]] = {}
        for row in rows:
            threads.setdefault(row.thread_id, set()).add(row.value)
        for answer, parent in self._answers.items():
            both = {linked[each] for each in (answer, parent) if linked.get(each)}
            if answer in linked and parent in linked and not any(both <= kept for kept in threads.values()):
                yield f"lost: the links of the thread of {parent}"


def _answer(number: int, parent: str, sender: str) -> bytes:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = sender, "team@acme.example", f"Re: mail {number}"
    answer["Date"] = "Mon, 26 Nov 2001 10:00:00 +0000"
    answer["Message-ID"], answer["In-Reply-To"], answer["References"] = (
        f"<answer-{number}@mail.example>",
        parent,
        parent,
    )
    answer.set_content(f"More about mail {number}.")
    return answer.as_bytes()


def _junk(number: int) -> bytes:
    junk = EmailMessage()
    junk["From"], junk["To"], junk["Subject"] = f"offers@junk{number}.example", "team@acme.example", f"Offer {number}"
    junk["Date"], junk["Message-ID"] = "Mon, 26 Nov 2001 10:00:00 +0000", f"<junk-{number}@junk.example>"
    for name, value in JUNK.items():
        junk[name] = value
    junk.set_content("Buy now.")
    return junk.as_bytes()
