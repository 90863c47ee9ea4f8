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


def layer(can: Collection[Can]) -> tuple[str, dict[str, Any]]:
    """The layer of a mailbox with these abilities; empty for one that has them all."""
    off: dict[str, Any] = {name: False for ability, name in SWITCHES.items() if ability not in can}
    return MAILBOX, off | {name: [] for ability, name in LISTS.items() if ability not in can}


def wishes(can: Collection[Can]) -> tuple[str, dict[str, Any]]:
    """The weakest of the layers: what is better off by itself in a mailbox without some of these abilities."""
    return VENDOR, {name: False for ability, name in WISHES.items() if ability not in can}
