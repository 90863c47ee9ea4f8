"""Every setting that a rule reads, with its default, where it may be set, and by which other names people know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("organization", "profile", "preset", "user")
BY_ADMIN = LEVELS[:-1]

SettingValue = bool | int | str | tuple[str, ...] | tuple[Mapping[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class Setting:
    """`type`: what its value is. `optional`: None is a value too ("no limit"). `allowed`: the only values.
    `levels`: where it may be set. `aliases`: names by which people may know it from another product."""

    name: str
    type: type
    default: SettingValue
    text: str
    levels: tuple[str, ...] = LEVELS
    aliases: tuple[str, ...] = ()
    allowed: tuple[SettingValue, ...] = ()
    optional: bool = False
    within: tuple[int, int] | None = None  # the least and the most that a number may be
    # what a list holds: "addresses" (and domains), "columns", "values" of columns, "types" of files, "folders",
    # "categories" or "objects"
    entries: str = ""


def _switch(name: str, default: bool, text: str, *aliases: str, levels: tuple[str, ...] = LEVELS) -> Setting:
    return Setting(name, bool, default, text, levels, aliases)


def _days(name: str, default: int | None, text: str, *aliases: str) -> Setting:
    return Setting(name, int, default, text, LEVELS, aliases, optional=default is None)


def _limit(name: str, default: int, text: str, *aliases: str) -> Setting:
    """A limit that keeps people from harm, so nobody sets it for himself. None: no limit (a share always has one)."""
    return Setting(name, int, default, text, BY_ADMIN, aliases, optional=not name.endswith("_percent"))


def _choice(name: str, default: str, allowed: tuple[str, ...], text: str, *aliases: str) -> Setting:
    return Setting(name, str, default, text, LEVELS, aliases, allowed)


def _entries(name: str, text: str, levels: tuple[str, ...], *aliases: str) -> Setting:
    return Setting(name, tuple, (), text, levels, aliases, entries="addresses")


def _columns(name: str, text: str, *aliases: str, entries: str = "columns") -> Setting:
    return Setting(name, tuple, (), text, BY_ADMIN, aliases, entries=entries)


def _types(name: str, default: str, text: str, *aliases: str) -> Setting:
    return Setting(name, tuple, tuple(default.split()), text, BY_ADMIN, aliases, entries="types")


# what the record of a message holds
EMAIL_RECORDS = (
    _choice("email.record", "auto", ("auto", "emailmessage", "task"), "As which record e-mail is saved."),
    _switch(
        "email.without_body",
        False,
        "Never write the text of a message to Salesforce.",
        "SalesforceEmailSafeDescriptionSync",
        levels=BY_ADMIN,
    ),
    _switch(
        "email.crop",
        False,
        "Leave out the earlier messages that are quoted below the text.",
        "Email auto-cropping",
        "Crop previous messages in thread",
    ),
    Setting(
        "email.direction_column",
        str,
        "",
        "The Salesforce column that says whether a message was received or sent; empty = none.",
        BY_ADMIN,
        ("Email direction field",),
    ),
    Setting(
        "email.inbound_label",
        str,
        "Inbound",
        "What it says of received e-mail.",
        BY_ADMIN,
        ("Label for inbound emails",),
    ),
    Setting(
        "email.outbound_label",
        str,
        "Outbound",
        "What it says of sent e-mail.",
        BY_ADMIN,
        ("Label for outbound emails",),
    ),
    _switch("email.direction_in_subject", False, "Begin the subject of the record with In or Out.", levels=BY_ADMIN),
    _columns(
        "defaults.email",
        "Values that every new Salesforce record of a message gets.",
        "Prefilled special fields",
        entries="values",
    ),
    Setting(
        "email.category_columns",
        tuple,
        (),
        "What a category of a message says in Salesforce: a list of category, column and value.",
        BY_ADMIN,
        entries="categories",
    ),
    Setting(
        "email.folders",
        tuple,
        (),
        "Further mail folders to look at, with those below them: names or paths, or SyncArchiveFolder for Archive.",
        LEVELS,
        ("ExchAdditionalEmailFolders",),
        entries="folders",
    ),
    Setting(
        "email.folders_excluded", tuple, (), "Folders below those that are not looked at.", LEVELS, entries="folders"
    ),
    _switch(
        "email.resave_deleted",
        False,
        "Save e-mail again whose record was deleted in Salesforce, without being asked.",
        levels=BY_ADMIN,
    ),
)

SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        _switch("autosave.meetings", True, "Save meetings automatically.", "Auto-save meetings"),
        _switch("autosave.appointments", False, "Save appointments automatically.", "Auto-save appointments"),
        _switch(
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
        _switch(
            "autosave.count_blocked",
            False,
            "In mode 0, save e-mail also when all who are known are blocked; they are not linked.",
            "mode0.count_blocked",
            levels=BY_ADMIN,
        ),
        _switch(
            "autosave.unlinked_emails",
            False,
            "Save e-mail on which nobody is known in Salesforce, without a link.",
            "SalesforceEmailAutoTrackIncludingNotShared",
            levels=BY_ADMIN,
        ),
        _choice(
            "autosave.email_direction",
            "both",
            ("both", "outbound", "inbound"),
            "Which e-mail is saved automatically: all, what was sent, or what was received.",
            "Direction of automatically saved emails",
        ),
        _switch(
            "autosave.history_free_mail",
            False,
            "Of e-mail from before the activation, save that with free mail services too.",
            levels=BY_ADMIN,
        ),
        _days("autosave.past_days", 14, "How many days back events are saved automatically."),
        _days("autosave.future_days", 60, "How many days ahead events are saved automatically."),
        _days("autosave.first_email_days", 6, "How many days of e-mail the first run looks back."),
        _switch("autosave.internal_events", False, "Save meetings among colleagues automatically."),
        _switch(
            "autosave.unlinked_events",
            False,
            "Save meetings on which nobody is known in Salesforce.",
            "SalesforceEventAutoTrackIncludingNotShared",
        ),
        _switch("events.down", True, "Show Salesforce events in the calendar.", "Sync my Salesforce calendar"),
        _choice(
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
        _switch("objects.down", True, "Show those records in the calendar."),
        _switch("instant.enabled", True, "Run at once when the calendar changes.", "InstantSyncEnabled"),
        *(
            _switch(f"instant.on_{verb}", True, f"When something {what}.", alias, levels=BY_ADMIN)
            for verb, what, alias in (
                ("add", "is added to it", "TriggerSyncOnAdd"),
                ("update", "in it is changed", "TriggerSyncOnUpdate"),
                ("delete", "in it is deleted", "TriggerSyncOnDelete"),
            )
        ),
        _choice("instant.kinds", "meeting", ("meeting", "all"), "Which calendar items matter so much."),
        Setting(
            "instant.coalesce_seconds",
            int,
            90,
            "How far apart such runs of a user are at least.",
            BY_ADMIN,
            within=(60, 180),
        ),
        _choice(
            "meetings.ownership",
            "organizer_then_takeover",
            ("organizer_then_takeover", "per_user_copy"),
            "Whether users who share an outsider's meeting share one Salesforce event, or have a copy each.",
            "Sharing by Attendee",
        ),
        _switch("recurrence.enabled", True, "Save recurring events.", "GoogleEnableRecurrentEvents"),
        _choice(
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
        _days("recurrence.future_days", 60, "How many days ahead the occurrences of a series are saved."),
        *(
            _switch(f"{kind}.enabled", False, f"Keep {kind} the same on both sides; if not, none are read or written.")
            for kind in ("tasks", "contacts")
        ),
        _switch("tasks.down", False, "Show Salesforce tasks in the mailbox.", "Sync my Salesforce tasks"),
        _switch("contacts.down", True, "Show Salesforce contacts in the mailbox.", "Sync Salesforce contacts"),
        Setting(
            "contacts.scope",
            str,
            "mine",
            "Which Salesforce contacts are shown: mine, all, or view:ID of a list view.",
            LEVELS,
            ("Only my Contacts", "All available Contacts", "Custom Salesforce view"),
        ),
        _switch("tasks.recurring", True, "Save recurring tasks: Salesforce holds the current instance."),
        _switch("tasks.private", True, "Save private tasks that are marked or lie in the folder."),
        _switch("tasks.deletions", True, "Let the deletion of a task mean something for its other copy."),
        _switch("tasks.categories", True, "Mark saved tasks by categories too; otherwise the folder alone marks them."),
        _days("tasks.past_days", 14, "How many days a finished Salesforce task is still shown."),
        _switch("tasks.forbid_remove", True, "Put tasks back that were deleted in the mailbox.", "Forbid to remove"),
        _switch("contacts.forbid_remove", True, "Put contacts back that were deleted in the mailbox."),
        *(
            _choice(f"{kind}.move_out", "unlink", ("unlink", "delete"), f"What moving {kind} out of the folder means.")
            for kind in ("tasks", "contacts")
        ),
        _switch(
            "invitations.unanswered",
            False,
            "Save invitations that were not accepted.",
            "ServiceSyncNotRespondedInvitations",
        ),
        _days("scope.past_days", 14, "How many days back saved events are kept the same."),
        _days("scope.future_days", None, "How many days ahead saved events are kept the same; none = no limit."),
        _switch(
            "attendees.continuous",
            True,
            "Keep the list of guests the same; otherwise it is copied once.",
            "SalesforceEventSmartAutoSharing",
        ),
        _switch(
            "attendees.colleagues_only",
            False,
            "Only users of Salesforce are guests there and from there; customers are linked, but not invited.",
            "SalesforceEventInviteEmployeeOnly",
        ),
        _switch(
            "rooms.read_location",
            False,
            "Show the rooms of a meeting as its place in Salesforce.",
            "SalesforceEventReadResourceLocation",
        ),
        _switch(
            "rooms.link",
            False,
            "Book the room of a meeting in Salesforce too, where a resource has its name.",
            "SalesforceEventLinkResourceLocation",
        ),
        _switch(
            "attendees.track_deleted",
            False,
            "Remove guests from the calendar item when they are removed in Salesforce.",
            "ServiceEventTrackDeletedAttendees",
        ),
        _choice(
            "deletion.events",
            "off",
            ("off", "own", "all"),
            "Delete calendar items when their event is deleted in Salesforce.",
            "ServiceEventDeletionStrategy",
        ),
        _switch(
            "deletion.own_meetings",
            False,
            "Let meetings that the user organizes for guests from outside be deleted from the calendar.",
        ),
        _columns(
            "deletion.unsync_when",
            "Take an event out of the calendar, not out of Salesforce, once a column there has one of these values.",
            "SalesforceEventUnsyncConditions",
            entries="values",
        ),
        _columns(
            "deletion.cancel_instead",
            "Write these values to the Salesforce event of a deleted item instead of deleting it.",
            "Cancel Appointments/Visits in CRM instead of deletion",
            entries="values",
        ),
        _columns("defaults.event", "Values that every new Salesforce event gets.", entries="values"),
        _switch(
            "events.read_only_archived",
            False,
            "Leave archived Salesforce events as they are.",
            "read only events",
        ),
        _switch(
            "description.safe",
            True,
            "Copy the description once and then leave it alone.",
            "ServiceEventSafeDescriptionSync",
        ),
        _switch(
            "description.carried",
            False,
            "Copy the description, which guests can read, when subject or time are edited in Salesforce.",
        ),
        _columns(
            "events.appended",
            "Salesforce columns to show below the text of calendar items. Guests of a meeting can read them.",
            "Smart Description",
        ),
        *(
            _columns(f"{kind}s.appended", f"Salesforce columns to show below the text of a {kind} in the mailbox.")
            for kind in ("task", "contact")
        ),
        _choice(
            "conflict.event",
            "mailbox",
            ("mailbox", "salesforce", "newest", "manual"),
            "Who prevails when one field of an event was edited on both sides.",
            "conflict_policy.event",
        ),
        *(
            _choice(
                f"conflict.{kind}",
                "newest",
                ("mailbox", "salesforce", "newest", "manual"),
                f"Who prevails when one field of a {kind} was edited on both sides.",
                f"conflict_policy.{kind}",
            )
            for kind in ("task", "contact")
        ),
        _switch(
            "internal.include",
            False,
            "Treat colleagues on e-mail like anybody else, where Salesforce knows them.",
            "Include internal emails into search results",
        ),
        _switch(
            "internal.people_record_overrides",
            False,
            "Treat a colleague on e-mail as a customer when Salesforce has a contact or lead with the address.",
            levels=BY_ADMIN,
        ),
        _entries("domains.internal", "Mail domains of the organization.", BY_ADMIN, "Organization email domains"),
        _entries(
            "blocklist.org",
            "Addresses and domains that nobody links to.",
            BY_ADMIN,
            "ServiceAutoTrackBlackList",
            "ServiceAutoTrackBlacklist",
            "Emails / domains blocklisted from sync",
        ),
        _entries(
            "blocklist.user",
            "Addresses and domains that this user does not link to.",
            LEVELS,
            "Email Domains Blocklisted From Syncing",
        ),
        _entries(
            "blocklist.removed",
            "Addresses and domains that this user takes off the lists of the organization, as far as that is allowed.",
            ("user",),
        ),
        _switch(
            "blocklist.removable",
            True,
            "Users may take addresses and domains off the lists of the organization for themselves.",
            "ServiceItemsDeletedFromAutoTrackBlackList",
            levels=BY_ADMIN,
        ),
        _switch("blocklist.free_mail", True, "Treat free mail services as blocked.", levels=BY_ADMIN),
        _switch("blocklist.subdomains", True, "A blocked domain stands for its sub-domains too.", levels=BY_ADMIN),
        _switch("link.opportunities", True, "Link to the user's opportunities.", "Link to Opportunities"),
        _switch("link.require_account", True, "Save e-mail only when an account stands behind it."),
        _choice("resolve.kind", "off", ("off", "lead", "contact"), "What is made for people unknown in Salesforce."),
        _switch(
            "resolve.smart",
            False,
            "Choose what is made by the account that the mail domain belongs to.",
            "SalesforceSmartCreateUnresolvedObjects",
        ),
        _switch("resolve.person_accounts", False, "Make person accounts.", "Create Person accounts"),
        _switch(
            "resolve.all_unresolved",
            False,
            "Make records for everybody unknown, not only for the main counterpart.",
            "SalesforceEmailCreateAllUnresolvedRecipients",
        ),
        _switch(
            "resolve.account_create",
            True,
            "Make the account of a new contact.",
            "SalesforceContactAutoCreateAccount",
        ),
        _switch(
            "resolve.account_lookup",
            True,
            "Look for the account of a new contact.",
            "SalesforceContactAutoLookupAccount",
        ),
        Setting("resolve.max_recipients", int, 15, "Nobody is created from an item that names more people.", BY_ADMIN),
        _switch("resolve.require_outbound", True, "Make records only for people to whom the user has written."),
        _choice("resolve.evidence", "any", ("any", "both"), "What tells an account: website or contacts, or both."),
        Setting("resolve.default_account", str, "", "Id of the account of new contacts that have no other.", BY_ADMIN),
        _switch("resolve.account_address", False, "Copy the address of the account to a new contact."),
        Setting("resolve.lead_source", str, "", "Lead source of new people.", BY_ADMIN),
        Setting(
            "resolve.made_flags",
            tuple,
            ("InboxSync_Created__c",),
            "Checkboxes, as far as the org has them, that say of new people and accounts that they were made here.",
            BY_ADMIN,
            entries="columns",
        ),
        _choice(
            "resolve.alike",
            "reuse",
            ("reuse", "hold", "save"),
            "When Salesforce warns of a duplicate: take the record with the same address, hold, or save all the same.",
        ),
        _limit("resolve.daily_most", 20, "More new people of a user in a day than this wait for approval."),
        _limit("resolve.domain_most", 5, "More new people of one mail domain in a day than this wait for approval."),
        _days("resolve.unresolved_days", 30, "How many days unknown people are looked for again."),
        _switch("signature.read", True, "Fill new people's records from the signature of their mail."),
        Setting(
            "signature.confidence",
            int,
            90,
            "How sure, of 100, a value read from a signature must be to be written.",
            within=(50, 100),
        ),
        _limit("guard.deletes_most", 20, "More deletions of a kind than this wait for approval.", "DeletionThreshold"),
        _limit("guard.deletes_percent", 10, "But only when they are more than this share of the saved items."),
        _limit("guard.changes_most", 100, "More edits and releases of a kind than this wait for approval."),
        _limit("guard.changes_percent", 50, "But only when they are more than this share of the saved items."),
        _limit("guard.empty_least", 5, "When all saved items are gone at once, and they were so many, that waits."),
        _limit("guard.mails_most", 0, "When servers would mail more people than this unasked, that waits."),
        _switch("mail.skip_private", True, "Do not save private e-mail automatically."),
        _choice(
            "private_mode",
            "skip",
            ("skip", "placeholder", "full"),
            "What becomes of private events by themselves: left alone, only their time shown, or saved for all.",
            "ExchAutoTrackPrivateEvents",
        ),
        *EMAIL_RECORDS,
        _switch(
            "dedupe.emails",
            True,
            "Save an e-mail that several users have once; otherwise each of them gets a record.",
            "Message deduplication",
            "Reduce tasks duplicates",
            levels=BY_ADMIN,
        ),
        Setting(
            "dedupe.field",
            str,
            "auto",
            "The Salesforce column with the Message-ID, by which saved e-mail is known: its API name, or auto.",
            BY_ADMIN,
            ("Original email ID field", "Email deduplication field"),
        ),
        _switch(
            "clones.sync",
            False,
            "Save copies of an e-mail for people to whom one record cannot be linked.",
            levels=BY_ADMIN,
        ),
        Setting("clones.most", int, 10, "At most so many copies of an e-mail.", BY_ADMIN, within=(1, 10)),
        _columns(
            "clones.objects",
            "Make copies for records of these objects only; none = for all.",
            "Allow creating email duplicates to be linked to these object types",
        ),
        _choice(
            "files.store",
            "auto",
            ("auto", "file", "attachment", "off"),
            "As what attachments of e-mail are saved: as Files where there are any, else as Attachments; or not.",
            "force Attachment instead of File",
        ),
        Setting("files.max_megabytes", int, 25, "Larger attachments are not saved.", BY_ADMIN, within=(1, 25)),
        Setting(
            "files.min_kilobytes",
            int,
            10,
            "Attachments of some types that are smaller are not saved: they are logos of signatures.",
            BY_ADMIN,
            within=(0, 25 * 1024),
        ),
        _types("files.min_types", "png jpg jpeg gif bmp svg ico webp emz wmz", "The types to which that applies."),
        _types(
            "files.types",
            "",
            "Save attachments of these types only, unless the user marked the message; none = all.",
            "Email attachment extensions allow-list",
            "Attached file extensions allowlist",
        ),
        _types(
            "files.blocked_types",
            "ade adp app bat chm cmd com cpl dll exe hta inf ins isp jar js jse lnk mde msc msi msp mst pif ps1 reg "
            "scr sct shb sys vb vbe vbs vxd wsc wsf wsh",
            "Never save attachments of these types.",
        ),
        _switch(
            "files.link_business",
            True,
            "Show attachments on the account or opportunity of the e-mail too.",
            "SalesforceEmailLinkContentToBusinessObject",
        ),
        _switch("files.attach_eml", False, "Save the whole message as a file when its text was too long."),
    )
}
