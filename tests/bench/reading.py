"""How many signatures are read in a second of one core's work."""

from __future__ import annotations

import time

from mapping.signatures.read import read
from tests.signatures.generate import examples

LEAST = 300  # mails a second
MAILS, SEED = 600, 7


def mails_per_second(count: int = MAILS) -> float:
    """Of generated mails, as they come: text and HTML, long and short, signed and not. Only this process's own work."""
    mails = list(examples(count, SEED))
    read(mails[0].body, mails[0].html, mails[0].sender)  # the models are loaded once
    begun = time.process_time()
    for each in mails:
        read(each.body, each.html, each.sender)
    return count / (time.process_time() - begun)
