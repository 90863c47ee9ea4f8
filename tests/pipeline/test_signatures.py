"""Stories of new people whose records are completed from the signature of their mail, and of signatures that are not
theirs."""

from __future__ import annotations

from typing import Any

import pytest

from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

BART = "bart.simpson@acme-labs.example"
SIGNATURE = """Bart Simpson
Head of Purchasing
Acme Laboratories Ltd.
12 Harbour Street
Boston, MA 02110
Tel: (617) 555-0142
Mobile: (617) 555-0177
bart.simpson@acme-labs.example
"""
LETTER = f"Hello Ann,\n\nplease send us your new price list. Thank you!\n\nBest regards,\n\n{SIGNATURE}"
READ = {"Title": "Head of Purchasing", "Phone": "(617) 555-0142", "MobilePhone": "(617) 555-0177"}
TOLD = tuple(READ)


def seller(world: World, **settings: Any) -> UserView:
    """A user whose mail is saved, and for whom strangers count as soon as they write."""
    return world.user(autosave__emails=True, resolve__require_outbound=False, **{"resolve__kind": "lead"} | settings)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def lead(world: World) -> dict[str, Any]:
    columns = ("FirstName", "LastName", "Company", *TOLD, "Street", "City", "PostalCode", "Description")
    (found,) = world.records("Lead", *columns)
    return found


@pytest.mark.rule("RES-4")
def test_a_lead_has_title_numbers_and_address_of_the_senders_signature(world: World) -> None:
    ann = seller(world)
    world.message(ann, "Prices", sender=BART, body=LETTER)

    world.sync(ann)

    made = lead(world)
    assert (made["FirstName"], made["LastName"]) == ("Bart", "Simpson")
    assert made["Company"] == "Acme Laboratories Ltd." and made["Title"] == "Head of Purchasing"
    assert (made["Phone"], made["MobilePhone"]) == ("(617) 555-0142", "(617) 555-0177")
    assert (made["Street"], made["City"], made["PostalCode"]) == ("12 Harbour Street", "Boston", "02110")
    assert "Message-ID" in made["Description"] and "Read from its signature, lines 7 to 13" in made["Description"]


@pytest.mark.rule("RES-4")
def test_of_several_mails_of_a_stranger_the_signature_that_repeats_is_taken(world: World) -> None:
    ann = seller(world)
    abroad = LETTER.replace("(617) 555-0142", "(617) 555-0999").replace("Purchasing", "Visits")
    for number, body in enumerate((abroad, LETTER, LETTER)):
        world.message(ann, f"Prices {number}", sender=BART, body=body, message_id=f"<{number}@acme-labs.example>")

    world.sync(ann)

    assert {name: lead(world)[name] for name in TOLD} == READ


@pytest.mark.rule("RES-4")
def test_a_signature_in_html_is_read_too(world: World) -> None:
    ann = seller(world)
    rows = "".join(f"<tr><td>{line}</td></tr>" for line in SIGNATURE.splitlines())
    html = f"<p>Hello Ann,</p><p>please send us your new price list.</p><p>Best regards</p><table>{rows}</table>"
    world.message(ann, "Prices", sender=BART, Body={"html": html})

    world.sync(ann)

    assert {name: lead(world)[name] for name in TOLD} == READ


@pytest.mark.rule("RES-4")
def test_where_nobody_signs_the_fields_are_left_for_the_user(world: World) -> None:
    ann = seller(world)
    world.message(ann, "Prices", sender=BART, body="Please send us your new price list. Thank you!")

    world.sync(ann)

    assert {name: lead(world)[name] for name in TOLD} == dict.fromkeys(TOLD)
    assert "signature" not in lead(world)["Description"]


@pytest.mark.mail_seed(21)
def test_the_users_own_signature_is_used_for_nobody(world: World) -> None:
    ann = seller(world)
    own = SIGNATURE.replace("Bart Simpson", "Ann Smith").replace(BART, "ann@acme.example")
    world.message(ann, "Our prices", sender="ann@acme.example", to=BART, folder="sentitems", body=f"Hi\n\n{own}")
    answer = f"Thank you!\n\nOn Monday Ann wrote:\n> Hi\n> \n{quoted(own)}"
    world.message(ann, "Re: Our prices", sender=BART, body=answer)
    world.message(ann, "Re: Our prices again", sender="lisa@springfield.example", body=f"Thank you!\n\n{own}")

    world.sync(ann)

    made = world.records("Lead", "Email", *TOLD)
    assert {row["Email"] for row in made} == {BART, "lisa@springfield.example"}
    assert {row[name] for row in made for name in TOLD} == {None}


@pytest.mark.mail_seed(21)
def test_the_signature_of_a_forwarded_mail_is_not_used(world: World) -> None:
    ann = seller(world)
    header = "From: Lisa Simpson <lisa@springfield.example>\nSent: Monday\nTo: Bart\nSubject: Prices\n\n"
    signed = SIGNATURE.replace("Bart", "Lisa").replace(BART, "lisa@springfield.example")
    world.message(ann, "Fw: Prices", sender=BART, body=f"FYI\n\n-----Original Message-----\n{header}Hi\n\n{signed}")
    world.message(ann, "Lisa", sender="homer@springfield.example", body=f"See what Lisa wrote.\n\nRegards,\n\n{signed}")

    world.sync(ann)

    made = world.records("Lead", "Email", *TOLD)
    assert {row["Email"] for row in made} == {BART, "homer@springfield.example"}
    assert {row[name] for row in made for name in TOLD} == {None}


@pytest.mark.rule("RES-4")
@pytest.mark.parametrize("settings", [{"signature__read": False}, {"signature__confidence": 100}])
def test_reading_is_a_matter_of_settings(world: World, settings: dict[str, Any]) -> None:
    ann = seller(world, **settings)
    world.message(ann, "Prices", sender=BART, body=LETTER)

    world.sync(ann)

    assert {name: lead(world)[name] for name in TOLD} == dict.fromkeys(TOLD)


@pytest.mark.rule("RES-4", "RES-5")
def test_a_contact_under_an_account_is_completed_as_well(world: World) -> None:
    ann = seller(world, resolve__kind="off", resolve__smart=True)
    world.record("Account", Name="Acme", Website="https://acme-labs.example")
    world.message(ann, "Prices", sender=BART, body=LETTER)

    world.sync(ann)

    (made,) = world.records("Contact", *TOLD, "MailingCity", "Account.Name")
    assert {name: made[name] for name in TOLD} == READ and made["MailingCity"] == "Boston"
