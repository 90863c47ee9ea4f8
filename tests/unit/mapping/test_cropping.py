"""What counts as quoted, and what is left of a text without it."""

from __future__ import annotations

import pytest

from mapping.rules.cropping import crop_html, crop_text

QUOTED = {
    "gmail": "On Mon, 2 Mar 2026 at 08:00, Homer <homer@globex.example> wrote:\n> Shall we?\n",
    "gmail, broken line": "On Mon, 2 Mar 2026 at 08:00, Homer Jay Simpson\n<homer@globex.example> wrote:\n> Shall we?",
    "german": "Am 02.03.2026 um 08:00 schrieb Homer:\n> Sollen wir?",
    "outlook": "From: Homer <homer@globex.example>\nSent: Monday, 2 March 2026\nTo: Ann\nSubject: Us\n\nShall we?",
    "outlook, ruled": "________________________________\nVon: Homer\nGesendet: Montag\nAn: Ann\n\nSollen wir?",
    "outlook, old": "-----Original Message-----\nFrom: Homer\n\nShall we?",
    "bare lines": "> Shall we?\n> I think so.\n",
}


@pytest.mark.rule("RCD-6")
@pytest.mark.parametrize("program", QUOTED)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_a_program_quotes_below_is_cut_off(program: str, ends: str) -> None:
    text = f"Fine with me.\n\nAnn\n\n{QUOTED[program]}".replace("\n", ends)

    assert crop_text(text) == "Fine with me.\n\nAnn".replace("\n", ends)


@pytest.mark.rule("RCD-6")
def test_answers_between_quoted_lines_stay() -> None:
    assert crop_text("> Shall we?\nYes.\n> When?\nMonday.\n") == "Yes.\nMonday."


@pytest.mark.rule("RCD-6")
@pytest.mark.parametrize(
    "text",
    [
        "He wrote: come at nine.\nOn Monday we meet.",
        "From: the start it went well\nand so on",
        "5 > 3, and\n3 < 5",
        "pasted by hand:\nShall we?",
        "",
        "> only quoted\n> nothing else",
        "-----Original Message-----\nFrom: Homer\n\nforwarded without a word",
    ],
)
def test_a_text_without_a_recognized_quotation_or_with_nothing_else_stays_whole(text: str) -> None:
    assert crop_text(text) == text


@pytest.mark.rule("RCD-6")
@pytest.mark.parametrize(
    "frame",
    [
        "<div class=\"gmail_quote\"><blockquote>old</blockquote></div>",
        "<div id='divRplyFwdMsg'><b>From:</b> Homer</div><div>old</div>",
        "<hr><div id=\"x_divRplyFwdMsg\">old</div>",
        "<blockquote type=\"cite\">old</blockquote>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>From: Homer</p></div><p>old</p>",
    ],
)  # fmt: skip
def test_a_formatted_text_is_cut_where_the_frame_begins_and_what_stood_open_is_closed(frame: str) -> None:
    cropped = crop_html(f"<html><body><div><p>Fine<br>with me.</p>{frame}</div></body></html>")

    assert "old" not in cropped
    assert cropped.startswith("<html><body><div><p>Fine<br>with me.</p>")
    assert cropped.endswith("</div></body></html>")


@pytest.mark.rule("RCD-6")
@pytest.mark.parametrize(
    "html", ["<p>Fine</p>", "<body>&nbsp;<div class='gmail_quote'>only a forward</div></body>", ""]
)
def test_a_formatted_text_without_a_frame_or_with_nothing_before_it_stays_whole(html: str) -> None:
    assert crop_html(html) == html
