"""What hangs on mails, as exchangelib sees it; every envelope is held against the schema."""

from __future__ import annotations

import base64
from typing import Any

from exchangelib.attachments import FileAttachment, ItemAttachment

from tests.contract.ews_sandbox.conftest import ANN, BOB, Office

PDF = {"name": "offer.pdf", "text": "the offer"}
MAIL = {"name": "Re: offer", "form": "item", "type": "message/rfc822", "text": "Subject: offer\r\n\r\nHello"}
LOGO = {"name": "logo.png", "bytes": 3000, "inline": True, "content_id": "logo@1"}
CLOUD = {"name": "plan.docx", "form": "link", "location": "https://files.example/plan.docx"}


def received(office: Office, *attachments: dict[str, Any]) -> str:
    values = {"Subject": "Offer", "From": {"address": "eve@x.example"}, "Attachments": list(attachments)}
    return str(office.control("items", mailbox=ANN, kind="Message", folder="inbox", values=values)["id"])


def test_attachments_are_told_with_the_mail_and_given_one_by_one(office: Office) -> None:
    received(office, PDF, MAIL)

    (mail,) = office.folder("inbox").all()

    one, two = mail.attachments
    assert isinstance(two, FileAttachment)
    assert (two.name, two.content_type, two.size, two.is_inline) == ("offer.pdf", "application/pdf", 9, False)
    assert two.content == b"the offer"
    assert isinstance(one, ItemAttachment)
    assert one.item.mime_content == b"Subject: offer\r\n\r\nHello"
    assert mail.has_attachments


def test_pictures_in_the_text_do_not_count_as_attachments(office: Office) -> None:
    received(office, LOGO)

    (mail,) = office.folder("inbox").all()

    assert not mail.has_attachments
    assert [(each.content_id, each.is_inline, len(each.content)) for each in mail.attachments] == [
        ("logo@1", True, 3000)
    ]


def test_of_a_file_in_a_cloud_only_its_address_is_known(office: Office) -> None:
    mail = received(office, CLOUD)

    _, answer = office.post(
        f"""<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>
        <t:FieldURI FieldURI="item:Attachments"/></t:AdditionalProperties></m:ItemShape>
        <m:ItemIds><t:ItemId Id="{mail}"/></m:ItemIds></m:GetItem>"""
    )
    link = answer.find(".//{*}ReferenceAttachment")
    assert link.findtext("{*}AttachLongPathName") == "https://files.example/plan.docx"
    assert link.find("{*}Content") is None


def test_an_attachment_goes_with_its_mail_and_only_its_owner_gets_it(office: Office) -> None:
    mail = received(office, PDF)
    (read,) = office.folder("inbox").all()
    old = read.attachments[0].attachment_id.id
    asked = "<m:GetAttachment><m:AttachmentIds>{}</m:AttachmentIds></m:GetAttachment>".format(
        "".join(f'<t:AttachmentId Id="{each}"/>' for each in (old, "AAAA"))
    )

    assert codes(office.post(asked)[1]) == ["NoError", "ErrorInvalidAttachmentId"]
    assert codes(office.post(asked, as_=BOB)[1]) == ["ErrorItemNotFound", "ErrorInvalidAttachmentId"]

    office.control("items/move", mailbox=ANN, id=mail, folder="deleteditems")

    assert codes(office.post(asked)[1]) == ["ErrorItemNotFound", "ErrorInvalidAttachmentId"]
    (moved,) = office.folder("deleteditems").all()
    assert moved.attachments[0].content == b"the offer"


def test_clients_cannot_smuggle_attachments_in_and_odd_ones_are_refused(office: Office) -> None:
    given = {"mailbox": ANN, "kind": "Message", "values": {"Attachments": [{"name": "x", "form": "rocket"}]}}
    assert office.http.post("/control/ews/items", json=given).status_code == 400
    given["values"] = {"Attachments": [{"name": "x", "content": "no base64!"}]}
    assert office.http.post("/control/ews/items", json=given).status_code == 400
    content = base64.b64encode(b"x").decode()
    _, answer = office.post(
        f"""<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:Attachments><t:FileAttachment>
        <t:Name>x</t:Name><t:Content>{content}</t:Content></t:FileAttachment></t:Attachments></t:Message></m:Items>
        </m:CreateItem>"""
    )
    assert codes(answer) == ["ErrorInvalidPropertySet"]


def codes(answer: Any) -> list[str]:
    return [each.text for each in answer.iter("{*}ResponseCode")]
