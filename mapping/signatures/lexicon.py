"""The words that signatures are made of, by class, in the languages of business mail. Closed: no model knows others."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache

GIVEN, SURNAME = "given", "surname"
_LABEL = "label_"  # classes of words that stand before a value, or behind it, and say what it is


def _sections(name: str) -> Mapping[str, frozenset[str]]:
    """Class -> words, of a file of sections headed by "[class]"."""
    blob = pkgutil.get_data("mapping.signatures", name) or b""
    found: dict[str, frozenset[str]] = {}
    for section in blob.decode().split("["):
        title, _, words = section.partition("]")
        found[title] = frozenset(words.split())
    return found


@cache  # not at once: most processes read no signature
def _classes_by_word() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for file in ("lexicon.txt", "names.txt"):
        for title, words in _sections(file).items():
            for word in words:
                found.setdefault(word, []).extend((GIVEN, SURNAME) if title == "both" else (title,))
    return {word: tuple(names) for word, names in found.items()}


def labels(name: str) -> bool:
    """Does a class of words say what a value is?"""
    return name.startswith(_LABEL)


_STREET_ENDS = (
    "straße", "strasse", "str", "weg", "platz", "gasse", "allee", "straat", "laan", "plein", "gatan", "vägen", "gade",
    "vej", "veien", "gata", "katu", "tie", "gracht", "kade", "damm", "ufer",
)  # fmt: skip
_JOB_ENDS = (
    "manager", "leiter", "leiterin", "referent", "berater", "beraterin", "ingenieur", "entwickler", "direktor",
    "direktør", "chef", "sjef", "ledare", "leder", "konsult", "johtaja", "päällikkö", "ingenjör", "medewerker",
    "adviseur", "führer", "mitarbeiter", "assistent", "assistentin", "anwalt",
)  # fmt: skip
_ORG_ENDS = ("werke", "bank", "gruppe", "technik", "bau", "tech", "soft", "systems", "versicherung", "verlag", "group")


def classes_of(word: str) -> tuple[str, ...]:
    """The classes that a casefolded word belongs to; of compounds, by their ends."""
    by_word = _classes_by_word()
    known = by_word.get(word) or by_word.get(word.rstrip("."))
    if known is not None:
        return known
    if len(word) > 6:
        plain = word.rstrip(".")
        if plain.endswith(_STREET_ENDS):
            return ("street_end",)
        if plain.endswith(_JOB_ENDS):
            return ("job_end",)
        if plain.endswith(_ORG_ENDS):
            return ("org_end",)
    return ()
