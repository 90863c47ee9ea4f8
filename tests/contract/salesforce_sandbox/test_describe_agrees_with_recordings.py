"""The facts kept in the project against describes that the vendor's server gave."""

from __future__ import annotations

import zipfile
from typing import Any

import pytest

from tests.contract.salesforce_sandbox.sandbox_org import Org, answer, cassette

RECORDED = ("Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "Event", "Case")
# labels of picklists and who may be referred to differ with the org; the rest of a field is fixed
KEYS = (
    "name", "label", "type", "length", "nillable", "createable", "updateable", "defaultedOnCreate", "filterable",
    "sortable", "groupable", "aggregatable", "idLookup", "externalId", "unique", "caseSensitive", "restrictedPicklist",
    "nameField", "namePointing", "polymorphicForeignKey", "custom", "calculated", "autoNumber", "soapType",
    "relationshipName", "precision", "scale", "digits", "compoundFieldName", "queryByDistance", "defaultValue",
)  # fmt: skip


def _compare(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    out = []
    mine = {field["name"]: field for field in ours["fields"]}
    for field in theirs["fields"]:
        if field["custom"] or field["name"].endswith("__c"):
            continue
        if field["name"] not in mine:
            out.append(f"{field['name']} is missing")
            continue
        own = mine[field["name"]]
        out += [f"{field['name']}.{key}: {own[key]!r} is not {field[key]!r}" for key in KEYS if own[key] != field[key]]
    return out


@pytest.mark.parametrize("name", RECORDED)
def test_fields_agree_with_the_recorded_describe(name: str, org: Org, recordings: zipfile.ZipFile) -> None:
    theirs = answer(cassette(recordings, f"tests/shared_cassettes/GET_sobjects_{name}_describe")[0])
    ours = org.call("GET", f"sobjects/{name}/describe")[1]
    assert _compare(ours, theirs) == []
    extra = {field["name"] for field in ours["fields"]} - {field["name"] for field in theirs["fields"]}
    assert extra <= {"InboxSync_Key__c"}
    assert set(theirs) <= set(ours) | {"urls"}
    for flag in (
        "keyPrefix",
        "createable",
        "updateable",
        "deletable",
        "undeletable",
        "queryable",
        "mergeable",
        "replicateable",
    ):
        assert ours[flag] == theirs[flag], flag


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_member_of_a_field_is_told(name: str, org: Org, recordings: zipfile.ZipFile) -> None:
    theirs = answer(cassette(recordings, f"tests/shared_cassettes/GET_sobjects_{name}_describe")[0])
    ours = org.call("GET", f"sobjects/{name}/describe")[1]
    assert set(theirs["fields"][0]) - set(ours["fields"][0]) == set()


def test_person_account_fields_agree_with_the_recorded_describe(org: Org, recordings: zipfile.ZipFile) -> None:
    org.settings(person_accounts=True)
    theirs = answer(cassette(recordings, "tests/cassettes/GET_sobjects_Account_PersonAccount_describe")[0])
    ours = org.call("GET", "sobjects/Account/describe")[1]
    person = [
        field
        for field in theirs["fields"]
        if "Person" in field["name"] or field["name"] in ("Name", "LastName", "FirstName")
    ]
    assert len(person) > 30
    assert _compare(ours, {"fields": person}) == []


def test_references_stay_within_the_recorded_ones(org: Org, recordings: zipfile.ZipFile) -> None:
    for name in RECORDED:
        theirs = answer(cassette(recordings, f"tests/shared_cassettes/GET_sobjects_{name}_describe")[0])
        allowed = {field["name"]: set(field["referenceTo"]) for field in theirs["fields"]}
        for field in org.call("GET", f"sobjects/{name}/describe")[1]["fields"]:
            assert set(field["referenceTo"]) <= allowed.get(field["name"], set()), (name, field["name"])


def test_global_describe_has_the_recorded_members(org: Org, recordings: zipfile.ZipFile) -> None:
    theirs = answer(cassette(recordings, "tests/shared_cassettes/GET_sobjects_Global_describe")[0])
    ours = org.call("GET", "sobjects")[1]
    assert {key: ours[key] for key in ("encoding", "maxBatchSize")} == {
        key: theirs[key] for key in ("encoding", "maxBatchSize")
    }
    assert set(theirs["sobjects"][0]) - set(ours["sobjects"][0]) == set()
