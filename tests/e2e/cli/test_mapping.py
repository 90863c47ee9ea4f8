"""The mapping at the console: shown, exported, edited, checked against the org, imported whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.cli.conftest import Company, Console

GOOD = """
[[event]]
name = "location"
winner = "newest"
length = 80

[[event]]
name = "where"
from = "location"
column = "Where__c"
length = 40
"""
BAD = """
[[event]]
name = "locaton"
remove = true

[[event]]
name = "subject"
winner = "me"
direction = "sideways"

[[event]]
name = "flag"
from = "subject"
column = "Done__c"

[[event]]
name = "where"
from = "location"
column = "Were__c"

[[event]]
name = "long"
from = "uid"
column = "Where__c"
length = 80

[[evnt]]
name = "subject"
"""


@pytest.fixture
def furnished(console: Console, company: Company) -> Console:
    """An org whose events have two columns of its own."""
    own = [{"name": "Where__c", "length": 40}, {"name": "Done__c", "type": "boolean"}]
    company.control("salesforce/settings", custom_fields={"Event": own})
    return console


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mapping.toml"


def test_the_rows_of_a_kind_are_shown_as_delivered(furnished: Console) -> None:
    told = furnished.json("mapping", "show", "event")

    assert told["object"] == "Event"
    (subject,) = [row for row in told["rows"] if row["row"] == "subject"]
    assert (subject["columns"], subject["direction"], subject["winner"]) == (["Subject"], "both", "mailbox")
    assert (subject["length"], subject["notes"]) == (255, [])
    assert "DurationInMinutes" in furnished.done("mapping", "show", "event")
    assert "always 3" in furnished.done("mapping", "show", "email")


def test_what_the_org_forces_is_noted_beside_the_row(furnished: Console, company: Company) -> None:
    unseen = {"integration@acme.example": {"Event": ["Location"]}}
    company.control("salesforce/settings", fls_hidden=unseen)

    (location,) = [row for row in furnished.json("mapping", "show", "event")["rows"] if row["row"] == "location"]

    assert not location["holds"]
    assert location["notes"] == ["left out: Location is not there or hidden from the user"]


def test_a_file_that_holds_is_imported_and_shown_and_noted(furnished: Console, company: Company, file: Path) -> None:
    file.write_text(GOOD)
    assert "all 2 changes hold" in furnished.done("mapping", "check", str(file))

    assert "event of acme changed" in furnished.done("mapping", "import", str(file))

    rows = {row["row"]: row for row in furnished.json("mapping", "show", "event")["rows"]}
    assert rows["location"]["notes"] == ["changed by the organization: winner newest, not mailbox; length 80, not 255"]
    assert (rows["where"]["mailbox"], rows["where"]["columns"]) == ("location", ["Where__c"])
    assert company.audit()[-1] == ("mapping.import", "acme")
    assert "nothing changed" in furnished.done("mapping", "import", str(file))
    assert furnished.done("mapping", "check").startswith("all 2 changes hold")


def test_what_is_in_force_is_checked_with_the_objects_that_the_calendar_shows(
    furnished: Console, company: Company, file: Path
) -> None:
    company.control("salesforce/settings", visits=True)
    entry = {"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c"}
    furnished.done("config", "set", "objects.shown", json.dumps([entry]))
    assert furnished.done("mapping", "check").startswith("all 0 changes hold")

    furnished.done("config", "set", "objects.shown", json.dumps([{**entry, "location": "Where__c"}]))
    told = furnished("mapping", "check", "--json")

    assert told.code == 1
    (wrong,) = json.loads(told.out)["wrong"]
    assert (wrong["kind"], wrong["row"]) == ("event", "Visit__c")
    assert wrong["text"] == "Where__c is not there or hidden from the user"
    assert "objects.shown" in wrong["advice"]
    file.write_text(GOOD)
    assert furnished("mapping", "check", str(file)).code == 0  # a file says nothing of them


def test_what_is_exported_can_be_imported_again_and_says_the_same(furnished: Console, file: Path) -> None:
    file.write_text(GOOD)
    furnished.done("mapping", "import", str(file))

    furnished.done("mapping", "export", str(file))

    assert "#   location" in file.read_text()
    assert file.read_text() == furnished.done("mapping", "export")
    assert furnished.json("mapping", "import", str(file)) == {"changed": []}
    assert [each["name"] for each in furnished.json("mapping", "export")["event"]] == ["location", "where"]


def test_a_file_without_changes_takes_everything_back(furnished: Console, file: Path) -> None:
    file.write_text(GOOD)
    furnished.done("mapping", "import", str(file))

    file.write_text("# as delivered\n")

    assert furnished.json("mapping", "import", str(file)) == {"changed": ["event"]}
    assert furnished.json("mapping", "export")["event"] == []


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_stored(furnished: Console, file: Path) -> None:
    file.write_text(BAD)

    refused = furnished("mapping", "import", str(file))

    assert refused.code == 1
    assert furnished.json("mapping", "export")["event"] == []
    told = furnished("mapping", "check", str(file), "--json")
    assert told.code == 1
    texts = [(each["kind"], each["number"], each["text"]) for each in json.loads(told.out)["wrong"]]
    assert texts == [
        ("evnt", 0, "there is no kind evnt"),
        ("event", 1, "there is no row locaton (did you mean location?) to remove"),
        ("event", 2, "direction must be one of both, up, down, up_once"),
        ("event", 2, "winner must be one of mailbox, salesforce, newest, manual"),
        ("event", 3, "Done__c is of type boolean, which takes no text"),
        ("event", 4, "Event has no Were__c, or hides it from the user of the connection"),
        ("event", 5, "Where__c holds 40 characters, not 80"),
    ]
    advice = [each["advice"] for each in json.loads(told.out)["wrong"]]
    assert advice[5].startswith("Did you mean Where__c?")
    assert advice[6] == "Say length = 40."


def test_a_file_that_is_no_toml_is_told_with_the_line(furnished: Console, file: Path) -> None:
    file.write_text('[[event]]\nname = "subject\n')

    answer = furnished("mapping", "check", str(file))

    assert answer.code == 2
    assert "line 2" in answer.err


def test_an_imported_row_is_written_by_the_next_run(furnished: Console, company: Company, file: Path) -> None:
    file.write_text(GOOD)
    furnished.done("mapping", "import", str(file))
    company.appointment("Showroom", Location="Hall 4")

    run = furnished.json("run", "ann@acme.example")

    (create,) = [op for op in furnished.json("plan", str(run["run"]))["operations"] if op["act"] == "create"]
    assert (create["state"], "Where__c" in create["fields"]) == ("done", True)
