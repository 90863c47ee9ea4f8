"""Every error that people may meet, by its code `SCOPE.CLASS.NAME`: what it says to the user and to the administrator,
and what mends it.

The scope says what it is about: one of the two connections, a run, a plan, a user, an item. The class says who mends
it: TRANSIENT passes by itself, PERMANENT needs somebody to sign in anew, CONFIG needs a setting or a right, DATA
another value, GUARD a decision, BUG the makers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mapping.model.item import Side
from mapping.model.reasons import CODES, ISSUES, Reason, sentence
from mapping.rules.standing import BY_HAND, NOT_CONNECTED

MAILBOX, SALESFORCE, CONNECTION = "MAILBOX", "SALESFORCE", "CONNECTION"
SCOPES: Mapping[str, str] = {Side.MAILBOX.value: MAILBOX, Side.CRM.value: SALESFORCE}
OUTAGE = frozenset({"TRANSIENT.UNAVAILABLE", "TRANSIENT.CERTIFICATE", "TRANSIENT.UNKNOWN"})
ITEM = "ITEM"
AT_ONCE = frozenset({"PERMANENT", "CONFIG"})  # of these no waiting mends anything


_REMEDIES: Mapping[tuple[bool, str], str] = {  # by whether it is about an item, and the class
    (False, "TRANSIENT"): "Nothing: it is tried again by itself.",
    (False, "PERMANENT"): "Sign in again: where you have let us in yourself your page has a button for it. "
    "Else your administrators do it, and have been told.",
    (False, "CONFIG"): "Your administrators mend it, and have been told.",
    (False, "DATA"): "Nothing yourself: ask your administrators when it stays so.",
    (False, "GUARD"): "Nothing yourself: an administrator looks at it and decides.",
    (False, "BUG"): "Nothing: it is tried again by itself. Tell your administrators when it stays so.",
    (True, "TRANSIENT"): "Nothing: it is tried again by itself.",
    (True, "CONFIG"): "Ask your administrators for the right or the change that it needs; then have it tried again.",
    (True, "DATA"): "Correct the item and save it; it is tried again then.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """`words`: what else it is called, by vendors or by us in other places."""

    code: str
    user: str
    admin: str
    cure: str
    words: frozenset[str] = frozenset()

    @property
    def scope(self) -> str:
        return self.code.split(".")[0]

    @property
    def kind(self) -> str:
        """The class."""
        return self.code.split(".")[1]

    @property
    def remedy(self) -> str:
        """What the user himself can do. The cure is for administrators, in words of the console."""
        return _REMEDIES[self.scope == ITEM, self.kind]

    @property
    def at_once(self) -> bool:
        """Does a run that ends so suspend its user, without waiting for more?"""
        return self.kind in AT_ONCE

    @property
    def retryable(self) -> bool:
        """May it pass by itself?"""
        return self.kind == "TRANSIENT"

    @property
    def outage(self) -> bool:
        """Is it what everybody meets when a vendor is down?"""
        return self.code.partition(".")[2] in OUTAGE


def _known(code: str, user: str, admin: str, cure: str, words: str = "") -> Known:
    return Known(code, user, admin, cure, frozenset(words.split()))


# --- calls that failed; `{side}` stands for the connection

_CONNECT = "Give the credentials anew: `inbox-sync org connect NAME --{option} ...` (add --user for one user's own)."
_WAIT = "Nothing: it is tried again at growing intervals."

# A row for each fault of the closed list, which its last column names.
_FAULTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("TRANSIENT.UNAVAILABLE", "{Side} cannot be reached at the moment.",
     "{Side} does not answer, or answers with a failure of its own.", _WAIT, "unavailable"),
    ("TRANSIENT.THROTTLED", "{Side} asks us to slow down; saving goes on a little later.",
     "{Side} limits how often it may be called.", "Nothing: the pause that it asks for is kept.", "throttled"),
    ("TRANSIENT.AUTH_EXPIRED", "{Side} no longer accepts our session.",
     "A token for {side} has expired, and a new one was not accepted.", _CONNECT, "auth_expired"),
    ("PERMANENT.AUTH_REVOKED", "{Side} no longer lets us in. Sign in again.",
     "{Side} refuses the credentials: password changed, consent withdrawn, or secret expired.", _CONNECT,
     "auth_revoked"),
    ("CONFIG.FORBIDDEN", "We are not allowed to work in {side}.",
     "The account lacks a right or scope that it needs in {side}.",
     "`inbox-sync doctor USER` names what is missing; grant it, then `inbox-sync user resume USER`.", "forbidden"),
    ("TRANSIENT.NOT_FOUND", "Something that was there in {side} is gone.",
     "A folder or record that the run needs is gone from {side}.", _WAIT, "not_found"),
    ("TRANSIENT.STALE", "Something was changed in {side} while we wrote.",
     "Somebody else wrote at the same moment.", "Nothing: the next run reads and merges again.", "stale"),
    ("TRANSIENT.CURSOR_LOST", "{Side} has to be read from the start.",
     "{Side} no longer knows from where to go on.", "Nothing: everything is read and compared again.", "cursor_lost"),
    ("DATA.INVALID", "{Side} does not understand us.",
     "{Side} refuses a whole request, not a single item: a wrong version, or a setting that does not fit.",
     "Look at the run's text, then at `inbox-sync doctor USER`.", "invalid"),
    ("DATA.DUPLICATE", "Something is there twice in {side}.",
     "{Side} has several records where one was expected.", "Merge them; `inbox-sync issues USER` names them.",
     "duplicate"),
    ("TRANSIENT.UNKNOWN", "{Side} did not say whether it saved something; we look before we try again.",
     "The connection to {side} broke off in the middle of a write.", _WAIT, "unknown"),
)  # fmt: skip

# What vendors say more exactly, in words of their own, and on which side.
_BOTH = (MAILBOX, SALESFORCE)
_SAID: tuple[tuple[str, str, str, str, str, tuple[str, ...]], ...] = (
    ("TRANSIENT.CERTIFICATE", "{Side} cannot be reached at the moment.",
     "The certificate of {side} is not trusted.", "Renew the server's certificate, or install its authority here.",
     "SSLCertVerificationError", _BOTH),
    ("PERMANENT.PASSWORD_EXPIRED", "The password for {side} has expired.",
     "The account's password must be changed before {side} lets it in.", "Change the password, then: " + _CONNECT,
     "ErrorPasswordExpired ErrorPasswordChangeRequired INVALID_OPERATION_WITH_EXPIRED_PASSWORD", _BOTH),
    ("PERMANENT.ACCOUNT_DISABLED", "The account for {side} is switched off.",
     "The account that signs in to {side} is disabled, frozen or inactive.", "Enable the account, or connect another.",
     "ErrorAccountDisabled USER_SUSPENDED inactive_user disabled_client", _BOTH),
    ("CONFIG.NO_MAILBOX", "There is no mailbox with your address.",
     "The server knows no mailbox of this address: misspelt, moved, or without a licence.",
     "Mend the address or the licence; if it moved, `inbox-sync user move-mailbox USER --to VENDOR`.",
     "ErrorNonExistentMailbox ErrorMissingEmailAddress ErrorNonPrimarySmtpAddress MailboxNotEnabledForRESTAPI",
     (MAILBOX,)),
    ("CONFIG.MAY_NOT_ACT", "We are not allowed to work in your mailbox.",
     "The service account may not act for this mailbox.", "Grant it impersonation over the mailbox, then resume.",
     "ErrorImpersonateUserDenied ErrorImpersonationDenied ErrorImpersonationFailed", (MAILBOX,)),
    ("CONFIG.SCOPES", "We are not allowed to work in {side}.",
     "The consent or the service account lacks a scope.", "Grant all scopes that the guide names, then connect again.",
     "insufficientPermissions ACCESS_TOKEN_SCOPE_INSUFFICIENT", (MAILBOX,)),
    ("CONFIG.API_OFF", "We are not allowed to work in {side}.",
     "The programming interface of {side} is switched off for the account, the app or the company.",
     "Switch it on, or let an administrator approve the app.",
     "API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED CLIENT_NOT_ACCESSIBLE_FOR_USER accessNotConfigured", _BOTH),
    ("CONFIG.ORG_CLOSED", "{Side} of your company is closed.",
     "The organization of {side} is inactive or its trial over.",
     "Reactivate it with the vendor.", "ORG_INACTIVE TRIAL_EXPIRED inactive_org", (SALESFORCE,)),
    ("TRANSIENT.DAILY_LIMIT", "{Side} takes no more calls for now.",
     "The limit of calls that {side} grants the company is reached.",
     "Raise the limit, or let something else call less; it is tried again later.",
     "REQUEST_LIMIT_EXCEEDED quotaExceeded dailyLimitExceeded", _BOTH),
    ("TRANSIENT.BUDGET", "The calls to {side} are nearly used up for today; saving goes on later by itself.",
     "Of the calls of the day to {side} only the reserve for what people ask for is left, or nothing.",
     "Raise `budget.salesforce_daily` or the limit at Salesforce; `inbox-sync budget` shows how it stands.",
     "CALLS_RESERVED CALLS_SPENT", (SALESFORCE,)),
    ("DATA.FULL", "There is no room left in {side}.", "A quota of {side} is used up.", "Make room, or buy some.",
     "ErrorQuotaExceeded STORAGE_LIMIT_EXCEEDED", _BOTH),
    ("TRANSIENT.RESTRICTED_HOURS", "{Side} lets nobody in at this hour; saving goes on later.",
     "The profile of the account restricts the hours of its log-in.", "Widen the hours, or wait.",
     "LOGIN_DURING_RESTRICTED_TIME", (SALESFORCE,)),
    ("PERMANENT.CREDENTIAL_ENDS", "Our leave to work with {side} ends within two weeks.",
     "A credential for {side} ends within two weeks; `inbox-sync doctor` and the page of the organization name it.",
     _CONNECT, "", _BOTH),
    ("TRANSIENT.OUTAGE", "{Side} is down for everybody; saving goes on as soon as it is back.",
     "{Side} cannot be reached by several users. All users are put off; one at a time looks whether it is back.",
     "Nothing on this side: nobody is suspended, and all catch up by themselves.", "", _BOTH),
)  # fmt: skip

_SIDES: Mapping[str, tuple[str, str]] = {
    MAILBOX: ("the mailbox server", "mailbox"),
    SALESFORCE: ("Salesforce", "crm"),
    CONNECTION: ("one of the two servers", "crm|--mailbox"),
}


def _of_calls() -> Iterable[Known]:
    for scope, (side, option) in _SIDES.items():
        said = {"side": side, "Side": side[0].upper() + side[1:], "option": option}
        finer = (row[:5] for row in _SAID if scope in row[5])
        for name, user, admin, cure, words in (*_FAULTS, *finer):
            yield _known(
                f"{scope}.{name}", user.format(**said), admin.format(**said), cure.format(**said), words
            )  # fmt: skip


# --- everything else that ends, holds or forbids a run

_RUNS = (
    _known(NOT_CONNECTED, "Your account is not connected yet.", "A side of the organization has no connection.",
           "`inbox-sync org connect NAME --crm|--mailbox VENDOR ...`."),
    _known("MAILBOX.CONFIG.CLAIMED", "Another installation synchronizes your mailbox.",
           "Another installation has set this mailbox up; two of them would make duplicates of everything (ISSM-004).",
           "Stop it there, or take the mailbox over: `inbox-sync user reinit USER`."),
    _known("RUN.TRANSIENT.TOO_LONG", "The last run took too long; the next one goes on where it stopped.",
           "A stage used up its time; what it has written stays written.",
           "Nothing once; if it comes again and again, raise INBOX_SYNC_STAGE_SOFT_SECONDS and its companions."),
    _known("RUN.TRANSIENT.STALLED", "The last run was interrupted.",
           "The workers of this run died or hung again and again.", "Look at the workers' logs and memory."),
    _known("RUN.BUG.UNEXPECTED", "Something went wrong on our side.",
           "An error that nobody foresaw; its class stands in the run, its place in the worker's log.",
           "Report it with the log; nothing is lost, and it is tried again."),
    _known(BY_HAND, "An administrator has suspended your synchronization.", "Suspended by hand.",
           "`inbox-sync user resume USER`."),
    _known("PLAN.GUARD.DELETES", "Unusually much would be deleted; somebody has to confirm it.",
           "More deletions than the limits allow are planned.", "`inbox-sync holds`, then approve or reject.",
           "HELD.DELETES"),
    _known("PLAN.GUARD.CHANGES", "Unusually much would be changed; somebody has to confirm it.",
           "More edits than the limits allow are planned.", "`inbox-sync holds`, then approve or reject.",
           "HELD.CHANGES"),
    _known("PLAN.GUARD.EMPTY", "Everything seems to be gone; somebody has to confirm it.",
           "A source that held items is empty.", "`inbox-sync holds`, then approve or reject.", "HELD.EMPTY"),
    _known("PLAN.GUARD.MAILS", "People would be mailed; somebody has to confirm it.",
           "Servers would mail people unasked.", "`inbox-sync holds`, then approve or reject.", "HELD.MAILS"),
    _known("PLAN.GUARD.OTHERWISE", "Something was changed since somebody looked at the plan; nothing was written.",
           "What would be done now is not what the preview told.",
           "Look again with `inbox-sync run USER --preview`, then `inbox-sync apply RUN`."),
)  # fmt: skip

# --- single items

_AGAIN = "Mend it and change the item, or `inbox-sync replay ITEM`."
_RULES = "Mend the record, the rule or the permission in Salesforce, then `inbox-sync replay ITEM`."
_ITEMS = (
    _known("ITEM.DATA.REQUIRED_FIELD_MISSING", "Salesforce asks for a field that the item does not fill.",
           "A required field of the object has no value.",
           "Fill it in the item, or give a default: `inbox-sync config set defaults.KIND FIELD=VALUE`.",
           "REQUIRED_FIELD_MISSING"),
    _known("ITEM.DATA.VALIDATION", "A validation rule of your Salesforce refuses it.",
           "A validation rule refuses the record.", _RULES,
           "FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION"),
    _known("ITEM.DATA.TOO_LONG_TEXT", "A text is too long for Salesforce.", "A text is too long for its field.", _AGAIN,
           "STRING_TOO_LONG"),
    _known("ITEM.DATA.PICKLIST", "A value is not on the list of its field.",
           "A restricted picklist does not have this value.", _RULES, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    _known("ITEM.CONFIG.NO_ACCESS", "The record may not be written.", "The user may not write this record or field.",
           _RULES, "INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY "
           "CANNOT_UPDATE_CONVERTED_LEAD DELETE_FAILED INVALID_FIELD_FOR_INSERT_UPDATE"),
    _known("ITEM.CONFIG.LOCKED", "An approval process has locked the record.", "The record is locked for approval.",
           "Wait for the approval, or unlock the record.", "ENTITY_IS_LOCKED"),
    _known("ITEM.DATA.DUPLICATE", "Salesforce takes it for a duplicate.",
           "A duplicate rule or a unique field refuses the record.", "Merge the records, or loosen the rule.",
           "DUPLICATES_DETECTED DUPLICATE_VALUE DUPLICATE_EXTERNAL_ID duplicate"),
    _known("ITEM.CONFIG.AUTOMATION", "An automation of your Salesforce refuses it.",
           "A trigger or flow refuses the record.", _RULES,
           "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER"),
    _known("ITEM.DATA.REFERENCE", "It belongs to a record that is not there.", "A reference leads to no record.",
           _AGAIN, "INVALID_CROSS_REFERENCE_KEY MALFORMED_ID"),
    _known("ITEM.DATA.OWNER", "Its owner is not active in Salesforce.", "The owner of the record is inactive.",
           "Activate the owner, or give the record to somebody else.", "INACTIVE_OWNER_OR_USER"),
    _known("ITEM.TRANSIENT.BUSY", "Salesforce was busy with the same record.",
           "The record was locked by something else.", "Nothing: it is tried again.",
           "UNABLE_TO_LOCK_ROW UNKNOWN_EXCEPTION REQUEST_RUNNING_TOO_LONG PROCESSING_HALTED unavailable"),
    _known("ITEM.DATA.UNREADABLE", "The server cannot read the item.", "The item is damaged in the mailbox.",
           "Open and save it again, or delete it.", "ErrorCorruptData ErrorItemCorrupt ErrorContentConversionFailed "
           "ErrorMimeContentConversionFailed"),
    _known("ITEM.DATA.CONFLICT", "Both sides were edited; somebody has to say which edit stays.",
           "The same field was edited on both sides.", "`inbox-sync conflicts`, then resolve.", "CONFLICT"),
    _known("ITEM.DATA.REFUSED", "The other side did not take it.",
           "The item was refused with a code that has no entry of its own.", _AGAIN, "invalid"),
)  # fmt: skip


def _of_reasons() -> Iterable[Known]:
    """What the engine itself leaves alone although it was asked for, in the words of the reason."""
    by_code: dict[str, list[Reason]] = {}
    for reason in sorted(ISSUES | {Reason.AMBIGUOUS, Reason.ALIKE, Reason.NO_ACCOUNT}):
        by_code.setdefault(CODES.get(reason, reason.value), []).append(reason)
    for word, reasons in by_code.items():
        first = reasons[0]
        told = sentence(first)
        yield Known(f"ITEM.DATA.{first.name}", told, told, "`inbox-sync explain ITEM` tells the story.",
                    frozenset({word, *(each.value for each in reasons)}))  # fmt: skip


CATALOGUE: Mapping[str, Known] = {
    known.code: known for known in (*_of_calls(), *_RUNS, *_ITEMS, *_of_reasons())
}  # fmt: skip
_BY_WORD: Mapping[tuple[str, str], Known] = {
    (known.scope, word): known for known in CATALOGUE.values() for word in known.words
}


def of_call(side: str, fault: str, vendor_code: str = "") -> Known:
    """The entry for a call that failed as a whole. `side`: of `Side`, or empty when it is not known which it was.
    `fault`: one of the closed list; what the vendor said decides when it says more."""
    scope = SCOPES.get(side, CONNECTION)
    return _BY_WORD.get((scope, vendor_code)) or _BY_WORD[scope, fault]


def of_issue(code: str) -> Known:
    """The entry for the code of an issue."""
    return _BY_WORD.get(("ITEM", code)) or CATALOGUE["ITEM.DATA.REFUSED"]


def find(word: str) -> tuple[Known, ...]:
    """The entry of that code, or those that a vendor's word stands for."""
    known = CATALOGUE.get(word.upper())
    return (known,) if known else tuple(known for known in CATALOGUE.values() if word in known.words)
