"""Once only: how copies of one message are known, in whose record they end, and when a message gets several.

Without further ado all copies of a message are one record for the whole organization. An organization may want one for
each user instead (`dedupe.emails` off), or, where one record cannot be linked to all that it should, copies of the
record for what is left (`clones.sync`). Who links a record by hand that colleagues have too gets a copy of it, or takes
the record away from where they see it (`clones.relinked`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from mapping.rules.linking import Links
from mapping.rules.settings import Effective

AUTO = "auto"
_OWN_COPY = re.compile(r":r\d+$")
# the columns in which records of an object bear the Message-ID: Salesforce's own, and those that other products add
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "EmailMessage": ("MessageIdentifier",),
    "Task": ("REVGRD__InternetMessageId__c", "InternetMessageId__c"),
}


def column_of(settings: Effective, crm_object: str, columns: Collection[str]) -> str:
    """The column by which records of messages are looked for, '' when they are not, or when the organization has no
    such column and our own key must do."""
    if not settings.bool("dedupe.emails"):
        return ""
    named = settings.text("dedupe.field")
    wanted = COLUMNS.get(crm_object, ()) if named == AUTO else (named,)
    return next((name for name in wanted if name in columns), "")


def objection(settings: Effective) -> str:
    """Why these settings do not go together; '' when they do (DUP-5)."""
    if settings.bool("dedupe.emails") and not settings.text("dedupe.field"):
        return "dedupe.emails needs to know in dedupe.field which column holds the Message-ID (auto, or its API name)"
    return ""


def misfit(settings: Effective, shape: Mapping[str, Collection[str]]) -> str:
    """What is wrong with the named column in this organization; '' when nothing is."""
    named = settings.text("dedupe.field")
    if not settings.bool("dedupe.emails") or named in ("", AUTO) or any(named in shape.get(o, ()) for o in COLUMNS):
        return ""
    return f"{named} is not there or hidden from the user"


def spellings(message_id: str) -> tuple[str, ...]:
    """A Message-ID as products may have written it down."""
    bare = message_id.strip().removeprefix("<").removesuffix(">").strip()
    return (f"<{bare}>", bare) if bare else ()


def own_key(key: str, user_id: int) -> str:
    """The key of a message where every user has a record of his own (DUP-6)."""
    return f"{key}:{user_id}"


def clone_key(key: str, number: int) -> str:
    return f"{key}:c{number}"


def copy_key(key: str, user_id: int) -> str:
    """The key of a user's own copy of a record that colleagues have too (DUP-4)."""
    return f"{key}:r{user_id}"


def pair_key(key: str) -> str:
    """The key of the pairs of a message, from that of its record."""
    return _OWN_COPY.sub("", key)


class Relink(StrEnum):
    """What becomes of a saved message for which a user chooses other records."""

    EDIT = "edit"  # the record is linked anew
    REMAKE = "remake"  # it cannot be, so it is deleted and made anew
    COPY = "copy"  # it stays as it is, and the user gets one of his own
    LEAVE = "leave"


def relink(crm_object: str, settings: Effective, *, shared: bool, keyed: bool) -> Relink:
    """`shared`: colleagues have the record too (DUP-4, DUP-8). `keyed`: records of the object bear our key, without
    which a copy could not be told from the record that it is a copy of."""
    if shared and settings.bool("clones.relinked"):
        return Relink.COPY if keyed else Relink.LEAVE
    return Relink.EDIT if crm_object == "Task" else Relink.REMAKE


def left_over(
    links: Links | None, crm_object: str, objects: Mapping[str, str], settings: Effective
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """What one record of the object cannot be linked to, as (column, id): each of them gets a copy, if the settings say
    so (DUP-7, THR-8). An EmailMessage takes all people and one business record, a Task one of each. `objects`: object
    by id of a person."""
    if links is None or not settings.bool("clones.sync"):
        return ()
    allowed = settings.list("clones.objects")
    known = {**objects, **{each.id: each.object for each in links.candidates}}
    people = [("WhoId", each) for each in links.who_ids[1:]] if crm_object == "Task" else []
    business = [("WhatId" if crm_object == "Task" else "RelatedToId", each) for each in links.whats[1:]]
    wanted = [pair for pair in (*people, *business) if not allowed or known.get(pair[1]) in allowed]
    return tuple(wanted[: settings.int("clones.most")])
