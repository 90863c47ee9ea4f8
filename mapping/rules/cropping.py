"""Cutting off the earlier messages that a mail program quotes below, or between, what was written.

Only what a program has put there is recognized: its line of introduction, its block of headers, its frame. Text that
nobody introduced stays, and so does a message of which nothing would be left.
"""

from __future__ import annotations

import re

# How programs introduce what they quote, in the languages that they are mostly used in.
_RULED = (
    "original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|"
    "oorspronkelijk bericht|forwarded message"
)
_FROM = "From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä"
_SENT = "Sent|Gesendet|Date|Envoyé|Enviado|Enviado el|Inviato|Verzonden|Skickat|Sendt|Wysłano|Lähetetty"
_ON = "On|Am|Le|El|Il|Op|Den|På"
_WROTE = r"wrote|schrieb.{0,80}|a écrit|escribió|ha scritto|schreef.{0,80}|skrev.{0,80}"

_STARTS = tuple(
    re.compile(pattern, re.MULTILINE | re.IGNORECASE)
    for pattern in (
        rf"^[ \t]*-{{2,}}[ \t]*(?:{_RULED})[ \t]*-{{2,}}[ \t]*\r?$",
        rf"^[ \t]*_{{10,}}[ \t]*\r?\n(?=[ \t]*\*?(?:{_FROM}):)",
        rf"^[ \t]*\*?(?:{_FROM}):\*?[ \t]+\S.*\r?\n(?:.*\r?\n){{0,2}}?[ \t]*\*?(?:{_SENT}):\*?[ \t]+\S",
        rf"^[ \t]*(?:{_ON}) .{{4,200}}(?:\r?\n.{{0,200}})?(?:{_WROTE})[ \t]*:[ \t]*\r?$",
    )
)
_QUOTED_LINES = re.compile(r"(?:^[ \t]*>.*(?:\r?\n|\Z))+", re.MULTILINE)
_FRAMES = re.compile(
    r"<(?:div|span)\b[^>]*\bid=[\"']?(?:\w+_)?(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION)\b"
    r"|<(?:div|blockquote)\b[^>]*\bclass=[\"']?[^\"'>]*\b(?:gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix)\b"
    r"|<blockquote\b[^>]*\btype=[\"']?cite"
    r"|<div\b[^>]*style=[\"'][^\"'>]*border-top:\s*solid\s+#(?:E1E1E1|B5C4DF)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")
_OPENED = re.compile(r"<(/?)(\w+)\b[^>]*?(/?)>")
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source"})


def crop_text(text: str) -> str:
    """The text without what is quoted below it; quoted lines between the writer's own go as well."""
    found = [match.start() for each in _STARTS if (match := each.search(text))]
    kept = _QUOTED_LINES.sub("", text[: min(found)] if found else text).rstrip()
    return kept if kept.strip() else text


def crop_html(html: str) -> str:
    """The same for formatted text: it is cut where the frame of the quotation begins, and what stood open is closed."""
    match = _FRAMES.search(html)
    if match is None:
        return html
    head = html[: match.start()]
    if not _TAG.sub("", head).replace("&nbsp;", "").strip():
        return html
    return head + "".join(f"</{name}>" for name in reversed(_open(head)))


def _open(head: str) -> list[str]:
    stack: list[str] = []
    for closing, name, alone in _OPENED.findall(head):
        tag = name.lower()
        if tag in _VOID or alone:
            continue
        if not closing:
            stack.append(tag)
        elif tag in stack:
            del stack[len(stack) - 1 - stack[::-1].index(tag) :]
    return stack
