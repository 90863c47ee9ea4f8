"""Everything that is needed to open one mailbox over Graph, and where the clouds are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where people sign in, and where the data is. Tokens of one cloud mean nothing in another."""

    login: str
    graph: str


CLOUDS = {
    "global": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "usgov": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "usgov-dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": Cloud("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """One of the three proves who we are: `client_secret`; `certificate`, a private key with its certificate in PEM; or
    `refresh_token`, with which a user lets us in to the own mailbox. `login_url` and `graph_url` lead elsewhere than to
    the cloud. `tls`: the oldest version that is spoken, 1.2 only for a proxy that knows no better. `time_zone` (IANA
    name) is the owner's. `folder_ids` is what `folders()` told earlier."""

    tenant: str
    client_id: str
    address: str
    client_secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    cloud: str = "global"
    tls: str = "1.3"
    login_url: str = ""
    graph_url: str = ""
    time_zone: str = "UTC"
    folder_ids: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for a cloud or a version of TLS that nobody knows."""
        if self.cloud not in CLOUDS:
            raise ValueError(f"there is no cloud {self.cloud!r}; known: {', '.join(CLOUDS)}")
        if self.tls not in ("1.2", "1.3"):
            raise ValueError("tls is 1.2 or 1.3")

    @property
    def token_url(self) -> str:
        return f"{self._tenant_url}/oauth2/v2.0/token"

    @property
    def authorize_url(self) -> str:
        return f"{self._tenant_url}/oauth2/v2.0/authorize"

    @property
    def _tenant_url(self) -> str:
        return f"{(self.login_url or CLOUDS[self.cloud].login).rstrip('/')}/{self.tenant}"

    @property
    def root(self) -> str:
        """The address under which all paths stand."""
        return f"{(self.graph_url or CLOUDS[self.cloud].graph).rstrip('/')}/v1.0"

    @property
    def scope(self) -> str:
        """All that was consented to. It names the cloud's own data, wherever that is asked for."""
        return f"{CLOUDS[self.cloud].graph}/.default"
