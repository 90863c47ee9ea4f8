"""What three people do on both sides, round after round. Every item is known by its subject, which nobody changes."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from tests.chaos.story import Action, Stage

FIRST = {"events": 20, "mails": 20, "edits": 0, "deletes": 0}  # for each user
LATER = {"events": 4, "mails": 5, "edits": 5, "deletes": 2}
FEW = {"events": 1, "mails": 1, "edits": 2, "deletes": 1}
# which records are made for people unknown; two users make the same, so that they race for the same stranger
PERSONAL: dict[str, dict[str, Any]] = {
    "ann": {"resolve__kind": "lead"},
    "bob": {"resolve__kind": "lead"},
    "cat": {"resolve__kind": "contact"},
}
RACERS = ("ann", "bob")
KINDS = ("appointment", "meeting", "crm", "crm", "crm with guest")
ALONE = ("appointment", "crm")
COMMON: dict[str, Any] = {
    "autosave__appointments": True, "autosave__meetings": True, "autosave__emails": True,
    "autosave__unlinked_events": True, "deletion__events": "all", "resolve__require_outbound": False,
}  # fmt: skip


class Script:
    """Draws rounds from a seed. The first is large; the others edit, delete and add. `first`, `later`: how much each
    user does in a round. `alone`: users who never have guests, because their mailbox writes to guests whatever happens,
    and the engine then waits for a person."""

    users = ("ann", "bob", "cat")
    workers = 2
    over = False

    def __init__(
        self, seed: int, *, first: Mapping[str, int] = FIRST, later: Mapping[str, int] = LATER,
        alone: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._random = random.Random(seed)
        self._alone = alone
        self._first, self._later = first, later
        self._round = 0
        self._serial = 0
        self._alive: list[tuple[str, str]] = []  # (user, subject) of the events that stand

    def open(self, stage: Stage) -> None:
        # whose day a stranger counts for depends on whose run makes him, so days have no limit here
        stage.world.set(resolve__daily_most=10_000, resolve__domain_most=10_000)
        for name in self.users:
            stage.add_user(name, **COMMON, **PERSONAL[name])
        for number in range(4):
            account = stage.world.record("Account", Name=f"Known {number}", Website=f"https://known{number}.example")
            stage.world.record("Contact", LastName=f"Known{number}", Email=f"k{number}@known{number}.example",
                               AccountId=account)  # fmt: skip

    def next(self) -> list[Action]:
        return self._draw(**(self._later if self._round else self._first))

    def seen(self, place: str, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return row

    def judge(self, stage: Stage) -> list[str]:
        return []  # the comparison with the calm world says it all

    def _draw(self, *, events: int, mails: int, edits: int, deletes: int) -> list[Action]:
        self._round += 1
        actions: list[Action] = []
        dying = self._random.sample(self._alive, min(len(self._alive), deletes * len(self.users)))
        for user, subject in dying:
            self._alive.remove((user, subject))
            actions.append(_deletes(user, subject, by_owner=self._random.random() < 0.5))
        for user, subject in self._random.sample(self._alive, min(len(self._alive), edits * len(self.users))):
            actions.append(self._edit(user, subject))
        for user in self.users:
            actions += [self._event(user) for _ in range(events)]
            actions += [self._mail(user) for _ in range(mails)]
        actions.append(self._shared_mail())
        return actions

    def _name(self, what: str) -> str:
        self._serial += 1
        return f"{what} {self._round}-{self._serial}"

    def _event(self, user: str) -> Action:
        hours, known = self._random.randrange(24, 24 * 20), self._random.randrange(4)
        kind = self._random.choice(ALONE if user in self._alone else KINDS)
        subject = self._name(kind.capitalize())
        self._alive.append((user, subject))

        def act(stage: Stage) -> None:
            if kind.startswith("crm"):
                made = stage.world.record("Event", Subject=subject, StartDateTime=_text(stage.at(hours)),
                                          DurationInMinutes=45, OwnerId=stage.users[user].crm_user_id)  # fmt: skip
                if kind == "crm with guest":
                    stage.world.record("EventRelation", EventId=made, RelationId=_known(stage, known), Status="New")
                return
            guests = {"RequiredAttendees": [{"address": f"k{known}@known{known}.example", "name": "Known"}]}
            stage.world.appointment(stage.users[user], subject, start=stage.at(hours), UID=f"uid-{subject}",
                                    Location="Office", **(guests if kind == "meeting" else {}))  # fmt: skip

        return act

    def _edit(self, user: str, subject: str) -> Action:
        where, hours = self._random.choice(("mailbox", "crm", "both")), self._random.randrange(24, 24 * 20)
        place = f"Room {self._random.randrange(1000)}"

        def act(stage: Stage) -> None:
            item, record = stage.in_mailbox(user, subject), stage.in_crm(subject)
            if where in ("mailbox", "both") and item is not None:
                stage.world.edit(stage.users[user], item, Location=place)
            if where in ("crm", "both") and record is not None:
                stage.world.change("Event", record, StartDateTime=_text(stage.at(hours)), DurationInMinutes=30)

        return act

    def _mail(self, user: str) -> Action:
        subject, known = self._name("Mail"), self._random.randrange(4)
        stranger = self._random.random() < 0.4
        domain = f"{user}-new{self._serial // 3}.example"  # some strangers come from one house
        sender = f"s{self._serial}@{domain}" if stranger else f"k{known}@known{known}.example"

        def act(stage: Stage) -> None:
            _deliver(stage, user, subject, sender)

        return act

    def _shared_mail(self) -> Action:
        """One mail of a stranger to a list that two users are on: both would make its sender at the same moment."""
        subject = self._name("Mail to all")
        sender = f"all{self._serial}@everybody{self._serial}.example"

        def act(stage: Stage) -> None:
            for user in RACERS:
                _deliver(stage, user, subject, sender, to="team@acme.example")

        return act


def _deliver(stage: Stage, user: str, subject: str, sender: str, to: str = "") -> None:
    stage.world.message(
        stage.users[user], subject, sender=sender, to=to, message_id=f"<{subject.replace(' ', '.')}@mail.example>",
        body=f"About {subject}", DateTimeReceived=stage.base.isoformat(), DateTimeSent=stage.base.isoformat(),
    )  # fmt: skip


def _deletes(user: str, subject: str, *, by_owner: bool) -> Action:
    def act(stage: Stage) -> None:
        if by_owner and (item := stage.in_mailbox(user, subject)) is not None:
            stage.world.discard(stage.users[user], item)
        elif (record := stage.in_crm(subject)) is not None:
            stage.world.remove("Event", record)

    return act


def _known(stage: Stage, number: int) -> str:
    return str(stage.world.query(f"SELECT Id FROM Contact WHERE Email = 'k{number}@known{number}.example'")[0]["Id"])


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
