"""A mail's body as lines of text: HTML without what is hidden or quoted, tables cut into their cells, and what the mail
program itself marks as signature remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mapping.signatures import newest
from mapping.signatures.tokens import LONGEST_LINE, Line, is_label, split_lines

LONGEST = 200_000  # characters of a body that are looked at


@dataclass(frozen=True, slots=True)
class Document:
    """`lines`: those of the newest message that say something; their places count in `text`."""

    text: str
    lines: tuple[Line, ...]


def of_text(text: str) -> Document:
    plain = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    lines = split_lines(plain, *newest.bounds(plain))
    return Document(plain, tuple(line for line in lines if not newest.is_quoted(line.text)))


def of_html(html: str) -> Document:
    """`text` of it is the text that a reader sees, line by line."""
    tree = LexborHTMLParser(html[: LONGEST * 5])
    writer = _Writer()
    if tree.body is not None:
        writer.write(tree.body)
    return writer.document()


_SKIPPED = frozenset({"script", "style", "head", "title", "noscript", "template", "svg", "map", "select", "textarea"})
_BREAKING = frozenset({
    "p", "div", "br", "tr", "table", "tbody", "thead", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "blockquote", "pre", "section", "article", "header", "footer", "address", "dl", "dt", "dd", "center", "form",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})

# Ids and classes by which mail programs mark what they quote (with what follows it, or alone), and signatures.
_QUOTED_FROM_HERE = (
    "divrplyfwdmsg",
    "appendonsend",
    "olk_src_body_section",
    "mailoriginal",
    "isreplycontent",
    "orimsghtmlseperator",
)
_QUOTED_ALONE = (
    "gmail_quote",
    "yahoo_quoted",
    "protonmail_quote",
    "moz-cite-prefix",
    "gmail_attr",
    "zmail_extra",
    "tutanota_quote",
)
_SIGNATURE = (
    "gmail_signature",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "signature",
    "bloop_sign",
    "applemailsignature",
)
_OUTLOOK_RULES = ("border-top:solid #e1e1e1", "border-top:solid #b5c4df", "border-top:1pt solid #e1e1e1")


class _Writer:
    """Goes through a body without recursion, so that no depth of nesting is too deep."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._rows: list[tuple[str, bool, bool]] = []  # text, hinted, cell
        self._hinted = self._cell = 0

    def write(self, body: LexborNode) -> None:
        stack: list[tuple[LexborNode, bool]] = [(body, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag or ""
            if leaving:
                self._leave(node, tag)
                continue
            if tag == "-text":
                self._pieces.append(node.text_content or "")
                continue
            if tag in _SKIPPED or not tag.isalnum():
                continue
            marks = _marks(node)
            style = (node.attributes.get("style") or "").casefold()
            if any(mark in marks for mark in _QUOTED_FROM_HERE) or any(rule in style for rule in _OUTLOOK_RULES):
                break
            if _is_hidden(node, style) or _is_quoted(node, tag, marks):
                self._break()
                continue
            self._break_at(tag)
            if tag == "hr":
                self._rows.append(("-" * 20, self._hinted > 0, False))
            self._hinted += _is_signature(marks)
            self._cell += tag in _CELLS
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(list(_children(node))))
        self._break()

    def _leave(self, node: LexborNode, tag: str) -> None:
        self._break_at(tag)
        self._hinted -= _is_signature(_marks(node))
        self._cell -= tag in _CELLS

    def _break_at(self, tag: str) -> None:
        """A cell that only labels the next one is no line of its own."""
        if tag in _CELLS and is_label("".join(self._pieces)):
            self._pieces.append(" ")
        elif tag in _BREAKING or tag in _CELLS:
            self._break()

    def _break(self) -> None:
        text = " ".join("".join(self._pieces).split())
        if text or self._pieces:
            self._rows.append((text, self._hinted > 0, self._cell > 0))
        self._pieces.clear()

    def document(self) -> Document:
        lines: list[Line] = []
        start = blank = 0
        for text, hinted, cell in self._rows:
            if text:
                lines.append(Line(text[:LONGEST_LINE], start, hinted, cell, blank))
            blank = 0 if text else blank + 1
            start += len(text) + 1
        text = "\n".join(row[0] for row in self._rows)
        begin, end = newest.bounds(text)
        return Document(text, tuple(line for line in lines if begin <= line.start < end))


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _marks(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('id') or ''} {attributes.get('class') or ''} {attributes.get('name') or ''}".casefold()


def _is_signature(marks: str) -> bool:
    return any(mark in marks for mark in _SIGNATURE)


def _is_quoted(node: LexborNode, tag: str, marks: str) -> bool:
    return (tag == "blockquote" and node.attributes.get("type") == "cite") or any(m in marks for m in _QUOTED_ALONE)


def _is_hidden(node: LexborNode, style: str) -> bool:
    plain = style.replace(" ", "")
    return "display:none" in plain or "mso-hide:all" in plain or "hidden" in node.attributes
