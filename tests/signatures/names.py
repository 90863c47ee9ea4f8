"""`python -m tests.signatures.names`: the names that the lexicon knows, from the lists that Faker carries."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FILE = Path("mapping/signatures/names.txt")
LOCALES = [
    "en_US",
    "en_GB",
    "en_IE",
    "en_IN",
    "en_NZ",
    "de_DE",
    "de_AT",
    "de_CH",
    "fr_FR",
    "fr_CA",
    "fr_BE",
    "es_ES",
    "es_MX",
    "es_AR",
    "it_IT",
    "nl_NL",
    "nl_BE",
    "pt_BR",
    "pt_PT",
    "pl_PL",
    "sv_SE",
    "da_DK",
    "no_NO",
    "fi_FI",
    "cs_CZ",
    "tr_TR",
    "hu_HU",
    "ro_RO",
]


def names(kind: str) -> frozenset[str]:
    """`kind`: "first_names" or "last_names"; folded, the parts of double names singly."""
    return frozenset(
        part.casefold()
        for locale in LOCALES
        for name in _listed(locale, kind)
        for part in name.replace("-", " ").split()
        if len(part) > 1 and part[0].isupper()
    )


def _listed(locale: str, kind: str) -> Iterator[str]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    for attribute in dir(provider):
        if kind in attribute and not attribute.startswith("_"):
            value = getattr(provider, attribute)
            if isinstance(value, (Mapping, tuple, list, set, frozenset)):
                yield from (name for name in value if isinstance(name, str))


def section(title: str, words: Iterable[str]) -> str:
    wrapped = textwrap.fill(" ".join(sorted(words)), 110, break_long_words=False, break_on_hyphens=False)
    return f"[{title}]\n{wrapped}\n"


def main() -> int:
    given, surnames = names("first_names"), names("last_names")
    sections = {"given": given - surnames, "surname": surnames - given, "both": given & surnames}
    FILE.write_text("\n".join(section(title, words) for title, words in sections.items()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
