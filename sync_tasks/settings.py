"""Settings of an installation: environment first, then files of secrets, then `inbox-sync.toml`, then an embedded
default that just works."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from sync_tasks.security.keys import MasterKey, file_keys, parse_keys

PREFIX = "INBOX_SYNC_"
EMBEDDED = "embedded"
SECRETS_DIR = (
    f"{PREFIX}SECRETS_DIR"  # a folder with a file a setting: /run/secrets of containers, systemd's credentials
)

# Read by tests and tools, not by the program; they share the prefix so that one `env | grep` shows everything.
_NOT_OURS = (f"{PREFIX}VENDOR_SCHEMAS", f"{PREFIX}CUMULUSCI_WHEEL", SECRETS_DIR)
_NOT_OURS_PREFIX = f"{PREFIX}TEST_"


class UnknownSettingError(ValueError):
    """A name that no setting has: most often a typing error, which would otherwise silently leave the default."""

    def __init__(self, name: str, nearest: str, where: str) -> None:
        super().__init__(f"{where} sets {name}, which is no setting; did you mean {nearest}?")


class SecretsMissingError(ValueError):
    """The folder of secret files is not there; a default in their place would be a surprise."""


class _Environment(EnvSettingsSource):
    """The environment, where a name with our prefix that means nothing is an error."""

    def __call__(self) -> dict[str, Any]:
        known = [PREFIX + name.upper() for name in self.settings_cls.model_fields]
        given = (name.upper() for name in self.env_vars)
        _refuse_unknown((name for name in given if _is_ours(name)), known, "the environment")
        return super().__call__()


class _SecretFiles(SecretsSettingsSource):
    """Files named like the variables, in small letters (`inbox_sync_secret_keys`); the same strictness."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, secrets_dir=os.environ.get(SECRETS_DIR) or None)

    def __call__(self) -> dict[str, Any]:
        if self.secrets_dir is not None:
            folder = Path(str(self.secrets_dir))
            if not folder.is_dir():
                raise SecretsMissingError(f"{SECRETS_DIR} names {folder}, which is no folder")
            known = [PREFIX + name.upper() for name in self.settings_cls.model_fields]
            given = (path.name.upper() for path in folder.iterdir())
            _refuse_unknown((name for name in given if name.startswith(PREFIX)), known, str(folder))
        return super().__call__()


class _TomlFile(TomlConfigSettingsSource):
    """The file in the working directory, with the same strictness."""

    def __call__(self) -> dict[str, Any]:
        _refuse_unknown(self.toml_data, list(self.settings_cls.model_fields), "inbox-sync.toml")
        return super().__call__()


class Settings(BaseSettings):
    """All of it, frozen. What belongs to one organization or user is not here but in the store."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        toml_file="inbox-sync.toml",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    # --- where things stand
    home: Path = Path(".inbox-sync")
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data.get('home', '.')}/inbox-sync.db", repr=False
    )
    redis_url: str = Field(default=EMBEDDED, repr=False)
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()

    # --- the schedule
    shards: int = Field(default=4, ge=1, le=256)
    interval_seconds: int = Field(default=1800, ge=1)
    jitter: float = Field(default=0.1, ge=0, le=0.5)
    force_floor_seconds: int = Field(default=60, ge=0)
    dispatch_every_seconds: float = Field(default=5, gt=0)
    # runs that wait for a worker: in all, and of one organization before it lets others go first
    waiting_most: int = Field(default=2000, ge=1)
    waiting_in_front: int = Field(default=20, ge=1)

    # how often one call asks what moved in a whole Salesforce organization
    feed_every_seconds: int = Field(default=60, ge=5)

    # --- one run
    lease_seconds: int = Field(default=900, ge=1)
    recover_after_seconds: int = Field(default=300, ge=1)
    stage_soft_seconds: int = Field(default=840, ge=1)
    stage_hard_seconds: int = Field(default=900, ge=1)
    visibility_timeout: int = Field(default=960, ge=1)

    # --- for developers: let an unexpected error through, with its traceback, after the run is closed
    debug: bool = False

    # --- the vendors
    salesforce_version: str = Field(default="66.0", pattern=r"^\d{2,3}\.0$")
    salesforce_key_field: str = Field(default="InboxSync_Key__c", pattern=r"^[A-Za-z]\w*__c$")
    ews_changes_batch: int = Field(default=512, ge=1, le=512)
    ews_read_batch: int = Field(default=50, ge=1, le=500)
    ews_write_batch: int = Field(default=50, ge=1, le=500)

    # --- how fast vendors are called: calls a minute, shared by all workers, and how long one call waits for its turn
    pace_exchange_mailbox: int = Field(default=1200, ge=1)
    pace_graph_mailbox: int = Field(default=900, ge=1)
    pace_graph_application: int = Field(default=100_000, ge=1)
    pace_google_mailbox: int = Field(default=300, ge=1)
    pace_google_project: int = Field(default=5000, ge=1)
    pace_salesforce_organization: int = Field(default=6000, ge=1)
    call_wait_most_seconds: float = Field(default=20, ge=0, le=300)

    # --- the web: where it listens, and under which address people and vendors reach it
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = Field(default="", pattern=r"^(https?://[^/?#]+(/[^?#]*)?)?$")
    # log-in by OpenID Connect; without an issuer there are one-time links only
    oidc_issuer: str = Field(default="", pattern=r"^(https?://[^?#]+)?$")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = "OpenID Connect"  # what the button calls it
    metrics_token: SecretStr = SecretStr("")  # asked for at /metrics; without one, only this machine may look

    # --- mails to people; without a host none are sent, and what they would say is kept
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_sender: str = ""  # an address; without it, that of the user that signs in
    smtp_admins: str = ""  # addresses of who looks after all this, parted by commas

    # --- what Gmail tells over Pub/Sub: the service account that posts it, for which audience, where Google's keys are
    pubsub_account: str = ""
    pubsub_audience: str = ""
    google_certs_url: str = Field(default="https://www.googleapis.com/oauth2/v3/certs", pattern=r"^https?://\S+$")

    # --- Flower: it does not start without a password
    flower_host: str = "127.0.0.1"
    flower_port: int = Field(default=5555, ge=0, le=65535)
    flower_user: str = Field(default="inbox-sync", pattern=r"^[^:\s]+$")
    flower_password: SecretStr = SecretStr("")

    # --- what operators see: the form of the log; traces go where OpenTelemetry's own variables say
    log_format: Literal["text", "json"] = "text"
    traces: Literal["off", "otlp"] = "off"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # replaced by the strict one
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # a third place to look would be one too many
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Environment(settings_cls), _SecretFiles(settings_cls), _TomlFile(settings_cls)

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        # Workers may change their directory later; the home must not move with them.
        return home.expanduser().resolve()

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _readable(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if value:
            parse_keys(key.get_secret_value() for key in value)
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        # Each clock must outlast the one before it, or work that is still going on is given to somebody else.
        rising = ("stage_soft_seconds", "stage_hard_seconds", "visibility_timeout")
        for shorter, longer in pairwise(rising):
            if getattr(self, shorter) >= getattr(self, longer):
                raise ValueError(f"{shorter} must be less than {longer}")
        return self

    @property
    def key_file(self) -> Path:
        return self.home / "secret.key"

    def master_keys(self) -> tuple[MasterKey, ...]:
        """The keys of the vault, first one for writing; without a setting, those of the home (made when missing)."""
        if self.secret_keys:
            return parse_keys(key.get_secret_value() for key in self.secret_keys)
        return file_keys(self.key_file)

    def secret_texts(self) -> tuple[str, ...]:
        """Every text that must never be seen: the secrets, and the passwords inside addresses."""
        values = [getattr(self, name) for name in type(self).model_fields]
        found = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
        hidden = [each.get_secret_value() for each in found if isinstance(each, SecretStr)]
        addresses = [self.database_url, self.redis_url]
        return tuple(filter(None, [*hidden, *(urlsplit(address).password for address in addresses)]))

    def shown(self) -> dict[str, str]:
        """Every setting as text that may be shown to anybody: no secret, no password inside an address."""
        return {name: _masked(name, getattr(self, name)) for name in type(self).model_fields}


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) and name not in _NOT_OURS and not name.startswith(_NOT_OURS_PREFIX)


def _refuse_unknown(given: Iterable[str], known: list[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise UnknownSettingError(name, difflib.get_close_matches(name, known, n=1, cutoff=0)[0], where)


def _masked(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} set" if value else "from the key file"
    if not name.endswith("_url"):
        return str(value)
    parts = urlsplit(str(value))
    if parts.password is None:
        # A password may also stand in the query (`?password=`), where libpq takes it.
        return urlunsplit(parts._replace(query="...")) if "password" in parts.query else str(value)
    user = parts.username or ""
    return urlunsplit(parts._replace(netloc=f"{user}:***@{parts.netloc.rpartition('@')[2]}"))
