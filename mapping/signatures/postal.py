"""A postal address taken apart, as far as it shows its parts. Every part is a piece of the address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mapping.signatures.lexicon import classes_of


@dataclass(frozen=True, slots=True)
class Postal:
    street: str = ""
    city: str = ""
    state: str = ""
    code: str = ""
    country: str = ""


_CITY = r"(?P<city>[^\d,|\n]{2,40}?)"
_PLACES = (
    # Houston, TX 77002 and Toronto ON M5V 2T6
    rf"{_CITY},?\s+(?P<state>[A-Z]{{2}}|[A-Z][a-z]+\.?(?:\s[A-Z][a-z]+)?),?\s+(?P<code>\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d)",
    # London SW1A 2AA
    rf"{_CITY},?\s+(?P<code>[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}})",
    # D-80331 München, 1012 AB Amsterdam, 00-950 Warszawa, 1000-001 Lisboa
    (
        r"(?:[A-Z]{1,3}-)?(?P<code>\d{4}\s[A-Z]{2}|\d{3}\s\d{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{5}-\d{3}|\d{4,5})\s+"
        r"(?P<city>[^\d,|\n]{2,40})"
    ),
    # Sydney NSW 2000
    rf"{_CITY},?\s+(?P<state>[A-Z]{{2,3}})\s+(?P<code>\d{{4}})",
)
_PLACE = tuple(re.compile(rf"(?:^|[\n,|•·]\s*){place}[\s.,]*$") for place in _PLACES)
_LAST = re.compile(r"(?:^|[\n,|•·]\s*)([^\d\n,|•·]{2,40})$")
_EDGES = " \n\t,|•·-"


def parts(address: str) -> Postal:
    """Without a place that is recognised, all of it is the street."""
    text = address.strip(_EDGES)
    country = ""
    last = _LAST.search(text)
    if last and all(word == "The" or "country" in classes_of(word.casefold()) for word in last.group(1).split()):
        country, text = last.group(1).strip(), text[: last.start()].rstrip(_EDGES)
    for place in _PLACE:
        found = place.search(text)
        if found:
            told = {name: value.strip() for name, value in found.groupdict().items()}
            return Postal(street=text[: found.start()].strip(_EDGES), country=country, **told)
    return Postal(street=text, country=country)
