"""Text out of HTML, as a mailbox that keeps formatted texts only has to tell it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAG = re.compile(r"</?(?:a|b|br|div|em|font|h[1-6]|html|i|li|ol|p|span|strong|table|u|ul)\b[^>]*>", re.IGNORECASE)
_BREAKS = frozenset({"br", "div", "li", "p", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"})
_HIDDEN = frozenset({"head", "script", "style", "title"})
_EMPTY_LINES = re.compile(r"\n{3,}")


def is_html(text: str) -> bool:
    """Does the text hold a tag that formats it?"""
    return _TAG.search(text) is not None


def plain(text: str) -> str:
    """What a reader sees, without formatting."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _HIDDEN), 0)
        if tag in _BREAKS and tag != "br":
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # line ends of the source mean no more than a space
            self.found.append(data.replace("\r", " ").replace("\n", " "))
