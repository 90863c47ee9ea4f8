"""The one table from vendor codes to faults, and what is read out of error bodies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import TRANSIENT, Fault, Scope
from connectors.salesforce import faults

# Every code the vendor's documentation gives us a reaction for, with that reaction.
_RETRY = [
    "UNKNOWN_EXCEPTION",
    "SERVER_UNAVAILABLE",
    "UNABLE_TO_LOCK_ROW",
    "REQUEST_LIMIT_EXCEEDED",
    "QUERY_TIMEOUT",
    "OPERATION_TOO_LARGE",
    "QUERY_TOO_COMPLICATED",
    "REQUEST_RUNNING_TOO_LONG",
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    "ORG_IN_MAINTENANCE",
    "ORG_LOCKED",
    "INVALID_QUERY_LOCATOR",
    "PROCESSING_HALTED",
    "rate_limit_exceeded",
    "unknown_error",
]
_RECORD = [
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "REQUIRED_FIELD_MISSING",
    "STRING_TOO_LONG",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_EMAIL_ADDRESS",
    "FIELD_INTEGRITY_EXCEPTION",
    "INVALID_CROSS_REFERENCE_KEY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "ENTITY_IS_DELETED",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_UPDATE_CONVERTED_LEAD",
    "INACTIVE_OWNER_OR_USER",
    "DUPLICATES_DETECTED",
    "DUPLICATE_VALUE",
    "INVALID_FIELD",
    "INVALID_TYPE",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "STORAGE_LIMIT_EXCEEDED",
    "ENTITY_IS_LOCKED",
    "MALFORMED_ID",
    "MALFORMED_QUERY",
    "NOT_FOUND",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "JSON_PARSER_ERROR",
]
_USER = [
    "API_DISABLED_FOR_ORG",
    "API_CURRENTLY_DISABLED",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
    "LOGIN_DURING_RESTRICTED_DOMAIN",
    "LOGIN_DURING_RESTRICTED_TIME",
    "CLIENT_NOT_ACCESSIBLE_FOR_USER",
    "TRIAL_EXPIRED",
    "INVALID_SESSION_ID",
    "invalid_grant",
    "invalid_client",
    "invalid_client_id",
    "unsupported_grant_type",
    "inactive_user",
    "inactive_org",
    "invalid_app_access",
]


@pytest.mark.parametrize("code", _RETRY)
def test_a_passing_trouble_is_transient(code: str) -> None:
    assert faults.FAULTS[code].fault in TRANSIENT


@pytest.mark.parametrize("code", _RECORD)
def test_a_refused_record_is_never_retried_as_it_is(code: str) -> None:
    known = faults.FAULTS[code]
    assert known.fault not in TRANSIENT
    assert not known.wide


@pytest.mark.parametrize("code", _USER)
def test_a_refused_user_concerns_the_whole_connection(code: str) -> None:
    known = faults.FAULTS[code]
    assert known.fault in {Fault.AUTH_REVOKED, Fault.AUTH_EXPIRED, Fault.FORBIDDEN}
    assert known.wide


@pytest.mark.parametrize(
    "status", [300, 302, 400, 401, 403, 404, 405, 410, 412, 414, 415, 429, 431, 500, 502, 503, 504]
)
def test_an_answer_without_a_code_is_known_by_its_status(status: int) -> None:
    error = faults.call_error(status, "<html>no code in here</html>")
    assert error.fault is faults.FAULTS[status].fault
    assert error.vendor_code == f"HTTP_{status}"


@pytest.mark.parametrize(("status", "fault"), [(418, Fault.INVALID), (599, Fault.UNAVAILABLE)])
def test_an_unheard_of_status_is_still_sorted(status: int, fault: Fault) -> None:
    assert faults.call_error(status, b"").fault is fault


def test_the_code_counts_more_than_the_status() -> None:
    error = faults.call_error(
        403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    )
    assert (error.fault, error.scope) == (Fault.THROTTLED, Scope.CONNECTION)
    assert error.retry_after == timedelta(minutes=15)


def test_a_crowd_of_calls_waits_shorter_than_a_spent_quota() -> None:
    body = [{"message": "ConcurrentRequests (x) Limit exceeded", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    assert faults.call_error(403, body).retry_after == timedelta(seconds=30)


def test_what_the_server_asks_for_wins_over_our_own_patience() -> None:
    assert faults.call_error(503, "", timedelta(seconds=7)).retry_after == timedelta(seconds=7)


def test_no_message_of_the_vendor_gets_into_the_error() -> None:
    body = [{"message": "Dinner with Ann", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Subject"]}]
    error = faults.call_error(400, body)
    assert "Ann" not in str(error) + repr(error)
    assert error.fields == ("Subject",)


def test_a_row_names_its_code_differently_and_is_read_all_the_same() -> None:
    error = faults.row_error([{"statusCode": "REQUIRED_FIELD_MISSING", "message": "", "fields": ["LastName"]}])
    assert (error.fault, error.scope, error.fields) == (Fault.INVALID, Scope.ITEM, ("LastName",))


@pytest.mark.parametrize(
    "message",
    [
        "duplicate value found: InboxSync_Key__c duplicates value on record with id: 00U5g00000AbCdEFGH",
        "doppelter Wert: InboxSync_Key__c doppelter Wert auf Datensatz mit ID: 00U5g00000AbCdEFGH",
        "duplicate value found: <unknown> duplicates value on record with id: 00U5g00000AbCdEFGH",
    ],
)
def test_the_record_in_the_way_is_read_from_the_message_in_any_language(message: str) -> None:
    error = faults.row_error([{"statusCode": "DUPLICATE_VALUE", "message": message, "fields": []}])
    assert (error.fault, error.existing) == (Fault.DUPLICATE, "00U5g00000AbCdEFGH")


def test_a_message_without_an_id_gives_none() -> None:
    error = faults.row_error([{"statusCode": "DUPLICATE_VALUE", "message": "internationalization failed"}])
    assert error.existing == ""


def test_a_duplicate_rule_names_the_matching_record() -> None:
    record = {"attributes": {"type": "Lead"}, "Id": "00Q5g00000AbCdEFGH"}
    found = {"matchResults": [{"matchRecords": [{"matchConfidence": 90.0, "record": record}]}]}
    error = faults.row_error([{"statusCode": "DUPLICATES_DETECTED", "message": "", "duplicateResult": found}])
    assert (error.fault, error.existing) == (Fault.DUPLICATE, "00Q5g00000AbCdEFGH")


def test_a_unique_field_is_recognised_as_ours_or_not() -> None:
    told = [{"statusCode": "DUPLICATE_VALUE", "message": "duplicate value found: Other__c duplicates ..."}]
    assert not faults.names_field(told, "InboxSync_Key__c")
    assert faults.names_field(told, "Other__c")
    assert faults.names_field([{"fields": ["InboxSync_Key__c"]}], "InboxSync_Key__c")


@pytest.mark.parametrize("body", [b"", "", None, [], {}, "[", [1], "<html>", {"error": 5}, [{"fields": "x"}]])
def test_any_body_at_all_makes_an_error(body: object) -> None:
    assert faults.call_error(500, body).fault is Fault.UNAVAILABLE
    assert faults.row_error(body).fault is Fault.INVALID
