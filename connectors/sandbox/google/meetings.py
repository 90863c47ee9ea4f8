"""Meetings: the copies of invited users of this server, who may change what, and the mails that would be sent.

Copies share id and UID. The organizer's change goes to all of them; an invited user's own answer goes to all, too.
"""

from __future__ import annotations

from connectors.sandbox.google.call import Call
from connectors.sandbox.google.errors import GoogleError
from connectors.sandbox.google.state import Directory, Doc, Docs, Json

KIND = "event"
# what belongs to a copy alone, and not to the meeting
PRIVATE = ("extendedProperties", "colorId", "reminders", "transparency", "visibility")
_OF_GUESTS = (*PRIVATE, "attendees")


def allow(call: Call, old: Json, given: Json) -> None:
    """Only the organizer changes the meeting itself."""
    if old["organizer"]["email"] == call.user.address:
        return
    shared = [n for n, value in given.items() if n not in (*_OF_GUESTS, "status") and value != old.get(n)]
    if shared:
        raise GoogleError(403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer.")


def spread(call: Call, old: Doc | None, new: Doc) -> None:
    """Carry a write to the other copies, and count the mails that were asked for."""
    before, after = _guests(old), _guests(new)
    mine = call.user.address
    organizer = new.values.get("organizer", {}).get("email", mine)
    if organizer != mine:
        return
    directory = Directory(call.docs.store)
    for address in sorted(before | after):
        user = directory.find(address)
        if user is None or user.address == mine:
            continue
        docs = Docs(call.docs.store, user, call.sandbox.clock.now())
        copy = docs.find(KIND, new.id)
        gone = new.gone or address not in after
        if gone and copy is None:
            continue
        own = {name: copy.values[name] for name in PRIVATE if copy is not None and name in copy.values}
        shared = {name: value for name, value in new.values.items() if name not in PRIVATE}
        docs.put(KIND, new.id, {**shared, **own, **({"status": "cancelled"} if gone else {})}, gone=gone)
    _mails(call, old, new, before, after)


def _mails(call: Call, old: Doc | None, new: Doc, before: set[str], after: set[str]) -> None:
    if call.param("sendUpdates", "none") == "none" or not (before | after):
        return
    reason = "invitation" if old is None else "cancellation" if new.gone else "update"
    subject = str(new.values.get("summary", ""))
    call.sandbox.ledger.mail("google", call.user.address, sorted(before | after), subject, reason)


def _guests(doc: Doc | None) -> set[str]:
    if doc is None or doc.gone:
        return set()
    return {str(each.get("email", "")).lower() for each in doc.values.get("attendees") or ()} - {""}
