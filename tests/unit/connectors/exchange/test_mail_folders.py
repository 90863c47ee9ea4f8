"""Which folders of a mailbox are meant by the names that people give."""

from __future__ import annotations

import pytest

from connectors.exchange.mail_folders import branch
from connectors.exchange.wire_folders import FoundFolder
from connectors.outlook.mail_folders import chosen
from connectors.places import role_of


def folder(path: str, holds: str = "IPF.Note", role: str = "") -> FoundFolder:
    above, _, name = path.rpartition("/")
    return FoundFolder(path, above or "top", name, holds, role)


TREE = [
    folder("Posteingang", role="inbox"),
    folder("Posteingang/Projects"),
    folder("Posteingang/Projects/Alpha"),
    folder("Sent Items", role="sentitems"),
    folder("Deleted Items", role="deleteditems"),
    folder("Deleted Items/Projects"),
    folder("Junk", role="junkemail"),
    folder("Archive"),
    folder("Archive/2025"),
    folder("Calendar", "IPF.Appointment", "calendar"),
    folder("Customers"),
    folder("Customers/Private"),
    folder("Customers/Private/Deep"),
    folder("Customers/Dates", "IPF.Appointment"),
    folder("Salesforce Emails"),
]


@pytest.mark.rule("WAY-9")
@pytest.mark.parametrize(
    ("wanted", "without", "found"),
    [
        (["SyncArchiveFolder"], [], ["Archive", "Archive/2025"]),
        (["projects"], [], ["Posteingang/Projects", "Posteingang/Projects/Alpha"]),
        (["Posteingang/Projects/Alpha"], [], ["Posteingang/Projects/Alpha"]),
        (["Customers"], ["Customers/Private"], ["Customers"]),
        (["Archive", "Customers"], ["Customers"], ["Archive", "Archive/2025"]),
        (["Posteingang"], [], ["Posteingang/Projects", "Posteingang/Projects/Alpha"]),
        (["Junk", "Deleted Items", "Calendar", "Salesforce Emails", "Nowhere"], [], []),
    ],
)
def test_names_and_paths_stand_for_folders_of_mail(wanted: list[str], without: list[str], found: list[str]) -> None:
    assert [each.id for each in chosen(list(map(branch, TREE)), wanted, without)] == found


def test_a_role_is_short_and_the_same_for_one_folder() -> None:
    assert role_of("AAMk" * 40) == role_of("AAMk" * 40)
    assert len(role_of("AAMk" * 40)) <= 20
    assert role_of("A") != role_of("B")
