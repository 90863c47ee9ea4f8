"""Lines and tokens: the small pieces that the taggers label. A token knows its place in the text, so a value made of
tokens is always a span of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mapping.signatures.lexicon import classes_of, labels


@dataclass(frozen=True, slots=True)
class Line:
    """`start`, `end`: its place in the text, without the break. `hinted`: the mail itself calls it a signature.
    `blank_before`: blank lines above it."""

    text: str
    start: int
    hinted: bool = False
    cell: bool = False
    blank_before: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: mail, url, phone, number, word or sign. `classes`: those of the lexicon."""

    text: str
    start: int
    kind: str
    classes: tuple[str, ...]
    shape: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


LONGEST_LINE = 1_000  # characters; what is longer signs nothing, and its beginning tells enough

MAIL = r"[\w.+'&-]*\w@\w[\w-]*(?:\.\w[\w-]*)+"
_ENDINGS = (
    "com|org|net|edu|gov|info|biz|io|ai|eu|us|uk|de|at|ch|fr|es|it|nl|be|pt|br|pl|se|dk|no|fi|cz|tr|in|au|ca|ie|mx|jp"
)
URL = (
    r"(?:https?://|www\d?\.)[^\s<>()|\"\]]*[\w/]"
    rf"|(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_ENDINGS})(?![\w.-]|\s*@)(?:/[\w/.#?=&%-]*)?"
)
# +44 (0)20 7783 5466, (713)-853-0973, 713/345-7723, 0171.555.12.12; digits are counted afterwards
PHONE = r"(?<![\w@/.-])[+(]{0,2}\s?\d(?:[ \t\xa0]{0,2}[-–/.()\xb7]{0,2}[ \t\xa0]{0,2}\d){5,16}(?![\w@])"
WORD = r"[^\W\d_](?:[\w'’&]*\w)?(?:[.\-][^\W\d_](?:[\w'’&]*\w)?)*\.?"
_TOKEN = re.compile(
    rf"(?P<mail>{MAIL})|(?P<url>{URL})|(?P<phone>{PHONE})|(?P<word>{WORD})|(?P<number>\d[\w,./\-]*\w|\d)|(?P<sign>[^\w\s])|\w",
    re.IGNORECASE,
)


def tokenize(text: str, start: int) -> list[Token]:
    """The tokens of one line that begins at `start`."""
    found = []
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup or "word", match.group()
        found.append(_token(piece, start + match.start(), kind))
    return found


def _token(piece: str, start: int, kind: str) -> Token:
    if kind == "word":
        return Token(piece, start, kind, *_of_word(piece))
    if kind == "phone":
        digits = sum(c.isdigit() for c in piece)
        dated = digits == 8 and piece.count(".") == 2
        kind = "number" if digits < 7 or digits > 16 or dated or _ZIP.fullmatch(piece) else kind
    shape = _shape(piece) if kind in ("phone", "number") else piece if kind == "sign" else kind
    return Token(piece, start, kind, (), shape)


_ZIP = re.compile(r"\d{5}-\d{4}|\d{4}-\d{3}|\d{5}-\d{3}")


@lru_cache(maxsize=20_000)
def _of_word(piece: str) -> tuple[tuple[str, ...], str]:
    plain = piece.casefold().replace("’", "'")
    return classes_of(plain), _word_shape(piece)


def _word_shape(word: str) -> str:
    plain = word.rstrip(".")
    dot = "." if word.endswith(".") else ""
    if len(plain) == 1:
        return ("X" if plain.isupper() else "x") + dot
    if plain.isupper():
        return ("XX" if len(plain) < 5 else "XXX") + dot
    if plain.islower():
        return "xx" + dot
    if plain[0].isupper() and plain[1:].islower():
        return "Xx" + dot
    return "mixed" + dot


def _shape(number: str) -> str:
    """Lengths of the groups of digits: "(713) 853-3989" is "3-3-4"; long ones are cut."""
    groups = re.findall(r"\d+", number)
    return ("+" if number.startswith("+") else "") + "-".join(str(len(group)) for group in groups[:5])


def split_lines(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """The lines of a plain text that say something, quote marks of the whole left in place."""
    lines: list[Line] = []
    position, blank = start, 0
    for raw in text[start:end].split("\n"):
        piece = raw.strip()[:LONGEST_LINE]
        if piece:
            lines.append(Line(piece, position + raw.index(piece), blank_before=blank))
            blank = 0
        else:
            blank += 1
        position += len(raw) + 1
    return lines


_BARS = re.compile(r"\s*(?:[|•·▪●■◆‖¦~]+|\s//|\s::|\s°)\s+|\s*\|\s*|\t+|[ \xa0]{3,}")


_CODE = re.compile(r"\d{4,5}(?:-\d{3,4})?\W*$")  # a gap before it parts no address


def segments(line: Line) -> list[Line]:
    """A line cut where bars, bullets or wide gaps part it; a label alone stays with what it labels."""
    pieces: list[Line] = []
    start = 0
    for bar in _BARS.finditer(line.text):
        if bar.group().isspace() and _CODE.match(line.text, bar.end()):
            continue
        piece = line.text[start : bar.start()]
        if piece.strip() and not is_label(piece):
            pieces.append(_piece(line, start, bar.start(), first=not pieces))
            start = bar.end()
        elif not piece.strip():
            start = bar.end()
    if line.text[start:].strip():
        pieces.append(_piece(line, start, len(line.text), first=not pieces))
    return pieces


def _piece(line: Line, start: int, end: int, *, first: bool) -> Line:
    text = line.text[start:end]
    inner = text.strip()
    place, blank = line.start + start + text.index(inner), line.blank_before if first else 0
    return Line(inner, place, line.hinted, line.cell or not first, blank)


def is_label(piece: str) -> bool:
    """Is there nothing but a label, as "Tel.:"?"""
    words = [word for word in re.split(r"[\s:./-]+", piece.casefold()) if word]
    return bool(words) and len(words) < 4 and all(any(map(labels, classes_of(word))) for word in words)


def squeeze(text: str) -> str:
    """A text as values are compared: letters and digits, folded."""
    return "".join(c for c in text.casefold() if c.isalnum())
