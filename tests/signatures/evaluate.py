"""`python -m tests.signatures.evaluate`: how well signatures are read, field by field.

A value counts as right when it equals the labelled one, letters and digits only, folded; companies and addresses line
by line (or piece between bars), since annotators disagree on whether lines go together. Measured inside the labelled
blocks, end to end from the whole body, and of that what would be written: sure enough, in a signature that is the
sender's own. End to end only
the newest message counts, and a name that was labelled as part of the closing is neither right nor wrong. Labelled data
is measured in folds by mail: what is measured is never trained on.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mapping.rules.settings import Effective
from mapping.signatures import document
from mapping.signatures.block import Sender
from mapping.signatures.model import NUMBERS, Kind, Value
from mapping.signatures.owner import is_theirs
from mapping.signatures.read import Block as Found
from mapping.signatures.read import read_block, read_document
from mapping.signatures.tagging import Models, models
from mapping.signatures.tokens import segments, squeeze, tokenize
from tests.signatures import labels, train
from tests.signatures.example import FIELDS, OUTRO_NAME, Block, Example, read
from tests.signatures.generate import examples

FIELD_OF = {
    Kind.NAME: "Name", Kind.TITLE: "Position", Kind.ORGANISATION: "Organisation", Kind.FAX: "Fax", Kind.MAIL: "Mail",
    Kind.WEBSITE: "Website", Kind.ADDRESS: "Address", **dict.fromkeys(NUMBERS, "Phone"),
}  # fmt: skip
INSIDE, WHOLE, WRITTEN = "inside blocks", "whole body", "written"
LINES = "block lines"

Values = Counter[tuple[str, str]]


@dataclass
class Tally:
    """By way of measuring and field: how many are right, wrong and missed. `told` says which, for error analysis."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, way: str, mail: str, wanted: Values, got: Values) -> None:
        for name, value in wanted | got:
            key = (name, value)
            right = min(wanted[key], got[key])
            self.counts[way, name, "right"] += right
            self.counts[way, name, "wrong"] += got[key] - right
            self.counts[way, name, "missed"] += wanted[key] - right
        if wanted != got:
            self.told.append(
                f"{way}: {mail}: missed {sorted((wanted - got).elements())} wrong {sorted((got - wanted).elements())}"
            )

    def figures(self, way: str, name: str) -> tuple[float, float, float, int] | None:
        """Precision, recall, F1, and how many are labelled; None without any."""
        right, wrong, missed = (self.counts[way, name, what] for what in ("right", "wrong", "missed"))
        if not right + missed:
            return None
        precision, recall = right / max(right + wrong, 1), right / (right + missed)
        return precision, recall, 2 * right / (2 * right + wrong + missed), right + missed


def measure(mails: Iterable[Example], by: Models, tally: Tally, fields: Iterable[str], least: float) -> None:
    """`fields`: those that are labelled in the data. `least`: the confidence for writing."""
    kept = set(fields)
    for each in mails:
        for block in each.blocks():
            tally.add(INSIDE, each.mail, _wanted(each, [block]), _got(_inside(each, block, by), kept))
        seen = document.of_html(each.html) if each.html else document.of_text(each.body)
        read_ = read_document(seen, each.sender, by)
        own = [block for block in each.signatures() if block.start < each.own_end]
        wanted = _wanted(each, own)
        outro = {("Name", squeeze(each.body[s.start : s.end])) for s in each.spans if s.type == OUTRO_NAME}
        sure = read_.sure(least)
        written = sure.values if is_theirs(sure, each.sender) else ()
        for way, values in ((WHOLE, read_.values), (WRITTEN, written)):
            got = _got(values, kept)
            tally.add(way, each.mail, wanted, Counter({v: n for v, n in got.items() if v in wanted or v not in outro}))
        tally.add(LINES, each.mail, *_lines(each, own, [start for start, _ in read_.lines]))


def _inside(each: Example, block: Block, by: Models) -> Sequence[Value]:
    lines = tuple(piece for line in labels.block_lines(each, block) for piece in segments(line))
    rows = tuple(tuple(tokenize(line.text, line.start)) for line in lines)
    sender = each.sender if block.start < each.own_end else Sender()
    return read_block(each.body, Found(lines, rows, (1.0,) * len(lines)), sender, by)


def _wanted(each: Example, blocks: Iterable[Block]) -> Values:
    return Counter(
        (span.field, value)
        for block in blocks
        for span in block.fields
        for value in _normal(span.field, each.body[span.start : span.end])
    )


def _got(values: Iterable[Value], kept: set[str]) -> Values:
    return Counter(
        (name, text) for value in values if (name := FIELD_OF[value.kind]) in kept for text in _normal(name, value.text)
    )


def _normal(name: str, text: str) -> Iterator[str]:
    for piece in re.split(r"[\n|•·~]", text) if name in ("Organisation", "Address") else [text]:
        if squeeze(piece):
            yield squeeze(piece)


def _lines(each: Example, own: Sequence[Block], got: Iterable[int]) -> tuple[Values, Values]:
    """A line with the name of the closing counts either way."""
    wanted = {line.start: line.text for block in own for line in labels.block_lines(each, block)}
    either = [s for s in each.spans if s.type == OUTRO_NAME]
    free = {
        start
        for start in got
        if start not in wanted and any(start < s.end and s.start < each.body.find("\n", start) for s in either)
    }
    texts = {start: each.body[start : each.body.find("\n", start)][:40] for start in got if start not in free}
    return Counter((LINES, f"{at}") for at in wanted), Counter((LINES, f"{at}") for at in texts)


def measured(mails: Sequence[Example], folds: int, count: int, least: float) -> Tally:
    """`folds` 0: by the models that the package carries, as they are."""
    tally = Tally()
    fields = [name for name in FIELDS if any(span.field == name for each in mails for span in each.spans)]
    if not folds:
        measure(mails, models(), tally, fields, least)
        return tally
    names = sorted({each.mail for each in mails})
    random.Random(1).shuffle(names)
    base = train.Prepared.of(examples(count, train.SEED))
    judged = list(examples(count // 3, train.SEED + 1))
    for fold in range(folds):
        tested = set(names[fold::folds])
        blobs = train.fit(base, [m for m in mails if m.mail not in tested], judged)
        measure([m for m in mails if m.mail in tested], train.models_of(blobs), tally, fields, least)
    return tally


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.signatures.evaluate", description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="folder of labelled mails (default: generated ones, in layouts held out)"
    )
    parser.add_argument("--mails", type=Path, help="folder of those mails as .eml files (default: looked for beside)")
    parser.add_argument(
        "--folds", type=int, default=5, help="of labelled mails; 0: measure the package's own models (default: 5)"
    )
    parser.add_argument("--count", type=int, default=train.COUNT, help="generated mails to train each fold with")
    parser.add_argument("--show", action="store_true", help="also tell what was read wrongly")
    asked = parser.parse_args(argv)
    least = Effective().int("signature.confidence") / 100
    if asked.data:
        mails, folds, what = (
            read(asked.data, asked.mails),
            asked.folds,
            f"{asked.data}, {asked.folds} folds" if asked.folds else str(asked.data),
        )
    else:
        mails, folds, what = list(examples(600, 99, held_out=True)), 0, "generated mails, layouts held out"
    tally = measured(mails, folds, asked.count, least)
    out = Console(width=110)
    out.print(_table(what, tally, least))
    if asked.show:
        sys.stdout.writelines(f"{line}\n" for line in tally.told)
    return 0


def _table(what: str, tally: Tally, least: float) -> Table:
    table = Table(title=what, caption=f"written: at a confidence of {least:.2f} or more")
    for heading in ("", "field", "precision", "recall", "F1", "labelled"):
        table.add_column(heading, justify="left" if heading in ("", "field") else "right", no_wrap=True)
    for way in (INSIDE, WHOLE, WRITTEN, LINES):
        for name in (LINES,) if way == LINES else FIELDS:
            figures = tally.figures(way, name)
            if figures:
                shown = (f"{figure:.3f}" for figure in figures[:3])
                table.add_row(way, "" if way == LINES else name, *shown, str(figures[3]))
        table.add_section()
    return table


if __name__ == "__main__":
    sys.exit(main())
