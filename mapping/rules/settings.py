"""The values that hold for one user: layers of settings laid over each other, parsed, checked and explained."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from mapping.rules import category_columns, restrictions, shown_objects
from mapping.rules.catalogue import SETTINGS
from mapping.rules.setting import LEVELS, LOCKING, Setting, SettingValue

__all__ = [
    "LEVELS",
    "LOCKING",
    "MAILBOX",
    "SETTINGS",
    "Chain",
    "Effective",
    "Explained",
    "Layer",
    "Setting",
    "SettingValue",
    "coerce",
    "find",
    "heard",
    "laid_over",
    "parse",
    "resolve",
]

Days = int | None

MAILBOX = "mailbox"  # the strongest layer: what a mailbox is not able to do, whatever anybody wants

T = TypeVar("T")

_ALIASES = {alias: setting.name for setting in SETTINGS.values() for alias in setting.aliases}

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NONE = frozenset({"", "none", "unlimited"})


class Layer(NamedTuple):
    """What somebody says of settings. `locked`: the settings that no stronger level may change."""

    name: str
    values: Mapping[str, object]
    locked: frozenset[str] = frozenset()


Chain = tuple[tuple[str, SettingValue], ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A value, the layer it comes from, and what every layer said, weakest first. `lock`: the layer that locks the
    setting, '' for none; what stronger levels say is not heard then."""

    value: SettingValue
    layer: str
    chain: Chain
    lock: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings that hold for one user. `locks`: by setting the layer that locks it."""

    chains: Mapping[str, Chain] = field(default_factory=dict)
    locks: Mapping[str, str] = field(default_factory=dict)

    def explain(self, name: str) -> Explained:
        setting = find(name)
        chain = (("default", setting.default), *self.chains.get(setting.name, ()))
        lock = self.locks.get(setting.name, "")
        layer, value = heard(chain, lock)[-1]
        return Explained(value, layer, chain, lock)

    def value(self, name: str) -> SettingValue:
        return self.explain(name).value

    def over(self, layer: str, values: Mapping[str, SettingValue]) -> Effective:
        """These settings with something laid over them that is stronger than all layers."""
        laid = {name: (*self.chains.get(name, ()), (layer, value)) for name, value in values.items()}
        return Effective({**self.chains, **laid}, self.locks)

    def optional_int(self, name: str) -> Days:
        """For settings in which None means no limit."""
        return None if self.value(name) is None else _typed(self.value(name), int, name)

    def text(self, name: str) -> str:
        return _typed(self.value(name), str, name)

    def list(self, name: str) -> tuple[str, ...]:
        return _typed(self.value(name), tuple, name)

    def mappings(self, name: str) -> tuple[Mapping[str, str], ...]:
        return _typed(self.value(name), tuple, name)

    def int(self, name: str) -> int:
        return _typed(self.value(name), int, name)

    def bool(self, name: str) -> bool:
        return _typed(self.value(name), bool, name)


def heard(chain: Chain, lock: str) -> Chain:
    """What of a chain counts: all of it, or without the levels that are stronger than the one that locks the setting.
    Layers that are no levels, like what a mailbox is not able to do, always count."""
    if not lock:
        return chain
    deaf = LEVELS[LEVELS.index(lock) + 1 :]
    return tuple(said for said in chain if said[0] not in deaf)


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


def resolve(layers: Sequence[Layer | tuple[str, Mapping[str, object]]]) -> Effective:
    """Lay the layers over each other, weakest first; one without locks may be given as a pair. Of several locks the
    weakest layer's counts. A bad name or value raises ValueError and names the layer."""
    chains: dict[str, Chain] = {}
    locks: dict[str, str] = {}
    for layer, values, locked in (Layer(*each) for each in layers):
        for name, value in values.items():
            try:
                setting = find(name)
                if layer in LEVELS and layer not in setting.levels:
                    raise ValueError(f"{setting.name} may be set for {', '.join(setting.levels)} only")
                said = (layer, coerce(setting.name, value))
            except ValueError as error:
                raise ValueError(f"{layer}: {error}") from None
            chains[setting.name] = (*chains.get(setting.name, ()), said)
        locks = dict.fromkeys((find(name).name for name in locked), layer) | locks
    return Effective(chains, locks)


def laid_over(layers: Sequence[Layer], level: str, values: Mapping[str, object], *, lock: bool = False) -> list[Layer]:
    """The layers, weakest first, as if these values were set at a level, and perhaps locked there. A value of None
    takes back what is set there."""
    was = next((layer for layer in layers if layer.name == level), Layer(level, {}))
    kept = {name: value for name, value in {**was.values, **values}.items() if value is not None}
    now = Layer(level, kept, was.locked & kept.keys() | (set(values) & kept.keys() if lock else set()))
    below = [layer for layer in layers if layer.name in LEVELS and LEVELS.index(layer.name) < LEVELS.index(level)]
    place = layers.index(was) if was in layers else 1 + max(map(layers.index, below), default=-1)
    rest = [layer for layer in layers if layer is not was]
    return [*rest[:place], now, *rest[place:]]


def parse(name: str, text: str) -> SettingValue:
    """The value that a text means; ValueError says what is allowed."""
    setting = find(name)
    word = text.strip()
    if setting.optional and word.lower() in _NONE:
        return None
    if setting.entries in _MAPPINGS:
        return _mappings(setting, _from_json(setting, word or "[]"))
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
    if setting.entries in _MAPPINGS:
        return _mappings(setting, value)
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
    if setting.within is not None and isinstance(value, int) and not setting.within[0] <= value <= setting.within[1]:
        raise ValueError(f"{setting.name} must lie between {setting.within[0]} and {setting.within[1]}, not be {value}")
    if type(value) is int and value < 0:
        raise ValueError(f"{setting.name} must not be below 0, not {value}")
    fits, form = _ENTRIES.get(setting.entries, (bool, ""))
    bad = [each for each in value if not fits(str(each))] if isinstance(value, tuple) else []
    if bad:
        raise ValueError(f"{setting.name} takes {form}, not {bad[0]!r}")
    return value


def _mappings(setting: Setting, value: object) -> tuple[Mapping[str, str], ...]:
    try:
        return _MAPPINGS[setting.entries](value)
    except ValueError as error:
        raise ValueError(f"{setting.name}: {error}") from None


def _from_json(setting: Setting, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{setting.name} is written as JSON, which this is not") from None


def _is_address(text: str) -> bool:
    domain = text.rpartition("@")[2]
    return bool(domain) and not any(char in text for char in "*?/ \t") and not domain.startswith(".")


def _is_folder(text: str) -> bool:
    return all(part.strip() for part in text.split("/"))


def _is_column(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z]\w*", text, re.ASCII) is not None


# what each kind of list takes
_ENTRIES: dict[str, tuple[Callable[[str], bool], str]] = {
    "addresses": (_is_address, "addresses and domains without wildcards"),
    "types": (lambda text: re.fullmatch(r"\.?\w{1,20}", text) is not None, "extensions of file names, like pdf"),
    "columns": (_is_column, "API names of Salesforce columns"),
    "folders": (_is_folder, "names of folders, or paths like Projects/Alpha"),
    "values": (lambda text: "=" in text and _is_column(text.partition("=")[0].strip()), "entries like Column=value"),
    "people": (lambda text: text in ("Contact", "PersonAccount", "Lead"), "Contact, PersonAccount and Lead"),
}
# lists of small mappings, by what reads them
_MAPPINGS: dict[str, Callable[[object], tuple[Mapping[str, str], ...]]] = {
    "objects": shown_objects.read,
    "categories": category_columns.read,
    "restrictions": restrictions.read,
}
