"""The settings by the names under which people know them, with the defaults that we promise."""

from __future__ import annotations

import pytest

from mapping.rules.settings import SettingValue, find, parse

KNOWN: list[tuple[str, str, SettingValue]] = [
    ("Auto-save meetings", "autosave.meetings", True),
    ("Auto-save appointments", "autosave.appointments", False),
    ("Sync my Salesforce calendar", "events.down", True),
    ("Sync my Salesforce tasks", "tasks.down", False),
    ("Sync Salesforce contacts", "contacts.down", True),
    ("Forbid to remove", "tasks.forbid_remove", True),
    ("contacts.forbid_remove", "contacts.forbid_remove", True),
    ("SalesforceEventAutoTrackIncludingNotShared", "autosave.unlinked_events", False),
    ("ServiceSyncNotRespondedInvitations", "invitations.unanswered", False),
    ("ExchAutoTrackPrivateEvents", "private_mode", "skip"),
    ("SalesforceEventSmartAutoSharing", "attendees.continuous", True),
    ("ServiceEventTrackDeletedAttendees", "attendees.track_deleted", False),
    ("SalesforceEventInviteEmployeeOnly", "attendees.colleagues_only", False),
    ("ServiceEventDeletionStrategy", "deletion.events", "off"),
    ("ServiceEventSafeDescriptionSync", "description.safe", True),
    ("SalesforceEventUnsyncConditions", "deletion.unsync_when", ()),
    ("SalesforceEventReadResourceLocation", "rooms.read_location", False),
    ("SalesforceEventLinkResourceLocation", "rooms.link", False),
    ("InstantSyncEnabled", "instant.enabled", True),
    ("TriggerSyncOnAdd", "instant.on_add", True),
    ("TriggerSyncOnUpdate", "instant.on_update", True),
    ("TriggerSyncOnDelete", "instant.on_delete", True),
    ("GoogleEnableRecurrentEvents", "recurrence.enabled", True),
    ("ServiceAutoTrackBlackList", "blocklist.org", ()),
    ("Organization email domains", "domains.internal", ()),
    ("Message deduplication", "dedupe.emails", True),
    ("Reduce tasks duplicates", "dedupe.emails", True),
    ("Original email ID field", "dedupe.field", "auto"),
    ("Email attachment extensions allow-list", "files.types", ()),
    ("SalesforceEmailLinkContentToBusinessObject", "files.link_business", True),
    ("clones.sync", "clones.sync", False),
    ("clones.most", "clones.most", 10),
    ("files.max_megabytes", "files.max_megabytes", 25),
    ("files.attach_eml", "files.attach_eml", False),
    ("one-way mode", "events.way", "two_way"),
    ("Smart Description", "events.appended", ()),
    ("autosave.past_days", "autosave.past_days", 14),
    ("autosave.future_days", "autosave.future_days", 60),
    ("scope.past_days", "scope.past_days", 14),
    ("scope.future_days", "scope.future_days", None),
]


@pytest.mark.parametrize(("name", "ours", "default"), KNOWN)
def test_a_setting_is_found_under_the_name_that_people_know(name: str, ours: str, default: SettingValue) -> None:
    setting = find(name)

    assert (setting.name, setting.default) == (ours, default)


def test_switches_take_the_numbers_that_people_know() -> None:
    assert parse("SalesforceEventSmartAutoSharing", "0") is False
    assert parse("TriggerSyncOnAdd", "1") is True
