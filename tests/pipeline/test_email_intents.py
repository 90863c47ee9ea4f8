"""Stories of messages for which the user chose what is to become of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync_tasks.services import intending
from sync_tasks.services.intending import Choice, InactiveError
from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import HOMER, TRACKED, categories, known, linked, saved, says
from tests.pipeline.test_files import PDF, files_of
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

SENT = "<1@acme.example>"


def choose(world: World, user: UserView, **choice: Any) -> int:
    return intending.add(world.app, user, Choice(**choice), by="test")


def send(world: World, user: UserView, subject: str = "Offer", *, to: str = HOMER, **values: Any) -> str:
    """The mail appears in Sent, with a Message-ID that was known before."""
    return world.message(
        user, subject, sender=user.address, to=to, folder="sentitems", **{"message_id": SENT, **values}
    )  # fmt: skip


def outcomes(world: World, user: UserView) -> list[str]:
    with world.app.store.reading() as unit:
        found = unit.intents.recent(user.id, world.now, closed=True, limit=50)
    return [each.outcome for each in found]


@pytest.mark.rule("WAY-10", "RCD-7")
def test_a_mail_is_saved_with_what_was_chosen_while_it_was_written(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    known(world)
    lisa, _ = known(world, "lisa@elsewhere.example", "Elsewhere")
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    choose(world, ann, message_id=SENT, who=(lisa,), what=deal, values={"Subject": "The offer"})

    world.sync(ann)
    assert saved(world) == {}
    send(world, ann)
    world.later(minutes=30)
    world.sync(ann)

    assert saved(world)["The offer"]["RelatedToId"] == deal
    assert linked(world) - {ann.crm_user_id} == {lisa}
    assert categories(world, ann, "Offer", "sentitems") == TRACKED
    assert outcomes(world, ann) == ["saved"]
    with world.app.store.reading() as unit:
        assert unit.intents.sealed(1) is None
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("RCD-14")
def test_somebody_chosen_who_is_not_on_the_mail_is_related_and_not_put_among_its_readers(world: World) -> None:
    ann = world.user()
    homer, _ = known(world)
    lisa, _ = known(world, "lisa@elsewhere.example", "Elsewhere")
    choose(world, ann, message_id=SENT, who=(homer, lisa))
    send(world, ann)

    world.sync(ann)

    told = saved(world, "ToAddress", "CcAddress")["Offer"]
    assert (told["ToAddress"], told["CcAddress"]) == (HOMER, None)
    rows = world.query("SELECT RelationId, RelationType FROM EmailMessageRelation")
    kinds = {row["RelationId"]: row["RelationType"] for row in rows}
    assert (kinds[homer], kinds[lisa]) == ("ToAddress", "OtherAddress")


@pytest.mark.rule("WAY-11")
def test_a_chosen_mail_is_dated_by_when_it_was_sent(world: World) -> None:
    ann = world.user()
    known(world)
    choose(world, ann, message_id=SENT)
    world.later(days=2)
    send(world, ann)

    world.sync(ann)

    assert saved(world, "MessageDate")["Offer"]["MessageDate"].startswith("2026-03-04T09:00:00")


@pytest.mark.rule("WAY-13")
def test_a_mail_that_can_be_read_is_saved_by_the_next_run(world: World) -> None:
    ann = world.user()
    known(world)
    mail = world.message(ann, "Order", sender=HOMER)
    world.sync(ann)
    assert saved(world) == {}

    choose(world, ann, item=world.known_as(ann, mail))
    world.later(minutes=10)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert outcomes(world, ann) == ["saved"]


@pytest.mark.rule("WAY-13")
def test_a_mail_that_was_met_before_is_found_by_its_message_id(world: World) -> None:
    ann = world.user()
    known(world)
    world.message(ann, "Order", sender=HOMER, message_id="<order@globex.example>")
    world.sync(ann)

    choose(world, ann, message_id="<order@globex.example>")
    world.later(minutes=10)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]


@pytest.mark.rule("WAY-13", "WAY-10")
def test_nothing_is_promised_while_the_user_is_not_synchronized(world: World) -> None:
    ann = world.user()
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, paused_at=world.now)
        paused = unit.accounts.user(ann.id)

    with pytest.raises(InactiveError, match="paused"):
        choose(world, paused, message_id=SENT)
    assert outcomes(world, ann) == []


@pytest.mark.rule("WAY-13")
def test_a_chosen_mail_with_nothing_to_link_to_says_what_is_missing(world: World) -> None:
    ann = world.user()
    choose(world, ann, message_id=SENT)
    send(world, ann)

    world.sync(ann)

    assert world.issues(ann) == ["LINK.NONE"]
    shown = categories(world, ann, "Offer", "sentitems")
    assert shown[0] == "Sync Error"
    assert says(world, shown, "No related records")

    known(world)
    world.later(minutes=30)
    world.sync(ann)
    assert list(saved(world)) == ["Offer"]
    assert categories(world, ann, "Offer", "sentitems") == TRACKED


@pytest.mark.rule("WAY-10")
def test_a_choice_expires_when_its_mail_never_comes(world: World) -> None:
    ann = world.user()
    known(world)
    intending.add(world.app, ann, Choice(message_id=SENT), by="test", lives=timedelta(days=5))
    world.later(days=6)
    send(world, ann)

    world.sync(ann)

    assert saved(world) == {}
    assert outcomes(world, ann) == [""]


@pytest.mark.rule("WAY-10")
def test_the_category_set_while_writing_survives_sending(world: World) -> None:
    ann = world.user()
    known(world)
    world.message(ann, "Offer", sender=ann.address, to=HOMER, folder="drafts", message_id=SENT,
                  Categories=["Salesforce"])  # fmt: skip
    world.sync(ann)
    assert saved(world) == {}

    send(world, ann, Categories=["Salesforce"])
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Offer"]


@pytest.mark.rule("WAY-10")
@pytest.mark.parametrize("item_class", ["REPORT.IPM.Note.NDR", "IPM.Schedule.Meeting.Request"])
def test_not_even_a_chosen_service_mail_is_saved(world: World, item_class: str) -> None:
    ann = world.user()
    known(world)
    choose(world, ann, message_id=SENT)
    send(world, ann, ItemClass=item_class)

    world.sync(ann)

    assert saved(world) == {}


# --- other records for a saved mail


@pytest.mark.rule("RCD-13")
def test_a_saved_mail_for_which_other_records_are_chosen_is_made_anew_with_them(world: World) -> None:
    ann = world.user(autosave__emails=True)
    _, account = known(world)
    send(world, ann)
    world.sync(ann)
    old = saved(world)["Offer"]
    assert old["RelatedToId"] == account
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")

    choose(world, ann, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.sync(ann)

    (new,) = world.query("SELECT Id, RelatedToId FROM EmailMessage")
    assert (new["RelatedToId"], new["Id"] != old["Id"]) == (deal, True)
    assert outcomes(world, ann) == ["saved"]
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("RCD-13")
def test_a_saved_task_is_edited_instead(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = world.user(autosave__emails=True)
    known(world)
    lisa, other = known(world, "lisa@elsewhere.example", "Elsewhere")
    send(world, ann)
    world.sync(ann)
    (before,) = world.query("SELECT Id FROM Task")

    choose(world, ann, message_id=SENT, who=(lisa,), what=other)
    world.later(minutes=10)
    world.sync(ann)

    assert world.query("SELECT Id, WhoId, WhatId FROM Task") == [{**before, "WhoId": lisa, "WhatId": other}]
    assert outcomes(world, ann) == ["saved"]


@pytest.mark.rule("RCD-13")
def test_who_may_not_delete_the_record_keeps_it(world: World) -> None:
    ann = world.user(autosave__emails=True)
    _, account = known(world)
    send(world, ann)
    world.sync(ann)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    world.control("faults", match="sf.row.EmailMessage.delete", times=1,
                  action={"code": "INSUFFICIENT_ACCESS_OR_READONLY"})  # fmt: skip

    choose(world, ann, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.sync(ann)

    assert saved(world)["Offer"]["RelatedToId"] == account
    assert world.issues(ann) == ["INSUFFICIENT_ACCESS_OR_READONLY"]

    world.later(hours=1)
    world.sync(ann)  # by now he may
    assert saved(world)["Offer"]["RelatedToId"] == deal
    assert (categories(world, ann, "Offer", "sentitems"), world.issues(ann)) == (TRACKED, [])


@pytest.mark.rule("RCD-13", "MKM-4")
def test_who_takes_a_refused_choice_back_sees_that_the_mail_is_saved(world: World) -> None:
    ann = world.user(autosave__emails=True)
    _, account = known(world)
    send(world, ann)
    world.sync(ann)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    world.control("faults", match="sf.row.EmailMessage.delete", times=1,
                  action={"code": "INSUFFICIENT_ACCESS_OR_READONLY"})  # fmt: skip
    number = choose(world, ann, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.sync(ann)
    assert "Sync Error" in categories(world, ann, "Offer", "sentitems")

    intending.drop(world.app, number, by="test")
    world.later(hours=1)
    world.sync(ann)

    assert saved(world)["Offer"]["RelatedToId"] == account
    assert (categories(world, ann, "Offer", "sentitems"), world.issues(ann)) == (TRACKED, [])


@pytest.mark.rule("RCD-13")
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_an_answer_that_never_comes_neither_loses_nor_doubles_what_is_made_anew(
    world: World, cut: str, nth: int
) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    send(world, ann)
    world.sync(ann)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    choose(world, ann, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.control("faults", match="sf.collections.*", nth=nth, times=1, action={cut: True})  # deleting, then making

    world.sync(ann, ends="failed")
    for _ in range(3):  # what had no answer stays claimed for a while
        world.later(minutes=30)
        world.sync(ann)

    assert [row["RelatedToId"] for row in world.query("SELECT RelatedToId FROM EmailMessage")] == [deal]
    assert outcomes(world, ann) == ["saved"]


@pytest.mark.rule("RCD-13", "FIL-2")
def test_what_is_made_anew_shows_the_attachments_again(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    send(world, ann, Attachments=[PDF])
    world.sync(ann)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")

    choose(world, ann, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.sync(ann)

    assert saved(world)["Offer"]["RelatedToId"] == deal
    assert files_of(world, saved(world)["Offer"]["Id"]) == ["offer.pdf"]
    assert files_of(world, deal) == ["offer.pdf"]


@pytest.mark.rule("WAY-10", "FIL-5")
def test_attachments_are_not_saved_of_a_mail_that_was_chosen_while_it_was_written(world: World) -> None:
    ann = world.user()
    known(world)
    choose(world, ann, message_id=SENT)
    send(world, ann, Attachments=[PDF])
    world.sync(ann)
    assert files_of(world, saved(world)["Offer"]["Id"]) == []

    mail = world.message(ann, "Order", sender=HOMER, Attachments=[PDF])
    choose(world, ann, item=world.known_as(ann, mail))
    world.later(minutes=10)
    world.sync(ann)

    assert files_of(world, saved(world)["Order"]["Id"]) == ["offer.pdf"]


@pytest.mark.rule("WAY-10", "DUP-11")
def test_a_choice_for_a_mail_that_somebody_else_logged_is_carried_out_once(world: World) -> None:
    ann = world.user()
    known(world)
    world.record("EmailMessage", Subject="Offer", Status="3", MessageIdentifier=SENT)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    choose(world, ann, message_id=SENT, what=deal)
    send(world, ann)

    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)

    assert len(world.records("EmailMessage")) == 1
    assert (outcomes(world, ann), world.issues(ann)) == (["saved"], [])
