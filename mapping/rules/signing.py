"""What the signature of a mail adds to the record of the person who sent it.

Only the sender's own counts: one that names somebody else, or one of the user's colleagues, adds nothing. What does not
fit its field is left out, and so is a number that nobody could have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mapping.model.item import Fields, Person, Value
from mapping.model.people import domain_of, normalise
from mapping.rules.addresses import AddressBook
from mapping.rules.names import person_name
from mapping.signatures import owner
from mapping.signatures.block import Sender
from mapping.signatures.model import Kind, Signature
from mapping.signatures.model import Value as Read
from mapping.signatures.numbers import is_possible, region_of
from mapping.signatures.postal import parts


@dataclass(frozen=True, slots=True)
class Target:
    """The columns of one object. `numbers`: by kind, the columns that take one, in order of preference."""

    title: str
    numbers: Mapping[Kind, tuple[str, ...]]
    address: str  # what the columns of its address begin with
    company: str = ""


_LEAD: Mapping[Kind, tuple[str, ...]] = {
    Kind.MOBILE: ("MobilePhone",), Kind.PHONE: ("Phone",), Kind.DIRECT: ("Phone",), Kind.FAX: ("Fax",),
}  # fmt: skip
_CONTACT: Mapping[Kind, tuple[str, ...]] = {
    Kind.MOBILE: ("MobilePhone", "OtherPhone"), Kind.PHONE: ("Phone", "OtherPhone"),
    Kind.DIRECT: ("Phone", "OtherPhone"), Kind.HOME: ("HomePhone",), Kind.FAX: ("Fax",),
}  # fmt: skip
_PERSON: Mapping[Kind, tuple[str, ...]] = {
    Kind.MOBILE: ("PersonMobilePhone", "PersonOtherPhone"), Kind.PHONE: ("Phone", "PersonOtherPhone"),
    Kind.DIRECT: ("Phone", "PersonOtherPhone"), Kind.HOME: ("PersonHomePhone",), Kind.FAX: ("Fax",),
}  # fmt: skip
TARGETS: Mapping[str, Target] = {
    "Lead": Target("Title", _LEAD, "", "Company"),
    "Contact": Target("Title", _CONTACT, "Mailing"),
    "PersonAccount": Target("PersonTitle", _PERSON, "PersonMailing"),
}
TITLE_LONGEST, NUMBER_LONGEST, COMPANY_LONGEST, STREET_LONGEST = 128, 40, 255, 255
_PART_LONGEST = {"City": 40, "State": 80, "PostalCode": 20, "Country": 80}


def is_theirs(signature: Signature, person: Person, book: AddressBook) -> bool:
    """Is it this person's, and in no way that of the user or of a colleague?"""
    mails = [normalise(value.text) for value in signature.of(Kind.MAIL)]
    ours = any(mail and book.is_internal(mail) for mail in mails)
    return not ours and owner.is_theirs(signature, Sender(person.name, person.address))


def borne_out(signatures: Sequence[Signature]) -> tuple[int, Signature]:
    """Of what was read below several mails of one person, the one that the others bear out most (its place), without
    the values that they contradict: a signature is what repeats. Of those that are equal the first counts."""
    told = [{(value.kind, _plain(value.text)) for value in each.values} for each in signatures]
    seen = Counter(each for values in told for each in values)
    repeated = {each for each, times in seen.items() if times > 1}
    best = max(range(len(signatures)), key=lambda at: len(told[at] & repeated))
    settled = {kind for kind, _ in repeated}
    kept = [v for v in signatures[best].values if v.kind not in settled or (v.kind, _plain(v.text)) in repeated]
    return best, Signature(tuple(kept), signatures[best].lines)


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def fill(
    columns: Fields, person: Person, signature: Signature, target: str, takes: Callable[[str], bool] = lambda _: True
) -> tuple[Fields, tuple[Read, ...]]:
    """The columns of a new record completed from its person's signature, and the values that went into them.

    A name and a company that are signed go before those guessed from the header; nothing else is written over.
    `takes`: whether the object has a column for it."""
    kind, used, filled = TARGETS[target], [], dict(columns)
    better = (*_named(columns, person, signature), *_company(kind, signature))
    more = (*_title(kind, signature), *_numbers(kind, person, signature), *_address(kind, signature))
    for column, value, read in (*better, *(entry for entry in more if entry[0] not in columns)):
        if takes(column):
            filled[column] = value
            used.append(read)
    return filled, tuple(dict.fromkeys(used))


Entry = tuple[str, Value, Read]


def _named(columns: Fields, person: Person, signature: Signature) -> Iterable[Entry]:
    read = signature.first(Kind.NAME)
    if read is None:
        return
    first, last = person_name(Person(person.address, read.text))
    shown = columns.get("FirstName")
    shorter = isinstance(shown, str) and len(first.rstrip(".")) < 2  # "J. Doe", where the header says "Jane Doe"
    if first and last and not shorter:
        yield "FirstName", first, read
        yield "LastName", last, read


def _company(target: Target, signature: Signature) -> Iterable[Entry]:
    read = signature.first(Kind.ORGANISATION)
    if target.company and read and len(read.text) <= COMPANY_LONGEST:
        yield target.company, " ".join(read.text.split()), read


def _title(target: Target, signature: Signature) -> Iterable[Entry]:
    read = signature.first(Kind.TITLE)
    if read and len(read.text) <= TITLE_LONGEST:
        yield target.title, " ".join(read.text.split()), read


def _numbers(target: Target, person: Person, signature: Signature) -> Iterable[Entry]:
    """Each number in the first free column of its kind, as it was written."""
    taken: set[str] = set()
    region = region_of(domain_of(person.address))
    for read in signature.of(*target.numbers):
        column = next((c for c in target.numbers[read.kind] if c not in taken), None)
        if column and len(read.text) <= NUMBER_LONGEST and is_possible(read.text, region):
            taken.add(column)
            yield column, " ".join(read.text.split()), read


def _address(target: Target, signature: Signature) -> Iterable[Entry]:
    read = signature.first(Kind.ADDRESS)
    if read is None:
        return
    postal = parts(read.text)
    if postal.street and len(postal.street) <= STREET_LONGEST:
        yield f"{target.address}Street", postal.street, read
    told = {"City": postal.city, "State": postal.state, "PostalCode": postal.code, "Country": postal.country}
    for name, value in told.items():
        if value and len(value) <= _PART_LONGEST[name]:
            yield f"{target.address}{name}", value, read


def provenance(used: Iterable[Read], text: str) -> str:
    """What was read from the signature, on which lines of the mail's text, and how sure it is; '' of nothing."""
    values = sorted(used, key=lambda value: value.start)
    if not values:
        return ""
    first, last = (text.count("\n", 0, place) + 1 for place in (values[0].start, values[-1].end))
    told = ", ".join(f"{value.kind} {value.confidence:.0%}" for value in values)
    return f"Read from its signature, lines {first} to {last}: {told}."
