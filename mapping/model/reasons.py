"""Every reason the engine may give for what it did or left undone, with a sentence for the person who asks.

Sentences are for a sales manager: no vendor words, no codes. `{placeholders}` are filled by `sentence`.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    # --- taken
    LINKED = "linked"
    MARKED = "marked"
    AUTOSAVED = "autosaved"
    AUTOSAVED_INTERNAL = "autosaved_internal"
    AUTOSAVED_UNLINKED = "autosaved_unlinked"
    FROM_SALESFORCE = "from_salesforce"
    RECORD_SHOWN = "record_shown"
    PEOPLE_PENDING = "people_pending"
    PERSON_FOUND = "person_found"
    SERIES_FOLLOWS = "series_follows"
    SERIES_GOES_ON = "series_goes_on"
    PERSON_CREATED = "person_created"
    MARKED_UNLINKED = "marked_unlinked"
    CHOSEN = "chosen"
    RELINKED = "relinked"
    COPIED_FOR_CHOICE = "copied_for_choice"
    BLOCKED_KNOWN = "blocked_known"
    RECORD_NAMED = "record_named"
    ACCOUNT_KNOWN = "account_known"
    IN_THREAD = "in_thread"
    # --- left alone
    PART_OF_SERIES = "part_of_series"
    RECURRING_OFF = "recurring_off"
    LIGHTNING_SERIES = "lightning_series"
    SERIES_OF_OTHERS = "series_of_others"
    SERIES_ENDED = "series_ended"
    RECURRING_CONVERTED = "recurring_converted"
    SERIES_ALL_DAY = "series_all_day"
    SERIES_TOO_LONG = "series_too_long"
    SERIES_NOT_EXPRESSIBLE = "series_not_expressible"
    ZONE_UNKNOWN = "zone_unknown"
    CHILD_EVENT = "child_event"
    NOT_MINE = "not_mine"
    NOT_MARKED = "not_marked"
    EMAIL_TASK = "email_task"
    SERIES_TASK = "series_task"
    FINISHED_LONG_AGO = "finished_long_ago"
    NO_SURNAME = "no_surname"
    AMBIGUOUS = "ambiguous"
    ALIKE = "alike"
    PRIVATE_PLACEHOLDER = "private_placeholder"
    RECURRING_TASK = "recurring_task"
    PRIVATE_TASK = "private_task"
    NO_TIME = "no_time"
    NO_DATE = "no_date"
    RECORD_REPEATED = "record_repeated"
    TOO_LONG = "too_long"
    GROUP_TOO_LONG = "group_too_long"
    MULTI_DAY_OFF = "multi_day_off"
    AUTOSAVE_OFF = "autosave_off"
    ONE_WAY_DOWN = "one_way_down"
    DOWN_OFF = "down_off"
    BEFORE_ACTIVATION = "before_activation"
    PRIVATE = "private"
    PRIVATE_SERIES = "private_series"
    PAST_WINDOW = "past_window"
    AHEAD_OF_WINDOW = "ahead_of_window"
    ALL_INTERNAL = "all_internal"
    ALL_BLOCKED = "all_blocked"
    NO_PERSON = "no_person"
    NO_PERSON_MARKED = "no_person_marked"
    NO_ACCOUNT = "no_account"
    NO_ACCOUNT_MARKED = "no_account_marked"
    WAITING_FOR_ORGANIZER = "waiting_for_organizer"
    ORGANIZER_WRITES = "organizer_writes"
    COLLEAGUE_WRITES = "colleague_writes"
    INVITATION_OPEN = "invitation_open"
    UNSYNCED = "unsynced"
    UNSYNC_NOTHING = "unsync_nothing"
    CANCELLED_UNSAVED = "cancelled_unsaved"
    OTHER_FOLDER = "other_folder"
    COPIED = "copied"
    SAME_TWICE = "same_twice"
    DRAFT = "draft"
    SERVICE_MAIL = "service_mail"
    ENCRYPTED = "encrypted"
    ENCRYPTED_UNASKED = "encrypted_unasked"
    INHERITED_CATEGORY = "inherited_category"
    OTHER_DIRECTION = "other_direction"
    SAVED_BY_OTHERS = "saved_by_others"
    ALREADY_SAVED = "already_saved"
    RECORD_DELETED = "record_deleted"
    # --- parted
    UNSYNC_MARKED = "unsync_marked"
    CANCELLED = "cancelled"
    SLID_OUT = "slid_out"
    OCCURRENCE_CANCELLED = "occurrence_cancelled"
    SERIES_CHANGED = "series_changed"
    SERIES_OVER = "series_over"
    DELETED_IN_MAILBOX = "deleted_in_mailbox"
    DELETED_IN_CRM = "deleted_in_crm"
    DELETED_ON_BOTH_SIDES = "deleted_on_both_sides"
    MARK_RESTORED = "mark_restored"
    DEACTIVATED = "deactivated"
    TAKEN_BACK = "taken_back"
    MOVED_OUT = "moved_out"
    LEFT_SCOPE = "left_scope"
    LIST_BY_CAMPAIGN = "list_by_campaign"
    LIST_REFUSED = "list_refused"
    TAKEN_OVER = "taken_over"
    HANDED_OVER = "handed_over"
    FOLDER_GONE = "folder_gone"
    MAILBOX_MOVED = "mailbox_moved"
    CONDITION_MET = "condition_met"
    GUESTS_OUTSIDE = "guests_outside"
    ARCHIVED = "archived"
    EDITED_IN_CRM = "edited_in_crm"
    CANCELLED_IN_CRM = "cancelled_in_crm"
    CANCEL_UNFIT = "cancel_unfit"
    RECORD_UNREAD = "record_unread"
    RESTORED = "restored"
    RESTORED_RECORD = "restored_record"
    REDACTED = "redacted"
    # --- done on the way
    FIELDS_CHANGED = "fields_changed"
    DESCRIPTION_CARRIED = "description_carried"
    COLUMNS_SHOWN = "columns_shown"
    ATTENDEES_CHANGED = "attendees_changed"
    STATUS_CHANGED = "status_changed"
    ROOM_BOOKED = "room_booked"
    ROOM_TAKEN = "room_taken"
    CONFLICT = "conflict"
    CONFLICT_OPEN = "conflict_open"
    CONFLICT_RESOLVED = "conflict_resolved"
    VALUE_REFUSED = "value_refused"
    ADOPTED = "adopted"
    KEY_STAMPED = "key_stamped"
    MARK_ADDED = "mark_added"
    ERROR_MARKED = "error_marked"
    ERROR_CLEARED = "error_cleared"
    MOVED_BACK = "moved_back"
    MOVED_HOME = "moved_home"
    SENDER_LINKED = "sender_linked"
    LINKS_ADDED = "links_added"
    COPIED_FOR_LINK = "copied_for_link"
    EDIT_UNDONE = "edit_undone"
    # --- attachments of messages
    FILE_SAVED = "file_saved"
    FILE_COPY = "file_copy"
    FILE_IN_TEXT = "file_in_text"
    FILE_IN_CLOUD = "file_in_cloud"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TOO_SMALL = "file_too_small"
    FILE_TYPE_BLOCKED = "file_type_blocked"
    FILE_TYPE_UNLISTED = "file_type_unlisted"
    FILE_EMPTY = "file_empty"
    FILE_GONE = "file_gone"
    FILE_ON_MANY = "file_on_many"
    FILES_BY_COLLEAGUE = "files_by_colleague"
    # --- at once, or not
    INSTANT_UNABLE = "instant_unable"
    INSTANT_OFF = "instant_off"
    INSTANT_EVENTS_ONLY = "instant_events_only"
    INSTANT_MEETINGS_ONLY = "instant_meetings_only"
    OWN_WRITE = "own_write"
    NOTHING_SAVED = "nothing_saved"
    # --- held
    HELD_DELETES = "held_deletes"
    HELD_CHANGES = "held_changes"
    HELD_EMPTY = "held_empty"
    HELD_MAILS = "held_mails"
    HOLD_REJECTED = "hold_rejected"
    # --- drifted
    DRIFT_MISSING = "drift_missing"
    DRIFT_DIFFERENT = "drift_different"
    DRIFT_DOUBLED = "drift_doubled"
    DRIFT_FOREIGN = "drift_foreign"
    DRIFT_ORPHANED = "drift_orphaned"
    # --- undone
    UNDONE = "undone"
    UNDO_CHANGED = "undo_changed"
    UNDO_LATER_RUN = "undo_later_run"
    UNDO_NEEDED = "undo_needed"
    UNDO_SHARED = "undo_shared"
    UNDO_USED = "undo_used"
    UNDO_FOUND = "undo_found"
    UNDO_UNKNOWN = "undo_unknown"
    UNDO_UNREAD = "undo_unread"
    UNDO_OCCURRENCE = "undo_occurrence"
    # --- people
    CREATE_OFF = "create_off"
    NOT_CREATED_INTERNAL = "not_created_internal"
    NOT_CREATED_BLOCKED = "not_created_blocked"
    NOT_CREATED_FREE = "not_created_free"
    NOT_CREATED_ROLE = "not_created_role"
    NOT_CREATED_INVALID = "not_created_invalid"
    NOT_CREATED_ROBOT = "not_created_robot"
    NOT_CREATED_DISPOSABLE = "not_created_disposable"
    NOT_CREATED_BULK = "not_created_bulk"
    NOT_CREATED_CROWD = "not_created_crowd"
    NOT_CREATED_ONE_WAY = "not_created_one_way"
    NOT_CREATED_BESIDE = "not_created_beside"
    HELD_PEOPLE = "held_people"
    HELD_DOMAIN = "held_domain"
    HELD_ALIKE = "held_alike"
    NOT_CREATED_NO_ACCOUNT = "not_created_no_account"
    NOT_CREATED_OUTSIDE = "not_created_outside"
    CREATED_UNDER_ACCOUNT = "created_under_account"
    CREATED_UNDER_DEFAULT = "created_under_default"
    CREATED_WITH_ACCOUNT = "created_with_account"
    CREATED_PERSON_ACCOUNT = "created_person_account"
    CREATED_LEAD = "created_lead"


# What a sentence may name. It is kept in the database beside the decision, so it is a number, a date or a word of our
# own; never what people wrote, nor who they are.
TELLABLE = frozenset({"days", "limit", "count", "eligible_on", "field", "winner", "fate"})

SENTENCES: dict[Reason, str] = {
    Reason.LINKS_ADDED: "The message was saved already; links that were missing there were added.",
    Reason.COPIED_FOR_LINK: "One record cannot be linked to everybody, so each of the others has a copy of it.",
    Reason.FILE_SAVED: "The attachment is saved with the message.",
    Reason.FILE_COPY: "The text was too long for Salesforce, so the whole message is saved as a file.",
    Reason.FILE_IN_TEXT: "The picture is part of the text.",
    Reason.FILE_IN_CLOUD: "The file lies in a cloud; the message holds nothing but its address.",
    Reason.FILE_TOO_LARGE: "The attachment is larger than {limit} MB.",
    Reason.FILE_TOO_SMALL: "The picture is smaller than {limit} KB, as logos are.",
    Reason.FILE_TYPE_BLOCKED: "Files of this type are not saved.",
    Reason.FILE_TYPE_UNLISTED: "Your settings save files of other types only. Mark the message if you want it saved.",
    Reason.FILE_GONE: "The attachment was taken out of the mailbox before it could be saved.",
    Reason.FILE_EMPTY: "There is nothing in the attachment.",
    Reason.FILE_ON_MANY: "The file is shown by so many records already that {count} more were left out.",
    Reason.FILES_BY_COLLEAGUE: "A colleague's synchronization saves the attachments of this message.",
    Reason.LINKED: "This item is saved already and is kept the same on both sides.",
    Reason.MARKED: "You marked this item to be saved to Salesforce.",
    Reason.AUTOSAVED: "Saved automatically, as your settings ask for.",
    Reason.AUTOSAVED_INTERNAL: "Only colleagues take part, and your settings save such meetings.",
    Reason.AUTOSAVED_UNLINKED: "Saved without a link, because nobody on it is known in Salesforce.",
    Reason.FROM_SALESFORCE: "This event was created in Salesforce and is shown in your calendar.",
    Reason.RECORD_SHOWN: "This record of Salesforce is shown in your calendar; it is edited in Salesforce only.",
    Reason.PEOPLE_PENDING: "Saved if somebody on it is known in Salesforce.",
    Reason.PERSON_FOUND: "Saved, because somebody on it is known in Salesforce.",
    Reason.SERIES_FOLLOWS: "The series it belongs to is saved.",
    Reason.SERIES_GOES_ON: "The next occurrence of the series is saved when it comes near enough.",
    Reason.PERSON_CREATED: "Saved, and a record was made for somebody who was not yet known in Salesforce.",
    Reason.MARKED_UNLINKED: "Saved without a link, because nobody outside your company is on it.",
    Reason.CHOSEN: "You asked for this message to be saved, and perhaps said what it belongs to.",
    Reason.RELINKED: "You chose other records for a saved message, so it was saved anew with them.",
    Reason.COPIED_FOR_CHOICE: "You chose other records for a message that colleagues saved too, so you got a copy.",
    Reason.BLOCKED_KNOWN: "Saved, because somebody on it is known, though none who is known may be linked.",
    Reason.RECORD_NAMED: "Saved, because its text names a record in Salesforce.",
    Reason.ACCOUNT_KNOWN: "Saved, because an account in Salesforce has the mail domain of somebody on it.",
    Reason.IN_THREAD: "Saved, because it belongs to a thread that you have saved as a whole.",
    Reason.PART_OF_SERIES: "The event is one of a series; the series as a whole is shown in the calendar.",
    Reason.SERIES_ENDED: "The whole series lies more than {days} days back, so there is nothing of it to save.",
    Reason.SERIES_OF_OTHERS: "The series belongs to somebody who does not synchronize; it cannot be saved for him.",
    Reason.LIGHTNING_SERIES: "Salesforce does not tell which events of a Lightning series belong together.",
    Reason.RECURRING_OFF: "Saving recurring events is switched off; ask your administrator to switch it on.",
    Reason.RECURRING_CONVERTED: "A single event was turned into a series; the event in Salesforce was left as it is.",
    Reason.SERIES_ALL_DAY: "Salesforce takes no recurring events that last whole days.",
    Reason.SERIES_TOO_LONG: "Salesforce takes no recurring events that last longer than a day.",
    Reason.SERIES_NOT_EXPRESSIBLE: "Salesforce cannot repeat events in the way this series does.",
    Reason.ZONE_UNKNOWN: "Salesforce does not know the time zone of this series. Choose one that is more common.",
    Reason.CHILD_EVENT: "This is the copy of a colleague's event that Salesforce keeps for each guest.",
    Reason.NOT_MINE: "This event is assigned to somebody else.",
    Reason.NOT_MARKED: "The item is neither marked nor in the folder that is synchronized.",
    Reason.EMAIL_TASK: "The task only records an e-mail.",
    Reason.SERIES_TASK: "The record stands for a series of tasks, not for one of them.",
    Reason.RECURRING_TASK: "It is a recurring task; your mailbox or your settings leave those out.",
    Reason.PRIVATE_TASK: "It is a private task; your mailbox or your settings leave those out.",
    Reason.FINISHED_LONG_AGO: "The task was finished more than {days} days ago.",
    Reason.NO_SURNAME: "The contact has no last name, which Salesforce asks for. Add one.",
    Reason.AMBIGUOUS: "{count} records in Salesforce look the same as this item. Merge them, or mark one of them.",
    Reason.ALIKE: "Several items look the same as one event in Salesforce. Change the subject of those that are not.",
    Reason.PRIVATE_PLACEHOLDER: "The item is private: only its time is shown in Salesforce.",
    Reason.NO_TIME: "The item has no readable start and end.",
    Reason.NO_DATE: "The record in Salesforce has no date yet, or ends before it starts.",
    Reason.RECORD_REPEATED: "The item shows a Salesforce record, which cannot be repeated. Delete it to have it back.",
    Reason.TOO_LONG: "The event lasts {days} days; Salesforce takes events of up to {limit} days.",
    Reason.MULTI_DAY_OFF: "Your Salesforce takes no events of more than 24 hours; an administrator can allow them "
    "in its activity settings.",
    Reason.GROUP_TOO_LONG: "Events of group and public calendars are saved up to 24 hours; this one is longer.",
    Reason.AUTOSAVE_OFF: "Saving automatically is switched off for this kind of item, and it is not marked.",
    Reason.ONE_WAY_DOWN: "Your settings show Salesforce events in the calendar and save nothing from it.",
    Reason.DOWN_OFF: "Showing Salesforce events in your calendar is switched off.",
    Reason.BEFORE_ACTIVATION: "The item is older than your synchronization. Mark it if you want it saved.",
    Reason.PRIVATE: "The item is private. Mark it if you want it saved.",
    Reason.PRIVATE_SERIES: "One date of a private series is marked. Mark the series itself if all may see it.",
    Reason.PAST_WINDOW: "The event lies more than {days} days back. Mark it if you want it saved.",
    Reason.AHEAD_OF_WINDOW: "The event is more than {days} days ahead; it is saved from {eligible_on} on.",
    Reason.ALL_INTERNAL: "Only colleagues take part. Mark the item if you want it saved.",
    Reason.ALL_BLOCKED: "Everybody on it is on a block list or uses a free mail service.",
    Reason.NO_PERSON: "Nobody on it is known in Salesforce.",
    Reason.NO_PERSON_MARKED: "No related records: nobody on it is known in Salesforce, and no record may be made.",
    Reason.NO_ACCOUNT: "The person found belongs to no account.",
    Reason.NO_ACCOUNT_MARKED: "No related records: the person found belongs to no account.",
    Reason.WAITING_FOR_ORGANIZER: "Waiting for the organizer to synchronize this meeting.",
    Reason.ORGANIZER_WRITES: "The organizer's synchronization keeps this meeting up to date.",
    Reason.COLLEAGUE_WRITES: "A colleague saved this meeting first; you take part in the same event in Salesforce.",
    Reason.TAKEN_OVER: "The organizer now synchronizes and has taken this meeting over.",
    Reason.HANDED_OVER: "You no longer keep this meeting, but a colleague does, so it stays in Salesforce.",
    Reason.INVITATION_OPEN: "You have not accepted this invitation.",
    Reason.UNSYNCED: "You took this item out of Salesforce. Mark it again if you want it back.",
    Reason.UNSYNC_NOTHING: "The item is marked to be taken out of Salesforce, but it is not saved there.",
    Reason.CANCELLED_UNSAVED: "The meeting was cancelled before it was saved.",
    Reason.COPIED: "The item was copied from a saved one, mark and all; the mark was taken off. Mark it to save it.",
    Reason.SAME_TWICE: "The calendar holds this very item twice; the other one is saved.",
    Reason.OTHER_FOLDER: "Only messages in Inbox, Sent and the folder for Salesforce are looked at.",
    Reason.DRAFT: "The message is a draft; it is looked at once it is sent.",
    Reason.SERVICE_MAIL: "Receipts, delivery reports and answers to invitations are not saved.",
    Reason.ENCRYPTED: "Encrypted or signed messages cannot be saved.",
    Reason.ENCRYPTED_UNASKED: "Encrypted or signed messages are not saved.",
    Reason.INHERITED_CATEGORY: "Nobody marked this message: it got its mark from another item, and the mark was taken "
    "off. Mark it if you want it saved.",
    Reason.OTHER_DIRECTION: "Your settings save automatically either what was sent or what was received, not this.",
    Reason.SAVED_BY_OTHERS: "Colleagues saved this message too, and no column of Salesforce could tell a copy of yours "
    "from their record, so it stays as it is.",
    Reason.ALREADY_SAVED: "The message is saved already; messages are saved once.",
    Reason.RECORD_DELETED: "The saved message was deleted in Salesforce. Mark it again if you want it back.",
    Reason.UNSYNC_MARKED: "You asked to take this item out of Salesforce.",
    Reason.CANCELLED: "The meeting was cancelled.",
    Reason.SLID_OUT: "The event lies outside the dates that are kept the same; both copies stay.",
    Reason.OCCURRENCE_CANCELLED: "This occurrence of the series was cancelled.",
    Reason.SERIES_CHANGED: "The series was changed and no longer takes place at this time.",
    Reason.SERIES_OVER: "The series was changed or deleted; what lies in the past stays in Salesforce as it was.",
    Reason.DELETED_IN_MAILBOX: "The item was deleted in the mailbox.",
    Reason.DELETED_IN_CRM: "The event was deleted in Salesforce.",
    Reason.DELETED_ON_BOTH_SIDES: "The item was deleted on both sides.",
    Reason.MARK_RESTORED: "The mark was taken off a saved item; it was put back. Use the other mark to unsync.",
    Reason.DEACTIVATED: "Synchronization was switched off for you.",
    Reason.TAKEN_BACK: "Somebody asked for what was saved to be taken out of Salesforce again.",
    Reason.MOVED_OUT: "The item was moved to a folder that is not synchronized; both copies stay.",
    Reason.LIST_BY_CAMPAIGN: "The list view is filtered by campaign; such a list cannot be read. Choose another.",
    Reason.LIST_REFUSED: "Salesforce refuses to tell these records. Check the list, its condition and who may see it.",
    Reason.LEFT_SCOPE: "The record in Salesforce is no longer among those that are shown to you.",
    Reason.FOLDER_GONE: "The folder for Salesforce was removed; it was made again and filled from Salesforce.",
    Reason.MAILBOX_MOVED: "The mailbox moved to another service, and the item was not found there; the record stays.",
    Reason.CONDITION_MET: "The event has a value in Salesforce with which your settings keep it out of the calendar.",
    Reason.GUESTS_OUTSIDE: "The meeting stays in the calendar, because guests from outside take part in it.",
    Reason.ARCHIVED: "The event is archived in Salesforce and was left there as it is.",
    Reason.EDITED_IN_CRM: "The item was deleted, but somebody had edited its event in Salesforce, where it was kept. "
    "Delete it there if nobody needs it.",
    Reason.CANCELLED_IN_CRM: "The event was marked as cancelled in Salesforce instead of being deleted.",
    Reason.CANCEL_UNFIT: "The event was kept, because the columns that say it is cancelled do not fit your Salesforce.",
    Reason.RECORD_UNREAD: "The item has to be put back, but its record in Salesforce cannot be read at the moment.",
    Reason.RESTORED: "The item may not be removed here, so it was put back. Delete it in Salesforce instead.",
    Reason.RESTORED_RECORD: "The mailbox decides about events, so the deleted one was made again in Salesforce.",
    Reason.REDACTED: "The item became private, so its content was taken out of Salesforce.",
    Reason.FIELDS_CHANGED: "Something was changed on the other side.",
    Reason.DESCRIPTION_CARRIED: "The description went along with what was changed in Salesforce, as your settings say.",
    Reason.COLUMNS_SHOWN: "Something changed in Salesforce that is shown below the text of the item.",
    Reason.ATTENDEES_CHANGED: "The list of guests was changed on the other side.",
    Reason.STATUS_CHANGED: "A guest answered the invitation.",
    Reason.ROOM_BOOKED: "The room of the meeting was booked in Salesforce as well.",
    Reason.ROOM_TAKEN: "The meeting was saved without its room, which is not available in Salesforce at that time.",
    Reason.CONFLICT: "{field} was changed on both sides; your settings decide which value stays ({winner}).",
    Reason.CONFLICT_OPEN: "{field} was changed on both sides; it is left alone until somebody says which value stays.",
    Reason.CONFLICT_RESOLVED: "{field} was changed on both sides; somebody said which value stays ({winner}).",
    Reason.VALUE_REFUSED: "{field} holds a value that has no counterpart on the other side; it was left as it is.",
    Reason.ADOPTED: "It was there on both sides already; the two are now kept the same.",
    Reason.KEY_STAMPED: "The record was given the key by which it is known again.",
    Reason.ERROR_MARKED: "The item could not be saved, and was marked with the reason.",
    Reason.ERROR_CLEARED: "Nothing is wrong with the item any more, so the error mark was taken off.",
    Reason.MARK_ADDED: "The item was marked as saved.",
    Reason.MOVED_HOME: "The item was moved into the folder that is synchronized.",
    Reason.MOVED_BACK: "The message was moved back from the folder for Salesforce.",
    Reason.SENDER_LINKED: "The message was linked to its sender.",
    Reason.EDIT_UNDONE: "Only Salesforce may change this item: the next run takes back what was edited here.",
    Reason.INSTANT_UNABLE: "Your mailbox cannot tell at once what happens in it; the next regular run looks.",
    Reason.INSTANT_OFF: "Your settings leave this to the next regular run.",
    Reason.INSTANT_EVENTS_ONLY: "Only calendar items are synchronized at once; all else waits for the next run.",
    Reason.INSTANT_MEETINGS_ONLY: "Only meetings are synchronized at once, and none that last whole days.",
    Reason.OWN_WRITE: "The change is what the last run wrote itself.",
    Reason.NOTHING_SAVED: "Nothing of the item is saved in Salesforce.",
    Reason.HELD_DELETES: "{count} items would be deleted at once; more than {limit} wait until somebody approves.",
    Reason.HELD_CHANGES: "{count} items would be changed or let go at once; more than {limit} wait for approval.",
    Reason.HELD_EMPTY: "All {count} items are suddenly gone from one side; nothing follows until somebody approves.",
    Reason.HELD_MAILS: "{count} people would get a mail that nobody asked for; that waits until somebody approves.",
    Reason.HOLD_REJECTED: "Somebody refused the change: both copies stay as they are, and are no longer kept the same.",
    Reason.DRIFT_MISSING: "This copy is not there any more, and no run has noticed.",
    Reason.DRIFT_DIFFERENT: "The two copies differ in {field}, and no run has noticed.",
    Reason.DRIFT_DOUBLED: "Two links stand for this one.",
    Reason.DRIFT_FOREIGN: "It bears the mark of something else that is synchronized.",
    Reason.DRIFT_ORPHANED: "It bears a mark of ours, but nothing is linked to it.",
    Reason.UNDONE: "Somebody took back what a run had done.",
    Reason.UNDO_CHANGED: "It was changed since the run, so it stays as it is.",
    Reason.UNDO_LATER_RUN: "A later run has written to it: undo that one first.",
    Reason.UNDO_NEEDED: "It belongs to something that stays, so it stays too.",
    Reason.UNDO_SHARED: "Colleagues have it too, so it stays.",
    Reason.UNDO_USED: "Something else hangs on it by now, so it stays.",
    Reason.UNDO_FOUND: "It was there before the run and was only found, so it stays.",
    Reason.UNDO_UNKNOWN: "What stood there before the run was not kept, so it stays as it is.",
    Reason.UNDO_UNREAD: "It cannot be read now; try again later.",
    Reason.UNDO_OCCURRENCE: "The series of this date is gone or has another rule, so it cannot come back.",
    Reason.CREATE_OFF: "Making records for unknown people is switched off.",
    Reason.NOT_CREATED_INTERNAL: "No record is made for a colleague.",
    Reason.NOT_CREATED_BLOCKED: "No record is made for an address on a block list.",
    Reason.NOT_CREATED_FREE: "No record is made for an address of a free mail service.",
    Reason.NOT_CREATED_ROLE: "No record is made for an address that no single person reads.",
    Reason.NOT_CREATED_INVALID: "The address cannot be used.",
    Reason.NOT_CREATED_ROBOT: "No record is made for an address that a machine made up.",
    Reason.NOT_CREATED_DISPOSABLE: "No record is made for an address that is thrown away after use.",
    Reason.NOT_CREATED_BULK: "No record is made from mail that was sent to many or by a machine; {field} says so.",
    Reason.NOT_CREATED_CROWD: "No record is made from an item that names {count} people; up to {limit} are a circle.",
    Reason.NOT_CREATED_ONE_WAY: "No record is made for somebody to whom you have not written yet.",
    Reason.NOT_CREATED_BESIDE: "A record is made for the main counterpart only, and only if nobody else is known.",
    Reason.HELD_PEOPLE: "More than {limit} new people in one day wait until somebody approves.",
    Reason.HELD_DOMAIN: "More than {limit} new people of one company in one day wait until somebody approves.",
    Reason.HELD_ALIKE: "Salesforce has somebody under another address who looks the same; somebody has to decide.",
    Reason.CREATED_UNDER_DEFAULT: "Somebody unknown was added to the account that takes in all new contacts.",
    Reason.NOT_CREATED_OUTSIDE: "Salesforce knows them, but by a record to which your settings link nothing.",
    Reason.NOT_CREATED_NO_ACCOUNT: "No record is made, because no account has the mail domain.",
    Reason.CREATED_UNDER_ACCOUNT: "Somebody unknown was added to the account of their company.",
    Reason.CREATED_WITH_ACCOUNT: "Somebody was unknown; a contact and an account were made.",
    Reason.CREATED_PERSON_ACCOUNT: "Somebody was unknown; a person account was made.",
    Reason.CREATED_LEAD: "Somebody was unknown; a lead was made.",
}

# Reasons that ask a person to do something, so they are listed as issues. The others only explain.
ISSUES = frozenset(
    {
        Reason.RECURRING_CONVERTED,
        Reason.RECURRING_OFF,
        Reason.SERIES_OF_OTHERS,
        Reason.SERIES_ENDED,
        Reason.PRIVATE_SERIES,
        Reason.SERIES_ALL_DAY,
        Reason.SERIES_TOO_LONG,
        Reason.SERIES_NOT_EXPRESSIBLE,
        Reason.ZONE_UNKNOWN,
        Reason.NO_TIME,
        Reason.TOO_LONG,
        Reason.GROUP_TOO_LONG,
        Reason.NO_PERSON_MARKED,
        Reason.NO_ACCOUNT_MARKED,
        Reason.WAITING_FOR_ORGANIZER,
        Reason.INVITATION_OPEN,
        Reason.ENCRYPTED,
        Reason.SAVED_BY_OTHERS,
        Reason.NO_SURNAME,
        Reason.RECURRING_TASK,
        Reason.PRIVATE_TASK,
        Reason.AMBIGUOUS,
        Reason.ALIKE,
        Reason.RECORD_REPEATED,
    }
)

# Codes that people may know from other products or from our documents.
CODES: dict[Reason, str] = {
    Reason.WAITING_FOR_ORGANIZER: "ISE-013",
    Reason.INVITATION_OPEN: "ISE-013",
    Reason.NO_PERSON_MARKED: "LINK.NONE",
    Reason.NO_ACCOUNT: "LINK.NO_ACCOUNT",
    Reason.NO_ACCOUNT_MARKED: "LINK.NO_ACCOUNT",
    Reason.ENCRYPTED: "MAIL_ENCRYPTED",
    Reason.CONFLICT_OPEN: "CONFLICT",
}


class _Details(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"(unknown {name.replace('_', ' ')})"


def sentence(reason: Reason, **detail: str) -> str:
    """The sentence for a person; a detail that is not known is said to be unknown."""
    return SENTENCES[reason].format_map(_Details(detail))
