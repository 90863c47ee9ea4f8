"""What a setting is, and the ways to say one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("organization", "preset", "profile", "user")  # the weakest first
BY_ADMIN = LEVELS[:-1]
LOCKING = ("organization", "profile")  # where a setting may be locked, so that no stronger level changes it

MAPPINGS = ("objects", "categories", "restrictions")  # the entries of lists that are small mappings

SettingValue = bool | int | str | tuple[str, ...] | tuple[Mapping[str, str], ...] | None


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
    within: tuple[int, int] | None = None  # the least and the most that a number may be
    # what a list holds: "addresses" (and domains), "columns", "values" of columns, "folders", "categories", "people",
    # "restrictions", "types" of files, or "objects"
    entries: str = ""


def switch(name: str, default: bool, text: str, *aliases: str, levels: tuple[str, ...] = LEVELS) -> Setting:
    return Setting(name, bool, default, text, levels, aliases)


def days(name: str, default: int | None, text: str, *aliases: str) -> Setting:
    return Setting(name, int, default, text, LEVELS, aliases, optional=default is None)


def limit(name: str, default: int, text: str, *aliases: str) -> Setting:
    """A limit that keeps people from harm, so nobody sets it for himself. None: no limit (a share always has one)."""
    return Setting(name, int, default, text, BY_ADMIN, aliases, optional=not name.endswith("_percent"))


def tries(name: str, default: int, text: str, *aliases: str) -> Setting:
    """How often something is tried."""
    return Setting(name, int, default, text, BY_ADMIN, aliases, within=(1, 1000))


def choice(name: str, default: str, allowed: tuple[str, ...], text: str, *aliases: str) -> Setting:
    return Setting(name, str, default, text, LEVELS, aliases, allowed)


def entries(name: str, text: str, levels: tuple[str, ...], *aliases: str) -> Setting:
    return Setting(name, tuple, (), text, levels, aliases, entries="addresses")


def columns(name: str, text: str, *aliases: str, entries: str = "columns") -> Setting:
    return Setting(name, tuple, (), text, BY_ADMIN, aliases, entries=entries)


def types(name: str, default: str, text: str, *aliases: str) -> Setting:
    return Setting(name, tuple, tuple(default.split()), text, BY_ADMIN, aliases, entries="types")
