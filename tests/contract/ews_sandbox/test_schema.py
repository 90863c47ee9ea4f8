"""The schema is really consulted, and the emulator speaks no code that the vendor does not know."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from connectors.sandbox import ews
from tests.contract.ews_sandbox.conftest import ANN, Office
from tests.support.exchange import faults_against

_CODE = re.compile(r'"(Error[A-Z]\w+)"')


def test_every_code_is_one_of_the_vendors(schema: etree.XMLSchema) -> None:
    home = Path(str(next(iter(ews.__path__))))
    codes = {code for module in home.glob("*.py") for code in _CODE.findall(module.read_text(encoding="utf-8"))}
    assert len(codes) > 30
    frame = (
        '<m:GetItemResponse xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><m:ResponseMessages>'
        '<m:GetItemResponseMessage ResponseClass="Error"><m:ResponseCode>{}</m:ResponseCode><m:Items/>'
        "</m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse>"
    )
    assert [code for code in sorted(codes) if not schema.validate(etree.fromstring(frame.format(code)))] == []


def test_a_wrong_answer_would_be_noticed(schema: etree.XMLSchema, office: Office) -> None:
    office.control("items", mailbox=ANN, values={"Subject": "x"})
    office.post(
        """<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>
        <m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>"""
    )
    answer = office.envelopes[-1]
    assert faults_against(schema, [answer]) == []
    assert faults_against(schema, [answer.replace(b"<t:Sensitivity>Normal<", b"<t:Sensitivity>Odd<")]) != []


def test_values_that_the_schema_refuses_do_not_get_in(office: Office) -> None:
    for values in (
        {"Sensitivity": "Odd"},
        {"Categories": "one text"},
        {"IsAllDayEvent": "yes"},
        {"ReminderMinutesBeforeStart": -1},
        {"ReminderMinutesBeforeStart": True},
        {"RequiredAttendees": [{"address": "x@y.example", "response": "Perhaps"}]},
    ):
        answer = office.http.post("/control/ews/items", json={"mailbox": ANN, "values": values})
        assert answer.status_code == 400, values
    body = """<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>
        <t:Sensitivity>Odd</t:Sensitivity></t:CalendarItem></m:Items></m:CreateItem>"""
    assert office.post(body)[0] == 500
    assert office.content() == []
