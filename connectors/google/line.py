"""One open mailbox at Google: the way every request goes, alone or in a batch, and where failures become faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from connectors import calls
from connectors.errors import ConnectorError, Fault, Scope
from connectors.google.auth import sessions
from connectors.google.config import BATCH_PATHS, GoogleConfig, Service
from connectors.google.faults import FAILURES, fault_of_answer, fault_of_error
from connectors.google.multipart import CONTENT_TYPE, Answer, Ask, Json, decode, encode, parsed

BATCH = 50  # more is discouraged by one service and refused by another
TIMEOUT = (10.0, 100.0)
# what the answer to an operation tells whatever there is; one without it comes from something in between, and whoever
# took it for "nothing there" would lose what is there
ALWAYS_TOLD: Mapping[str, str] = {
    **dict.fromkeys(("calendar.calendarList.list", "calendar.events.list", "tasks.tasklists.list", "tasks.tasks.list"),
                    "kind"),
    **dict.fromkeys(("calendar.events.get", "calendar.events.insert", "calendar.events.patch", "calendar.events.watch",
                     "gmail.users.labels.create", "gmail.users.messages.get", "gmail.users.messages.modify",
                     "gmail.users.threads.get", "tasks.tasklists.insert", "tasks.tasks.get", "tasks.tasks.insert",
                     "tasks.tasks.patch"), "id"),
    **dict.fromkeys(("gmail.users.getProfile", "gmail.users.history.list", "gmail.users.watch"), "historyId"),
    **dict.fromkeys(("people.people.createContact", "people.people.updateContact"), "resourceName"),
    "gmail.users.labels.list": "labels",
    "gmail.users.messages.list": "resultSizeEstimate",
    "people.contactGroups.list": "contactGroups",
}  # fmt: skip


class Line:
    """`on_call` hears of every HTTP call just before it is sent: a batch is one."""

    def __init__(self, config: GoogleConfig, on_call: calls.OnCall) -> None:
        self.config = config
        self.folder_ids = dict(config.folder_ids)
        self.on_call = on_call

    def call(self, service: Service, ask: Ask, at: Scope = Scope.CONNECTION, *, writing: bool = False) -> Json:
        """Do one thing. Raises ConnectorError for whatever goes wrong."""
        told = _told(service, ask, self.answer(service, ask, writing=writing), at, writing=writing)
        if isinstance(told, ConnectorError):
            raise told
        return told

    def answer(self, service: Service, ask: Ask, *, writing: bool = False) -> Answer:
        """As `call`; an error that the server tells is an answer."""
        url, params = self._url(service, ask.path), self._counted(ask).query
        told = self._send(
            ask.operation, ask.method, url, writing, params=params, headers=ask.headers, json=ask.body
        )  # fmt: skip
        return Answer(told.status_code, self._body(told, writing=writing), told.headers.get("Retry-After", ""))

    def content(self, service: Service, ask: Ask) -> bytes:
        """What is told as it is. Raises ConnectorError."""
        told = self._send(
            ask.operation, ask.method, self._url(service, ask.path), False, params=self._counted(ask).query,
            headers=ask.headers,
        )  # fmt: skip
        if told.status_code >= 300:
            answer = Answer(told.status_code, self._body(told, writing=False), told.headers.get("Retry-After", ""))
            raise fault_of_answer(service, answer, Scope.ITEM)
        found: bytes = told.content
        return found

    def batch(
        self, service: Service, asks: Sequence[Ask], at: Scope = Scope.ITEM, *, writing: bool = False
    ) -> list[Json | ConnectorError]:
        """Do many things, one HTTP call for each `BATCH` of them; what became of each. Raises ConnectorError when the
        whole of the first call fails; a later one that fails is the error of each of its requests. What concerns the
        connection (a quota that is used up) is raised when it is read, because reading can begin again."""
        found: list[Json | ConnectorError] = []
        for start in range(0, len(asks), BATCH):
            chunk = asks[start : start + BATCH]
            try:
                answers = self._one_by_one(service, chunk, writing=writing)
            except ConnectorError as error:
                if not start and not (writing and error.fault is Fault.UNKNOWN):
                    raise
                found += [error] * len(chunk)
                continue
            for ask, answer in zip(chunk, answers, strict=True):
                told = _told(service, ask, answer, at, writing=writing)
                if isinstance(told, ConnectorError) and told.scope is Scope.CONNECTION and not writing:
                    raise told
                found.append(told)
        return found

    def _one_by_one(self, service: Service, asks: Sequence[Ask], *, writing: bool) -> list[Answer]:
        """A batch of one is the request itself."""
        if len(asks) == 1:
            return [self.answer(service, asks[0], writing=writing)]
        prefix = urlsplit(self.config.roots[service]).path.rstrip("/")
        content = encode([self._counted(ask) for ask in asks], prefix)
        url = self._url(service, BATCH_PATHS[service])
        told = self._send(
            f"{service}.batch", "POST", url, writing, parts=len(asks), data=content,
            headers={"Content-Type": CONTENT_TYPE},
        )  # fmt: skip
        if told.status_code >= 300:
            answer = Answer(told.status_code, self._body(told, writing=writing), told.headers.get("Retry-After", ""))
            raise fault_of_answer(service, answer, Scope.CONNECTION, writing=writing)
        try:
            return decode(told.headers.get("Content-Type", ""), told.content, len(asks))
        except ValueError as error:
            raise fault_of_error(error, writing=writing) from None

    def pages(self, service: Service, ask: Ask, at: Scope = Scope.CONTAINER) -> Iterator[Json]:
        """A listing page by page, all parameters the same."""
        token = ""
        while True:
            params = {**ask.params, **({"pageToken": token} if token else {})}
            page = self.call(service, replace(ask, params=params), at)
            yield page
            token = str(page.get("nextPageToken") or "")
            if not token:
                return

    def _url(self, service: Service, path: str) -> str:
        return self.config.roots[service].rstrip("/") + path

    def _counted(self, ask: Ask) -> Ask:
        return replace(ask, params={**ask.params, "quotaUser": self.config.quota_user})

    def _send(self, operation: str, method: str, url: str, writing: bool, *, parts: int = 1, **given: Any) -> Any:
        session = self._session()
        try:
            with calls.call("google", operation, self.on_call, parts) as seen:
                told = session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **given)
                seen.status, seen.pause = told.status_code, calls.asked_pause(told.headers)
                return told
        except FAILURES as error:
            fault = fault_of_error(error, writing=writing)
        # outside of the handler, so that the library's exception, whose text may quote the mailbox, is not chained
        raise fault

    def _session(self) -> Any:
        config = self.config
        if not config.account and not config.refresh_token:
            raise ConnectorError(Fault.AUTH_REVOKED, "neither a service account nor a user's consent is given")
        try:
            return sessions.of(config)
        except ValueError:
            refused = ConnectorError(Fault.AUTH_REVOKED, "the key file of the service account is none", "no key")
        raise refused

    def _body(self, told: Any, *, writing: bool) -> Json:
        try:
            return parsed(told.content)
        except ValueError as error:
            if told.status_code >= 300:
                return {}  # a gateway's page
            raise fault_of_error(error, writing=writing) from None


def _told(service: Service, ask: Ask, answer: Answer, at: Scope, *, writing: bool) -> Json | ConnectorError:
    if not answer.ok:
        return fault_of_answer(service, answer, at, writing=writing)
    always = ALWAYS_TOLD.get(ask.operation)
    if always is None or always in answer.body:
        return answer.body
    fault = Fault.UNKNOWN if writing else Fault.UNAVAILABLE
    return ConnectorError(fault, "an answer that is none to what was asked", "NOT_AN_ANSWER", at)
