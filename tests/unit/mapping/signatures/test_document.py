"""Bodies as lines: HTML as a reader sees it, and what mail programs mark in it."""

from __future__ import annotations

import pytest

from mapping.signatures import document


def lines(html: str) -> list[str]:
    return [line.text for line in document.of_html(html).lines]


def test_the_cells_of_a_table_are_lines_of_their_own() -> None:
    html = "<p>Hello</p><table><tr><td>Jane Doe</td><td>Tel: 1</td></tr><tr><td>Acme</td></tr></table>"
    assert lines(html) == ["Hello", "Jane Doe", "Tel: 1", "Acme"]


def test_a_break_parts_and_inline_markup_does_not() -> None:
    assert lines("<div><b>Jane</b> <i>Doe</i><br>Acme &amp; Co</div>") == ["Jane Doe", "Acme & Co"]


def test_what_is_hidden_is_not_read() -> None:
    html = '<p>Jane</p><p style="display: none">John</p><style>p {}</style><script>1</script><p hidden>Jim</p>'
    assert lines(html) == ["Jane"]


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote">On Monday John wrote: old</div>',
        '<blockquote type="cite">old</blockquote>',
        '<div id="divRplyFwdMsg">From: John</div><div>old</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>From: John</p></div><p>old</p>',
        '<div id="appendonsend"></div><div>old</div>',
        "<hr><p>From: John Roe</p><p>Sent: Monday</p><p>To: Jane</p><p>old</p>",
    ],
)
def test_what_mail_programs_mark_as_quoted_is_not_read(quoted: str) -> None:
    assert "old" not in " ".join(lines(f"<p>New.</p>{quoted}"))
    assert lines(f"<p>New.</p>{quoted}")[0] == "New."


@pytest.mark.parametrize("mark", ['class="gmail_signature"', 'id="Signature"', 'id="ms-outlook-mobile-signature"'])
def test_what_mail_programs_mark_as_signature_is_remembered(mark: str) -> None:
    found = document.of_html(f"<p>Hello</p><div {mark}><p>Jane</p><p>Acme</p></div><p>Bye</p>").lines
    assert [line.hinted for line in found] == [False, True, True, False]


def test_lines_tell_where_in_the_text_they_stand() -> None:
    seen = document.of_html("<p>One</p><p></p><table><tr><td>Two</td><td>Three</td></tr></table>")
    assert [seen.text[line.start : line.end] for line in seen.lines] == ["One", "Two", "Three"]


def test_deep_nesting_is_no_trouble() -> None:
    assert lines("<div>" * 5_000 + "deep" + "</div>" * 5_000)[-1:] in (["deep"], [])


def test_nothing_is_read_from_nothing() -> None:
    assert document.of_html("").lines == () and document.of_text("").lines == ()
