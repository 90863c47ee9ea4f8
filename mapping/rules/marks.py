"""Marks: the categories by which a user asks for something and by which the engine answers.

Law: whatever is done, every category that is not ours stays, in its order and spelling (MRK-8).
"""

from __future__ import annotations

from collections.abc import Iterable

from mapping.model.reasons import SENTENCES

SALESFORCE = "Salesforce"
UNSYNC = "Salesforce Unsync"
THREAD = "Salesforce Thread"  # of one message: its whole thread is wanted. It stays the user's own, like any category
ERROR = "Sync Error"
STATUS = "Status: "
TRACKED = "Status: Tracked successfully"

LONGEST = 200  # Exchange takes 255 characters for a category; names are shown in narrow columns

Categories = tuple[str, ...]

# Outlook parts a list of categories at these.
_SEPARATORS = str.maketrans({",": " ", ";": " "})


def has(categories: Iterable[str], mark: str) -> bool:
    """Does the item bear this mark, in whatever spelling of case?"""
    return any(_same(each, mark) for each in categories)


def is_marked(categories: Iterable[str]) -> bool:
    return has(categories, SALESFORCE)


def mark_saved(categories: Categories) -> Categories:
    """Saved and linked; error marks are gone."""
    kept = tuple(each for each in without_error(categories) if not _same(each, UNSYNC))
    return _with(kept, SALESFORCE, TRACKED)


def mark_error(categories: Categories, text: str) -> Categories:
    """Failed, and why; without a text only that. What the user asked for stays, so that the next run tries again
    (MKM-4)."""
    kept = tuple(each for each in without_error(categories) if not _same(each, TRACKED))
    return _with(kept, ERROR, *([status(text)] if text else []))


def clear(categories: Categories) -> Categories:
    """None of our marks left."""
    ours = (SALESFORCE, UNSYNC, TRACKED)
    return tuple(each for each in without_error(categories) if not any(_same(each, mark) for mark in ours))


def status(text: str) -> str:
    """A reason as the name of a category."""
    return named(STATUS + text)


def named(text: str) -> str:
    """A text as the name of a category."""
    return " ".join(text.translate(_SEPARATORS).split())[:LONGEST].rstrip()


def is_ours(category: str) -> bool:
    """Would the engine take this category for one of its own?"""
    ours = (SALESFORCE, UNSYNC, THREAD, ERROR, TRACKED)
    return any(_same(category, mark) for mark in ours) or _is_status(category)


def without_error(categories: Categories) -> Categories:
    """Healed, or no longer asked for."""
    kept: list[str] = []
    after_error = False
    for each in categories:
        if _same(each, ERROR):
            after_error = True
        elif not (_is_status(each) and (after_error or _is_known(each))):
            kept.append(each)
            after_error = False
        else:
            after_error = False
    return tuple(kept)


# A user may have categories that begin with "Status: " too. Ours are known by their wording, or by standing right
# behind the error mark, where `mark_error` puts them.
_HEADS = frozenset(status(text.split("{")[0])[:40].casefold() for text in SENTENCES.values() if text.find("{") != 0)


def _is_known(category: str) -> bool:
    folded = category.casefold()
    return any(folded.startswith(head) for head in _HEADS if len(head) >= len(STATUS) + 12)


def _is_status(category: str) -> bool:
    return category.casefold().startswith(STATUS.casefold()) and not _same(category, TRACKED)


def _with(categories: Categories, *marks: str) -> Categories:
    return (*categories, *(mark for mark in marks if not has(categories, mark)))


def _same(category: str, mark: str) -> bool:
    return category.strip().casefold() == mark.casefold()
