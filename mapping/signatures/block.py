"""What the taggers look at: a block's tokens, and features of them that name no word of any mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mapping.signatures.lexicon import labels
from mapping.signatures.tokens import Line, Token, squeeze

_WEIGHTY = (
    "job", "job_end", "function", "legal_form", "org", "org_end", "unit", "street", "street_end", "region", "country",
    "city", "given", "surname", "rank", "stop", "social", "degree",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mail it is, as far as its header tells: display name and address."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Clues:
    """What sender and addresses in sight tell about a name and a company, squeezed."""

    names: frozenset[str] = field(default_factory=frozenset)
    locals: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


_COMMON = frozenset({"com", "net", "org", "www", "mail", "info", "gmail", "hotmail", "yahoo", "outlook"})


def clues(sender: Sender, tokens: Sequence[Sequence[Token]]) -> Clues:
    addresses = {sender.address.casefold()} if sender.address else set()
    domains: set[str] = set()
    for line in tokens:
        for token in line:
            if token.kind == "mail":
                addresses.add(token.text.casefold())
            elif token.kind == "url":
                plain = token.text.casefold().partition("://")[2] or token.text.casefold()
                domains.add(plain.partition("/")[0])
    locals_ = {squeeze(address.partition("@")[0]) for address in addresses}
    domains |= {address.partition("@")[2] for address in addresses}
    labels = {squeeze(label) for domain in domains for label in domain.split(".")[:-1]} - _COMMON
    names = frozenset(squeeze(word) for word in sender.name.replace(",", " ").split())
    return Clues(names - {""}, tuple(sorted(locals_ - {""})), tuple(sorted(x for x in labels if len(x) > 2)))


def token_features(
    lines: Sequence[Line], rows: Sequence[Sequence[Token]], sender: Sender, forget: Collection[str] = ()
) -> list[list[str]]:
    """The features of each token of a block. `rows`: the tokens of its lines. `forget`: words whose being names is not
    to be used, so that training learns to do without."""
    hints = clues(sender, rows)
    about = [about_line(row) for row in rows]
    own: list[list[str]] = []
    wide: list[list[str]] = []
    for number, row in enumerate(rows):
        shared = ["b", f"from_top={min(number, 4)}", f"from_end={min(len(rows) - 1 - number, 3)}"]
        shared += [f"line.{x}" for x in about[number]]
        if lines[number].cell:
            shared.append("cell")
        shared += [f"above.{x}" for x in about[number - 1]] if number else ["top"]
        shared += [f"below.{x}" for x in about[number + 1]] if number + 1 < len(rows) else ["bottom"]
        labels = _labels(row)
        for place, token in enumerate(row):
            own.append(_own(token, hints, forget))
            extra = [f"at={min(place, 3)}", f"left={min(len(row) - 1 - place, 3)}"]
            wide.append(shared + extra + labels[place])
        if row:
            own[-1].append("last")
            own[-len(row)].append("first")
    last = len(own) - 1
    features = []
    for i in range(len(own)):
        row_features = own[i] + wide[i]
        for offset, name in ((-2, "--"), (-1, "-"), (1, "+"), (2, "++")):
            j = i + offset
            if 0 <= j <= last:
                row_features = row_features + [name + x for x in own[j]]
        features.append(row_features)
    return features


def _own(token: Token, hints: Clues, forget: Collection[str]) -> list[str]:
    found = [token.kind, f"s={token.shape}"]
    if token.kind == "word":
        plain = squeeze(token.text)
        names = [c for c in token.classes if c not in ("given", "surname")] if plain in forget else token.classes
        found += names or ["unknown"]
        if plain in hints.names:
            found.append("sender")
        if len(plain) > 2 and any(plain in local for local in hints.locals):
            found.append("in_local")
        if len(plain) > 2 and any(plain in domain or domain in plain for domain in hints.domains):
            found.append("in_domain")
    elif token.kind == "number":
        found.append("digits" if token.text.isdigit() else "coded")
    return found


def about_line(row: Sequence[Token]) -> list[str]:
    kinds = {token.kind for token in row}
    classes = {name for token in row for name in token.classes}
    words = [token for token in row if token.kind == "word"]
    found: list[str] = [kind for kind in ("mail", "url", "phone", "number") if kind in kinds]
    found += [name for name in _WEIGHTY if name in classes]
    if any(map(labels, classes)):
        found.append("labelled")
    found.append(f"words={min(len(words), 6) if len(words) < 9 else 9}")
    if words and all(word.text[0].isupper() for word in words):
        found.append("capital")
    if sum("stop" in word.classes for word in words) > 2:
        found.append("prose")
    return found


def _labels(row: Sequence[Token]) -> list[list[str]]:
    """For each token the label that stands before it, and the one that stands right behind."""
    found: list[list[str]] = []
    before = "none"
    for token in row:
        found.append([f"after={before}"])
        if token.kind in ("phone", "mail", "url"):
            before = "value"
        named = [c for c in token.classes if labels(c)]
        if named:
            before = "/".join(named[:2])
    for place, token in enumerate(row):
        if token.kind not in ("phone", "number"):
            continue
        for later in row[place + 1 : place + 4]:
            named = [c for c in later.classes if labels(c)]
            if named:
                found[place].append("before=" + "/".join(named[:2]))
                break
            if later.kind != "sign" or later.text in ",|/;•·":
                break
    return found
