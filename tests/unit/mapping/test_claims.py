"""The names under which creations are claimed."""

from __future__ import annotations

import pytest

from mapping.model.item import Fields
from mapping.rules.claims import claim_of


@pytest.mark.parametrize(
    ("target", "values", "name"),
    [
        ("Lead", {"Email": "Homer@Globex.example"}, "person:homer@globex.example"),
        ("Contact", {"Email": "homer@globex.example", "LastName": "S"}, "person:homer@globex.example"),
        ("PersonAccount", {"PersonEmail": "homer@globex.example"}, "person:homer@globex.example"),
        ("Contact", {"LastName": "Simpson"}, ""),
        ("Account", {"Name": "Acme Labs", "Website": "https://acme-labs.co.uk"}, "company:acme-labs.co.uk"),
        ("Account", {"Name": "Acme", "Website": "www.Acme-Labs.co.uk/about"}, "company:acme-labs.co.uk"),
        ("Account", {"Name": " ACME "}, "company:acme"),
        ("Account", {}, ""),
        (
            "EmailMessageRelation",
            {"EmailMessageId": "02s000000000001AAA", "RelationId": "003000000000001", "RelationType": "ToAddress"},
            "relation:02s000000000001:003000000000001:ToAddress",
        ),
        ("Event", {"Subject": "Lunch", "Email": "homer@globex.example"}, ""),
    ],
)
def test_a_person_is_one_whatever_record_they_get_and_a_company_is_its_domain(
    target: str, values: Fields, name: str
) -> None:
    assert claim_of(target, values) == name
