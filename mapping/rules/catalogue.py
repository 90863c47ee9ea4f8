"""Every setting that a rule reads, with its default, where it may be set, and by which other names people know it."""

from __future__ import annotations

from mapping.rules.catalogue_mail import EMAIL_RECORDS, LINKS_AND_PEOPLE, ONCE_AND_FILES
from mapping.rules.setting import BY_ADMIN, LEVELS, Setting, choice, columns, days, entries, limit, switch, tries

SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        switch("autosave.meetings", True, "Save meetings automatically.", "Auto-save meetings"),
        switch("autosave.appointments", False, "Save appointments automatically.", "Auto-save appointments"),
        switch(
            "autosave.emails",
            False,
            "Save e-mail automatically.",
            "Auto-saving of emails",
            "Enable Auto-Saving",
            "Emails auto-sync",
        ),
        Setting(
            "autosave.email_mode",
            int,
            0,
            "Which e-mail is saved automatically: 0 = when somebody on it is known, 1 = always, 2 = also when an "
            "account has the mail domain, 3 = also when the text names a record, 4 = also when somebody is unknown.",
            BY_ADMIN,
            ("SalesforceEmailAutoTrackMode",),
            (0, 1, 2, 3, 4),
        ),
        switch(
            "autosave.count_blocked",
            False,
            "In mode 0, save e-mail also when all who are known are blocked; they are not linked.",
            "mode0.count_blocked",
            levels=BY_ADMIN,
        ),
        switch(
            "autosave.unlinked_emails",
            False,
            "Save e-mail on which nobody is known in Salesforce, without a link.",
            "SalesforceEmailAutoTrackIncludingNotShared",
            levels=BY_ADMIN,
        ),
        choice(
            "autosave.email_direction",
            "both",
            ("both", "outbound", "inbound"),
            "Which e-mail is saved automatically: all, what was sent, or what was received.",
            "Direction of automatically saved emails",
        ),
        switch(
            "autosave.history_free_mail",
            False,
            "Of e-mail from before the activation, save that with free mail services too.",
            levels=BY_ADMIN,
        ),
        days("autosave.past_days", 14, "How many days back events are saved automatically."),
        days("autosave.future_days", 60, "How many days ahead events are saved automatically."),
        days("autosave.first_email_days", 6, "How many days of e-mail the first run looks back."),
        switch("autosave.internal_events", False, "Save meetings among colleagues automatically."),
        switch(
            "autosave.unlinked_events",
            False,
            "Save meetings on which nobody is known in Salesforce.",
            "SalesforceEventAutoTrackIncludingNotShared",
        ),
        switch("events.down", True, "Show Salesforce events in the calendar.", "Sync my Salesforce calendar"),
        choice(
            "events.way",
            "two_way",
            ("two_way", "up", "down"),
            "Who may change events: both, the mailbox alone (up) or Salesforce alone (down); other edits are undone.",
            "one-way mode",
        ),
        Setting(
            "objects.shown",
            tuple,
            (),
            "Records of other Salesforce objects to show in the calendar: a list of mappings, one for each object.",
            BY_ADMIN,
            entries="objects",
        ),
        switch("objects.down", True, "Show those records in the calendar."),
        switch("instant.enabled", True, "Run at once when the calendar changes.", "InstantSyncEnabled"),
        *(
            switch(f"instant.on_{verb}", True, f"When something {what}.", alias, levels=BY_ADMIN)
            for verb, what, alias in (
                ("add", "is added to it", "TriggerSyncOnAdd"),
                ("update", "in it is changed", "TriggerSyncOnUpdate"),
                ("delete", "in it is deleted", "TriggerSyncOnDelete"),
            )
        ),
        switch("instant.emails", False, "And when a mail is marked, where the mailbox tells of mails (Gmail)."),
        choice("instant.kinds", "meeting", ("meeting", "all"), "Which calendar items matter so much."),
        Setting(
            "instant.coalesce_seconds",
            int,
            90,
            "How far apart such runs of a user are at least.",
            BY_ADMIN,
            within=(60, 180),
        ),
        choice(
            "meetings.ownership",
            "organizer_then_takeover",
            ("organizer_then_takeover", "per_user_copy"),
            "Whether users who share an outsider's meeting share one Salesforce event, or have a copy each.",
            "Sharing by Attendee",
        ),
        switch("recurrence.enabled", True, "Save recurring events.", "GoogleEnableRecurrentEvents"),
        choice(
            "recurrence.mode",
            "expand",
            ("expand", "classic", "lex"),
            "How a series stands in Salesforce: each occurrence by itself, as a Classic or as a Lightning series.",
        ),
        Setting(
            "recurrence.lex_zone",
            str,
            "",
            "The time zone in which Salesforce repeats Lightning series: that of the writing user (IANA name).",
            BY_ADMIN,
        ),
        days("recurrence.future_days", 60, "How many days ahead the occurrences of a series are saved."),
        *(
            switch(f"{kind}.enabled", False, f"Keep {kind} the same on both sides; if not, none are read or written.")
            for kind in ("tasks", "contacts")
        ),
        switch("tasks.down", False, "Show Salesforce tasks in the mailbox.", "Sync my Salesforce tasks"),
        switch("contacts.down", True, "Show Salesforce contacts in the mailbox.", "Sync Salesforce contacts"),
        Setting(
            "contacts.scope",
            str,
            "mine",
            "Which Salesforce contacts are shown: mine, all, or view:ID of a list view.",
            LEVELS,
            ("Only my Contacts", "All available Contacts", "Custom Salesforce view"),
        ),
        switch("tasks.recurring", True, "Save recurring tasks: Salesforce holds the current instance."),
        switch("tasks.private", True, "Save private tasks that are marked or lie in the folder."),
        switch("tasks.deletions", True, "Let the deletion of a task mean something for its other copy."),
        switch("tasks.states", True, "Tell apart the states of an open task; if not, it is open or done (TSK-9)."),
        switch("tasks.categories", True, "Mark saved tasks by categories too; otherwise the folder alone marks them."),
        days("tasks.past_days", 14, "How many days a finished Salesforce task is still shown."),
        switch("tasks.forbid_remove", True, "Put tasks back that were deleted in the mailbox.", "Forbid to remove"),
        switch("contacts.forbid_remove", True, "Put contacts back that were deleted in the mailbox."),
        *(
            choice(f"{kind}.move_out", "unlink", ("unlink", "delete"), f"What moving {kind} out of the folder means.")
            for kind in ("tasks", "contacts")
        ),
        switch(
            "invitations.unanswered",
            False,
            "Save invitations that were not accepted.",
            "ServiceSyncNotRespondedInvitations",
        ),
        days("scope.past_days", 14, "How many days back saved events are kept the same."),
        days("scope.future_days", None, "How many days ahead saved events are kept the same; none = no limit."),
        switch(
            "attendees.continuous",
            True,
            "Keep the list of guests the same; otherwise it is copied once.",
            "SalesforceEventSmartAutoSharing",
        ),
        switch(
            "attendees.colleagues_only",
            False,
            "Only users of Salesforce are guests there and from there; customers are linked, but not invited.",
            "SalesforceEventInviteEmployeeOnly",
        ),
        switch(
            "rooms.read_location",
            False,
            "Show the rooms of a meeting as its place in Salesforce.",
            "SalesforceEventReadResourceLocation",
        ),
        switch(
            "rooms.link",
            False,
            "Book the room of a meeting in Salesforce too, where a resource has its name.",
            "SalesforceEventLinkResourceLocation",
        ),
        switch(
            "attendees.track_deleted",
            False,
            "Remove guests from the calendar item when they are removed in Salesforce.",
            "ServiceEventTrackDeletedAttendees",
        ),
        choice(
            "deletion.events",
            "off",
            ("off", "own", "all"),
            "Delete calendar items when their event is deleted in Salesforce.",
            "ServiceEventDeletionStrategy",
        ),
        switch(
            "deletion.own_meetings",
            False,
            "Let meetings that the user organizes for guests from outside be deleted from the calendar.",
        ),
        columns(
            "deletion.unsync_when",
            "Take an event out of the calendar, not out of Salesforce, once a column there has one of these values.",
            "SalesforceEventUnsyncConditions",
            entries="values",
        ),
        columns(
            "deletion.cancel_instead",
            "Write these values to the Salesforce event of a deleted item instead of deleting it.",
            "Cancel Appointments/Visits in CRM instead of deletion",
            entries="values",
        ),
        columns("defaults.event", "Values that every new Salesforce event gets.", entries="values"),
        switch(
            "events.read_only_archived",
            False,
            "Leave archived Salesforce events as they are.",
            "read only events",
        ),
        switch(
            "description.safe",
            True,
            "Copy the description once and then leave it alone.",
            "ServiceEventSafeDescriptionSync",
        ),
        switch(
            "description.carried",
            False,
            "Copy the description, which guests can read, when subject or time are edited in Salesforce.",
        ),
        columns(
            "events.appended",
            "Salesforce columns to show below the text of calendar items. Guests of a meeting can read them.",
            "Smart Description",
        ),
        *(
            columns(f"{kind}s.appended", f"Salesforce columns to show below the text of a {kind} in the mailbox.")
            for kind in ("task", "contact")
        ),
        choice(
            "conflict.event",
            "mailbox",
            ("mailbox", "salesforce", "newest", "manual"),
            "Who prevails when one field of an event was edited on both sides.",
            "conflict_policy.event",
        ),
        *(
            choice(
                f"conflict.{kind}",
                "newest",
                ("mailbox", "salesforce", "newest", "manual"),
                f"Who prevails when one field of a {kind} was edited on both sides.",
                f"conflict_policy.{kind}",
            )
            for kind in ("task", "contact")
        ),
        switch(
            "internal.include",
            False,
            "Treat colleagues on e-mail like anybody else, where Salesforce knows them.",
            "Include internal emails into search results",
        ),
        switch(
            "internal.people_record_overrides",
            False,
            "Treat a colleague on e-mail as a customer when Salesforce has a contact or lead with the address.",
            levels=BY_ADMIN,
        ),
        entries("domains.internal", "Mail domains of the organization.", BY_ADMIN, "Organization email domains"),
        entries(
            "blocklist.org",
            "Addresses and domains that nobody links to.",
            BY_ADMIN,
            "ServiceAutoTrackBlackList",
            "ServiceAutoTrackBlacklist",
            "Emails / domains blocklisted from sync",
        ),
        entries(
            "blocklist.user",
            "Addresses and domains that this user does not link to.",
            LEVELS,
            "Email Domains Blocklisted From Syncing",
        ),
        entries(
            "blocklist.removed",
            "Addresses and domains that this user takes off the lists of the organization, as far as that is allowed.",
            ("user",),
        ),
        switch(
            "blocklist.removable",
            True,
            "Users may take addresses and domains off the lists of the organization for themselves.",
            "ServiceItemsDeletedFromAutoTrackBlackList",
            levels=BY_ADMIN,
        ),
        switch("blocklist.free_mail", True, "Treat free mail services as blocked.", levels=BY_ADMIN),
        switch("blocklist.subdomains", True, "A blocked domain stands for its sub-domains too.", levels=BY_ADMIN),
        *LINKS_AND_PEOPLE,
        limit("guard.deletes_most", 20, "More deletions of a kind than this wait for approval.", "DeletionThreshold"),
        limit("guard.deletes_percent", 10, "But only when they are more than this share of the saved items."),
        limit("guard.changes_most", 100, "More edits and releases of a kind than this wait for approval."),
        limit("guard.changes_percent", 50, "But only when they are more than this share of the saved items."),
        limit("guard.empty_least", 5, "When all saved items are gone at once, and they were so many, that waits."),
        limit("guard.mails_most", 0, "When servers would mail more people than this unasked, that waits."),
        tries("retry.most", 50, "An item that fails so often in a row is quarantined.", "MaxRetries"),
        tries("retry.most_old", 5, "The same for an item that took place more than 30 days ago."),
        switch(
            "feed.enabled",
            True,
            "Ask Salesforce once a minute what moved in the whole organization, so that runs of users about whom it "
            "tells nothing need not ask.",
            levels=("organization",),
        ),
        Setting(
            "feed.users",
            int,
            30,
            "From how many users on: with fewer, each of them asking for himself takes fewer calls.",
            ("organization",),
            within=(1, 100_000),
        ),
        Setting(
            "trail.keep_days",
            int,
            30,
            "How many days it can be told why an item was saved, changed or left alone, and to what it was linked.",
            ("organization",),
        ),
        Setting(
            "undo.keep_days",
            int,
            14,
            "How many days a run can be undone: what it overwrites and deletes is kept so long, sealed. 0: not at all.",
            BY_ADMIN,
        ),
        switch("mail.move_back", True, "Take mail out of the managed folder again once it is saved (WAY-3)."),
        switch("mail.skip_private", True, "Do not save private e-mail automatically."),
        choice(
            "private_mode",
            "skip",
            ("skip", "placeholder", "full"),
            "What becomes of private events by themselves: left alone, only their time shown, or saved for all.",
            "ExchAutoTrackPrivateEvents",
        ),
        *EMAIL_RECORDS,
        *ONCE_AND_FILES,
    )
}
