"""What has to be known to open a mailbox of Google Workspace, and where Google's services are.

Paths below the roots are those of the discovery documents, so a sandbox or a proxy stands in by its root alone.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"


class Service(StrEnum):
    CALENDAR = "calendar"
    GMAIL = "gmail"
    TASKS = "tasks"
    PEOPLE = "people"
    DRIVE = "drive"


# Drive is read only where somebody says so: whoever granted four scopes did not grant a fifth
USUAL = frozenset(Service) - {Service.DRIVE}


# what an administrator grants the service account for the whole domain
SCOPES: Mapping[Service, str] = {
    Service.CALENDAR: "https://www.googleapis.com/auth/calendar",
    Service.GMAIL: "https://www.googleapis.com/auth/gmail.modify",
    Service.TASKS: "https://www.googleapis.com/auth/tasks",
    Service.PEOPLE: "https://www.googleapis.com/auth/contacts",
    Service.DRIVE: "https://www.googleapis.com/auth/drive.readonly",
}
ROOTS: Mapping[Service, str] = {
    Service.CALENDAR: "https://www.googleapis.com",
    Service.GMAIL: "https://gmail.googleapis.com",
    Service.TASKS: "https://tasks.googleapis.com",
    Service.PEOPLE: "https://people.googleapis.com",
    Service.DRIVE: "https://www.googleapis.com",
}
BATCH_PATHS: Mapping[Service, str] = {
    Service.CALENDAR: "/batch/calendar/v3",
    Service.GMAIL: "/batch/gmail/v1",
    Service.TASKS: "/batch",
    Service.PEOPLE: "/batch",
    Service.DRIVE: "/batch/drive/v3",
}
# Google's names of the colours that an event may have
COLOURS: Mapping[str, str] = {
    "lavender": "1", "sage": "2", "grape": "3", "flamingo": "4", "banana": "5", "tangerine": "6", "peacock": "7",
    "graphite": "8", "blueberry": "9", "basil": "10", "tomato": "11",
}  # fmt: skip


def roots_under(base: str) -> dict[Service, str]:
    """The services of an emulator that serves all of them below one address."""
    base = base.rstrip("/")
    return {service: f"{base}/people" if service is Service.PEOPLE else base for service in Service}


@dataclass(frozen=True, slots=True)
class GoogleConfig:
    """Everything needed to open one mailbox, with either a service account (`account`: its key file) that may act for
    the whole domain, or the user's own consent (`refresh_token`, with the client that it was given to).

    `folder_ids` is what `folders()` told earlier. `time_zone` (IANA name) is the owner's, in which events are written.
    `mark_colour`, `error_colour`: colours of events that stand for our marks, '' when colours mean nothing to us.
    `topic`: the topic of Pub/Sub that Gmail tells of new mail, '' for none.
    `mail_days`: how far back mail is listed that bears no label of ours, when a mailbox is read for the first time."""

    address: str
    account: Mapping[str, str] = field(default_factory=dict, repr=False)
    refresh_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_url: str = ""
    auth_url: str = ""
    roots: Mapping[Service, str] = field(default_factory=lambda: ROOTS)
    services: frozenset[Service] = USUAL
    time_zone: str = "UTC"
    mark_colour: str = ""
    error_colour: str = ""
    topic: str = ""
    mail_days: int = 30
    tls_floor: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    folder_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(SCOPES[service] for service in Service if service in self.services)

    @property
    def quota_user(self) -> str:
        """Whom Google counts a call for; without it all calls of a service account count as one user's."""
        return hashlib.sha256(self.address.encode()).hexdigest()[:32]
