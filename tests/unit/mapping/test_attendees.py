"""The list of guests, merged over eight cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.model import fields
from mapping.model.item import Attendee, Response, Role, Side
from mapping.model.people import PersonRecord
from mapping.rules.attendees import (
    AttendeePlan,
    crm_status,
    invitee_record,
    merge_attendees,
    person_mark,
    under_one_address,
)
from mapping.tables.event import EVENT
from tests.support.items import CUSTOMER, OTHER, guest

KEY = b"key"


def base(*addresses: str) -> frozenset[str]:
    return frozenset(person_mark(KEY, each) for each in addresses)


def plan(
    mailbox: list[Attendee], crm: list[Attendee], common: frozenset[str] = frozenset(), *, mine: bool = True,
    track: bool = False,
) -> AttendeePlan:  # fmt: skip
    return merge_attendees(tuple(mailbox), tuple(crm), common, KEY, organizer_is_me=mine, track_deleted=track)


@pytest.mark.rule("ATT-1", "STS-1")
def test_a_guest_added_in_salesforce_is_invited_without_an_answer() -> None:
    found = plan([], [guest(CUSTOMER, Response.DECLINED)])

    assert found.add_to_mailbox == (guest(CUSTOMER),)
    assert found.agreed == base(CUSTOMER)


@pytest.mark.rule("ATT-2")
def test_a_guest_removed_in_salesforce_stays_in_the_mailbox_and_is_not_added_again() -> None:
    found = plan([guest(CUSTOMER)], [], base(CUSTOMER))

    assert found == AttendeePlan(agreed=base(CUSTOMER))


@pytest.mark.rule("ATT-2")
def test_a_guest_removed_in_salesforce_is_uninvited_when_that_is_tracked() -> None:
    found = plan([guest(CUSTOMER)], [], base(CUSTOMER), track=True)

    assert found == AttendeePlan(remove_from_mailbox=(guest(CUSTOMER),))


@pytest.mark.rule("ATT-3")
def test_a_guest_added_in_the_mailbox_is_added_with_his_answer() -> None:
    accepted = guest(CUSTOMER, Response.ACCEPTED)

    assert plan([accepted], [], track=True).add_to_crm == (accepted,)


@pytest.mark.rule("ATT-4")
@pytest.mark.parametrize("response", Response)
def test_a_guest_removed_in_the_mailbox_is_removed_whatever_he_answered(response: Response) -> None:
    found = plan([], [guest(CUSTOMER, response)], base(CUSTOMER))

    assert found == AttendeePlan(remove_from_crm=(CUSTOMER,))


@pytest.mark.rule("ATT-5")
def test_the_common_list_decides_between_adding_and_removing() -> None:
    assert plan([], [guest(CUSTOMER)], base(CUSTOMER)).remove_from_crm == (CUSTOMER,)
    assert plan([], [guest(CUSTOMER)]).add_to_mailbox == (guest(CUSTOMER),)


@pytest.mark.rule("ATT-10")
def test_a_colleague_under_another_address_is_neither_added_nor_removed() -> None:
    primary = {"robert@acme.example": "bob@acme.example"}
    ours = under_one_address([guest("robert@acme.example", Response.ACCEPTED)], primary)
    theirs = under_one_address([guest("bob@acme.example")], primary)

    found = plan(list(ours), list(theirs))

    assert found.add_to_crm == found.add_to_mailbox == ()
    assert found.status_to_crm == (("bob@acme.example", "Accepted"),)


@pytest.mark.rule("FLD-8")
def test_answers_that_salesforce_is_about_to_forget_are_told_again() -> None:
    ours = [guest(CUSTOMER, Response.ACCEPTED), guest(OTHER, Response.TENTATIVE)]
    theirs = tuple(ours)

    moved = merge_attendees(
        tuple(ours), theirs, base(CUSTOMER, OTHER), KEY, organizer_is_me=True, track_deleted=False, answers_lost=True
    )
    assert moved.status_to_crm == ((CUSTOMER, "Accepted"),)
    assert plan(ours, list(theirs), base(CUSTOMER, OTHER)).status_to_crm == ()


@pytest.mark.rule("STS-3")
def test_in_somebody_elses_meeting_not_even_ones_own_answer_is_told() -> None:
    found = plan([guest("me@acme.example", Response.ACCEPTED)], [guest("me@acme.example")], base(CUSTOMER), mine=False)

    assert found == AttendeePlan(agreed=base(CUSTOMER))


@pytest.mark.rule("STS-1", "STS-4", "STS-5")
def test_answers_go_up_only_where_they_differ() -> None:
    ours = [guest(CUSTOMER, Response.ACCEPTED), guest(OTHER, Response.TENTATIVE)]
    theirs = [guest(CUSTOMER, Response.DECLINED), guest(OTHER, Response.UNKNOWN)]
    found = plan(ours, theirs, base(CUSTOMER, OTHER))

    assert found.status_to_crm == ((CUSTOMER, "Accepted"),)
    assert found.add_to_mailbox == found.add_to_crm == ()


@pytest.mark.rule("STS-2")
def test_only_accepted_and_declined_are_answers() -> None:
    told = {response: crm_status(response) for response in Response}

    assert told.pop(Response.ACCEPTED) == "Accepted"
    assert told.pop(Response.DECLINED) == "Declined"
    assert set(told.values()) == {"New"}


@pytest.mark.rule("ROL-4")
def test_somebody_elses_meeting_is_left_to_him() -> None:
    found = plan([guest(CUSTOMER, Response.ACCEPTED)], [guest(OTHER)], base(OTHER), mine=False)

    assert found == AttendeePlan(agreed=base(OTHER))


def test_rooms_are_no_guests() -> None:
    assert plan([guest("room@acme.example", role=Role.RESOURCE)], []) == AttendeePlan()


def test_a_guest_gone_on_both_sides_is_forgotten() -> None:
    assert plan([], [], base(CUSTOMER)) == AttendeePlan()


PEOPLE = st.lists(st.builds(guest, st.sampled_from("abcdef").map("{}@x.example".format), st.sampled_from(Response)))


@pytest.mark.rule("ATT-6")
@given(PEOPLE, PEOPLE, st.frozensets(st.sampled_from("abcdef")), st.booleans())
def test_once_done_there_is_nothing_left_to_do(
    mailbox: list[Attendee], crm: list[Attendee], common: frozenset[str], track: bool
) -> None:
    found = plan(mailbox, crm, base(*(f"{each}@x.example" for each in common)), track=track)
    ours = {each.address: each for each in mailbox}
    theirs = {each.address: each for each in crm}
    ours |= {each.address: each for each in found.add_to_mailbox}
    for gone in found.remove_from_mailbox:
        del ours[gone.address]
    theirs |= {each.address: each for each in found.add_to_crm}
    for address in found.remove_from_crm:
        del theirs[address]
    for address, status in found.status_to_crm:
        theirs[address] = guest(address, Response(status.lower()) if status != "New" else Response.UNKNOWN)

    again = plan(list(ours.values()), list(theirs.values()), found.agreed, track=track)

    # A guest who just came down has answered nothing in the mailbox yet, and Salesforce is told so.
    asked = {each.address for each in found.add_to_mailbox}
    assert {address for address, _ in again.status_to_crm} <= asked
    assert (again.add_to_mailbox, again.add_to_crm, again.remove_from_crm, again.remove_from_mailbox) == ((),) * 4
    assert again.agreed == found.agreed


@pytest.mark.rule("ROL-1")
def test_a_colleague_is_invited_as_a_user_others_by_their_best_record() -> None:
    user, contact, lead = (PersonRecord(kind, kind, CUSTOMER) for kind in ("User", "Contact", "Lead"))

    assert invitee_record([lead, contact, user]) is user
    assert invitee_record([lead, contact]) is contact
    assert invitee_record([lead]) is lead
    assert invitee_record([]) is None


@pytest.mark.rule("TOP-3")
@given(
    people=st.dictionaries(st.sampled_from([f"p{n}@globex.example" for n in range(8)]),
                           st.tuples(st.sampled_from(Response), st.sampled_from(Response)), max_size=8),
    known=st.booleans(), track=st.booleans(), lost=st.booleans(),
    authority=st.sampled_from([None, Side.MAILBOX, Side.CRM]),
)  # fmt: skip
def test_guests_whom_both_sides_list_are_never_written_to_the_mailbox(
    people: dict[str, tuple[Response, Response]], known: bool, track: bool, lost: bool, authority: Side | None
) -> None:
    found = merge_attendees(
        tuple(guest(address, ours) for address, (ours, _) in people.items()),
        tuple(guest(address, theirs) for address, (_, theirs) in people.items()),
        base(*people) if known else frozenset(),
        KEY, organizer_is_me=True, track_deleted=track, authority=authority, answers_lost=lost,
    )  # fmt: skip

    assert (found.add_to_mailbox, found.remove_from_mailbox) == ((), ())


@pytest.mark.rule("TOP-3")
def test_no_row_of_the_event_table_writes_the_list_of_guests() -> None:
    assert fields.ATTENDEES not in {row.reads for row in EVENT.fields}
