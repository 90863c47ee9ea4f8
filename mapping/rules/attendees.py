"""Attendees of a meeting that the user organizes: what each side must add, remove or be told.

For every address, in the mailbox (M), in the CRM (C), in the last common list (B):

    M C B  nothing, but statuses are compared        M - B  removed in the CRM: stays in the mailbox (ATT-2),
    M C -  the same                                         unless removals there are tracked
    M - -  add to the CRM (ATT-3)                    - C B  removed in the mailbox: remove in the CRM (ATT-4)
    - C -  add to the mailbox (ATT-1)                - - B  gone on both sides

So when somebody is added in the CRM and removed in the mailbox at once, the common list decides (ATT-5).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mapping.model import fields as f
from mapping.model.item import Attendee, Item, Response, Role, Side
from mapping.model.people import PersonRecord
from mapping.rules.kinds import organizer_of
from mapping.rules.linking import choose_person

# Statuses go up only; whatever is not an answer is an invitation still open (STS-2).
_STATUS: dict[Response, str] = {Response.ACCEPTED: "Accepted", Response.DECLINED: "Declined"}

USER_PREFIX = "005"  # of the ids of Salesforce users

# of what else changes nobody but the owner of a calendar hears
_TOLD = frozenset({f.SUBJECT, f.BODY, f.HTML, f.SPAN, f.LOCATION, f.SERIES, f.ATTENDEES})


@dataclass(frozen=True, slots=True)
class AttendeePlan:
    """`agreed`: marks of the common list once the plan is done. Who could not be added in the CRM, because no record
    carries the address, must be taken out of it (`person_mark`), so that the next run tries again."""

    add_to_mailbox: tuple[Attendee, ...] = ()
    remove_from_mailbox: tuple[Attendee, ...] = ()
    add_to_crm: tuple[Attendee, ...] = ()
    remove_from_crm: tuple[str, ...] = ()
    status_to_crm: tuple[tuple[str, str], ...] = ()
    agreed: frozenset[str] = frozenset()


def listed(item: Item) -> tuple[Attendee, ...]:
    """Everybody on the list of a meeting."""
    value = item.get(f.ATTENDEES)
    return tuple(each for each in value if isinstance(each, Attendee)) if isinstance(value, tuple) else ()


def crm_status(response: Response | str) -> str:
    """'Accepted', 'Declined' or 'New', as a CRM invitation says it."""
    return _STATUS.get(Response(response), "New")


def person_mark(key: bytes, address: str) -> str:
    """What the baseline keeps of an attendee: a keyed fingerprint, never the address."""
    return hmac.new(key, b"attendee\x1f" + address.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def guests_told(item: Item, names: Iterable[str], me: Collection[str]) -> tuple[Attendee, ...]:
    """Whom a server that cannot be silent mails when these fields of an item are written: the guests of a meeting that
    the user (under the addresses `me`) organizes."""
    if organizer_of(item) not in ("", *me) or _TOLD.isdisjoint(names):
        return ()
    return tuple(each for each in listed(item) if each.address not in me)


def under_one_address(attendees: Iterable[Attendee], primary: Mapping[str, str]) -> tuple[Attendee, ...]:
    """A colleague is one person under all his addresses (ATT-10). `primary`: the chief address by each of them."""
    return tuple(replace(each, address=primary.get(each.address, each.address)) for each in attendees)


def invitee_record(records: Sequence[PersonRecord]) -> PersonRecord | None:
    """The record that stands for an attendee in an invitation: a colleague's user, else the best contact or lead."""
    users = sorted((each for each in records if each.object == "User"), key=lambda each: each.id)
    return users[0] if users else choose_person(records, "")


def invitees(record: Item) -> tuple[Attendee, ...]:
    """Who is invited, as the CRM tells it."""
    value = record.get("Invitees")
    return tuple(a for a in value if isinstance(a, Attendee)) if isinstance(value, tuple) else ()


def invitee_rows(record: Item) -> list[tuple[str, str, str]]:
    """The rows behind the invitations: (relation id, person id, address)."""
    value = record.get("InviteeIds")
    rows = value if isinstance(value, tuple) else ()
    return [(str(r[0]), str(r[1]), str(r[2])) for r in rows if isinstance(r, tuple)]


def invitation_of(record: Item, person_id: str) -> tuple[str, str] | None:
    """The relation id and status of one person's invitation."""
    for relation, person, address in invitee_rows(record):
        if person[:15] == person_id[:15]:
            response = next((a.response for a in invitees(record) if a.address == address), Response.UNKNOWN)
            return relation, crm_status(response)
    return None


def merge_attendees(
    mailbox: tuple[Attendee, ...],
    crm: tuple[Attendee, ...],
    base: frozenset[str],
    key: bytes,
    *,
    organizer_is_me: bool,
    track_deleted: bool,
    authority: Side | None = None,
    answers_lost: bool = False,
) -> AttendeePlan:
    """Somebody else's meeting is the organizer's to write: nothing is planned for it (ROL-4), not even the user's own
    answer (STS-3). With an `authority` its list is right, whatever was agreed on (ONE-2, ONE-3); but guests whom
    Salesforce may not even know are taken off the mailbox's list only where removals are tracked. `answers_lost`: the
    CRM is about to forget all answers, because the meeting moves (FLD-8)."""
    if not organizer_is_me:
        return AttendeePlan(agreed=base)
    ours, theirs = _by_address(mailbox), _by_address(crm)
    if authority is not None:
        right = ours if authority is Side.MAILBOX else theirs
        base = frozenset(person_mark(key, a) for a in (ours.keys() | theirs.keys()) - right.keys())
    added_here = [a for a in ours if a not in theirs and person_mark(key, a) not in base]
    added_there = [a for a in theirs if a not in ours and person_mark(key, a) not in base]
    gone_here = [a for a in theirs if a not in ours and a not in added_there]
    gone_there = [a for a in ours if a not in theirs and a not in added_here] if track_deleted else []
    kept = (ours.keys() | theirs.keys()) - set(gone_here) - set(gone_there)
    return AttendeePlan(
        tuple(replace(theirs[a], response=Response.UNKNOWN) for a in added_there),
        tuple(ours[a] for a in gone_there),
        tuple(ours[a] for a in added_here),
        tuple(gone_here),
        tuple(_statuses(ours, theirs, answers_lost)),
        frozenset(person_mark(key, a) for a in kept),
    )


def _statuses(ours: dict[str, Attendee], theirs: dict[str, Attendee], lost: bool) -> Iterable[tuple[str, str]]:
    # A row is written only when it would say something else: writing bumps the event's date of change (STS-5).
    for address, attendee in ours.items():
        status = crm_status(attendee.response)
        if address in theirs and status != crm_status(Response.UNKNOWN if lost else theirs[address].response):
            yield address, status


def _by_address(attendees: Iterable[Attendee]) -> dict[str, Attendee]:
    """People by address, in a stable order; rooms are no people."""
    people = sorted(attendees, key=lambda each: each.address)
    return {each.address: each for each in people if each.address and each.role is not Role.RESOURCE}
