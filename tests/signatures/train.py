"""`python -m tests.signatures.train`: the models of mapping/signatures, from generated and labelled mails."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pycrfsuite

from mapping.signatures import confidence, document, tagging
from mapping.signatures.read import considered, find_block
from mapping.signatures.tagging import RIGHT, WRONG, Judge, Models, Tagger
from tests.signatures import labels
from tests.signatures.example import Example, read
from tests.signatures.generate import examples
from tests.signatures.labels import Sequenced

COUNT, SEED = 2000, 20
_WEIGHT, _INNER = 2, 2
_SETTINGS = {"c1": 0.3, "c2": 0.05, "max_iterations": 70, "feature.minfreq": 3, "feature.possible_transitions": True}
_JUDGE_SETTINGS = {"c1": 0.0, "c2": 0.5, "max_iterations": 200}
HOME = Path("mapping/signatures")


@dataclass(frozen=True)
class Prepared:
    """What both models learn from, as features and labels."""

    lines: tuple[Sequenced, ...]
    tokens: tuple[Sequenced, ...]

    @classmethod
    def of(cls, mails: Iterable[Example], *, real: bool = False) -> Prepared:
        """`real`: labelled mails, which weigh more, and whose older messages are learnt from as well."""
        rng = random.Random(SEED)
        kept = list(mails)
        lines = [labels.of_lines(message) for each in kept for message in labels.messages(each, older=real)]
        tokens = [sequence for each in kept for sequence in labels.of_tokens(each, rng)]
        times = _WEIGHT if real else 1
        return cls(tuple(lines) * times, tuple(tokens) * times)

    def __add__(self, other: Prepared) -> Prepared:
        return Prepared(self.lines + other.lines, self.tokens + other.tokens)

    def taggers(self) -> tuple[bytes, bytes]:
        return _trained(self.lines, _SETTINGS), _trained(self.tokens, _SETTINGS)


Blobs = tuple[bytes, bytes, bytes]  # of lines, tokens and judge


def fit(base: Prepared, real: Sequence[Example], judged: Sequence[Example]) -> Blobs:
    """Taggers from everything, and the judge from what taggers that had not seen a mail read in it. `judged`: generated
    mails for that; of labelled ones, each part is read by taggers that were trained with the other."""
    told: list[Sequenced] = []
    for fold in range(_INNER if real else 0):
        part, rest = real[fold::_INNER], [each for number, each in enumerate(real) if number % _INNER != fold]
        told += _judgements(part, (base + Prepared.of(rest, real=True)).taggers()) * _WEIGHT
    lines, tokens = (base + Prepared.of(real, real=True)).taggers()
    told += _judgements(judged, (lines, tokens))
    return lines, tokens, _trained(told, _JUDGE_SETTINGS)


def models_of(blobs: Blobs) -> Models:
    return Models(Tagger(blobs[0]), Tagger(blobs[1]), Judge(blobs[2]))


def _judgements(mails: Iterable[Example], taggers: tuple[bytes, bytes]) -> list[Sequenced]:
    by_line, by_token = map(Tagger, taggers)
    told: list[Sequenced] = []
    for each in mails:
        seen = document.of_html(each.html) if each.html else document.of_text(each.body)
        block = find_block(seen, each.sender, by_line)
        found = considered(block, each.sender, by_token)
        for value, evidence in zip(found, confidence.evidence(found, seen.text, block.sure, each.sender), strict=True):
            told.append(([evidence], [RIGHT if labels.is_right(each, value) else WRONG]))
    return told


def _trained(data: Iterable[Sequenced], settings: Mapping[str, float]) -> bytes:
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(settings)
    for features, wanted in data:
        if features:
            trainer.append(features, wanted)
    with tempfile.NamedTemporaryFile(suffix=".crf") as file:
        trainer.train(file.name)
        return Path(file.name).read_bytes()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.signatures.train", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of labelled mails to train on as well")
    parser.add_argument("--mails", type=Path, help="folder of those mails as .eml files (default: looked for beside)")
    parser.add_argument("--count", type=int, default=COUNT, help=f"generated mails (default: {COUNT})")
    asked = parser.parse_args(argv)
    real = read(asked.data, asked.mails) if asked.data else []
    base = Prepared.of(examples(asked.count, SEED))
    blobs = fit(base, real, list(examples(asked.count // 3, SEED + 1)))
    for name, blob in zip((tagging.LINES, tagging.TOKENS, tagging.JUDGE), blobs, strict=True):
        (HOME / name).write_bytes(blob)
        print(f"{HOME / name}: {len(blob)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
