"""What a mailbox is not able to do, as the strongest of the layers of settings: every rule that asks for a setting is
then told what it may count on, and `config explain` tells people who says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.protocols import Can
from mapping.rules.settings import MAILBOX

VENDOR = "vendor"  # the weakest layer, in the words of `config explain`

# without the ability the switch is off, whoever sets it
SWITCHES: Mapping[Can, str] = {
    Can.PUSH: "instant.enabled",
    Can.TASKS: "tasks.enabled",
    Can.RECURRING_TASKS: "tasks.recurring",
    Can.PRIVATE_TASKS: "tasks.private",
    Can.TASK_DELETIONS: "tasks.deletions",
    Can.TASK_CATEGORIES: "tasks.categories",
    Can.TASK_STATES: "tasks.states",
    Can.FOLDERS: "mail.move_back",
}
# without the ability the switch is off until somebody sets it
WISHES: Mapping[Can, str] = {Can.LOOK_FREELY: "instant.enabled"}
# without the ability the list is empty
LISTS: Mapping[Can, str] = {Can.MAIL_FOLDERS: "email.folders"}
# what else is different without the ability, where no setting says it, or says too little
WITHOUT: Mapping[Can, str] = {
    Can.SILENT_WRITE: "a write that guests would be mailed of waits until somebody approves (guard.mails_most)",
    Can.GROUP_MEETINGS: "a meeting that a group called counts like that of a person: it may last fourteen days",
    Can.EVENT_MOVES: "an event that shows a record and was moved to another calendar stays there, and is an issue",
    Can.MAIL_REASONS: "a mail that could not be saved bears the error mark alone; why stands with the issue",
    Can.INHERITED_MARKS: "every mark on a mail was set by somebody; none is taken off as one that came along",
    Can.FOLDERS: "a mail stays where it is, and a label marks it",
    Can.PRIVATE_TASKS: "tasks.private is off: nobody can tell which tasks are private",
    Can.TASK_CATEGORIES: "tasks.categories is off: only our folder marks tasks",
    Can.TASK_STATES: "a task is open or done",
    Can.ATTACHMENTS: "attachments stay in the mailbox",
    Can.CONVERSATIONS: "a thread is saved from its mark on, not what came before",
    Can.TOPICS: "an answer that does not say what it answers begins a thread of its own",
    Can.DATED_LOOKS: "mails of mail_days are read once, when a mailbox is read for the first time",
    Can.WHOLE_LOOKS: "a run takes in so many mails of a folder, and the next one follows at once",
    Can.MAIL_FOLDERS: "email.folders is empty: Inbox, Sent Items and our folder are looked at",
    Can.LOOK_FREELY: "instant.enabled is off until somebody sets it: looking counts against the quota of the day",
}


def without(ability: Can) -> str:
    """What is different in a mailbox that has not the ability."""
    said = f"{SWITCHES[ability]} is off" if ability in SWITCHES else ""
    return WITHOUT.get(ability, said)


def layer(can: Collection[Can]) -> tuple[str, dict[str, Any]]:
    """The layer of a mailbox with these abilities; empty for one that has them all."""
    off: dict[str, Any] = {name: False for ability, name in SWITCHES.items() if ability not in can}
    return MAILBOX, off | {name: [] for ability, name in LISTS.items() if ability not in can}


def wishes(can: Collection[Can]) -> tuple[str, dict[str, Any]]:
    """The weakest of the layers: what is better off by itself in a mailbox without some of these abilities."""
    return VENDOR, {name: False for ability, name in WISHES.items() if ability not in can}
