"""Proving a connection step by step, and what it means where it stops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from connectors.errors import ConnectorError, Fault, Scope
from connectors.findings import finding_of
from connectors.google import labels, tasks
from connectors.google.auth import sessions
from connectors.google.config import Service
from connectors.google.event_calls import EVENTS
from connectors.google.line import Line
from connectors.google.multipart import Ask
from connectors.protocols import Check
from mapping.model.findings import Finding
from mapping.model.people import normalise

WORDS: Mapping[str, Finding] = {
    # of the token
    "unauthorized_client": Finding.DELEGATION_MISSING,
    "invalid_client": Finding.SECRET_WRONG,
    "invalid_scope": Finding.SCOPE_LACKING,
    "access_denied": Finding.ADMIN_CONSENT,
    "admin_policy_enforced": Finding.ADMIN_CONSENT,
    "invalid_rapt": Finding.MFA_NEEDED,
    "disabled_client": Finding.ACCOUNT_DISABLED,
    "invalid_grant": Finding.CONSENT_OVER,
    "invalid_grant: key": Finding.ACCOUNT_KEY_WRONG,
    "invalid_grant: clock": Finding.CLOCK_WRONG,
    "invalid_grant: unknown": Finding.MAILBOX_UNKNOWN,
    "invalid_grant: suspended": Finding.GOOGLE_USER_SUSPENDED,
    "no key": Finding.ACCOUNT_KEY_WRONG,
    # of the services
    "insufficientPermissions": Finding.SCOPE_LACKING,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Finding.SCOPE_LACKING,
    "accessNotConfigured": Finding.API_OFF,
    "SERVICE_DISABLED": Finding.API_OFF,
    "notACalendarUser": Finding.MAILBOX_UNLICENSED,
    "failedPrecondition": Finding.MAILBOX_UNLICENSED,
}
_DELEGATION: Mapping[Service, Finding] = {
    Service.CALENDAR: Finding.DELEGATION_CALENDAR,
    Service.GMAIL: Finding.DELEGATION_GMAIL,
    Service.TASKS: Finding.DELEGATION_TASKS,
    Service.PEOPLE: Finding.DELEGATION_PEOPLE,
    Service.DRIVE: Finding.DELEGATION_DRIVE,
}
_PROBES: Mapping[Service, Ask] = {
    Service.CALENDAR: Ask("calendar.events.list", "GET", EVENTS, {"maxResults": 1}),
    Service.GMAIL: Ask("gmail.users.getProfile", "GET", f"{labels.USER}/profile"),
    Service.TASKS: Ask("tasks.tasklists.list", "GET", tasks.LISTS, {"maxResults": 1}),
    Service.PEOPLE: Ask("people.contactGroups.list", "GET", "/v1/contactGroups", {"pageSize": 1}),
    Service.DRIVE: Ask("drive.about.get", "GET", "/drive/v3/about", {"fields": "user"}),
}
_NO_TOKEN = ("unauthorized_client", "invalid_scope", "access_denied", "disabled_client", "admin_policy_enforced")


def check(line: Line, services: Collection[Service]) -> Iterator[Check]:
    """A new token and one call to each service; the first of them proves the token, too. With a user's own consent
    Gmail tells whose mailbox it opens."""
    sessions.forget(line.config)
    used = [service for service in Service if service in services]
    for number, service in enumerate(used):
        failure = _try(line, service)
        if number == 0:
            if failure is not None and _before_services(failure):
                yield from _no_token(line, used, failure)
                return
            yield Check("token", True)
        yield Check(
            service.value, failure is None, str(failure or ""), None if failure is None else finding_of(failure, WORDS)
        )
        if service is Service.GMAIL and failure is None and line.config.refresh_token:
            yield _owner(line)


def _no_token(line: Line, used: Collection[Service], failure: ConnectorError) -> Iterator[Check]:
    """Google refuses a token for all scopes when one of them is not granted, and does not say which: so they are asked
    for one by one."""
    if failure.vendor_code == "unauthorized_client" and len(used) > 1:
        lacking = []
        for service in used:
            alone = _try(Line(replace(line.config, services=frozenset({service})), line.on_call), service)
            if alone is not None and alone.vendor_code == "unauthorized_client":
                lacking.append(service)
        if lacking and len(lacking) < len(used):
            for service in lacking:
                yield Check("token", False, f"{service.value}: {failure}", _DELEGATION[service])
            return
    yield Check("token", False, str(failure), finding_of(failure, WORDS))


def _owner(line: Line) -> Check:
    told = normalise(str(line.call(Service.GMAIL, _PROBES[Service.GMAIL], Scope.CONTAINER).get("emailAddress") or ""))
    mine = told == normalise(line.config.address)
    return Check("owner", mine, told, None if mine else Finding.MAILBOX_OF_SOMEBODY_ELSE)


def _try(line: Line, service: Service) -> ConnectorError | None:
    try:
        line.call(service, _PROBES[service], Scope.CONTAINER)
    except ConnectorError as error:
        return error
    return None


def _before_services(failure: ConnectorError) -> bool:
    """Did it fail for want of a token, or of a connection?"""
    refused = failure.fault in (Fault.AUTH_REVOKED, Fault.AUTH_EXPIRED, Fault.UNAVAILABLE)
    return refused or failure.vendor_code in _NO_TOKEN
