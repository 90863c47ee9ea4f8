"""The modes of saving e-mail automatically: what makes a message worth saving, and whether people are made for it.

|   | saved when                                              | people made            |
| 0 | somebody eligible is known                              | none by itself         |
| 1 | somebody eligible is on it                              | when nobody is known   |
| 2 | as 0, or an account has the domain of somebody unknown  | under that account     |
| 3 | as 0, or the text names a record of Salesforce          | none by itself         |
| 4 | somebody eligible is unknown, or as 0                   | for who is unknown     |

Eligible is who is neither a colleague nor blocked; a message with nobody eligible is never saved automatically, save by
the two settings that say so. A person for whom a record is about to be made counts as known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mapping.rules.settings import Effective

GENERAL, FORCED, SMART, USEFUL, FLEXIBLE = range(5)

CREATING = frozenset({FORCED, SMART, FLEXIBLE})


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the people on a message and of what it is about.

    `outside`: somebody besides the user and his colleagues is on it. `eligible`: of those somebody who may be linked.
    `known`: an eligible one has a record. `coming`: a record is about to be made for one. `unknown`: one has none.
    `known_blocked`: somebody who may not be linked has a record. `by_domain`: an account has the mail domain of an
    unknown one. `named`: the message itself names a record. `account`: nobody on it is known, but an account that it
    can be linked to has the mail domain of somebody."""

    outside: bool = False
    eligible: bool = False
    known: bool = False
    coming: bool = False
    unknown: bool = False
    known_blocked: bool = False
    by_domain: bool = False
    named: bool = False
    account: bool = False

    @property
    def somebody(self) -> bool:
        return self.known or self.coming


_WORTH: Mapping[int, Callable[[Standing], bool]] = {
    GENERAL: lambda s: s.somebody,
    FORCED: lambda _: True,
    SMART: lambda s: s.somebody or s.by_domain,
    USEFUL: lambda s: s.somebody or s.named,
    FLEXIBLE: lambda s: s.somebody or s.unknown,
}


def is_worth_saving(standing: Standing, settings: Effective) -> bool:
    """Does the mode save a message with these people on it automatically?"""
    if standing.eligible and _WORTH[_mode(settings)](standing):
        return True
    return counts_blocked(settings) and standing.known_blocked


def counts_blocked(settings: Effective) -> bool:
    """Is a message saved although all who are known on it are blocked?"""
    return _mode(settings) == GENERAL and settings.bool("autosave.count_blocked")


def looks_past_blocks(settings: Effective) -> bool:
    """May a message be saved automatically on which nobody is eligible?"""
    return counts_blocked(settings) or settings.bool("autosave.unlinked_emails")


def may_save_unknown(settings: Effective) -> bool:
    """May a message be saved automatically on which nobody is known? Then it matters what its text names."""
    return _mode(settings) != GENERAL or looks_past_blocks(settings)


def creating(settings: Effective) -> Effective:
    """The settings by which people are made for a message that is saved automatically: a mode that makes people does so
    by the account of their mail domain, unless the organization has said how."""
    said = settings.bool("resolve.smart") or settings.text("resolve.kind") != "off"
    if said or _mode(settings) not in CREATING:
        return settings
    every = _mode(settings) == SMART  # whoever of them is of an account's domain
    return settings.over("mode", {"resolve.smart": True, **({"resolve.all_unresolved": True} if every else {})})


def only_under_account(settings: Effective) -> bool:
    """Are people made only where an account has their mail domain?"""
    return _mode(settings) == SMART and creating(settings) is not settings


def makes_beside_known(settings: Effective) -> bool:
    """Is the main unknown person made also when others on the message are known?"""
    return _mode(settings) == FLEXIBLE


def _mode(settings: Effective) -> int:
    return settings.int("autosave.email_mode")
