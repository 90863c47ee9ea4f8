"""What a user chooses for one message: noted here, carried out by the run that meets the message.

A message that is being written has no place in the mailbox yet, so it is named by its Message-ID; one that can be read
is named by the id of its item. Nothing is saved before the mailbox shows the message, so it is saved as it was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.columns import to_write
from mapping.rules.identity import bare_message_id, email_key
from mapping.rules.linking import too_much
from sync_tasks.bootstrap import App
from sync_tasks.stages.intents import context_of
from sync_tasks.stages.plan_records import record_object
from sync_tasks.state.records import IntentOutcome, UserView
from sync_tasks.state.store import Unit

LIVES = timedelta(days=30)  # so long a message is waited for
PEOPLE = ("003", "00Q")  # how the ids of contacts and leads begin

_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class InactiveError(Exception):
    """The user is not synchronized now, so nothing would be saved; the text says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`message_id` or `item` names the message; `folder` is where the item lies. `who`: contacts and leads, `what`: the
    record it is about; without either the records are found as always. `values`: of columns of the new record."""

    message_id: str = ""
    item: str = ""
    folder: str = "inbox"
    who: tuple[str, ...] = ()
    what: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    thread: bool = False


def add(app: App, user: UserView, choice: Choice, *, by: str, lives: timedelta = LIVES) -> int:
    """Note the choice, in place of an older one for the same message; returns its number. Raises InactiveError, and
    ValueError for a choice that makes no sense."""
    if user.status != "enabled":
        raise InactiveError(f"{user.address} is {user.status}, so nothing would be saved")
    _check(app, user, choice)
    now = app.clock()
    key = email_key(user.org_name, choice.message_id) if choice.message_id else ""
    sealed = None
    if choice.values:
        content = json.dumps(dict(choice.values)).encode()
        sealed = app.vault.kept_box(user.id).seal(content, context_of(key, choice.item))
    with app.store.writing() as unit:
        number = unit.intents.add(
            user.id, key=key, item=choice.item, who=choice.who, what=choice.what, thread=choice.thread,
            sealed=sealed, now=now, by=by, expires_at=now + lives,
        )  # fmt: skip
        _look_at(unit, user, key, choice, now)
        unit.accounts.audit(now, by, "intent.add", user.address, intent=number)
    return number


def drop(app: App, intent_id: int, *, by: str) -> bool:
    """Take a choice back; False when it is over."""
    now = app.clock()
    with app.store.writing() as unit:
        found = unit.intents.get(intent_id)
        if found is None or not unit.intents.close([intent_id], IntentOutcome.DROPPED, now):
            return False
        unit.accounts.audit(now, by, "intent.drop", found.user, intent=intent_id)
    return True


def _check(app: App, user: UserView, choice: Choice) -> None:
    if bool(bare_message_id(choice.message_id)) == bool(choice.item):
        raise ValueError("name the message either by its Message-ID or by the id of its item")
    for each in (*choice.who, *([choice.what] if choice.what else [])):
        if not _RECORD_ID.fullmatch(each):
            raise ValueError(f"{each!r} is no id of a Salesforce record")
    strangers = [each for each in choice.who if not each.startswith(PEOPLE)]
    if strangers:
        raise ValueError(f"{strangers[0]} is neither a contact nor a lead")
    if choice.what.startswith(PEOPLE):
        raise ValueError(f"{choice.what} is a person: give it as such")
    settings = app.effective(user)
    shape = app.company(user, settings).shape
    if refused := too_much(choice.who, choice.what, record_object(settings, shape)):
        raise ValueError(refused)
    facts = shape.objects.get(record_object(settings, shape))
    entries = [f"{column}={value}" for column, value in choice.values.items()]
    unfit = to_write(entries, facts, "createable").unfit if facts else ()
    if unfit:
        raise ValueError("; ".join(unfit))


def _look_at(unit: Unit, user: UserView, key: str, choice: Choice, now: datetime) -> None:
    """No feed reports again a message that was there before it was chosen: the next run is to read it."""
    item, folder = choice.item, choice.folder
    if key:
        pair = unit.pairs.by_key(user.id, [key]).get(key)
        seen = unit.trail.decisions(user.id, (), [key])
        item, folder = (pair.mailbox_id, pair.folder) if pair else (seen[-1].ref if seen else "", folder)
    if item:
        unit.trail.retry_later(
            user.id, side=Side.MAILBOX.value, kind=ItemKind.EMAIL.value, ref=item, container=folder,
            reason=Reason.CHOSEN.value, not_before=now, attempts=0, run_id=0,
        )  # fmt: skip
