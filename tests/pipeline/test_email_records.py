"""Stories of what stands in the record of a mail: its text, its direction, and values that settings give it."""

from __future__ import annotations

from typing import Any

import pytest

from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import HOMER, TRACKED, categories, known, saved, says
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

QUOTING = "Fine with me.\n\nOn Mon, 2 Mar 2026 at 08:00, Homer <homer@globex.example> wrote:\n> Shall we?\n"
QUOTING_HTML = (
    "<html><body><div>Fine with me.</div><div class='gmail_quote'><div>On Monday Homer wrote:</div>"
    "<blockquote>Shall we?</blockquote></div></body></html>"
)


def sharing(world: World, **settings: Any) -> UserView:
    ann = world.user(autosave__emails=True)
    world.set(**settings)
    known(world)
    return ann


def task(world: World, *columns: str) -> dict[str, Any]:
    (row,) = world.query(f"SELECT {', '.join(columns)} FROM Task")
    return row


@pytest.mark.rule("RCD-5")
@pytest.mark.parametrize("way", [{}, {"Categories": ["Salesforce"]}], ids=["automatic", "marked"])
def test_where_texts_are_never_written_the_record_has_none(world: World, way: dict[str, Any]) -> None:
    ann = sharing(world, email__without_body=True)
    world.message(ann, "Order", sender=HOMER, Body={"html": "<p>Secret</p>"}, **way)

    world.sync(ann)

    told = saved(world, "TextBody", "HtmlBody", "FromAddress")["Order"]
    assert (told["TextBody"], told["HtmlBody"], told["FromAddress"]) == (None, None, HOMER)


@pytest.mark.rule("RCD-5")
def test_without_texts_a_task_still_says_who_wrote_to_whom(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = sharing(world, email__without_body=True)
    world.message(ann, "Order", sender=HOMER, body="Secret")

    world.sync(ann)

    description = task(world, "Description")["Description"]
    assert description.startswith(f"From: homer <{HOMER}>")
    assert "Secret" not in description


@pytest.mark.rule("RCD-6")
@pytest.mark.parametrize("crop", [False, True])
def test_quoted_messages_are_cut_off_where_that_is_wanted(world: World, crop: bool) -> None:
    ann = sharing(world, email__crop=crop)
    world.message(ann, "Plain", sender=HOMER, body=QUOTING)
    world.message(ann, "Formatted", sender=HOMER, Body={"html": QUOTING_HTML})

    world.sync(ann)

    told = saved(world, "TextBody", "HtmlBody")
    for text in (told["Plain"]["TextBody"], told["Formatted"]["HtmlBody"], told["Formatted"]["TextBody"]):
        assert "Fine with me." in text
        assert ("Shall we?" in text) is not crop


@pytest.mark.rule("RCD-9")
def test_values_that_the_organization_gives_stand_between_its_own_defaults_and_those_of_the_table(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = sharing(world, defaults__email=["Priority=High", "CallDisposition=Logged", "Nonsense__c=1"])
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    told = task(world, "Priority", "CallDisposition", "Status")
    assert told == {"Priority": "High", "CallDisposition": "Logged", "Status": "Completed"}


@pytest.mark.rule("RCD-9", "MKM-4")
def test_a_column_that_the_organization_demands_is_missed_by_name_until_there_is_a_value(world: World) -> None:
    region = {"name": "Region__c", "required": True}
    world.setting(enhanced_email=False, custom_fields={"Task": [region]})
    ann = sharing(world)
    world.message(ann, "Order", sender=HOMER, Categories=["Salesforce"])

    world.sync(ann)

    assert world.records("Task") == []
    assert world.issues(ann) == ["REQUIRED_FIELD_MISSING"]
    shown = categories(world, ann, "Order")
    assert shown[:2] == ["Salesforce", "Sync Error"]
    assert says(world, shown, "Required fields are missing: Region__c")

    world.set(defaults__email=["Region__c=North"])
    world.later(minutes=30)
    world.sync(ann)

    assert task(world, "Region__c") == {"Region__c": "North"}
    assert categories(world, ann, "Order") == TRACKED


@pytest.mark.rule("RCD-10")
def test_a_category_of_the_mail_sets_a_column_and_nothing_comes_back(world: World) -> None:
    world.setting(enhanced_email=False)
    rows = [
        {"category": "Urgent", "column": "Priority", "value": "High"},
        {"category": "Later", "column": "Priority", "value": "Low"},
    ]
    ann = sharing(world, email__category_columns=rows)
    mail = world.message(ann, "Order", sender=HOMER, Categories=["urgent", "Later"])

    world.sync(ann)

    (row,) = world.query("SELECT Id, Priority FROM Task")
    assert row["Priority"] == "High"
    world.change("Task", row["Id"], Priority="Low")
    world.edit(ann, mail, Categories=["Later", *TRACKED])
    world.later(minutes=30)
    world.sync(ann)
    assert task(world, "Priority") == {"Priority": "Low"}
    assert categories(world, ann, "Order") == ["Later", *TRACKED]


@pytest.mark.parametrize("enhanced", [True, False])
def test_the_direction_stands_in_its_column_and_before_the_subject(world: World, enhanced: bool) -> None:
    target = "EmailMessage" if enhanced else "Task"
    world.setting(enhanced_email=enhanced, custom_fields={target: [{"name": "Direction__c"}]})
    ann = sharing(world, email__direction_column="Direction__c", email__inbound_label="Von aussen")
    world.set(email__direction_in_subject=True)
    world.message(ann, "Order", sender=HOMER)
    world.message(ann, "Offer", sender=ann.address, to=HOMER, folder="sentitems")

    world.sync(ann)

    told = world.query(f"SELECT Subject, Direction__c FROM {target} WHERE Direction__c != null ORDER BY Subject")
    assert told == [
        {"Subject": "In: Order", "Direction__c": "Von aussen"},
        {"Subject": "Out: Offer", "Direction__c": "Outbound"},
    ]


@pytest.mark.mail_seed(15)
@pytest.mark.rule("RCD-3")
def test_the_text_of_a_task_is_cut_at_its_limit(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = sharing(world)
    world.message(ann, "Long", sender=HOMER, body="x" * 32_001)

    world.sync(ann)

    description = task(world, "Description")["Description"]
    assert 31_000 < len(description) <= 32_000
    assert description.startswith(f"From: homer <{HOMER}>")


CUT = 131_072


@pytest.mark.mail_seed(15)
@pytest.mark.rule("RCD-4", "RCD-8")
@pytest.mark.parametrize(
    ("at_the_cut", "what"), [("<b title='broken'>ü</b>", "tag"), ("😀" * 12, "pair"), ("plain text", "text")]
)
def test_a_formatted_text_is_cut_between_tags_and_between_characters(world: World, at_the_cut: str, what: str) -> None:
    ann = sharing(world)
    head, tail = "<html><body><p>", "</p></body></html>"
    for shift in range(3):
        filling = "é" * (CUT + 1 - len(head) - len(at_the_cut) // 2 - shift)
        html = f"{head}{filling}{at_the_cut}{'z' * 50}{tail}"
        assert len(html) > CUT
        world.message(ann, f"{what} {shift}", sender=HOMER, Body={"html": html})

    world.sync(ann)

    told = saved(world, "HtmlBody")
    assert len(told) == 3
    for row in told.values():
        text = row["HtmlBody"]
        assert 130_000 < len(text) <= CUT
        assert text.startswith(f"{head}é")
        assert text.encode("utf-8")  # no half of a pair
        assert text.count("<") == text.count(">")


@pytest.mark.mail_seed(15)
@pytest.mark.rule("RCD-4")
def test_a_long_list_of_recipients_is_cut_between_addresses(world: World) -> None:
    ann = sharing(world)
    everybody = [f"person{number:04}@globex{number:04}.example" for number in range(140)]
    assert len("; ".join(everybody)) > 4_001
    world.message(ann, "All", sender=HOMER, to=",".join(everybody))

    world.sync(ann)

    told = saved(world, "ToAddress")["All"]["ToAddress"]
    assert 3_900 < len(told) <= 4_000
    kept = [each.strip() for each in told.replace(",", ";").split(";")]
    assert kept == everybody[: len(kept)]
