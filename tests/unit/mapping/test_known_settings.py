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
    ("Allow creating duplicated emails in Salesforce", "clones.relinked", True),
    ("files.max_megabytes", "files.max_megabytes", 25),
    ("files.attach_eml", "files.attach_eml", False),
    ("GoogleDisableDriveAttachments", "files.without_drive", False),
    ("one-way mode", "events.way", "two_way"),
    ("Smart Description", "events.appended", ()),
    ("Auto-saving of emails", "autosave.emails", False),
    ("Enable Auto-Saving", "autosave.emails", False),
    ("Emails auto-sync", "autosave.emails", False),
    ("SalesforceEmailAutoTrackMode", "autosave.email_mode", 0),
    ("SalesforceEmailAutoTrackIncludingNotShared", "autosave.unlinked_emails", False),
    ("mode0.count_blocked", "autosave.count_blocked", False),
    ("autosave.email_direction", "autosave.email_direction", "both"),
    ("autosave.first_email_days", "autosave.first_email_days", 6),
    ("autosave.history_free_mail", "autosave.history_free_mail", False),
    ("ExchAdditionalEmailFolders", "email.folders", ()),
    ("SalesforceEmailSafeDescriptionSync", "email.without_body", False),
    ("Email auto-cropping", "email.crop", False),
    ("Crop previous messages in thread", "email.crop", False),
    ("Email direction field", "email.direction_column", ""),
    ("Label for inbound emails", "email.inbound_label", "Inbound"),
    ("Label for outbound emails", "email.outbound_label", "Outbound"),
    ("Prefilled special fields", "defaults.email", ()),
    ("ServiceAutoTrackBlacklist", "blocklist.org", ()),
    ("Emails / domains blocklisted from sync", "blocklist.org", ()),
    ("Email Domains Blocklisted From Syncing", "blocklist.user", ()),
    ("ServiceItemsDeletedFromAutoTrackBlackList", "blocklist.removable", True),
    ("blocklist.free_mail", "blocklist.free_mail", True),
    ("blocklist.subdomains", "blocklist.subdomains", True),
    ("Include internal emails into search results", "internal.include", False),
    ("internal.people_record_overrides", "internal.people_record_overrides", False),
    ("mail.skip_private", "mail.skip_private", True),
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
