"""Stories of what messages name: pages of Salesforce, numbers of cases, the message that is answered."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from mapping.rules.candidates import Code
from tests.support.links import about, account, candidates, contact, deal, steps
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER, MARGE = "homer@globex.example", "marge@globex.example"


def pages(world: World, *ids: str, host: str = "") -> str:
    base = f"http://{host}" if host else world.server.url
    return "See " + ", ".join(f"{base}/lightning/r/Opportunity/{each}/view" for each in ids) + "."


@pytest.mark.rule("LNK-5", "LNK-2")
@pytest.mark.mail_seed(2)
def test_a_page_of_this_very_org_in_the_text_goes_before_what_rules_find(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True)
    globex = account(world)
    contact(world, AccountId=globex)
    deal(world, globex, "Mine", OwnerId=ann.crm_user_id)
    named = deal(world, account(world, "Other"), "Named")
    mail = world.message(ann, "Order", sender=HOMER, body=pages(world, named))
    world.message(ann, "Foreign", sender=HOMER, body=pages(world, named, host="other.my.salesforce.com"))
    world.message(ann, "Gone", sender=HOMER, body=pages(world, "006000000000009AAA"))

    world.sync(ann)

    assert about(world) == named
    assert named not in (about(world, "Foreign"), about(world, "Gone"))
    assert Code.NAMED in candidates(world, ann, mail)[1].reasons


@pytest.mark.rule("LNK-5", "LNK-9")
@pytest.mark.parametrize(
    ("subject", "status", "age", "found"),
    [
        ("Case {number}: broken", "New", 0, True),
        ("RE: ticket #{short}", "New", 0, True),
        ("[{number}] broken", "New", 0, True),
        ("Broken {number}", "New", 0, False),
        ("Case {number}", "Closed", 0, False),
        ("Case {number}", "New", 91, False),
    ],
)
def test_the_number_of_an_open_case_in_the_subject_leads_to_it(
    world: World, subject: str, status: str, age: int, found: bool
) -> None:
    globex = account(world)
    contact(world, AccountId=globex)
    case = world.record("Case", Subject="Broken", Status=status)
    number = world.query("SELECT CaseNumber FROM Case")[0]["CaseNumber"]
    world.later(days=age)
    ann = world.user(autosave__emails=True)
    title = subject.format(number=number, short=number.lstrip("0"))
    world.message(ann, title, sender=HOMER)

    world.sync(ann)

    assert about(world, title) == (case if found else globex)


@pytest.mark.rule("LNK-5")
def test_a_marked_mail_of_nobody_known_is_saved_to_what_it_names(world: World) -> None:
    ann = world.user()
    named = deal(world, account(world))
    world.message(ann, "Order", sender="stranger@nowhere.example", body=pages(world, named), Categories=["Salesforce"])

    world.sync(ann)

    assert about(world) == named
    assert Reason.RECORD_NAMED in world.reasons(ann)


@pytest.mark.rule("LNK-29")
def test_an_answer_to_a_mail_from_salesforce_is_linked_to_whom_that_was_sent(world_on_both: World) -> None:
    world = world_on_both
    world.set(link__reply_anchor=True)
    ann = world.user(autosave__emails=True)
    globex = account(world)
    first = contact(world, AccountId=globex)
    contact(world, AccountId=globex, OwnerId=ann.crm_user_id)  # what the address alone would lead to
    case_of = deal(world, globex, "Sent about")
    world.record(
        "EmailMessage", Subject="Offer", Status="3", Incoming=False, MessageIdentifier="<offer@acme.example>",
        RelatedToId=case_of, ToIds=[first],
    )  # fmt: skip
    mail = world.message(
        ann, "Re: Offer", sender=HOMER, InReplyTo="<offer@acme.example>", References="<offer@acme.example>"
    )

    world.sync(ann)

    assert about(world, "Re: Offer") == case_of
    (reply,) = world.query("SELECT Id FROM EmailMessage WHERE Subject = 'Re: Offer'")
    relations = world.query(f"SELECT RelationId FROM EmailMessageRelation WHERE EmailMessageId = '{reply['Id']}'")
    assert first in {row["RelationId"] for row in relations}
    assert Code.ANSWERED in steps(world, ann, mail)


@pytest.mark.rule("LNK-29")
def test_an_answer_to_what_was_only_logged_by_us_is_nothing_special(world: World) -> None:
    ann = world.user(autosave__emails=True, link__reply_anchor=True)
    globex = account(world)
    contact(world, AccountId=globex)
    world.message(ann, "Offer", sender="ann@acme.example", to=HOMER, folder="sentitems", message_id="<1@acme.example>")
    world.sync(ann)
    mail = world.message(ann, "Re: Offer", sender=HOMER, InReplyTo="<1@acme.example>")
    world.later(minutes=30)

    world.sync(ann)

    assert Code.ANSWERED not in steps(world, ann, mail)
    assert about(world, "Re: Offer") == globex


# --- cost


@pytest.mark.every_mailbox(Can.WHOLE_LOOKS)
def test_two_hundred_messages_of_as_many_people_are_looked_up_in_a_handful_of_calls(world: World) -> None:
    ann = world.user(autosave__emails=True, link__reply_anchor=True)
    globex = account(world)
    world.enter(
        "Contact", [{"LastName": f"P{n}", "Email": f"p{n}@globex.example", "AccountId": globex} for n in range(200)]
    )
    named = [deal(world, globex, f"Deal {n}") for n in range(5)]
    case = world.record("Case", Subject="Broken")
    number = world.query(f"SELECT CaseNumber FROM Case WHERE Id = '{case}'")[0]["CaseNumber"]
    world.sync(ann)
    for n in range(200):
        world.message(
            ann, f"Order {n}" if n % 2 else f"Case {number} {n}", sender=f"p{n}@globex.example",
            body=pages(world, named[n % 5]), InReplyTo=f"<{n}@elsewhere.example>",
        )  # fmt: skip
    world.calls()

    world.sync(ann)

    calls: Any = world.calls()
    assert len(world.records("EmailMessage")) == 200
    # the poll, people, what the mails name, opportunities, what was logged already
    assert calls["salesforce"]["sf.composite"] == 5
    assert sum(calls["salesforce"].values()) <= 8
