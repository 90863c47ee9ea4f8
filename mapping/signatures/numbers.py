"""Could somebody be called at this number?"""

from __future__ import annotations

import phonenumbers

_HOME = "US"  # whose numbers are written without a country's code by people whose domain names no country
_REGIONS = {"uk": "GB"}


def region_of(domain: str) -> str:
    """The country that the end of a mail domain stands for."""
    end = domain.rpartition(".")[2].casefold()
    region = _REGIONS.get(end, end.upper())
    return region if region in phonenumbers.SUPPORTED_REGIONS else _HOME


def is_possible(number: str, region: str = _HOME) -> bool:
    """Has it a length that numbers of its country have? `region`: that of a number without a country's code."""
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number, region)))
    except phonenumbers.NumberParseException:
        return False
