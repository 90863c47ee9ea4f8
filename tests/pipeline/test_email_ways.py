"""Stories of the ways by which a mail is saved or is not: marks, folders, directions, and marks that nobody set."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import HOMER, MARK, TRACKED, categories, home, known, saved
from tests.pipeline.test_files import PDF, files_of
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def received(world: World, user: UserView, subject: str = "Order", **values: Any) -> str:
    return world.message(user, subject, sender=HOMER, **values)


# --- what is never saved


SERVICE = {
    "delivery failure": {"ItemClass": "REPORT.IPM.Note.NDR"},
    "out of office": {"ItemClass": "IPM.Note.Rules.OofTemplate.Microsoft"},
    "read receipt": {"ItemClass": "REPORT.IPM.Note.IPNRN"},
    "meeting response": {"ItemClass": "IPM.Schedule.Meeting.Resp.Pos"},
    "failure from elsewhere": {"InternetMessageHeaders": [["Content-Type", "multipart/report"]]},
}
SEALED = {
    "S/MIME": {"ItemClass": "IPM.Note.SMIME"},
    "S/MIME, signed": {"ItemClass": "IPM.Note.SMIME.MultipartSigned"},
    "PGP": {"InternetMessageHeaders": [["Content-Type", "multipart/encrypted; boundary=x"]]},
}


@pytest.mark.mail_seed(17)
@pytest.mark.rule("WAY-1", "WAY-5")
@pytest.mark.parametrize("what", SERVICE)
@pytest.mark.parametrize("marks", [{}, MARK], ids=["automatic", "marked"])
def test_a_service_mail_is_saved_in_no_way(world: World, what: str, marks: dict[str, Any]) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, what, **SERVICE[what], **marks)

    world.sync(ann)

    assert saved(world) == {}
    assert Reason.SERVICE_MAIL in world.reasons(ann)
    assert world.issues(ann) == []
    assert categories(world, ann, what) == marks.get("Categories", [])


@pytest.mark.mail_seed(17)
@pytest.mark.rule("WAY-1", "MKM-4")
@pytest.mark.parametrize("what", SEALED)
def test_a_sealed_mail_that_was_marked_is_not_saved_and_says_so(world: World, what: str) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, what, **SEALED[what], **MARK)
    received(world, ann, "unasked", message_id="<2@globex.example>", **SEALED[what])

    world.sync(ann)

    assert saved(world) == {}
    assert world.issues(ann) == ["MAIL_ENCRYPTED"]
    assert categories(world, ann, what)[:2] == ["Salesforce", "Sync Error"]
    assert categories(world, ann, "unasked") == []
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


# --- where


@pytest.mark.mail_seed(5)
@pytest.mark.rule("WAY-2")
@pytest.mark.every_mailbox(Can.FOLDERS)
def test_a_marked_mail_in_a_folder_below_the_inbox_stays_untouched(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.folder(ann, "Projects", parent="inbox")
    received(world, ann, folder="Projects", **MARK)

    world.sync(ann)

    assert saved(world) == {}
    assert categories(world, ann, "Order", "Projects") == MARK["Categories"]


@pytest.mark.rule("WAY-6")
@pytest.mark.parametrize(("direction", "subjects"), [("outbound", ["Sent"]), ("inbound", ["Received"])])
def test_only_one_direction_is_saved_automatically_and_a_mark_saves_either(
    world: World, direction: str, subjects: list[str]
) -> None:
    ann = world.user(autosave__emails=True, autosave__email_direction=direction)
    known(world)
    received(world, ann, "Received")
    world.message(ann, "Sent", sender=ann.address, to=HOMER, folder="sentitems")
    received(world, ann, "Marked in", message_id="<3@globex.example>", **MARK)
    world.message(ann, "Marked out", sender=ann.address, to=HOMER, folder="sentitems",
                  message_id="<4@globex.example>", **MARK)  # fmt: skip

    world.sync(ann)

    assert sorted(saved(world)) == sorted([*subjects, "Marked in", "Marked out"])
    assert Reason.OTHER_DIRECTION in world.reasons(ann)


@pytest.mark.mail_seed(18)
@pytest.mark.rule("WAY-7")
def test_the_first_run_takes_what_is_a_little_younger_than_six_days_and_nothing_older(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    for age, subject in ((timedelta(days=5, hours=23), "Young"), (timedelta(days=6, hours=1), "Old")):
        moment = (world.now - age).isoformat()
        received(world, ann, subject, DateTimeReceived=moment, DateTimeSent=moment)

    world.sync(ann)

    assert list(saved(world)) == ["Young"]


@pytest.mark.rule("WAY-7")
@pytest.mark.every_mailbox(Can.DATED_LOOKS)
def test_the_first_run_does_not_even_read_what_is_too_old(world: World) -> None:
    ann = world.user(autosave__emails=True)
    for number in range(3):
        moment = (world.now - timedelta(days=10)).isoformat()
        received(world, ann, f"Old {number}", DateTimeReceived=moment, DateTimeSent=moment)
    world.calls()

    world.sync(ann)

    assert world.asked("read") == 0


@pytest.mark.rule("WAY-8")
@pytest.mark.parametrize("wanted", [False, True])
def test_mail_from_before_the_activation_may_be_with_free_mail_services(world: World, wanted: bool) -> None:
    ann = world.user(autosave__emails=True)
    world.set(autosave__history_free_mail=wanted)
    world.record("Lead", LastName="Simpson", Company="Home", Email="homer@gmail.com")
    before = (world.now - timedelta(days=2)).isoformat()
    world.message(ann, "Before", sender="homer@gmail.com", DateTimeReceived=before, DateTimeSent=before)
    world.later(minutes=5)
    world.message(ann, "After", sender="homer@gmail.com", message_id="<2@gmail.com>")

    world.sync(ann)

    assert list(saved(world)) == (["Before"] if wanted else [])


@pytest.mark.rule("WAY-14")
def test_the_managed_folder_is_made_again_and_goes_on_to_save(world: World) -> None:
    ann = world.user()
    known(world)
    world.sync(ann)
    world.drop_folder(ann, "Salesforce Emails")
    world.later(minutes=30)

    world.sync(ann)
    mail = received(world, ann)
    world.move(ann, mail, "Salesforce Emails")
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert categories(world, ann, "Order", home(world)) == TRACKED


@pytest.mark.rule("WAY-14", "WAY-3")
def test_what_stands_in_a_managed_folder_that_its_owner_made_again_is_saved(world: World) -> None:
    ann = world.user()
    known(world)
    world.sync(ann)
    world.drop_folder(ann, "Salesforce Emails")
    world.folder(ann, "Salesforce Emails")
    world.move(ann, received(world, ann), "Salesforce Emails")
    world.later(minutes=30)

    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert categories(world, ann, "Order", home(world)) == TRACKED


@pytest.mark.rule("WAY-14")
def test_categories_that_were_taken_off_the_list_come_back_within_a_day(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.app.mailbox(ann).withdraw()
    assert "Sync Error" not in world.categories(ann)

    world.later(hours=23)
    world.sync(ann)
    assert "Sync Error" not in world.categories(ann)
    world.later(hours=2)
    world.sync(ann)

    assert "Sync Error" in world.categories(ann)


# --- marks that nobody set


def reply(world: World, user: UserView, parent: str = "<order@globex.example>", **values: Any) -> str:
    """What new Outlook leaves in Sent: the reply bears the categories of the mail it answers."""
    given = {"InReplyTo": parent, "message_id": "<reply@acme.example>", "Categories": ["Family", *TRACKED], **values}
    return world.message(user, "RE: Order", sender=user.address, to=HOMER, folder="sentitems", **given)


@pytest.mark.mail_seed(6)
@pytest.mark.rule("WAY-15")
@pytest.mark.every_mailbox(Can.INHERITED_MARKS)
def test_a_reply_that_inherited_its_mark_is_not_saved_and_loses_it(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    known(world)
    received(world, ann, message_id="<order@globex.example>", **MARK)
    world.sync(ann)
    world.later(minutes=30)
    reply(world, ann)

    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert Reason.INHERITED_CATEGORY in world.reasons(ann)
    assert categories(world, ann, "RE: Order", "sentitems") == ["Family"]
    assert world.issues(ann) == []


@pytest.mark.rule("WAY-15")
@pytest.mark.parametrize("pause", [0, 45])
@pytest.mark.every_mailbox(Can.INHERITED_MARKS)
def test_a_mark_that_is_set_after_the_inherited_one_was_taken_off_saves_the_reply(world: World, pause: int) -> None:
    ann = world.user()
    known(world)
    received(world, ann, message_id="<order@globex.example>", **MARK)
    world.sync(ann)
    world.later(minutes=30)
    mail = reply(world, ann)
    world.sync(ann)
    if pause:
        world.later(minutes=pause)
        world.sync(ann)  # sees it without a mark

    world.edit(ann, mail, Categories=["Family", "Salesforce"])
    world.later(minutes=30)
    world.sync(ann)

    assert sorted(saved(world)) == ["Order", "RE: Order"]
    assert categories(world, ann, "RE: Order", "sentitems") == ["Family", *TRACKED]


@pytest.mark.rule("WAY-15")
def test_a_reply_that_was_seen_unmarked_before_is_saved_when_it_is_marked(world: World) -> None:
    ann = world.user()
    known(world)
    received(world, ann, message_id="<order@globex.example>", **MARK)
    world.sync(ann)
    world.later(minutes=30)
    mail = reply(world, ann, Categories=[])
    world.sync(ann)

    world.edit(ann, mail, Categories=["Salesforce"])
    world.later(minutes=30)
    world.sync(ann)

    assert sorted(saved(world)) == ["Order", "RE: Order"]


@pytest.mark.rule("WAY-15")
def test_a_reply_older_than_the_saving_of_what_it_answers_inherited_nothing(world: World) -> None:
    ann = world.user()
    known(world)
    received(world, ann, message_id="<order@globex.example>", **MARK)
    reply(world, ann, Categories=["Salesforce"])
    world.later(minutes=30)

    world.sync(ann)

    assert sorted(saved(world)) == ["Order", "RE: Order"]


@pytest.mark.rule("WAY-15")
@pytest.mark.every_mailbox(Can.INHERITED_MARKS)
def test_an_inherited_mark_does_not_keep_a_reply_from_being_saved_automatically(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, message_id="<order@globex.example>")
    world.sync(ann)
    world.later(minutes=30)
    reply(world, ann)
    reply(world, ann, message_id="<fwd@acme.example>", Subject="FW: Order",
          ToRecipients=[{"address": "bob@acme.example", "name": "Bob"}])  # fmt: skip

    world.sync(ann)

    assert sorted(saved(world)) == ["Order", "RE: Order"]
    assert categories(world, ann, "FW: Order", "sentitems") == ["Family"]


@pytest.mark.rule("WAY-16")
@pytest.mark.every_mailbox(Can.INHERITED_MARKS)
def test_a_mail_that_came_with_the_mark_of_its_senders_contact_is_not_saved(world: World) -> None:
    ann = world.user(contacts__enabled=True)
    known(world)
    world.contact(ann, "Homer", email=HOMER, marked=True)
    world.sync(ann)
    world.later(minutes=30)
    received(world, ann, "From a contact", **MARK)
    late = received(world, ann, "Marked by hand", message_id="<2@globex.example>")
    world.later(minutes=5)
    world.edit(ann, late, **MARK)

    world.sync(ann)

    assert list(saved(world)) == ["Marked by hand"]
    assert categories(world, ann, "From a contact") == []
    assert Reason.INHERITED_CATEGORY in world.reasons(ann)

    mail = next(each["id"] for each in world.items(ann, "inbox") if each["values"]["Subject"] == "From a contact")
    world.edit(ann, mail, **MARK)
    world.later(minutes=30)
    world.sync(ann)
    assert sorted(saved(world)) == ["From a contact", "Marked by hand"]


# --- once more


@pytest.mark.mail_seed(23)
@pytest.mark.rule("RCD-12", "MKM-2", "MKM-3")
def test_a_mail_whose_record_was_deleted_comes_back_only_when_it_is_marked_anew(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True)
    known(world)
    mail = received(world, ann, Attachments=[PDF])
    world.sync(ann)
    world.remove("EmailMessage", saved(world)["Order"]["Id"])

    world.later(minutes=30)
    world.edit(ann, mail, Importance="High")  # our own mark on it asks for nothing
    world.sync(ann)
    assert saved(world) == {}
    world.edit(ann, mail, Categories=["Family"])
    world.later(minutes=30)
    world.sync(ann)
    assert saved(world) == {}
    assert categories(world, ann, "Order") == ["Family"]

    world.edit(ann, mail, Categories=["Family", "Salesforce"])
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert categories(world, ann, "Order") == ["Family", *TRACKED]
    assert files_of(world, saved(world)["Order"]["Id"]) == ["offer.pdf"]


@pytest.mark.rule("RCD-12", "WAY-3")
def test_moving_it_into_the_folder_brings_a_deleted_record_back_too(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    mail = received(world, ann)
    world.sync(ann)
    world.remove("EmailMessage", saved(world)["Order"]["Id"])

    world.move(ann, mail, "Salesforce Emails")
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert categories(world, ann, "Order", home(world)) == TRACKED


@pytest.mark.rule("RCD-12")
def test_where_it_is_wanted_a_deleted_record_comes_back_with_the_next_change(world: World) -> None:
    ann = world.user(autosave__emails=True)
    world.set(email__resave_deleted=True)
    known(world)
    mail = received(world, ann)
    world.sync(ann)
    world.remove("EmailMessage", saved(world)["Order"]["Id"])

    world.edit(ann, mail, Categories=["Family", *TRACKED])
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]


@pytest.mark.rule("DUP-1", "MKM-3")
def test_marking_a_saved_mail_anew_makes_no_second_record(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    mail = received(world, ann)
    world.sync(ann)
    for marks in ([], ["Salesforce"]):
        world.edit(ann, mail, Categories=marks)
        world.later(minutes=30)
        world.sync(ann)

    assert len(saved(world)) == 1
    assert len(world.records("EmailMessage")) == 1


# --- marks


@pytest.mark.rule("MKM-1")
def test_success_is_marked_in_one_update_that_leaves_other_categories_alone(world: World) -> None:
    ann = world.user()
    received(world, ann, Categories=["Family", "Salesforce", "Blue"])
    world.sync(ann)
    known(world)
    world.later(minutes=30)
    world.calls()

    world.sync(ann)

    assert sorted(categories(world, ann, "Order")) == ["Blue", "Family", *TRACKED]
    assert world.asked("mark") == 1


@pytest.mark.rule("WAY-17")
def test_a_shared_mailbox_saves_for_its_own_salesforce_user_whoever_marks(world: World) -> None:
    world.setting(enhanced_email=False)
    shared, bob = world.user("info@acme.example"), world.user("bob@acme.example")
    known(world)
    mail = received(world, shared)
    received(world, bob, "To Bob", message_id="<2@globex.example>")
    for user in (shared, bob):
        world.sync(user)

    world.edit(shared, mail, **MARK)  # as Bob does, who may open it
    world.later(minutes=30)
    for user in (bob, shared):
        world.sync(user)

    assert world.query("SELECT Subject, OwnerId FROM Task") == [{"Subject": "Order", "OwnerId": shared.crm_user_id}]
    assert categories(world, shared, "Order") == TRACKED
