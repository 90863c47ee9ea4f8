"""The small pure parts: addresses of calls, composite bodies, configuration, invitees, websites."""

from __future__ import annotations

import ssl

import pytest
import requests
import urllib3

from connectors.errors import Fault
from connectors.salesforce.accounts import website_domain
from connectors.salesforce.composite import Part, answers_of, refers, request_of
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.describe import fields_of
from connectors.salesforce.invitees import invitee_fields
from connectors.salesforce.session import TlsAdapter, _lost, rebase
from mapping.model.item import Attendee, Response, Role


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        (
            "https://x.invalid/services/data",
            "https://acme.my.salesforce.com",
            "https://acme.my.salesforce.com/services/data",
        ),
        ("https://x.invalid/a?q=1%2B", "http://127.0.0.1:80/salesforce/", "http://127.0.0.1:80/salesforce/a?q=1%2B"),
        ("https://x.invalid/salesforce/a", "http://h:1/salesforce", "http://h:1/salesforce/a"),
    ],
)
def test_a_call_goes_to_the_base_with_its_path_in_front_once(url: str, base: str, expected: str) -> None:
    assert rebase(url, base) == expected


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (requests.ConnectTimeout(), Fault.UNAVAILABLE),
        (requests.exceptions.InvalidURL(), Fault.UNAVAILABLE),
        (requests.ReadTimeout(), Fault.UNKNOWN),
        (requests.ConnectionError(urllib3.exceptions.ProtocolError("cut", ConnectionResetError())), Fault.UNKNOWN),
        (
            requests.exceptions.SSLError(
                urllib3.exceptions.MaxRetryError(
                    None,
                    "/",
                    urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("no")),  # type: ignore[arg-type]
                )
            ),
            Fault.UNAVAILABLE,
        ),
        (requests.exceptions.SSLError(urllib3.exceptions.SSLError(ssl.SSLEOFError("cut"))), Fault.UNKNOWN),
    ],
)
def test_a_write_is_called_unsent_only_when_that_is_certain(error: requests.RequestException, fault: Fault) -> None:
    assert _lost(error, reading=False).fault is fault
    assert _lost(error, reading=True).fault is Fault.UNAVAILABLE


def test_tls_has_the_floor_that_was_asked_for() -> None:
    adapter = TlsAdapter(ssl.TLSVersion.TLSv1_3, True)
    context = adapter.poolmanager.connection_pool_kw["ssl_context"]
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_a_composite_body_keeps_order_and_names_its_parts() -> None:
    body = request_of([Part("GET", "/a"), Part("PATCH", "/b", {"X": 1}, {"H": "v"})])
    assert body == {
        "allOrNone": False,
        "collateSubrequests": False,
        "compositeRequest": [
            {"method": "GET", "url": "/a", "referenceId": "p0"},
            {"method": "PATCH", "url": "/b", "referenceId": "p1", "httpHeaders": {"H": "v"}, "body": {"X": 1}},
        ],
    }


@pytest.mark.parametrize("count", [0, 26])
def test_a_composite_call_has_one_to_twenty_five_parts(count: int) -> None:
    with pytest.raises(ValueError, match="25"):
        request_of([Part("GET", "/a")] * count)


def test_composite_answers_are_put_in_the_order_of_the_parts() -> None:
    told = [
        {"referenceId": "p1", "httpStatusCode": 404, "body": []},
        {"referenceId": "p0", "httpStatusCode": 200, "body": 1},
    ]
    answers = answers_of({"compositeResponse": told}, 2)
    assert answers is not None
    assert [a.status for a in answers] == [200, 404]


@pytest.mark.parametrize(
    "body", [None, {}, [], {"compositeResponse": []}, {"compositeResponse": [{}]}, {"compositeResponse": [1]}]
)
def test_anything_else_is_no_composite_answer(body: object) -> None:
    assert answers_of(body, 1) is None


def test_text_that_composite_would_take_for_a_reference_is_noticed() -> None:
    assert refers({"Subject": "see @{p0.id}"})
    assert refers({"ToIds": ["@{p0.id}"]})
    assert not refers({"Subject": "ann@example.com {x}", "N": 1, "E": None})


def test_secrets_are_not_shown() -> None:
    config = SalesforceConfig(client_id="c", client_secret="s1", private_key="s2", refresh_token="s3", username="u")
    assert not any(secret in repr(config) for secret in ("s1", "s2", "s3"))


@pytest.mark.parametrize(
    ("login", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_audience_of_an_assertion_follows_the_host(login: str, audience: str) -> None:
    assert SalesforceConfig(client_id="c", login_url=login).jwt_audience == audience


@pytest.mark.parametrize(
    "bad", [{"rows_per_call": 0}, {"rows_per_call": 801}, {"tls_floor": ssl.TLSVersion.TLSv1}, {"private_key": "k"}]
)
def test_a_configuration_that_cannot_work_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SalesforceConfig(client_id="c", **bad)  # type: ignore[arg-type]


def test_invitees_are_people_with_an_address_and_rooms_keep_their_relation() -> None:
    def row(number: int, status: str, email: str | None, kind: str = "Contact", **more: object) -> dict[str, object]:
        person = {"attributes": {}, "Name": f"N{number}", "Email": email, "Type": kind}
        return {"Id": f"r{number}", "RelationId": f"p{number}", "Status": status, "Relation": person, **more}

    rows = [
        row(1, "Accepted", "Zoe@Example.com"),
        row(2, "Declined", "ann@example.com", "User"),
        row(3, "New", "bob@example.com", "Lead"),
        row(4, "Accepted", None, "Calendar"),
        row(5, "Uninvited", "gone@example.com"),
        row(6, "New", "who@example.com", IsInvitee=False),
        row(7, "New", None, IsWhat=True),
        row(8, "New", "deleted@example.com", IsDeleted=True),
        row(9, "Maybe", "may@example.com"),
    ]
    fields = invitee_fields(rows)
    assert fields["Invitees"] == (
        Attendee("ann@example.com", "N2", Role.REQUIRED, Response.DECLINED),
        Attendee("bob@example.com", "N3", Role.REQUIRED, Response.NONE),
        Attendee("may@example.com", "N9", Role.REQUIRED, Response.NONE),
        Attendee("zoe@example.com", "N1", Role.REQUIRED, Response.ACCEPTED),
    )
    assert fields["InviteeIds"] == (
        ("r1", "p1", "zoe@example.com"),
        ("r2", "p2", "ann@example.com"),
        ("r3", "p3", "bob@example.com"),
        ("r4", "p4", ""),
        ("r9", "p9", "may@example.com"),
    )


def test_a_describe_is_cut_down_and_knows_junction_lists() -> None:
    told = {
        "fields": [
            {
                "name": "ShowAs",
                "type": "picklist",
                "createable": True,
                "soapType": "xsd:string",
                "picklistValues": [{"value": "Busy", "active": True}, {"value": "Old", "active": False}],
            },
            {"name": "WhoId", "type": "reference", "referenceTo": ["Contact", "Lead"]},
        ],
        "childRelationships": [{"junctionIdListNames": ["ToIds"]}, {"junctionIdListNames": []}],
    }
    fields = fields_of(told)
    assert fields["ShowAs"] == {"type": "picklist", "createable": True, "values": ["Busy"]}
    assert fields["WhoId"]["referenceTo"] == ["Contact", "Lead"]
    assert fields["ToIds"]["createable"] is True


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Acme.com/x", "acme.com"),
        ("acme.com", "acme.com"),
        ("http://acme.com:8080", "acme.com"),
        ("www.acme.co.uk/contact", "acme.co.uk"),
        ("notacme.com", "notacme.com"),
        ("", ""),
        ("http://[x", ""),
    ],
)
def test_a_website_is_compared_by_its_host(website: str, domain: str) -> None:
    assert website_domain(website) == domain
