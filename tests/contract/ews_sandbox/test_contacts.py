"""Contacts of the emulated server: what Exchange derives by itself, and entries that are written one by one."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib.indexed_properties import EmailAddress, PhoneNumber
from exchangelib.items import Contact

from tests.contract.ews_sandbox.conftest import Office

HOMER = {"display_name": "Homer Simpson", "given_name": "Homer", "middle_name": "J.", "surname": "Simpson"}


def made(office: Office, **values: Any) -> Any:
    folder = office.folder("contacts")
    folder.account.bulk_create(folder, [Contact(**{**HOMER, **values})])
    return only(office)


def only(office: Office) -> Any:
    (found,) = office.folder("contacts").all()
    return found


def changed(office: Office, contact: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(contact, name, value)
    office.account().bulk_update([(contact, list(values))])
    return only(office)


def test_a_contact_is_filed_by_its_mapping_whenever_its_name_changes(office: Office) -> None:
    contact = made(office)
    assert (contact.file_as, contact.file_as_mapping) == ("Simpson, Homer J.", "LastCommaFirst")

    contact = changed(office, contact, surname="Thompson")
    assert (contact.file_as, contact.display_name) == ("Thompson, Homer J.", "Homer Simpson")

    contact = changed(office, contact, file_as_mapping="FirstSpaceLast")
    assert contact.file_as == "Homer J. Thompson"


def test_a_text_under_which_somebody_files_a_contact_stays(office: Office) -> None:
    contact = changed(office, made(office), file_as="Dad")

    contact = changed(office, contact, surname="Thompson")

    assert (contact.file_as, contact.file_as_mapping) == ("Dad", "None")


@pytest.mark.parametrize(
    ("mapping", "filed"),
    [
        ("Company", "Plant"), ("LastCommaFirstCompany", "Simpson, Homer J.\nPlant"), ("LastFirst", "SimpsonHomer"),
        ("CompanyLastCommaFirst", "Plant\nSimpson, Homer J."), ("DisplayName", "Homer Simpson"), ("FirstName", "Homer"),
    ],
)  # fmt: skip
def test_every_mapping_files_in_its_way(office: Office, mapping: str, filed: str) -> None:
    contact = made(office, company_name="Plant", file_as_mapping=mapping)

    assert contact.file_as.replace("\r\n", "\n") == filed


def test_the_complete_name_tells_the_salutation_that_is_kept_elsewhere(office: Office) -> None:
    prefix = {"uri": {"PropertyTag": "0x3a45", "PropertyType": "String"}, "value": "Mr."}
    given = {"GivenName": "Homer", "Surname": "Simpson", "Generation": "Jr.", "ExtendedProperty": [prefix]}
    office.control("items", mailbox="ann@acme.example", kind="Contact", values=given)

    name = only(office).complete_name

    assert (name.title, name.first_name, name.last_name, name.suffix) == ("Mr.", "Homer", "Simpson", "Jr.")


SHAPE = """<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{}</t:AdditionalProperties>
    </m:ItemShape><m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:GetItem>"""
CHANGE = """<m:UpdateItem ConflictResolution="AlwaysOverwrite"><m:ItemChanges><t:ItemChange><t:ItemId Id="{}"/>
    <t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"""
PHONE = '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="{}"/>'


def test_only_the_entries_that_are_asked_for_are_told(office: Office) -> None:
    numbers = [PhoneNumber(label=label, phone_number=label) for label in ("BusinessPhone", "CarPhone")]
    contact = made(office, phone_numbers=numbers)

    _, answer = office.post(SHAPE.format(PHONE.format("CarPhone") + PHONE.format("Pager"), contact.id))
    assert [entry.get("Key") for entry in answer.iterfind(".//{*}Entry")] == ["CarPhone"]

    _, answer = office.post(SHAPE.format('<t:FieldURI FieldURI="contacts:PhoneNumbers"/>', contact.id))
    assert [entry.get("Key") for entry in answer.iterfind(".//{*}Entry")] == ["BusinessPhone", "CarPhone"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (PHONE.format("Pager"), "ErrorUpdatePropertyMismatch"),
        ('<t:FieldURI FieldURI="contacts:PhoneNumbers"/>', "ErrorInvalidPropertySet"),
    ],
)
def test_a_list_is_written_entry_by_entry_only(office: Office, path: str, code: str) -> None:
    contact = made(office)
    entry = '<t:Contact><t:PhoneNumbers><t:Entry Key="CarPhone">1</t:Entry></t:PhoneNumbers></t:Contact>'

    _, answer = office.post(CHANGE.format(contact.id, f"<t:SetItemField>{path}{entry}</t:SetItemField>"))

    assert answer.findtext(".//{*}ResponseCode") == code


def test_addresses_tell_how_they_are_routed(office: Office) -> None:
    addresses = [
        EmailAddress(label=f"EmailAddress{n}", email=email)
        for n, email in enumerate(("homer@globex.example", "/o=Org/ou=Plant/cn=homer"), 1)
    ]
    contact = made(office, email_addresses=addresses)

    _, answer = office.post(SHAPE.format('<t:FieldURI FieldURI="contacts:EmailAddresses"/>', contact.id))

    assert [entry.get("RoutingType") for entry in answer.iterfind(".//{*}Entry")] == ["SMTP", "EX"]


def test_several_folders_are_searched_in_one_call(office: Office) -> None:
    office.control("folders", mailbox="ann@acme.example", name="One", parent="contacts", **{"class": "IPF.Contact"})
    office.control("folders", mailbox="ann@acme.example", name="Two", parent="tasks", **{"class": "IPF.Task"})
    body = """<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>
        <t:FieldURI FieldURI="folder:DisplayName"/></t:AdditionalProperties></m:FolderShape><m:Restriction><t:Or>
        {}</t:Or></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/>
        <t:DistinguishedFolderId Id="tasks"/></m:ParentFolderIds></m:FindFolder>"""
    test = """<t:IsEqualTo><t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURIOrConstant><t:Constant Value="{}"/>
        </t:FieldURIOrConstant></t:IsEqualTo>"""

    _, answer = office.post(body.format(test.format("one") + test.format("Two")))

    assert [name.text for name in answer.iterfind(".//{*}DisplayName")] == ["One", "Two"]
