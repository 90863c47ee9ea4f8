"""Recorded requests played to the sandbox: the answers have the recorded form."""

from __future__ import annotations

import json
import re
import zipfile
from typing import Any

from tests.contract.salesforce_sandbox.sandbox_org import Org, answer, cassette


def shape(value: Any) -> Any:
    """The form of a value without its content."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def _path(uri: str) -> str:
    return re.sub(r"^https://[^/]+/services/data/v[x\d]+\.0/", "", uri)


def _body(interaction: dict[str, Any]) -> Any:
    text = (interaction["request"].get("body") or "").replace("/vxx.0/", "/v66.0/")
    return json.loads(text) if text else None


def _play(org: Org, interaction: dict[str, Any]) -> None:
    request = interaction["request"]
    status, body = org.call(request["method"], _path(request["uri"]), _body(interaction))
    assert status == interaction["response"]["status"]["code"], body
    expected = json.loads(interaction["response"]["body"]["string"].replace("/vxx.0/", "/v66.0/"))
    assert shape(body) == shape(expected)


def test_composite_queries_look_as_recorded(org: Org, recordings: zipfile.ZipFile) -> None:
    name = "utils/http/tests/cassettes/TestCompositeParallelSalesforce.test_composite_parallel_salesforce"
    for interaction in cassette(recordings, name):
        _play(org, interaction)


def test_errors_inside_of_a_composite_look_as_recorded(org: Org, recordings: zipfile.ZipFile) -> None:
    for name in (
        "utils/http/tests/cassettes/TestCompositeParallelSalesforce.test_errors",
        "utils/salesforce/tests/cassettes/TestCountSObjects.test_count_sobjects__errors",
    ):
        interaction = cassette(recordings, name)[0]
        body = org.call("POST", "composite", _body(interaction))[1]
        theirs = answer(interaction)
        for mine, recorded in zip(body["compositeResponse"], theirs["compositeResponse"], strict=True):
            assert mine["httpStatusCode"] == recorded["httpStatusCode"]
            if recorded["httpStatusCode"] >= 400:
                assert mine["body"] == recorded["body"]


def test_cached_describes_answer_304_with_their_date_as_recorded(org: Org) -> None:
    response = org.raw("GET", "sobjects")
    since = {"If-Modified-Since": response.headers["Last-Modified"]}
    again = org.raw("GET", "sobjects", headers=since)
    assert again.status_code == 304
    assert again.get_data() == b""
    org.sandbox.clock.advance(5)
    org.settings(key_field=False)
    assert org.raw("GET", "sobjects", headers=since).status_code == 200


def test_collections_and_upserts_look_as_recorded(org: Org, recordings: zipfile.ZipFile) -> None:
    """The requests follow each other in the recording; those for describes are left out."""
    played = 0
    for name in (
        "TestUpsert.test_upsert__rest",
        "TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error",
    ):
        for interaction in cassette(recordings, f"tasks/bulkdata/tests/cassettes/{name}"):
            if "include_file" in interaction or interaction["request"]["method"] == "GET":
                continue
            body = _body(interaction)
            if "Opportunity" in json.dumps(body):
                continue  # names contacts by ids of the recorded org
            _play(org, interaction)
            played += 1
        org.sandbox.reset()
        org.token = org.login()
    assert played >= 4
