"""Which messages are shared with Salesforce: by mark, by folder, or automatically when somebody on them is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.reasons import Reason
from mapping.rules.addresses import AddressBook, others
from mapping.rules.decision import Decision, Me, Outcome, PairFacts, is_marked, is_private
from mapping.rules.settings import Effective
from mapping.tables.email_message import mail_instant

# `autosave.email_mode`: what makes a message worth saving, given whether somebody on it is known or can be made known.
_MODES: dict[int, Callable[[bool, bool], bool]] = {0: lambda known, makeable: known or makeable}

FOLDERS = frozenset({"inbox", "sent", "emails"})
MARKED_FOLDER = "emails"
FORCED = frozenset({"WAY-1", "WAY-3", "RES-1"})  # the rules under which a person asked for a message to be saved

_SERVICE = ("report.", "ipm.schedule.", "ipm.note.rules.", "ipm.recall.", "ipm.outlook.recall", "ipm.sharing")
_ENCRYPTED = ("ipm.note.smime", "ipm.note.secure", "ipm.note.rpmsg", "ipm.note.microsoft.rpmsg")
_SEALED_TYPES = ("multipart/encrypted", "multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime")


def _skip(reason: Reason, rule: str) -> Decision:
    return Decision(Outcome.SKIP, reason, rule)


def email(
    item: Item,
    pair: PairFacts | None,
    book: AddressBook,
    me: Me,
    settings: Effective,
    now: datetime,
    first_run: bool,
) -> Decision:
    """Is this message to be saved? A saved one never is again, unless its record is gone and the user marks it anew."""
    moved = item.ref.container == MARKED_FOLDER
    forced = moved or is_marked(item)
    way = "WAY-3" if moved else "WAY-1" if forced else "WAY-5"
    refusal = _never(item, pair, way, forced)
    if refusal:
        return refusal
    if forced:
        return Decision(Outcome.CANDIDATE, Reason.MARKED, way)
    return _automatic(item, book, me, settings, now, first_run)


def _never(item: Item, pair: PairFacts | None, way: str, forced: bool) -> Decision | None:
    if pair is not None and pair.saved_before and not pair.unsynced:
        return _skip(Reason.ALREADY_SAVED, "DUP-1")
    if item.ref.container not in FOLDERS:
        return _skip(Reason.OTHER_FOLDER, "WAY-2")
    if item.flag(fields.IS_DRAFT):
        return _skip(Reason.DRAFT, way)
    if item.text(fields.ITEM_CLASS).lower().startswith(_SERVICE):
        return _skip(Reason.SERVICE_MAIL, way)
    if is_encrypted(item):
        return _skip(Reason.ENCRYPTED, way)
    if pair is not None and pair.unsynced and not forced:
        return _skip(Reason.RECORD_DELETED, "RCD-12")
    return None


def _automatic(item: Item, book: AddressBook, me: Me, settings: Effective, now: datetime, first_run: bool) -> Decision:
    if not settings.bool("autosave.emails"):
        return _skip(Reason.AUTOSAVE_OFF, "WAY-5")
    depth = timedelta(days=settings.int("autosave.first_email_days"))
    at = mail_instant(item, me.addresses)
    if at is not None and at < (now if first_run else me.activated_at) - depth:
        return _skip(Reason.BEFORE_ACTIVATION, "WAY-7")
    if settings.bool("mail.skip_private") and is_private(item):
        return _skip(Reason.PRIVATE, "FLT-14")
    people = others(item, me.addresses)
    if all(map(book.is_internal, people)):
        return _skip(Reason.ALL_INTERNAL, "FLT-8")
    if not any(map(book.eligible, people)):
        return _skip(Reason.ALL_BLOCKED, "FLT-7")
    return Decision(Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "WAY-5")


def confirm_email(
    decision: Decision,
    item: Item,
    known: frozenset[str],
    eligible: frozenset[str],
    settings: Effective,
    *,
    can_create: bool = False,
) -> Decision:
    """A candidate is shared when somebody eligible on it is known, or a record may be made for somebody (`known` may
    hold planned records too). A marked message that names nobody eligible is shared without a link: no record could
    ever be made for it."""
    if decision.outcome is not Outcome.CANDIDATE:
        return decision
    forced = decision.reason is Reason.MARKED
    on_it = [address for address in others(item, frozenset()) if address in eligible]
    found = any(address in known for address in on_it)
    if not forced and not _MODES[settings.int("autosave.email_mode")](found, bool(on_it) and can_create):
        return _skip(Reason.NO_PERSON, decision.rule)
    shared = replace(decision, outcome=Outcome.SHARE)
    if found:
        return replace(shared, reason=Reason.PERSON_FOUND)
    if on_it and can_create:
        return replace(shared, reason=Reason.PERSON_CREATED, rule="RES-1" if forced else "RES-2")
    if not on_it:
        return replace(shared, reason=Reason.MARKED_UNLINKED, rule="FLT-8")
    return _skip(Reason.NO_PERSON_MARKED, decision.rule)


def is_encrypted(item: Item) -> bool:
    """Encrypted or signed, by its class or by what its headers say it contains."""
    if item.text(fields.ITEM_CLASS).lower().startswith(_ENCRYPTED):
        return True
    headers = item.get(fields.HEADERS)
    pairs = headers if isinstance(headers, tuple) else ()
    contents = [pair[1] for pair in pairs if isinstance(pair, tuple) and str(pair[0]).lower() == "content-type"]
    return any(str(content).strip().lower().startswith(_SEALED_TYPES) for content in contents)
