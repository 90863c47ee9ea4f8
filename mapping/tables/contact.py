"""The contact of a mailbox and the Salesforce Contact, row by row.

`Account.Name` and `RecordUrl` are virtual columns that the connector supplies: the name of the contact's account, if it
has one, and the address of its page. An account is chosen by `mapping.rules.accounts`, never written as a name.
"""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import ItemKind
from mapping.model.lens import lowered, plain_text, truncated
from mapping.model.table import ONE, TEXT, Direction, Field, Table, Winner

# (mailbox field, column, longest text)
_LINES = (
    (fields.GIVEN_NAME, "FirstName", 40),
    (fields.MIDDLE_NAME, "MiddleName", 40),
    (fields.SURNAME, "LastName", 80),
    (fields.SALUTATION, "Salutation", 40),
    (fields.SUFFIX, "Suffix", 40),
    (fields.JOB_TITLE, "Title", 128),
    (fields.DEPARTMENT, "Department", 80),
    (fields.PHONE_BUSINESS, "Phone", 40),
    (fields.PHONE_MOBILE, "MobilePhone", 40),
    (fields.PHONE_HOME, "HomePhone", 40),
    (fields.PHONE_OTHER, "OtherPhone", 40),
    (fields.PHONE_ASSISTANT, "AssistantPhone", 40),
    (fields.FAX_BUSINESS, "Fax", 40),
    (fields.ASSISTANT, "AssistantName", 40),
    (fields.BUSINESS_CITY, "MailingCity", 40),
    (fields.BUSINESS_STATE, "MailingState", 80),
    (fields.BUSINESS_POSTAL_CODE, "MailingPostalCode", 20),
    (fields.BUSINESS_COUNTRY, "MailingCountry", 80),
    (fields.OTHER_CITY, "OtherCity", 40),
    (fields.OTHER_STATE, "OtherState", 80),
    (fields.OTHER_POSTAL_CODE, "OtherPostalCode", 20),
    (fields.OTHER_COUNTRY, "OtherCountry", 80),
)
# texts of several lines
_BLOCKS = (
    (fields.BUSINESS_STREET, "MailingStreet", 255),
    (fields.OTHER_STREET, "OtherStreet", 255),
    (fields.BODY, "Description", 32_000),
)

ACCOUNT_NAME, RECORD_URL = "Account.Name", "RecordUrl"

CONTACT = Table(
    ItemKind.CONTACT,
    "Contact",
    (
        *(Field(name, (column,), truncated(n), TEXT, winner=Winner.NEWEST) for name, column, n in _LINES),
        *(Field(name, (column,), plain_text(n), TEXT, winner=Winner.NEWEST) for name, column, n in _BLOCKS),
        Field(fields.EMAIL, ("Email",), lowered(80), TEXT, winner=Winner.NEWEST),
        Field(fields.BIRTHDAY, ("Birthdate",), form=ONE, winner=Winner.NEWEST),
        Field(fields.COMPANY, (ACCOUNT_NAME,), truncated(255), TEXT, Direction.DOWN, virtual=True),
        Field(fields.WEB_PAGE, (RECORD_URL,), truncated(255), TEXT, Direction.DOWN, virtual=True),
    ),
)
