"""A person's name and company, read from a display name and an address, as far as they tell it."""

from __future__ import annotations

import re

from mapping.model.item import Person

FIRST_LONGEST, LAST_LONGEST, COMPANY_LONGEST = 40, 80, 255


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOISE = re.compile(r"\s*[(\[].*?[)\]]\s*|\s+via\s+.*$|[\"<>]", re.IGNORECASE)
_TITLES = _words("mr mrs ms miss mx dr prof sir herr frau dipl ing")
_SUFFIXES = _words("jr sr ii iii iv phd md mba esq")
_PARTICLES = _words("von van der den de del della di da la le dos du ter ten zu zur al el bin ben")

_IN_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")

# Second-level labels under which names are registered, as in example.co.uk.
_REGISTRY = _words("ac co com edu gob gov gouv go gv mil ne net nom or org sch")


def person_name(person: Person) -> tuple[str, str]:
    """(first, last) from the display name, else from the local part; the last name is never empty."""
    shown = _NOISE.sub(" ", person.name).strip(" '")
    first, last = _from_display(shown) if shown and "@" not in shown else ("", "")
    if not last:
        first, last = _from_local(person.address)
    return first[:FIRST_LONGEST].strip(), last[:LAST_LONGEST].strip()


def _from_display(shown: str) -> tuple[str, str]:
    if "," in shown:
        last, _, first = shown.partition(",")
        rest = [word for word in _without_titles(first.split()) if not _is(word, _SUFFIXES)]
        # "Ann Smith, PhD" is no "Last, First".
        return (_case(" ".join(rest)), _case(last.strip())) if rest else _from_words(last.split())
    words = shown.split()
    return _from_words(words[0].split(".") if len(words) == 1 and words[0].count(".") == 1 else words)


def _from_words(words: list[str]) -> tuple[str, str]:
    named = [word for word in _without_titles(words) if word]
    while len(named) > 1 and _is(named[-1], _SUFFIXES):
        named.pop()
    start = max(len(named) - 1, 0)
    while start > 1 and _is(named[start - 1], _PARTICLES):
        start -= 1
    return _case(" ".join(named[:start])), _case(" ".join(named[start:]))


def _from_local(address: str) -> tuple[str, str]:
    local = address.rpartition("@")[0].split("+")[0]
    parts = [part for part in re.split(r"[._-]+", local) if part and not part.isdecimal()]
    if len(parts) < 2:
        return "", (parts[0] if parts else local or address).capitalize()
    return parts[0].capitalize(), " ".join(part.capitalize() for part in parts[1:])


def registrable(domain: str) -> str:
    """The part of a domain that somebody registered: "mail.acme-labs.co.uk" is "acme-labs.co.uk"."""
    labels = [label for label in domain.split(".") if label]
    registry = 2 if len(labels) > 2 and labels[-2] in _REGISTRY and len(labels[-1]) == 2 else 1
    return ".".join(labels[-registry - 1 :])


def company_of(domain: str) -> str:
    """The registrable label of a domain as a name: "mail.acme-labs.co.uk" is "Acme Labs"."""
    label = registrable(domain).partition(".")[0]
    try:
        label = label.encode("ascii").decode("idna") if label.startswith("xn--") else label
    except UnicodeError:
        label = domain
    return " ".join(word.capitalize() for word in re.split(r"[-_]+", label) if word)[:COMPANY_LONGEST] or domain


def company_shown(person: Person) -> str:
    """The company behind a display name, when the address bears it out: "Ann Smith (Globex Inc.)" of globex.example.
    Brackets hold much else ("(she/her)", "(Sales)"), so without such a witness it is ''."""
    found = _IN_BRACKETS.search(person.name)
    if found is None:
        return ""
    shown, label = _squeezed(found[1]), _squeezed(company_of(person.address.rpartition("@")[2]))
    return found[1][:COMPANY_LONGEST] if len(shown) > 2 and (label in shown or shown in label) else ""


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text.casefold())


def _without_titles(words: list[str]) -> list[str]:
    kept = list(words)
    while kept and _is(kept[0], _TITLES):
        kept.pop(0)
    return kept


def _is(word: str, words: frozenset[str]) -> bool:
    return word.strip(".,").casefold() in words


def _case(text: str) -> str:
    # Names in capitals only, or in small letters only, are written as names.
    return text.title() if text.isupper() or text.islower() else text
