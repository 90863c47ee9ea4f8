"""Generated mails as the HTML that mail programs and signature makers write."""

from __future__ import annotations

import random
from collections.abc import Sequence
from html import escape

from tests.signatures.layouts import Line

_STYLE = ' style="font-family:Calibri,sans-serif;font-size:11.0pt;color:#1F497D"'


def as_html(rng: random.Random, parts: Sequence[tuple[str, list[Line]]], older: str) -> str:
    paragraphs = rng.choice(("div", "p", "br"))
    marked = rng.choice(("", "", "gmail_signature", "Signature", "moz-signature", "ms-outlook-mobile-signature"))
    pieces = []
    for kind, lines in parts:
        text = _tables(rng, lines) if kind == "block" and rng.random() < 0.45 else _plain(lines, paragraphs)
        if kind == "block" and marked:
            text = f'<div class="{marked}">{text}</div>' if rng.random() < 0.6 else f'<div id="{marked}">{text}</div>'
        pieces.append(text)
    if older:
        pieces.append(_quoted(rng, older))
    head = "<html><head><style>p {margin:0}</style><title>x</title></head><body>"
    return f"{head}{rng.choice(('', '<div>'))}{''.join(pieces)}</body></html>"


def _inline(line: Line) -> str:
    found = []
    for text, kind in line:
        shown = escape(text).replace("  ", "&nbsp; ")
        if kind == "Mail":
            shown = f'<a href="mailto:{shown}">{shown}</a>'
        elif kind == "Website":
            shown = f'<a href="http://{shown}"><span>{shown}</span></a>'
        elif kind in ("Name", "Position"):
            shown = f"<b{_STYLE}>{shown}</b>"
        found.append(shown)
    return "".join(found)


def _plain(lines: Sequence[Line], paragraphs: str) -> str:
    rows = [_inline(line) for line in lines]
    if paragraphs == "br":
        return "<div>" + "<br>\n".join(rows) + "</div>"
    return "".join(f"<{paragraphs}{_STYLE}>{row or '&nbsp;'}</{paragraphs}>\n" for row in rows)


def _tables(rng: random.Random, lines: Sequence[Line]) -> str:
    """A row a line; a logo beside them; labels in cells of their own; or two columns."""
    rows = [line for line in lines if any(text for text, _ in line)]
    logo = '<td rowspan="9"><img src="cid:logo.png" alt="" width="90"></td>' if rng.random() < 0.6 else ""
    kind = rng.random()
    if kind < 0.35:
        body = "".join(
            f"<tr>{logo if number == 0 else ''}<td>{_inline(line)}</td></tr>" for number, line in enumerate(rows)
        )
    elif kind < 0.6:
        body = f"<tr>{logo}<td>{'<br>'.join(map(_inline, rows))}</td></tr>"
    elif kind < 0.8:
        body = "".join(
            "<tr>" + "".join(f"<td>{_inline([piece])}</td>" for piece in line if piece[0].strip()) + "</tr>"
            for line in rows
        )
    else:
        half = (len(rows) + 1) // 2
        left, right = (
            "<br/>".join(map(_inline, rows[:half])),
            "".join(f"<p>{_inline(line)}</p>" for line in rows[half:]),
        )
        body = f'<tr><td valign="top">{left}</td><td style="border-left:1px solid #ccc">{right}</td></tr>'
    icons = (
        '<tr><td><a href="https://www.linkedin.com/x"><img src="in.png" alt="LinkedIn"></a></td></tr>'
        if rng.random() < 0.2
        else ""
    )
    return f'<table cellpadding="0" border="0"><tbody>{body}{icons}</tbody></table>'


def _quoted(rng: random.Random, older: str) -> str:
    text = escape(older).replace("\n", "<br>\n")
    return rng.choice((
        f'<div class="gmail_quote"><div class="gmail_attr">{text}</div></div>',
        f'<blockquote type="cite"><div>{text}</div></blockquote>',
        f'<div id="divRplyFwdMsg">{text}</div>',
        f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p>{text}</p></div>',
        f"<hr><div>{text}</div>",
    ))  # fmt: skip
