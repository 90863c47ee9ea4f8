"""The neutral field names that every mailbox connector uses, with the type of each value.

A connector leaves out (or sets MISSING) what it was not asked to read; it never invents a value.
"""

from __future__ import annotations

# --- every kind
SUBJECT = "subject"  # str
BODY = "body"  # str, plain text; only when read with Detail.BODY
HTML = "html"  # str, the same with its formatting, '' when it has none; only with Detail.BODY
CATEGORIES = "categories"  # tuple[str, ...], as the server keeps them
SENSITIVITY = "sensitivity"  # "normal" | "personal" | "private" | "confidential"
KEY = "key"  # str: our stamped pair key, MISSING when the item bears none
CREATED = "created"  # aware datetime
MODIFIED = "modified"  # aware datetime
ITEM_CLASS = "item_class"  # str: "IPM.Note", "IPM.Appointment", "IPM.Schedule.Meeting.Request", ...

# --- event
UID = "uid"  # str: iCalendar UID, the same for all copies of a meeting
SPAN = "span"  # Span
LOCATION = "location"  # str
SHOW_AS = "show_as"  # "free" | "tentative" | "busy" | "oof" | "working_elsewhere" | "no_data"
REMINDER = "reminder"  # int minutes before start, or None when off
ORGANIZER = "organizer"  # Person | None
ATTENDEES = "attendees"  # tuple[Attendee, ...] without the organizer; sorted by address
MY_RESPONSE = "my_response"  # str, a Response value
IS_MEETING = "is_meeting"  # bool: has attendees besides the organizer
IS_CANCELLED = "is_cancelled"  # bool
OF_GROUP = "of_group"  # bool: it stands in the calendar of a group or in a public one, which is its organizer
RECURRENCE = "recurrence"  # "" | "master" | "occurrence" | "exception"
SERIES = "series"  # Series, on a master only
ASKED_IN_PART = "asked_in_part"  # bool, on a master only: one of its occurrences is marked; the engine says so
ORIGINAL = "original"  # where an occurrence starts by its rule: aware UTC datetime, or date for all-day

# --- task
DUE = "due"  # date | None
STATUS = "status"  # "not_started" | "in_progress" | "completed" | "waiting" | "deferred"
IMPORTANCE = "importance"  # "low" | "normal" | "high"
REMINDER_AT = "reminder_at"  # aware datetime, or None when off
IS_RECURRING = "is_recurring"  # bool

# --- contact; texts are "" when empty
GIVEN_NAME = "given_name"
MIDDLE_NAME = "middle_name"
SURNAME = "surname"
SALUTATION = "salutation"  # "Ms."
SUFFIX = "suffix"  # "Jr."
JOB_TITLE = "job_title"
COMPANY = "company"
DEPARTMENT = "department"
EMAIL = "email"  # the first address, normalised
PHONE_BUSINESS = "phone_business"
PHONE_PRIMARY = "phone_primary"
PHONE_MOBILE = "phone_mobile"
PHONE_HOME = "phone_home"
PHONE_OTHER = "phone_other"
PHONE_ASSISTANT = "phone_assistant"
FAX_BUSINESS = "fax_business"
ASSISTANT = "assistant"
BIRTHDAY = "birthday"  # date | None
WEB_PAGE = "web_page"
BUSINESS_STREET = "business_street"
BUSINESS_CITY = "business_city"
BUSINESS_STATE = "business_state"
BUSINESS_POSTAL_CODE = "business_postal_code"
BUSINESS_COUNTRY = "business_country"
OTHER_STREET = "other_street"
OTHER_CITY = "other_city"
OTHER_STATE = "other_state"
OTHER_POSTAL_CODE = "other_postal_code"
OTHER_COUNTRY = "other_country"

# --- email
MESSAGE_ID = "message_id"  # str with angle brackets, or ""
CONVERSATION = "conversation"  # str, vendor's conversation id
IN_REPLY_TO = "in_reply_to"  # str: the Message-ID of what it answers, or ""
FROM = "from"  # Person | None
TO = "to"  # tuple[Person, ...]
CC = "cc"  # tuple[Person, ...]
BCC = "bcc"  # tuple[Person, ...]
SENT_AT = "sent_at"  # aware datetime
RECEIVED_AT = "received_at"  # aware datetime
HEADERS = "headers"  # tuple of (name, value) tuples; only with Detail.BODY
IS_DRAFT = "is_draft"  # bool
HAS_ATTACHMENTS = "has_attachments"  # bool
ATTACHMENTS = "attachments"  # tuple[Attachment, ...], in the order of the message; only with Detail.BODY
