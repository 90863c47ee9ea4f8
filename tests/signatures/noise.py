"""What stands in mails and looks a little like a signature: tables, lists, forms, other people's particulars."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.signatures.people import MAKINGS

Words = dict[str, str]


def _amount(rng: random.Random) -> str:
    style: str = rng.choice(MAKINGS["amounts"])
    return style.format(a=rng.randrange(1, 999), b=rng.randrange(1000), c=rng.randrange(100))


def _thing(rng: random.Random) -> str:
    return " ".join(rng.sample(MAKINGS["things"], rng.choice((1, 1, 2, 2, 3))))


def _state(rng: random.Random) -> str:
    return str(rng.choice(MAKINGS["states"]))


def table(rng: random.Random, words: Words) -> list[str]:
    gap = rng.choice(("\t", "  ", "    ", " | ", "\t "))
    width = rng.randrange(2, 6)
    lines = [gap.join(_thing(rng) for _ in range(width + 1))] if rng.random() < 0.5 else []
    for _ in range(rng.randrange(3, 14)):
        head = _thing(rng) + rng.choice(("", " (P, Oct01)", " - 2", ":"))
        lines.append(gap.join([head, *(_amount(rng) for _ in range(width))]))
    return lines


def column(rng: random.Random, words: Words) -> list[str]:
    """One short word or number a line."""
    makers = (
        lambda: _amount(rng), lambda: _thing(rng), lambda: _thing(rng).lower(), lambda: _state(rng),
        lambda: words["company"], lambda: words["other"],
    )  # fmt: skip
    return [rng.choice(makers)() for _ in range(rng.randrange(3, 9))]


def form(rng: random.Random, words: Words) -> list[str]:
    """A program's, label by label."""
    fields = (
        f"Request ID          : {rng.randrange(10**9, 10**13):015}",
        f"Request Create Date : {rng.randrange(1, 13)}/{rng.randrange(1, 29)}/01 7:24:54 AM",
        f"Requested For       : {words['othermail']}", f"Resource Name       : {_thing(rng)}",
        "Resource Type       : Applications", f"Ticket: {rng.randrange(10000, 999999)}", f"Status: {_state(rng)}",
        f"Amount: {_amount(rng)}", f"Order no.: {rng.randrange(10**6, 10**8)}", f"Name: {words['other']}",
        f"User: {words['othermail']}", f"Invoice {words['number']}", f"Date: {words['day']}",
        f"Position: {_thing(rng)} Manager", f"Account: {rng.randrange(10**8, 10**10)}", f"Phone: {words['phone']}",
    )  # fmt: skip
    start = rng.randrange(0, 5)
    return rng.sample(fields, rng.randrange(3, 8)) if rng.random() < 0.5 else list(fields[start : start + 6])


def people(rng: random.Random, words: Words) -> list[str]:
    names = [words[each] for each in ("other", "other2", "name", "third", "fourth")]
    rng.shuffle(names)
    ends = (
        "{}",
        "- {}",
        "{},",
        f"{{}} - {_state(rng).lower()}",
        f"{{}}\t{words['phone']}",
        f"* {{}} ({words['company']})",
    )
    style = rng.choice(ends)
    return [style.format(name) for name in names[: rng.randrange(2, 6)]]


def agenda(rng: random.Random, words: Words) -> list[str]:
    lines = []
    for _ in range(rng.randrange(2, 7)):
        at = f"{rng.randrange(8, 18)}:{rng.choice(('00', '15', '30'))} {rng.choice(('', 'a.m. ', 'pm '))}"
        where = rng.choice(("", f" ({words['other']})", f", Room {rng.randrange(10, 4000)}"))
        lines.append(f"{at}- {_thing(rng)}{where}")
    return lines


_LEADS = (
    "Please send it to:", "His contact details:", "Ship to:", "Bill to", "For reference:", "New customer:",
    "The notice address is", "Please contact:", "",
)  # fmt: skip
_TRAILS = (
    "Please confirm.", "Thanks for taking care of it.", "Let me know.", "I told her you would call.",
    "That should be all for now.",
)  # fmt: skip


def particulars(rng: random.Random, words: Words) -> list[str]:
    """Somebody else's, in the middle of a mail."""
    told = ("other", "title", "company", "address", "phone", "othermail")
    lines = [line for name in told for line in words[name].split("\n")]
    kept = [line for line in lines if rng.random() < 0.7] or lines
    return [rng.choice(_LEADS), *kept, "", rng.choice(_TRAILS)]


def announcement(rng: random.Random, words: Words) -> list[str]:
    street = words["address"].splitlines()[0]
    return rng.choice((
        ["*** PLEASE READ ***", "", f"{_thing(rng)} MEETING {words['day']}".upper(), f"ROOM {rng.randrange(9000)}"],
        [f"{_thing(rng)} Report", words["day"], "", f"Prepared by {words['other']}", words["company"]],
        [f"Subject to change: {_thing(rng)}", f"When: {words['day']}", f"Where: {street}", words["othermail"]],
        ["NEWS", f"{words['company']} names {words['other']} {words['title']}", "",
         f"{words['company']} said today it will expand its {_thing(rng).lower()} business."],
        [words["company"], street, f"Reservations: {words['phone']}", f"Ask for {words['other']}"],
    ))  # fmt: skip


def questions(rng: random.Random, words: Words) -> list[str]:
    answers = ("is this final?", f"needs {words['other']} to sign", "ok", f"see {words['company']}")
    return [f"{number}) {_thing(rng)}: {rng.choice(answers)}" for number in range(1, rng.randrange(3, 6))]


def contacts(rng: random.Random, words: Words) -> list[str]:
    """Whom to ask, where nobody signs."""
    phone = words["phone"]
    lines = [f"Questions: {words['othermail']}", f"US: {phone}", f"{words['company']} help desk {phone}",
             f"Option {rng.randrange(1, 5)}", f"{words['other']} at {phone}"]  # fmt: skip
    return rng.sample(lines, rng.randrange(2, 5))


NOISE: tuple[tuple[Callable[[random.Random, Words], list[str]], int], ...] = (
    (table, 4), (column, 2), (form, 3), (people, 3), (agenda, 2), (particulars, 3), (announcement, 2), (questions, 2),
    (contacts, 2),
)  # fmt: skip


LAST: tuple[tuple[Callable[[random.Random, Words], list[str]], int], ...] = (
    (table, 4), (column, 2), (form, 3), (agenda, 2), (announcement, 1), (questions, 2), (contacts, 2),
)  # fmt: skip


def attachments(rng: random.Random) -> list[str]:
    """As mail programs of old named them below a text."""
    ending = rng.choice(("doc", "xls", "pdf", "pptx", "zip"))
    name = f"{_thing(rng).lower()}{rng.choice(('', '_v2', ' 2001', '-final'))}.{ending}"
    return [
        rng.choice((f" - {name}", f" <<{name}>> ", f"<<File: {name}>>", f"[{name}]", f"(See attached file: {name})"))
    ]
