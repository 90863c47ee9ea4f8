"""The trained models: for the lines of a message, for the tokens of a block, and to tell right values from wrong."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pycrfsuite

LINES, TOKENS, JUDGE = "lines.crf", "tokens.crf", "judge.crf"
RIGHT, WRONG = "right", "wrong"


def _opened(blob: bytes) -> pycrfsuite.Tagger:
    """The library reads the model where it lies, so the bytes have to live as long as the tagger."""
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(blob)
    return tagger


class Tagger:
    """A linear-chain CRF. Not to be shared among threads."""

    def __init__(self, blob: bytes) -> None:
        self._tagger, self._blob = _opened(blob), blob

    def tag(self, features: Sequence[list[str]]) -> list[tuple[str, float]]:
        """The best label of each element, and how probable it is."""
        if not features:
            return []
        self._tagger.set(features)
        return [(label, self._tagger.marginal(label, place)) for place, label in enumerate(self._tagger.tag())]


class Judge:
    """A CRF of single elements, which is a logistic regression. Not to be shared among threads."""

    def __init__(self, blob: bytes) -> None:
        self._tagger, self._blob = _opened(blob), blob

    def share(self, evidence: Mapping[str, float]) -> float:
        """Of values with such evidence, the share that is right."""
        self._tagger.set([evidence])
        return float(self._tagger.marginal(RIGHT, 0))


@dataclass(frozen=True, slots=True)
class Models:
    lines: Tagger
    tokens: Tagger
    judge: Judge


def models() -> Models:
    """Those that the package carries. Made anew for each reading, which takes microseconds: a worker may have threads,
    and they cannot share a tagger."""
    return Models(Tagger(_blob(LINES)), Tagger(_blob(TOKENS)), Judge(_blob(JUDGE)))


@lru_cache
def _blob(name: str) -> bytes:
    blob = pkgutil.get_data("mapping.signatures", name)
    if blob is None:
        raise LookupError(f"the package carries no {name}")
    return blob
