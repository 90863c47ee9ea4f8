"""Who gets in, what is refused at the door, and how scripted misfortune looks to a client."""

from __future__ import annotations

import pytest
from exchangelib import errors
from lxml import etree

from connectors.sandbox.ews.wire import parse
from tests.contract.ews_sandbox.conftest import ANN, Office

GET_CALENDAR = """<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>
    <t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>"""


def code(node: etree._Element) -> str:
    return node.findtext(".//{*}ResponseCode")


def test_nobody_and_wrong_password_get_401_with_the_ways_to_sign_in(office: Office) -> None:
    for user, password in (("", ""), ("svc-inbox-sync", "wrong"), ("stranger", "x")):
        answer = office.send(b"<x/>", user, password)
        assert answer.status_code == 401
        assert answer.headers.getlist("WWW-Authenticate") == ['Basic realm="sandbox"', "NTLM"]


def test_impersonation_of_an_unknown_mailbox_is_a_fault(office: Office) -> None:
    status, fault = office.post(GET_CALENDAR, as_="nobody@acme.example")
    assert (status, fault.findtext("faultcode")) == (500, "a:ErrorNonExistentMailbox")


def test_impersonation_without_the_right_is_a_fault(office: Office) -> None:
    office.control("users", name="weak", password="pw", impersonates=["bob@acme.example"])
    status, fault = office.post(GET_CALENDAR, user="weak", password="pw")
    assert (status, fault.findtext("faultcode")) == (500, "a:ErrorImpersonateUserDenied")
    assert office.post(GET_CALENDAR, user="weak", password="pw", as_="bob@acme.example")[0] == 200


def test_a_service_account_without_impersonation_has_no_mailbox(office: Office) -> None:
    assert code(office.post(GET_CALENDAR, as_="")[1]) == "ErrorNonExistentMailbox"


def test_an_owner_signs_in_without_impersonation(office: Office) -> None:
    office.control("mailboxes", address="eve@acme.example", name="Eve", password="pw")
    status, answer = office.post(GET_CALENDAR, user="eve@acme.example", password="pw", as_="")
    assert (status, code(answer)) == (200, "NoError")


def test_an_alias_names_the_mailbox(office: Office) -> None:
    assert code(office.post(GET_CALENDAR, as_="ann.other@acme.example")[1]) == "NoError"


def test_a_foreign_mailbox_is_out_of_reach(office: Office) -> None:
    foreign = GET_CALENDAR.replace(
        '"calendar"/>',
        '"calendar"><t:Mailbox><t:EmailAddress>bob@acme.example</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>',
    )
    assert code(office.post(foreign)[1]) == "ErrorAccessDenied"


def test_an_unknown_operation_is_remembered_and_never_provokes_retries(office: Office) -> None:
    status, fault = office.post("<m:GetRooms/>")
    assert (status, fault.findtext("faultcode")) == (500, "a:ErrorInvalidOperation")
    assert office.sandbox.ledger.count("ews.GetRooms") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<unclosed>",
        b"<x/>",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x SYSTEM "http://outside.example/x.dtd"><x/>'.encode(
            "utf-16"
        ),
    ],
)
def test_what_is_not_a_soap_envelope_is_a_schema_violation(office: Office, data: bytes) -> None:
    answer = office.send(data)
    assert answer.status_code == 500
    assert b"a:ErrorSchemaValidation" in answer.data


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(Exception, match="ErrorSchemaValidation"):
        parse(bomb)


def test_throttling_tells_its_back_off(office: Office) -> None:
    action = {"code": "ErrorServerBusy", "headers": {"Retry-After": "7.5"}}
    office.sandbox.faults.add({"match": "ews.SyncFolderItems", "action": action})
    with pytest.raises(errors.ErrorServerBusy) as caught:
        list(office.folder("calendar").sync_items(only_fields=[]))
    assert caught.value.back_off == 7.5
    assert list(office.folder("calendar").sync_items(only_fields=[])) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, errors.UnauthorizedError),
        (403, errors.MalformedResponseError),
        (503, errors.ErrorInternalServerTransientError),
    ],
)
def test_scripted_http_statuses(office: Office, status: int, expected: type[Exception]) -> None:
    office.sandbox.faults.add({"match": "ews.*", "action": {"status": status, "headers": {"Retry-After": "3"}}})
    with pytest.raises((expected, errors.ErrorServerBusy)):
        list(office.folder("inbox").sync_items(only_fields=[]))


def test_one_item_of_a_call_can_fail(office: Office) -> None:
    made = [
        office.control("items", mailbox=ANN, values={"Subject": str(n), "Start": "2026-12-01T10:00:00Z"}) for n in "ab"
    ]
    office.sandbox.faults.add({"match": "ews-item.GetItem", "nth": 2, "action": {"code": "ErrorCorruptData"}})
    found = list(
        office.account().fetch([(each["id"], each["change_key"]) for each in made], folder=office.folder("calendar"))
    )
    assert found[0].subject == "a"
    assert isinstance(found[1], errors.ErrorCorruptData)


def test_probing_clients_find_the_server(office: Office) -> None:
    status, answer = office.post(
        """<m:ConvertId DestinationFormat="EwsId"><m:SourceIds>
        <t:AlternateId Format="EwsLegacyId" Id="DUMMY" Mailbox="x@y.example"/></m:SourceIds></m:ConvertId>"""
    )
    assert (status, code(answer)) == (200, "ErrorInvalidIdMalformed")


def test_names_are_resolved(office: Office) -> None:
    found = office.account().protocol.resolve_names(["ann"], return_full_contact_data=False)
    assert [each.email_address for each in found] == [ANN]
    assert isinstance(office.account().protocol.resolve_names(["zzz"])[0], errors.ErrorNameResolutionNoResults)
