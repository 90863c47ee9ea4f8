"""A mail with labels: the format of the labelled data, with the sender and the HTML where they are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.parser import HeaderParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from mapping.signatures.block import Sender

BLOCK = "Body/Signature"
DISCLAIMER = "Body/Signature/Disclaimer"
HEADER = "Header"
OUTRO_NAME = "Body/Outro/Name"
FIELDS = ("Name", "Position", "Organisation", "Phone", "Fax", "Mail", "Website", "Address")


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    type: str

    @property
    def field(self) -> str:
        """The field of a signature, or ''."""
        name = self.type.removeprefix(BLOCK + "/")
        return name if self.type != name and name in FIELDS else ""


NOBODY = Sender()
_FARTHEST = 3  # lines between two fields of one signature


@dataclass(frozen=True)
class Block:
    """A signature, where it stands and what is labelled in it."""

    start: int
    end: int
    fields: tuple[Span, ...]


@dataclass(frozen=True)
class Example:
    """`spans` count in `body`; that of an HTML mail is what a reader sees of it."""

    mail: str
    body: str
    spans: tuple[Span, ...]
    sender: Sender = NOBODY
    html: str = ""

    @property
    def own_end(self) -> int:
        """Where the first quoted header begins."""
        return min((span.start for span in self.spans if span.type == HEADER), default=len(self.body))

    def blocks(self) -> list[Block]:
        """Each labelled block with the fields in it."""
        return [
            Block(each.start, each.end, self._fields(each.start, each.end)) for each in self.spans if each.type == BLOCK
        ]

    def signatures(self) -> list[Block]:
        """The blocks, and the runs of fields to which annotators gave no block."""
        found = self.blocks()
        loose = [s for s in self._fields(0, len(self.body)) if not any(b.start <= s.start < b.end for b in found)]
        runs: list[list[Span]] = []
        for each in loose:
            if runs and self.body.count("\n", runs[-1][-1].end, each.start) <= _FARTHEST:
                runs[-1].append(each)
            else:
                runs.append([each])
        found += [Block(run[0].start, max(s.end for s in run), tuple(run)) for run in runs]
        return sorted(found, key=lambda block: block.start)

    def _fields(self, start: int, end: int) -> tuple[Span, ...]:
        return tuple(sorted((s for s in self.spans if s.field and start <= s.start < end), key=lambda s: s.start))

    def dumped(self) -> str:
        line = {
            "mail": self.mail,
            "body": self.body,
            "spans": [
                {"start": s.start, "end": s.end, "type": s.type, "text": self.body[s.start : s.end]} for s in self.spans
            ],
            "from": {"name": self.sender.name, "address": self.sender.address},
            "html": self.html,
        }
        return json.dumps(line, ensure_ascii=False)


def read(folder: Path, mails: Path | None = None) -> list[Example]:
    """The examples of every .jsonl file in a folder. `mails`: where the mails themselves lie, for who sent them;
    without it they are looked for in the folder, and in one named `mail` beside it."""
    roots = (mails,) if mails else (folder, folder.resolve().parent / "mail")
    senders = {path.name: path for root in roots if root.is_dir() for path in root.rglob("*.eml")}
    lines = (line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())
    return [_of_line(json.loads(line), senders) for line in lines if line.strip()]


def _of_line(told: dict[str, Any], mails: Mapping[str, Path]) -> Example:
    spans = tuple(Span(s["start"], s["end"], s["type"]) for s in told["spans"])
    who = told.get("from")
    sender = Sender(who.get("name", ""), who.get("address", "")) if who else _sender(mails.get(told["mail"]))
    return Example(told["mail"], told["body"], spans, sender, told.get("html") or "")


def _sender(path: Path | None) -> Sender:
    if path is None:
        return NOBODY
    header = HeaderParser(policy=policy.default).parsestr(path.read_text("utf-8", "replace"))
    return Sender(*parseaddr(str(header["From"] or "")))
