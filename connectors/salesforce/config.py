"""What one connection to a Salesforce org needs to know. Secrets never appear in its `repr`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.calls import OnCall, nobody

# Collections take 200 rows; a composite call takes five of them, of which one is kept for reading the versions back.
ROWS_PER_COLLECTION = 200
MOST_ROWS_PER_CALL = 4 * ROWS_PER_COLLECTION

PRODUCTION_AUDIENCE = "https://login.salesforce.com"
SANDBOX_AUDIENCE = "https://test.salesforce.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceConfig:
    """The flow follows from what is given: `private_key` (JWT bearer, needs `username`), `refresh_token`, or
    neither (client credentials, which Salesforce accepts on the My Domain host only).

    `base_url`: where the API is, when it is not where the token answer says (a proxy, an emulator).
    `first_days`: how far back the first poll reads. `want_versions`: read the new version of what was written.
    `rows_per_call`: most rows of one write call; above 200 several collections travel in one composite call.
    `columns`: further columns to read, by object (mapped custom fields).
    `on_call`: told the name of the operation for every HTTP call that is made, replays included.
    """

    client_id: str
    login_url: str = PRODUCTION_AUDIENCE
    base_url: str = ""
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    username: str = ""
    audience: str = ""
    version: str = "66.0"
    key_field: str = "InboxSync_Key__c"
    first_days: int = 30
    want_versions: bool = True
    rows_per_call: int = ROWS_PER_COLLECTION
    timeout: tuple[float, float] = (5.0, 30.0)
    tls_floor: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    verify: bool | str = True
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_call: OnCall = nobody

    def __post_init__(self) -> None:
        if not 1 <= self.rows_per_call <= MOST_ROWS_PER_CALL:
            raise ValueError(f"rows_per_call lies between 1 and {MOST_ROWS_PER_CALL}")
        if self.tls_floor < ssl.TLSVersion.TLSv1_2:
            raise ValueError("TLS below 1.2 is refused")
        if self.private_key and not self.username:
            raise ValueError("the JWT bearer flow needs the user name it acts for")

    @property
    def token_url(self) -> str:
        return self.login_url.rstrip("/") + "/services/oauth2/token"

    @property
    def authorize_url(self) -> str:
        return self.login_url.rstrip("/") + "/services/oauth2/authorize"

    @property
    def jwt_audience(self) -> str:
        """Whom the assertion is for. A My Domain is accepted for neither: the audience is one of the two log-in
        hosts, told apart by the host name of the org."""
        if self.audience:
            return self.audience
        host = urlsplit(self.login_url).hostname or ""
        is_sandbox = host.startswith("test.") or ".sandbox." in host
        return SANDBOX_AUDIENCE if is_sandbox else PRODUCTION_AUDIENCE
