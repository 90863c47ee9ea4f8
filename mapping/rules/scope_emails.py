"""Which messages are shared with Salesforce: by mark, by folder, by choice, or automatically as the mode says.

The decision has two halves. `email` decides by the message alone; what may be saved becomes a candidate.
`confirm_email` ends it when it is known who is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mapping.model import fields
from mapping.model.item import MORE_MAIL, Item
from mapping.model.reasons import Reason
from mapping.rules.addresses import AddressBook, others
from mapping.rules.decision import Decision, Me, Outcome, PairFacts, is_marked, is_private
from mapping.rules.email_modes import Standing, is_worth_saving, looks_past_blocks
from mapping.rules.settings import Effective
from mapping.tables.email_message import is_incoming, mail_instant

MARKED_FOLDER = "emails"
FORCED = frozenset({"WAY-1", "WAY-3", "WAY-10", "RES-1"})  # the rules under which a person asked for a message

_FOLDERS = frozenset({"inbox", "sent", MARKED_FOLDER})
_SERVICE = ("report.", "ipm.schedule.", "ipm.note.rules.", "ipm.recall.", "ipm.outlook.recall", "ipm.sharing")
_ENCRYPTED = ("ipm.note.smime", "ipm.note.secure", "ipm.note.rpmsg", "ipm.note.microsoft.rpmsg")
_SERVICE_TYPES = ("multipart/report",)
_SEALED_TYPES = ("multipart/encrypted", "multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a message was asked for, beyond what it shows itself. `chosen`: the user named it, and may have said what it
    hangs on. `inherited`: its mark came along from another item, so nobody set it."""

    chosen: bool = False
    inherited: bool = False


def email(
    item: Item,
    pair: PairFacts | None,
    book: AddressBook,
    me: Me,
    settings: Effective,
    now: datetime,
    first_run: bool,
    asked: Asked = Asked(),
) -> Decision:
    """Is this message to be saved? A saved one never is again, unless its record is gone and the user marks it anew, or
    he chooses other records for it."""
    way = _way(item, asked)
    refusal = _never(item, pair, way, settings)
    if refusal:
        return refusal
    if way == "WAY-10":
        saved = pair is not None and pair.saved_before
        return Decision(Outcome.CANDIDATE, Reason.RELINKED if saved else Reason.CHOSEN, "RCD-13" if saved else way)
    if way in FORCED:
        return Decision(Outcome.CANDIDATE, Reason.MARKED, way)
    decided = _automatic(item, book, me, settings, now, first_run)
    if asked.inherited and decided.outcome is Outcome.SKIP:
        return Decision(Outcome.DISOWN, Reason.INHERITED_CATEGORY, "WAY-15" if _sent(item, me) else "WAY-16")
    return decided


def _way(item: Item, asked: Asked) -> str:
    if asked.chosen:
        return "WAY-10"
    if item.ref.container == MARKED_FOLDER:
        return "WAY-3"
    return "WAY-1" if is_marked(item) and not asked.inherited else "WAY-5"


def _never(item: Item, pair: PairFacts | None, way: str, settings: Effective) -> Decision | None:
    if pair is not None and pair.saved_before and not pair.unsynced and way != "WAY-10":
        return _skip(Reason.ALREADY_SAVED, "DUP-1")
    if item.ref.container not in _FOLDERS and not item.ref.container.startswith(MORE_MAIL):
        return _skip(Reason.OTHER_FOLDER, "WAY-2")
    if item.flag(fields.IS_DRAFT):
        return _skip(Reason.DRAFT, way)
    unsaveable = never_saveable(item, forced=way in FORCED)
    if unsaveable:
        return _skip(unsaveable, way)
    if pair is not None and pair.unsynced and way not in FORCED and not settings.bool("email.resave_deleted"):
        return _skip(Reason.RECORD_DELETED, "RCD-12")
    return None


def never_saveable(item: Item, *, forced: bool) -> Reason | None:
    """What no way saves: notices that programs send, and what is sealed. Some show it by their headers only, which are
    read late, so this is asked twice."""
    if item.text(fields.ITEM_CLASS).lower().startswith(_SERVICE) or _content_type(item).startswith(_SERVICE_TYPES):
        return Reason.SERVICE_MAIL
    if is_encrypted(item):
        return Reason.ENCRYPTED if forced else Reason.ENCRYPTED_UNASKED
    return None


def _automatic(item: Item, book: AddressBook, me: Me, settings: Effective, now: datetime, first_run: bool) -> Decision:
    if not settings.bool("autosave.emails"):
        return _skip(Reason.AUTOSAVE_OFF, "WAY-5")
    direction = settings.text("autosave.email_direction")
    if direction != "both" and _sent(item, me) != (direction == "outbound"):
        return _skip(Reason.OTHER_DIRECTION, "WAY-6")
    depth = timedelta(days=settings.int("autosave.first_email_days"))
    at = mail_instant(item, me.addresses)
    if at is not None and at < (now if first_run else me.activated_at) - depth:
        return _skip(Reason.BEFORE_ACTIVATION, "WAY-7")
    if settings.bool("mail.skip_private") and is_private(item):
        return _skip(Reason.PRIVATE, "FLT-14")
    refusal = _nobody_eligible(item, book, me, settings)
    return refusal or Decision(Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "WAY-5")


def _nobody_eligible(item: Item, book: AddressBook, me: Me, settings: Effective) -> Decision | None:
    people = others(item, me.addresses)
    if all(map(book.is_internal, people)):
        may_count = bool(people) and settings.bool("internal.people_record_overrides")
        return None if may_count else _skip(Reason.ALL_INTERNAL, "FLT-8")
    if not any(map(book.eligible, people)) and not looks_past_blocks(settings):
        return _skip(Reason.ALL_BLOCKED, "FLT-7")
    return None


def is_history(item: Item, me: Me) -> bool:
    """Was the message sent or received before the user was synchronized?"""
    at = mail_instant(item, me.addresses)
    return at is not None and at < me.activated_at


def confirm_email(decision: Decision, standing: Standing, settings: Effective, *, chosen: bool = False) -> Decision:
    """End the decision on a candidate. `chosen`: the user said what it hangs on."""
    if decision.outcome is not Outcome.CANDIDATE:
        return decision
    if chosen or decision.reason is Reason.RELINKED:
        return replace(decision, outcome=Outcome.SHARE)
    if decision.rule in FORCED:
        return _confirm_forced(decision, standing, settings)
    return _confirm_automatic(decision, standing, settings)


def _confirm_forced(decision: Decision, standing: Standing, settings: Effective) -> Decision:
    """What a person asked for is saved when it can be linked to something; without a link only among colleagues (there
    is nobody to link to), and where the organization wants that."""
    found = _found(decision, standing, created="RES-1")
    if found is not None:
        return found
    shared = replace(decision, outcome=Outcome.SHARE)
    if standing.named:
        return replace(shared, reason=Reason.RECORD_NAMED)
    if standing.account:
        return replace(shared, reason=Reason.ACCOUNT_KNOWN)
    if not standing.outside:
        return replace(shared, reason=Reason.MARKED_UNLINKED, rule="FLT-8")
    if settings.bool("autosave.unlinked_emails"):
        return replace(shared, reason=Reason.AUTOSAVED_UNLINKED)
    return _skip(Reason.NO_PERSON_MARKED, decision.rule)


def _confirm_automatic(decision: Decision, standing: Standing, settings: Effective) -> Decision:
    shared = replace(decision, outcome=Outcome.SHARE)
    if is_worth_saving(standing, settings):
        found = _found(decision, standing, created="RES-2")
        if found is not None:
            return found
        if standing.named:
            return replace(shared, reason=Reason.RECORD_NAMED)
        blocked = standing.known_blocked and not standing.eligible
        return replace(shared, reason=Reason.BLOCKED_KNOWN if blocked else Reason.AUTOSAVED_UNLINKED)
    if not standing.outside and not standing.eligible:
        return _skip(Reason.ALL_INTERNAL, "FLT-8")
    if settings.bool("autosave.unlinked_emails"):
        return replace(shared, reason=Reason.RECORD_NAMED if standing.named else Reason.AUTOSAVED_UNLINKED)
    return _skip(Reason.NO_PERSON if standing.eligible else Reason.ALL_BLOCKED, decision.rule)


def _found(decision: Decision, standing: Standing, *, created: str) -> Decision | None:
    """The decision when somebody on it can be linked."""
    if standing.known:
        return replace(decision, outcome=Outcome.SHARE, reason=Reason.PERSON_FOUND)
    if standing.coming:
        return replace(decision, outcome=Outcome.SHARE, reason=Reason.PERSON_CREATED, rule=created)
    return None


# shared although nothing is there to link them to
UNLINKED = frozenset({Reason.MARKED_UNLINKED, Reason.AUTOSAVED_UNLINKED, Reason.BLOCKED_KNOWN, Reason.RECORD_NAMED})


def is_encrypted(item: Item) -> bool:
    """Encrypted or signed, by its class or by what its headers say it contains."""
    return item.text(fields.ITEM_CLASS).lower().startswith(_ENCRYPTED) or _content_type(item).startswith(_SEALED_TYPES)


def _content_type(item: Item) -> str:
    headers = item.get(fields.HEADERS)
    pairs = headers if isinstance(headers, tuple) else ()
    found = (str(pair[1]) for pair in pairs if isinstance(pair, tuple) and str(pair[0]).lower() == "content-type")
    return next(found, "").strip().lower()


def _sent(item: Item, me: Me) -> bool:
    return not is_incoming(item, me.addresses)


def _skip(reason: Reason, rule: str) -> Decision:
    return Decision(Outcome.SKIP, reason, rule)
