"""What a signature adds to the record of whoever signed, and when it adds nothing."""

from __future__ import annotations

import pytest

from mapping.model.item import Person
from mapping.rules.addresses import AddressBook
from mapping.rules.signing import borne_out, fill, is_theirs, provenance
from mapping.signatures.model import Kind, Signature, Value

JANE = Person("jane.doe@northwind.com", "Jane Doe")
BOOK = AddressBook(frozenset({"me@ours.com"}), frozenset({"ours.com"}))
LEAD = {"FirstName": "Jane", "LastName": "Doe", "Company": "Northwind", "Email": JANE.address}


def signature(*values: tuple[Kind, str]) -> Signature:
    return Signature(
        tuple(Value(kind, text, 10 * n, 10 * n + len(text), 0.95) for n, (kind, text) in enumerate(values))
    )


FULL = signature(
    (Kind.NAME, "Jane M. Doe"), (Kind.TITLE, "Sales Manager"), (Kind.ORGANISATION, "Northwind Traders Ltd."),
    (Kind.PHONE, "(617) 555-0142"), (Kind.MOBILE, "(617) 555-0177"), (Kind.FAX, "617.555.0199"),
    (Kind.HOME, "617-555-0111"), (Kind.DIRECT, "617/555-0143"), (Kind.ADDRESS, "12 Harbour Street\nBoston, MA 02110"),
)  # fmt: skip


@pytest.mark.rule("RES-4")
def test_a_lead_is_filled_from_the_signature() -> None:
    columns, used = fill(LEAD, JANE, FULL, "Lead")
    assert columns == {
        "FirstName": "Jane M.", "LastName": "Doe", "Company": "Northwind Traders Ltd.", "Email": JANE.address,
        "Title": "Sales Manager", "Phone": "(617) 555-0142", "MobilePhone": "(617) 555-0177", "Fax": "617.555.0199",
        "Street": "12 Harbour Street", "City": "Boston", "State": "MA", "PostalCode": "02110",
    }  # fmt: skip
    assert {value.kind for value in used} == {
        Kind.NAME, Kind.TITLE, Kind.ORGANISATION, Kind.PHONE, Kind.MOBILE, Kind.FAX, Kind.ADDRESS
    }  # fmt: skip


@pytest.mark.rule("RES-4")
def test_a_contact_has_room_for_more_numbers() -> None:
    columns, _ = fill({"LastName": "Doe", "AccountId": "001"}, JANE, FULL, "Contact")
    assert columns["HomePhone"] == "617-555-0111" and columns["OtherPhone"] == "617/555-0143"
    assert columns["MailingStreet"] == "12 Harbour Street" and columns["MailingCity"] == "Boston"
    assert "Company" not in columns


@pytest.mark.rule("RES-4")
def test_a_person_account_has_columns_of_its_own() -> None:
    columns, _ = fill({"LastName": "Doe"}, JANE, FULL, "PersonAccount")
    assert columns["PersonTitle"] == "Sales Manager" and columns["PersonMobilePhone"] == "(617) 555-0177"
    assert columns["PersonMailingCity"] == "Boston"


@pytest.mark.rule("RES-4")
def test_of_several_mails_what_repeats_counts_and_what_they_contradict_is_not_said() -> None:
    once = signature((Kind.NAME, "Jane Doe"), (Kind.PHONE, "555-0000"), (Kind.TITLE, "Guest speaker"))
    usual = signature((Kind.NAME, "Jane Doe"), (Kind.PHONE, "(617) 555-0142"), (Kind.FAX, "617.555.0199"))
    short = signature((Kind.NAME, "Jane  Doe"), (Kind.PHONE, "617 555 0142"), (Kind.TITLE, "Director"))

    best, found = borne_out([once, usual, short])

    assert best == 1
    assert [value.text for value in found.values] == ["Jane Doe", "(617) 555-0142", "617.555.0199"]
    assert borne_out([once]) == (0, once)
    assert borne_out([signature((Kind.PHONE, "1")), signature((Kind.PHONE, "2"))])[0] == 0
    assert [value.text for value in borne_out([once, usual])[1].values] == ["Jane Doe", "555-0000", "Guest speaker"]


def test_what_is_filled_is_not_written_over() -> None:
    columns, used = fill({**LEAD, "Title": "CEO", "Phone": "1"}, JANE, FULL, "Lead")
    assert columns["Title"] == "CEO" and columns["Phone"] == "1"
    assert Kind.TITLE not in {value.kind for value in used}


@pytest.mark.parametrize(
    ("kind", "text", "column"),
    [
        (Kind.TITLE, "x" * 129, "Title"),
        (Kind.PHONE, "617 555 0142 or 617 555 0143 or ask for me", "Phone"),
        (Kind.PHONE, "99-99", "Phone"),
        (Kind.ADDRESS, "x" * 256, "Street"),
    ],
)
def test_what_does_not_fit_or_cannot_be_is_left_out(kind: Kind, text: str, column: str) -> None:
    columns, used = fill(LEAD, JANE, signature((kind, text)), "Lead")
    assert column not in columns and not used


def test_a_number_is_judged_as_one_of_the_senders_country() -> None:
    petra = Person("petra@muster.de", "Petra Schulze")
    columns, _ = fill({}, petra, signature((Kind.PHONE, "0171 12345678")), "Lead")
    assert columns["Phone"] == "0171 12345678"


@pytest.mark.parametrize("name", ["J. Doe", "Jane", "JD"])
def test_a_shorter_name_does_not_replace_the_one_in_the_header(name: str) -> None:
    columns, _ = fill(LEAD, JANE, signature((Kind.NAME, name)), "Lead")
    assert (columns["FirstName"], columns["LastName"]) == ("Jane", "Doe")


def test_a_name_that_only_the_signature_tells_is_taken() -> None:
    somebody = Person("jdoe@northwind.com")
    columns, _ = fill({"LastName": "Jdoe"}, somebody, signature((Kind.NAME, "Jane Doe")), "Lead")
    assert (columns["FirstName"], columns["LastName"]) == ("Jane", "Doe")


THEIRS = {
    "the address": signature((Kind.MAIL, "Jane.Doe@Northwind.com")),
    "the name": signature((Kind.NAME, "Jane M. Doe"), (Kind.MAIL, "sales@other.com")),
    "nothing else": signature((Kind.PHONE, "617-555-0142")),
}
NOT_THEIRS = {
    "another name": signature((Kind.NAME, "John Roe"), (Kind.TITLE, "CEO")),
    "another address": signature((Kind.MAIL, "office@northwind.com"), (Kind.PHONE, "1")),
    "another name at the same company": signature((Kind.NAME, "Max Power"), (Kind.MAIL, "max@northwind.com")),
}


@pytest.mark.parametrize("read", THEIRS.values(), ids=THEIRS.keys())
def test_a_signature_that_fits_the_sender_is_theirs(read: Signature) -> None:
    assert is_theirs(read, JANE, BOOK)


@pytest.mark.parametrize("read", NOT_THEIRS.values(), ids=NOT_THEIRS.keys())
def test_a_signature_that_tells_somebody_else_is_not_theirs(read: Signature) -> None:
    assert not is_theirs(read, JANE, BOOK)


@pytest.mark.mail_seed(21)
def test_the_users_own_signature_is_never_anybody_elses() -> None:
    own = signature((Kind.NAME, "Jane Doe"), (Kind.MAIL, "me@ours.com"), (Kind.PHONE, "617-555-0142"))
    assert not is_theirs(own, JANE, BOOK)


def test_a_record_tells_what_was_read_where_and_how_surely() -> None:
    text = "Hello\n\nJane Doe\nSales Manager\n"
    used = [Value(Kind.TITLE, "Sales Manager", 16, 29, 0.974), Value(Kind.NAME, "Jane Doe", 7, 15, 0.99)]
    assert provenance(used, text) == "Read from its signature, lines 3 to 4: name 99%, title 97%."
    assert provenance([], text) == ""
