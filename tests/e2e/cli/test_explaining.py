"""`inbox-sync explain` on messages of different fates: each story in words, with what decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.e2e.cli.conftest import ANN, Company

HOMER = "homer@globex.example"
LONG_AGO = (datetime.now(UTC) - timedelta(days=30)).isoformat()


@dataclass(frozen=True)
class Fate:
    """A message, and what its story says in the end: the sentence, the rule, the setting that decided."""

    sender: str
    sentence: str
    rule: str
    setting: str = ""
    values: dict[str, Any] = field(default_factory=dict)


FATES = {
    "known": Fate(HOMER, "Saved, because somebody on it is known in Salesforce.", "WAY-5", "autosave.email_mode = 0"),
    "unknown": Fate("new@nowhere.example", "Nobody on it is known in Salesforce.", "WAY-5", "autosave.email_mode = 0"),
    "colleague": Fate(
        "bob@acme.example", "Only colleagues take part. Mark the item if you want it saved.", "FLT-8",
        "domains.internal = 1 entries (organization)",
    ),
    "free": Fate(
        "somebody@gmail.com", "Everybody on it is on a block list or uses a free mail service.", "FLT-7",
        "blocklist.free_mail = yes (default)",
    ),
    "private": Fate(
        HOMER, "The item is private. Mark it if you want it saved.", "FLT-14", "mail.skip_private = yes",
        {"Sensitivity": "Private"},
    ),
    "old": Fate(
        HOMER, "The item is older than your synchronization. Mark it if you want it saved.", "WAY-7",
        "autosave.first_email_days = 6", {"DateTimeReceived": LONG_AGO, "DateTimeSent": LONG_AGO},
    ),
    "alone": Fate(
        "alone@island.example", "The person found belongs to no account.", "LNK-22", "link.require_account = yes"
    ),
    "asked": Fate(
        "new@nowhere.example", "No related records: nobody on it is known in Salesforce, and no record may be made.",
        "WAY-1", "resolve.kind = off", {"Categories": ["Salesforce"]},
    ),
    "named": Fate(
        "new@nowhere.example", "Saved, because its text names a record in Salesforce.", "WAY-1", "link.urls = yes",
        {"Categories": ["Salesforce"], "Body": "PAGE"},
    ),
    "answer": Fate(
        HOMER, "Receipts, delivery reports and answers to invitations are not saved.", "WAY-5", "",
        {"ItemClass": "IPM.Schedule.Meeting.Resp.Pos"},
    ),
}  # fmt: skip


@pytest.fixture
def story(company: Company) -> dict[str, str]:
    """The ids of the messages, one of each fate, after a run; and of the records that they may be linked to."""
    company.console.done("config", "set", "autosave.emails", "true")
    globex = company.enter("Account", Name="Globex")
    company.enter("Contact", LastName="Simpson", Email=HOMER, AccountId=globex, OwnerId=company.ann_in_salesforce)
    company.enter("Contact", LastName="Thompson", Email=HOMER, AccountId=globex)
    company.enter("Lead", LastName="Simpson", Company="Globex", Email=HOMER)
    company.enter("Contact", LastName="Crusoe", Email="alone@island.example")
    closes = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    deal = company.enter(
        "Opportunity", Name="Reactor", AccountId=globex, OwnerId=company.ann_in_salesforce, StageName="Prospecting",
        CloseDate=closes,
    )  # fmt: skip
    company.console.done("run", ANN)  # of what the first run finds too old, it does not keep even that
    page = f"See {company.url}/lightning/r/Opportunity/{deal}/view"
    made = {}
    for name, fate in FATES.items():
        values = {key: page if value == "PAGE" else value for key, value in fate.values.items()}
        made[name] = company.mail(f"<{name}@mail.example>", fate.sender, Subject=name, **values)
    company.console.done("run", ANN)
    return made


def test_ten_messages_of_different_fates_tell_their_stories(company: Company, story: dict[str, str]) -> None:
    for name, fate in FATES.items():
        told = company.console.json("explain", story[name])
        by_message_id = company.console.json("explain", f"<{name}@mail.example>", "--no-names")

        said = [each for each in told["story"] if each["sentence"] == fate.sentence]
        assert said, (name, [each["sentence"] for each in told["story"]])
        assert {each["rule"] for each in said} == {fate.rule}, name
        assert any(fate.setting in each["settings"] for each in said), name
        assert [each["sentence"] for each in by_message_id["story"]] == [each["sentence"] for each in told["story"]]
    assert "LINK.NONE" in {issue["code"] for issue in company.console.json("explain", story["asked"])["issues"]}


def test_what_came_into_question_is_told_by_name_with_what_decided(company: Company, story: dict[str, str]) -> None:
    (linked,) = company.console.json("explain", story["known"])["linked"]

    people = [each for each in linked["candidates"] if each["part"] == "person"]
    assert [(each["object"], each["name"], each["chosen"]) for each in people] == [
        ("Contact", "Simpson", True), ("Contact", "Thompson", False), ("Lead", "Simpson", False),
    ]  # fmt: skip
    assert people[0]["sentences"] == [
        "It carries the address.", "Your settings prefer this kind of record.", "The user owns it.",
    ]  # fmt: skip
    assert people[0]["settings"] == ["link.person_priority = 3 entries (default)"]
    assert people[0]["place"] == "sender"
    business = [each for each in linked["candidates"] if each["part"] == "business"]
    assert [(each["object"], each["name"], each["chosen"]) for each in business] == [
        ("Opportunity", "Reactor", True), ("Account", "Globex", False),
    ]  # fmt: skip
    assert [step["setting"] for step in linked["steps"] if step["code"] == "opportunity"] == [
        "link.strategy = my_open (default)"
    ]
    assert [each["name"] for each in linked["further"]] == ["Globex"]


def test_the_story_is_told_to_people_too(company: Company, story: dict[str, str]) -> None:
    said = " ".join(company.console.done("explain", story["known"]).split())

    for part in ("With whom", "About what", "Contact Simpson", "Opportunity Reactor", "The user owns it.", "sender",
                 "It is also about Globex; Salesforce takes one record."):  # fmt: skip
        assert part in said


def test_without_names_nobody_is_asked(company: Company, story: dict[str, str]) -> None:
    company.control("counters/reset")

    (linked,) = company.console.json("explain", story["known"], "--no-names")["linked"]

    assert {each["name"] for each in linked["candidates"]} == {""}
    assert requests.get(f"{company.url}/control/counters", timeout=10).json()["calls"] == {}
