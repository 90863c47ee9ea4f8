"""The presets that come with the product: values of settings that go together, from which an organization's own presets
and profiles start. What a preset does not name comes from the organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mapping.rules.setting import SettingValue


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    text: str
    values: Mapping[str, SettingValue]


_NO_MAIL: Mapping[str, SettingValue] = {"autosave.emails": False, "resolve.kind": "off"}
_NO_TASKS_AND_CONTACTS: Mapping[str, SettingValue] = {"tasks.enabled": False, "contacts.enabled": False}

SHIPPED: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "calendar-only",
            "Meetings are saved, and Salesforce events shown; no mail by itself, no tasks, no contacts.",
            {
                "autosave.meetings": True, "events.way": "two_way", "events.down": True, **_NO_MAIL,
                **_NO_TASKS_AND_CONTACTS,
            },
        ),
        Preset(
            "mail-on-request",
            "Meetings are saved; mail only when somebody marks it, then with its whole thread.",
            {"autosave.meetings": True, "autosave.emails": False, "threads.enabled": True, "threads.by_default": False},
        ),
        Preset(
            "everything",
            "Meetings, appointments and mail are saved, tasks and contacts kept the same on both sides.",
            {
                "autosave.meetings": True, "autosave.appointments": True, "autosave.emails": True, "events.down": True,
                "tasks.enabled": True, "tasks.down": True, "contacts.enabled": True, "contacts.down": True,
                "threads.enabled": True,
            },
        ),
        Preset(
            "read-only",
            "Salesforce is shown in the mailbox: nothing is saved by itself, and edits in the calendar are undone.",
            {
                "events.way": "down", "events.down": True, "objects.down": True, "autosave.meetings": False,
                "autosave.appointments": False, **_NO_MAIL, **_NO_TASKS_AND_CONTACTS,
            },
        ),
        Preset(
            "mailbox-leads",
            "The calendar leads: meetings are saved, edits in Salesforce are undone, nothing of it is shown.",
            {"events.way": "up", "events.down": False, "objects.down": False, "autosave.meetings": True},
        ),
    )
}  # fmt: skip
