"""Files, the links that show them, and the older attachments, as the vendor keeps them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

from connectors.sandbox.salesforce.rest import BIGGEST_TEXT
from tests.contract.salesforce_sandbox.sandbox_org import Org


def upload(org: Org, crm_object: str, content: bytes, **fields: Any) -> tuple[int, Any]:
    blob = {"ContentVersion": "VersionData", "Attachment": "Body"}[crm_object]
    response = org.client.post(
        f"/salesforce/services/data/v66.0/sobjects/{crm_object}",
        data={"entity": (io.BytesIO(json.dumps(fields).encode()), "", "application/json"),
              blob: (io.BytesIO(content), "file", "application/octet-stream")},
        headers={"Authorization": f"Bearer {org.token}"},
    )  # fmt: skip
    return response.status_code, response.get_json()


def mail(org: Org) -> str:
    return org.create("EmailMessage", Subject="Offer", Status="3", IsClientManaged=True)


def test_a_file_is_known_by_the_checksum_of_its_content(org: Org) -> None:
    record = mail(org)
    status, body = upload(org, "ContentVersion", b"pages", PathOnClient="a.pdf", FirstPublishLocationId=record)
    assert status == 201, body

    digest = hashlib.md5(b"pages", usedforsecurity=False).hexdigest()
    (version,) = org.query(
        f"SELECT ContentDocumentId, ContentSize FROM ContentVersion WHERE Checksum IN ('{digest}') AND IsLatest = true"
    )
    links = org.query(
        "SELECT LinkedEntityId, ShareType FROM ContentDocumentLink "
        f"WHERE ContentDocumentId IN ('{version['ContentDocumentId']}')"
    )
    assert version["ContentSize"] == 5
    assert {link["LinkedEntityId"]: link["ShareType"] for link in links}[record] == "V"
    assert org.get("EmailMessage", record)["HasAttachment"] is True


def test_a_document_is_linked_to_a_record_once(org: Org) -> None:
    account = org.create("Account", Name="Acme")
    _, body = upload(org, "ContentVersion", b"x", PathOnClient="x.txt")
    document = org.get("ContentVersion", body["id"])["ContentDocumentId"]
    link = {"ContentDocumentId": document, "LinkedEntityId": account, "ShareType": "V"}

    org.create("ContentDocumentLink", **link)

    assert org.refused("ContentDocumentLink", **link) == "DUPLICATE_VALUE"


def test_what_hangs_on_a_sent_mail_is_added_to_by_those_who_may(org: Org) -> None:
    record = mail(org)
    person = org.create("Contact", LastName="Doe", Email="d@x.example")
    org.settings(update_email_messages=False)

    codes = [
        upload(org, "ContentVersion", b"x", PathOnClient="x.txt", FirstPublishLocationId=record)[1][0]["errorCode"],
        upload(org, "Attachment", b"x", Name="x.txt", ParentId=record)[1][0]["errorCode"],
        org.refused("EmailMessageRelation", EmailMessageId=record, RelationId=person, RelationType="ToAddress"),
    ]

    assert codes == ["INSUFFICIENT_ACCESS_OR_READONLY"] * 3


def test_an_attachment_has_one_record_and_can_be_read_back(org: Org) -> None:
    record = mail(org)

    status, body = upload(org, "Attachment", b"pages", Name="a.pdf", ParentId=record, ContentType="application/pdf")

    assert status == 201, body
    (held,) = org.query(f"SELECT Name, BodyLength FROM Attachment WHERE ParentId = '{record}'")
    assert (held["Name"], held["BodyLength"]) == ("a.pdf", 5)
    assert org.raw("GET", f"sobjects/Attachment/{body['id']}/Body").get_data() == b"pages"


def test_an_attachment_has_a_parent_a_name_and_at_most_25_mb(org: Org) -> None:
    record = mail(org)
    assert upload(org, "Attachment", b"x", Name="a.pdf")[1][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.refused("Attachment", Name="a", ParentId=record) == "REQUIRED_FIELD_MISSING"

    too_large = upload(org, "Attachment", bytes(25 * 1024 * 1024 + 1), Name="a.bin", ParentId=record)

    assert too_large[1][0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert org.query(f"SELECT Id FROM Attachment WHERE ParentId = '{record}'") == []


def test_large_contents_go_in_parts_and_not_in_json(org: Org) -> None:
    content = bytes(BIGGEST_TEXT // 4 * 3 + 3)
    encoded = base64.b64encode(content).decode()

    assert org.refused("ContentVersion", PathOnClient="a.bin", VersionData=encoded) == "STRING_TOO_LONG"
    assert upload(org, "ContentVersion", content, PathOnClient="a.bin")[0] == 201


def test_a_full_storage_takes_no_more(org: Org) -> None:
    org.settings(file_storage_mb=1)
    assert upload(org, "ContentVersion", bytes(1024 * 1024), PathOnClient="a.bin")[0] == 201

    status, body = upload(org, "ContentVersion", b"x", PathOnClient="b.bin")

    assert (status, body[0]["errorCode"]) == (400, "STORAGE_LIMIT_EXCEEDED")


def test_files_and_attachments_can_each_be_out_of_sight(org: Org) -> None:
    org.settings(files=False, attachments=False)

    for name in ("ContentVersion", "ContentDocumentLink", "Attachment"):
        assert org.call("GET", f"sobjects/{name}/describe")[0] == 404
    listed = {each["name"] for each in org.call("GET", "sobjects")[1]["sobjects"]}
    assert not listed & {"ContentVersion", "ContentDocument", "ContentDocumentLink", "Attachment"}
