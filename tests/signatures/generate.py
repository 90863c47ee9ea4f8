"""Realistic mails with labelled signatures, made by chance from a seed.

`python -m tests.signatures.generate FOLDER [--count N] [--seed S] [--held-out]` writes them to FOLDER/generated.jsonl.
"""

from __future__ import annotations

import argparse
import html
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from mapping.signatures import document
from mapping.signatures.block import Sender
from tests.signatures import layouts
from tests.signatures.example import BLOCK, DISCLAIMER, HEADER, OUTRO_NAME, Example, Span
from tests.signatures.layouts import Draft, Line
from tests.signatures.markup import as_html
from tests.signatures.noise import LAST, NOISE, attachments
from tests.signatures.people import Person, make_person
from tests.signatures.phrases import LANGUAGES, Language

_DAYS = (
    "Tue, Mar 5, 2024", "12.03.2024", "Monday", "March 14, 2023", "2024-02-01", "Fri, 7 Jun 2019", "lundi 4 mars 2024",
    "5 de mayo de 2022", "Thursday",
)  # fmt: skip
_RULES = ("-----Original Message-----", "_" * 32, "---------- Forwarded message ---------")


def examples(count: int, seed: int, *, held_out: bool = False) -> Iterator[Example]:
    """`held_out`: with the layouts that training never sees."""
    rng = random.Random(seed)
    for number in range(count):
        yield _example(rng, f"generated-{seed}-{number}", layouts.HELD_OUT if held_out else layouts.TRAINING)


def _example(rng: random.Random, mail: str, choices: Sequence[tuple[layouts.Layout, int]]) -> Example:
    language = _pick(rng, LANGUAGES)
    me, you, other, other2 = (make_person(rng, language) for _ in range(4))
    words = _words(rng, me, you, other, other2)
    layout = _pick(rng, choices)
    draft = Draft(rng, me, language)
    signed = rng.random() < 0.72
    parts: list[tuple[str, list[Line]]] = [("body", _body(rng, language, words))]
    if rng.random() < (0.75 if signed else 0.6):
        parts.append(("closing", _closing(rng, language, me, signed, layout)))
    if signed:
        if rng.random() < 0.06:
            parts.append(("block", [[("-- ", "")]]))
        parts.append(("block", layout(draft)))
        if rng.random() < 0.3:
            office = "postmaster@" + me.mail.partition("@")[2]
            parts.append(
                ("footer", _footers(rng, language.footers, {**words, "company": me.company, "othermail": office}))
            )
    elif rng.random() < 0.3:
        parts.append(("body", [[("", "")], *([(line, "")] for line in _pick(rng, LAST)(rng, words))]))
    elif rng.random() < 0.3:
        parts.append(("footer", _footers(rng, language.mobile if rng.random() < 0.6 else language.footers, words)))
    if rng.random() < 0.08:
        parts.append(("body", [[("", "")], *([(line, "")] for line in attachments(rng))]))
    elif rng.random() < 0.04:
        parts.append(
            ("body", [[("", "")], [("P.S. " + rng.choice(language.sentences).format(**words).replace("\n", " "), "")]])
        )
    older = _older(rng, language, other, you, words) if rng.random() < 0.45 else ""
    sender = _sender(rng, me)
    if rng.random() < 0.4:
        return _of_html(rng, mail, parts, older, sender)
    return _of_text(rng, mail, parts, older, sender)


def _words(rng: random.Random, me: Person, you: Person, other: Person, other2: Person) -> dict[str, str]:
    """What the phrases name."""
    return {
        "first": you.first, "last": you.last, "other": other.name, "otherlast": other.last, "other2": other2.name,
        "third": f"{you.first} {other2.last}", "fourth": f"{other2.first} {me.last}", "name": other.name,
        "phone": other.phone, "mail": other.mail, "othermail": other.mail, "title": other.title,
        "company": other.company, "company2": other2.company, "domain": other.mail.partition("@")[2],
        "address": "\n".join(other.address), "address1": ", ".join(other.address), "city": other.address[-1],
        "number": str(rng.randrange(100, 99999)), "day": rng.choice(_DAYS),
    }  # fmt: skip


def _pick(rng: random.Random, choices):  # type: ignore[no-untyped-def]
    return rng.choices([each for each, _ in choices], [weight for _, weight in choices])[0]


def _sender(rng: random.Random, me: Person) -> Sender:
    shown = rng.choice(
        (me.name, f"{me.first} {me.last}", f"{me.last}, {me.first}", f"{me.first} {me.last} ({me.company})", "", "")
    )
    return Sender(shown, me.mail.casefold() if rng.random() < 0.8 else "")


def _body(rng: random.Random, language: Language, words: dict[str, str]) -> list[Line]:
    lines: list[str] = []
    if rng.random() < 0.7:
        lines += [rng.choice(language.greetings).format(**words), ""]
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        chosen = rng.sample(language.sentences, min(len(language.sentences), rng.choice((1, 1, 2, 3, 4))))
        lines += [_wrapped(rng, " ".join(each.format(**words) for each in chosen)), ""]
        if rng.random() < 0.22:
            lines += [*_pick(rng, NOISE)(rng, words), ""]
    return [[(line, "")] for piece in lines for line in piece.split("\n")]


def _wrapped(rng: random.Random, text: str) -> str:
    if "\n" in text or rng.random() < 0.4:
        return text
    width, lines, line = rng.choice((70, 76, 80)), [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > width:
            lines.append(line + rng.choice(("", " ")))
            line = ""
        line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def _closing(rng: random.Random, language: Language, me: Person, signed: bool, layout: layouts.Layout) -> list[Line]:
    word = rng.choice(language.closings)
    first: Line = [
        (rng.choice((me.first, me.first, me.first[0], me.first.lower(), me.first[0] + me.last[0])), OUTRO_NAME)
    ]
    full: Line = [(me.name, OUTRO_NAME)]
    if layout is layouts.nameless:
        return [
            [(word, "")],
            *([[("", "")]] if rng.random() < 0.2 else []),
            full if rng.random() < 0.6 else first,
            *([[("", "")]] if rng.random() < 0.5 else []),
        ]
    gap = [[("", "")]] * rng.choice((0, 0, 1, 1, 1, 2, 3))
    if signed:
        return (
            [[(word, "")], *gap]
            if rng.random() < 0.6
            else [[(word, "")], *([[("", "")]] * rng.choice((0, 0, 1))), first, [("", "")], *gap]
        )
    return [[(word, "")], *([[("", "")]] * rng.choice((0, 0, 1, 2))), first if rng.random() < 0.8 else full]


def _footers(rng: random.Random, choices: Sequence[str], words: dict[str, str]) -> list[Line]:
    lines: list[Line] = [[("", "")]] * rng.choice((0, 1, 1, 2))
    for each in rng.sample(choices, rng.choice((1, 1, 2, min(4, len(choices)))) if len(choices) > 1 else 1):
        if rng.random() < 0.2:
            lines.append([(rng.choice(("-" * 30, "*" * 50, "_" * 40, "")), DISCLAIMER)])
        lines += [[(line, DISCLAIMER)] for line in _wrapped(rng, each.format(**words)).split("\n")]
    return lines


def _older(rng: random.Random, language: Language, other: Person, you: Person, words: dict[str, str]) -> str:
    """A quoted or forwarded mail, which has a signature of its own."""
    draft = Draft(rng, other, language)
    lines = [
        *_body(rng, language, words),
        [(rng.choice(language.closings), "")],
        [("", "")],
        *_pick(rng, layouts.TRAINING)(draft),
    ]
    text = "\n".join("".join(piece for piece, _ in line) for line in lines)
    from_, sent, to, subject = language.headers
    header = f"{from_}: {other.name} <{other.mail}>\n{sent}: {rng.choice(_DAYS)}\n{to}: {you.name}\n{subject}: x\n\n"
    kind = rng.random()
    if kind < 0.45:
        quoted = "\n".join(f"> {line}" for line in text.split("\n"))
        return f"{rng.choice(language.reply).format(**words)}\n\n{quoted}"
    if kind < 0.7:
        return f"{rng.choice(_RULES)}\n{header}{text}"
    if kind < 0.85:
        when = "on 05/18/2001 07:02 PM"
        notes = f"{other.name}\n05/17/2001 08:18 AM\nTo: {you.name}/HOU\ncc:\nSubject: lunch\n\n"
        return f"{'-' * 22} Forwarded by {you.name}/HOU {when} {'-' * 27}\n\n{notes}{text}"
    return header + text


Parts = Sequence[tuple[str, list[Line]]]


def _of_text(rng: random.Random, mail: str, parts: Parts, older: str, sender: Sender) -> Example:
    text, spans, blocks = "", [], []
    for kind, lines in parts:
        begin = len(text)
        indent = "    " if kind == "block" and rng.random() < 0.02 else ""
        for line in lines:
            text += indent
            for piece, type_ in line:
                if type_:
                    spans.append(Span(len(text), len(text) + len(piece), type_ if "/" in type_ else f"{BLOCK}/{type_}"))
                text += piece
            text += rng.choice(("\n", "\n", "\n", " \n")) if kind == "block" else "\n"
        if kind in ("block", "footer"):
            blocks.append((begin, len(text)))
        elif kind == "body" and rng.random() < 0.3:
            text += "\n"
    if blocks:
        spans.append(Span(blocks[0][0], blocks[-1][1], BLOCK))
    if older:
        text += "\n" * rng.choice((1, 2, 3))
        spans.append(Span(len(text), len(text) + len(older), HEADER))
        text += older
    return Example(mail, text, tuple(spans), sender)


def _of_html(rng: random.Random, mail: str, parts: Parts, older: str, sender: Sender) -> Example:
    """The labels are found anew in what a reader sees, in the order in which they were written."""
    source = as_html(rng, parts, older)
    body = document.of_html(source).text
    spans: list[Span] = []
    place, first, last = 0, -1, -1
    for kind, lines in parts:
        for line in lines:
            for piece, type_ in line:
                seen = " ".join(html.unescape(piece).split())
                found = body.find(seen, place) if seen else -1
                if found < 0:
                    continue
                place = found + len(seen)
                if kind in ("block", "footer"):
                    first, last = (found if first < 0 else first), place
                if type_:
                    spans.append(Span(found, place, type_ if "/" in type_ else f"{BLOCK}/{type_}"))
    if first >= 0:
        spans.append(Span(first, last, BLOCK))
    return Example(mail, body, tuple(spans), sender, source)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    made = examples(asked.count, asked.seed, held_out=asked.held_out)
    (asked.folder / "generated.jsonl").write_text("".join(each.dumped() + "\n" for each in made), "utf-8")


if __name__ == "__main__":
    main()
