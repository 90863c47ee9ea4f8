"""What the words of a message name in Salesforce: pages of records, numbers of cases, the message that it answers.

A page counts only when its address lies on a host of this very org: an id of somebody else's says nothing here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import urlsplit

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.people import Clues, object_of

MOST_PAGES = 20  # a mail that names more is a report, and about none of them

_URL = re.compile(r"https?://[^\s\"'<>\\\])}]+", re.IGNORECASE)
# a page of Lightning names the object, one of Classic only the id
_LIGHTNING = re.compile(r"/r/(\w+)/([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)(?:/|$)")
_LIGHTNING_SHORT = re.compile(r"/r/([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)(?:/|$)")
_CLASSIC = re.compile(r"/([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)/?$")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")

_MY_DOMAIN, _LIGHTNING_DOMAIN = ".my.salesforce.com", ".lightning.force.com"
CASE_DIGITS = 8  # numbers of cases have leading zeros, which people leave out


def web_hosts(instance: str) -> frozenset[str]:
    """The hosts under which people see pages of an org, by the host of its API."""
    host = instance.lower()
    if host.endswith(_MY_DOMAIN):
        return frozenset({host, host.removesuffix(_MY_DOMAIN) + _LIGHTNING_DOMAIN})
    return frozenset({host})


def pages_in(item: Item, hosts: Collection[str], objects: Collection[str]) -> tuple[tuple[str, str], ...]:
    """(object, id of 15 characters) of the records whose pages the text links to, in its order, each once. Of more
    than `MOST_PAGES` none counts."""
    text = item.text(fields.HTML) or item.text(fields.BODY)
    found = dict.fromkeys(
        (name, record_id[:15])
        for url in _URL.findall(html.unescape(text))
        for name, record_id in _record(url, hosts)
        if name in objects
    )
    return tuple(found) if len(found) <= MOST_PAGES else ()


def _record(url: str, hosts: Collection[str]) -> Iterator[tuple[str, str]]:
    try:
        parts = urlsplit(url.rstrip(".,;:!?"))
        host, path = parts.netloc.lower(), parts.path
    except ValueError:
        return
    if host not in hosts:
        return
    if page := _LIGHTNING.search(path):
        yield page[1], page[2]
    elif page := _LIGHTNING_SHORT.search(path) or _CLASSIC.search(path):
        yield object_of(page[1]), page[1]


def case_in(item: Item, words: Iterable[str]) -> str:
    """The number of the case that the subject names, with its leading zeros; '' when it names none or several.
    A number counts behind one of the words, or with all its digits in square brackets."""
    alternatives = "|".join(re.escape(word) for word in words if word)
    if not alternatives:
        return ""
    behind = rf"(?<!\w)(?:{alternatives})[\s#:.-]*(?:no|nr|number)?[\s#:.-]*(\d{{1,{CASE_DIGITS}}})(?!\d)"
    pattern = re.compile(rf"{behind}|\[#?(\d{{{CASE_DIGITS}}})\]", re.IGNORECASE)
    numbers = {(one or two).zfill(CASE_DIGITS) for one, two in pattern.findall(item.text(fields.SUBJECT))}
    return numbers.pop() if len(numbers) == 1 else ""


def answered(item: Item) -> tuple[str, ...]:
    """Message-IDs of what a message answers, the nearest first."""
    references = item.get(fields.REFERENCES)
    above = references[::-1] if isinstance(references, tuple) else ()
    listed = (item.text(fields.IN_REPLY_TO), *(each for each in above if isinstance(each, str)))
    return tuple(dict.fromkeys(each for each in listed if each))


def message_ids(text: str) -> tuple[str, ...]:
    """The Message-IDs in the value of a header, in its order."""
    return tuple(_MESSAGE_ID.findall(text))


def clues(pages: Iterable[tuple[str, str]], numbers: Iterable[str], message_ids: Iterable[str]) -> Clues:
    """Everything to ask Salesforce for, of all messages together."""
    ids: dict[str, set[str]] = {}
    for name, record_id in pages:
        ids.setdefault(name, set()).add(record_id)
    return Clues(
        {name: frozenset(each) for name, each in ids.items()}, frozenset(numbers) - {""}, frozenset(message_ids)
    )
