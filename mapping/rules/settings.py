"""The settings that rules read: one catalogue, one way to lay layers over each other, one way to explain a value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

LEVELS = ("organization", "profile", "preset", "user")
BY_ADMIN = LEVELS[:-1]

SettingValue = bool | int | str | tuple[str, ...] | None

Days = int | None

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """`type`: what its value is. `optional`: None is a value too ("no limit"). `allowed`: the only values.
    `levels`: where it may be set. `aliases`: names by which people may know it from another product."""

    name: str
    type: type
    default: SettingValue
    text: str
    levels: tuple[str, ...] = LEVELS
    aliases: tuple[str, ...] = ()
    allowed: tuple[SettingValue, ...] = ()
    optional: bool = False
    addresses: bool = False  # the entries of the list are addresses or domains


def _switch(name: str, default: bool, text: str, *aliases: str, levels: tuple[str, ...] = LEVELS) -> Setting:
    return Setting(name, bool, default, text, levels, aliases)


def _days(name: str, default: int | None, text: str, *aliases: str) -> Setting:
    return Setting(name, int, default, text, LEVELS, aliases, optional=default is None)


def _choice(name: str, default: str, allowed: tuple[str, ...], text: str, *aliases: str) -> Setting:
    return Setting(name, str, default, text, LEVELS, aliases, allowed)


def _entries(name: str, text: str, levels: tuple[str, ...], *aliases: str) -> Setting:
    return Setting(name, tuple, (), text, levels, aliases, addresses=True)


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        _switch("autosave.meetings", True, "Save meetings automatically.", "Auto-save meetings"),
        _switch("autosave.appointments", False, "Save appointments automatically.", "Auto-save appointments"),
        _switch("autosave.emails", False, "Save e-mail automatically.", "Auto-saving of emails"),
        Setting(
            "autosave.email_mode",
            int,
            0,
            "Which e-mail is saved automatically: 0 = when somebody on it is known.",
            BY_ADMIN,
            ("SalesforceEmailAutoTrackMode",),
            (0,),
        ),
        _days("autosave.past_days", 14, "How many days back events are saved automatically."),
        _days("autosave.future_days", 60, "How many days ahead events are saved automatically."),
        _days("autosave.first_email_days", 6, "How many days of e-mail the first run looks back."),
        _switch("autosave.internal_events", False, "Save meetings among colleagues automatically."),
        _switch(
            "autosave.unlinked_events",
            False,
            "Save meetings on which nobody is known in Salesforce.",
            "SalesforceEventAutoTrackIncludingNotShared",
        ),
        _switch("events.down", True, "Show Salesforce events in the calendar.", "Sync my Salesforce calendar"),
        _switch(
            "invitations.unanswered",
            False,
            "Save invitations that were not accepted.",
            "ServiceSyncNotRespondedInvitations",
        ),
        _days("scope.past_days", 14, "How many days back saved events are kept the same."),
        _days("scope.future_days", None, "How many days ahead saved events are kept the same; none = no limit."),
        _switch(
            "attendees.track_deleted",
            False,
            "Remove guests from the calendar item when they are removed in Salesforce.",
            "ServiceEventTrackDeletedAttendees",
        ),
        _switch(
            "attendees.track_deleted",
            False,
            "Take attendees who were removed in Salesforce off the meeting.",
            "ServiceEventTrackDeletedAttendees",
        ),
        _choice(
            "deletion.events",
            "off",
            ("off", "own", "all"),
            "Delete calendar items when their event is deleted in Salesforce.",
            "ServiceEventDeletionStrategy",
        ),
        _switch(
            "description.safe",
            True,
            "Copy the description once and then leave it alone.",
            "ServiceEventSafeDescriptionSync",
        ),
        _choice(
            "conflict.event",
            "mailbox",
            ("mailbox", "salesforce", "newest", "manual"),
            "Who prevails when one field of an event was edited on both sides.",
            "conflict_policy.event",
        ),
        _entries("domains.internal", "Mail domains of the organization.", BY_ADMIN, "Organization email domains"),
        _entries(
            "blocklist.org",
            "Addresses and domains that nobody links to.",
            BY_ADMIN,
            "ServiceAutoTrackBlackList",
            "Emails / domains blocklisted from sync",
        ),
        _entries(
            "blocklist.user",
            "Addresses and domains that this user does not link to.",
            LEVELS,
            "Email Domains Blocklisted From Syncing",
        ),
        _switch("blocklist.free_mail", True, "Treat free mail services as blocked.", levels=BY_ADMIN),
        _switch("blocklist.subdomains", True, "A blocked domain stands for its sub-domains too.", levels=BY_ADMIN),
        _switch("link.opportunities", True, "Link to the user's opportunities.", "Link to Opportunities"),
        _switch("link.require_account", True, "Save e-mail only when an account stands behind it."),
        _choice("resolve.kind", "off", ("off", "lead", "contact"), "What is made for people unknown in Salesforce."),
        _switch(
            "resolve.smart",
            False,
            "Choose what is made by the account that the mail domain belongs to.",
            "SalesforceSmartCreateUnresolvedObjects",
        ),
        _switch("resolve.person_accounts", False, "Make person accounts.", "Create Person accounts"),
        _switch(
            "resolve.all_unresolved",
            False,
            "Make records for everybody unknown, not only for the main counterpart.",
            "SalesforceEmailCreateAllUnresolvedRecipients",
        ),
        _switch(
            "resolve.account_create",
            True,
            "Make the account of a new contact.",
            "SalesforceContactAutoCreateAccount",
        ),
        _switch(
            "resolve.account_lookup",
            True,
            "Look for the account of a new contact.",
            "SalesforceContactAutoLookupAccount",
        ),
        Setting("resolve.max_recipients", int, 15, "Nobody is created from an item that names more people.", BY_ADMIN),
        _switch("mail.skip_private", True, "Do not save private e-mail automatically."),
        _choice(
            "private_mode", "skip", ("skip", "full"), "Whether private events are saved automatically, for all to see."
        ),
        _choice("email.record", "auto", ("auto", "emailmessage", "task"), "As which record e-mail is saved."),
    )
}

_ALIASES = {alias: setting.name for setting in SETTINGS.values() for alias in setting.aliases}

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NONE = frozenset({"", "none", "unlimited"})


@dataclass(frozen=True, slots=True)
class Explained:
    """A value, the layer it comes from, and what every layer said, weakest first."""

    value: SettingValue
    layer: str
    chain: tuple[tuple[str, SettingValue], ...]


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings that hold for one user."""

    chains: Mapping[str, tuple[tuple[str, SettingValue], ...]] = field(default_factory=dict)

    def explain(self, name: str) -> Explained:
        setting = find(name)
        chain = (("default", setting.default), *self.chains.get(setting.name, ()))
        return Explained(chain[-1][1], chain[-1][0], chain)

    def value(self, name: str) -> SettingValue:
        return self.explain(name).value

    def optional_int(self, name: str) -> Days:
        """For settings in which None means no limit."""
        return None if self.value(name) is None else _typed(self.value(name), int, name)

    def text(self, name: str) -> str:
        return _typed(self.value(name), str, name)

    def list(self, name: str) -> tuple[str, ...]:
        return _typed(self.value(name), tuple, name)

    def int(self, name: str) -> int:
        return _typed(self.value(name), int, name)

    def bool(self, name: str) -> bool:
        return _typed(self.value(name), bool, name)


def _typed(value: SettingValue, kind: type[T], name: str) -> T:
    if type(value) is not kind:
        raise TypeError(f"setting {name} is no {kind.__name__}")
    return value


def find(name: str) -> Setting:
    """The setting of that name or alias; an unknown name raises ValueError with the nearest one."""
    setting = SETTINGS.get(_ALIASES.get(name, name))
    if setting is None:
        near = difflib.get_close_matches(name, [*SETTINGS, *_ALIASES], n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"there is no setting {name}{hint}")
    return setting


def resolve(layers: Sequence[tuple[str, Mapping[str, object]]]) -> Effective:
    """Lay the layers over each other, weakest first. A bad name or value raises ValueError and names the layer."""
    chains: dict[str, tuple[tuple[str, SettingValue], ...]] = {}
    for layer, values in layers:
        for name, value in values.items():
            try:
                setting = find(name)
                if layer in LEVELS and layer not in setting.levels:
                    raise ValueError(f"{setting.name} may be set for {', '.join(setting.levels)} only")
                said = (layer, coerce(setting.name, value))
            except ValueError as error:
                raise ValueError(f"{layer}: {error}") from None
            chains[setting.name] = (*chains.get(setting.name, ()), said)
    return Effective(chains)


def parse(name: str, text: str) -> SettingValue:
    """The value that a text means; ValueError says what is allowed."""
    setting = find(name)
    word = text.strip()
    if setting.optional and word.lower() in _NONE:
        return None
    if setting.type is tuple:
        return _checked(setting, tuple(each.strip() for each in word.split(",") if each.strip()))
    if setting.type is bool:
        if word.lower() in _TRUE | _FALSE:
            return word.lower() in _TRUE
        raise ValueError(f"{setting.name} must be true or false, not {word!r}")
    if setting.type is int:
        if not word.lstrip("-").isdecimal():
            raise ValueError(f"{setting.name} must be a whole number{_or_none(setting)}, not {word!r}")
        return _checked(setting, int(word))
    return _checked(setting, word)


def coerce(name: str, value: object) -> SettingValue:
    """A value from a file or a column as the setting's type."""
    setting = find(name)
    if isinstance(value, str):
        return parse(name, value)
    if isinstance(value, (list, tuple, set, frozenset)) and setting.type is tuple:
        return _checked(setting, tuple(str(each).strip() for each in value))
    if value is None and setting.optional:
        return None
    if setting.type is bool and type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) is not setting.type or not isinstance(value, (bool, int)):
        raise ValueError(f"{setting.name} must be {_KINDS[setting.type]}{_or_none(setting)}, not {value!r}")
    return _checked(setting, value)


_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", str: "a word", tuple: "a list"}


def _or_none(setting: Setting) -> str:
    return " or none" if setting.optional else ""


def _checked(setting: Setting, value: SettingValue) -> SettingValue:
    if setting.allowed and value not in setting.allowed:
        raise ValueError(f"{setting.name} must be one of {', '.join(map(str, setting.allowed))}, not {value!r}")
    if type(value) is int and value < 0:
        raise ValueError(f"{setting.name} must not be below 0, not {value}")
    bad = [each for each in value if not _is_entry(each)] if setting.addresses and isinstance(value, tuple) else []
    if bad:
        raise ValueError(f"{setting.name} takes addresses and domains without wildcards, not {bad[0]!r}")
    return value


def _is_entry(text: str) -> bool:
    domain = text.rpartition("@")[2]
    return bool(domain) and not any(char in text for char in "*?/ \t") and not domain.startswith(".")
