"""Where the newest message of a mail ends."""

from __future__ import annotations

import time

import pytest

from mapping.signatures import document, newest

OLDER = {
    "a program's header": "From: Jane Doe <jane@acme.com>\nSent: Monday\nTo: John\nSubject: Re: x\n\nold text",
    "two lines of a header": "From: Jane Doe\nTo: John\n\nold text",
    "a German header": "Von: Jane Doe\nGesendet: Montag\nAn: John\nBetreff: x\n\nold text",
    "a rule with words": "-----Original Message-----\nold text",
    "a rule of Lotus Notes": "----- Forwarded by Jane Doe/HOU on 01/02/2001 07:02 PM -----\n\nold text",
    "a header of Lotus Notes": "Jane Doe\n07/26/2000 05:20 PM\nTo: John Roe/HOU@X\ncc:\nSubject: x\n\nold text",
    "one on one line": '"Jane Doe" <jane@acme.com> on 04/19/2001 09:01:03 PM\nTo: <john@x.org>\ncc:\n\nold text',
    "an English phrase": "On Tue, Mar 5, 2024 at 10:12 AM Jane Doe <jane@acme.com> wrote:\n> old text",
    "a phrase over two lines": "On Tue, Mar 5, 2024 at 10:12 AM Jane Doe\n<jane@acme.com> wrote:\n> old text",
    "a German phrase": "Am 5. März 2024 um 10:12 schrieb Jane Doe:\n> old text",
    "a French phrase": "Le 5 mars 2024 à 10:12, Jane Doe a écrit :\n> old text",
    "a Spanish phrase": "El 5 mar 2024, Jane Doe escribió:\n> old text",
    "a Dutch phrase": "Op 5 mrt 2024 schreef Jane Doe <jane@acme.com>:\n> old text",
    "a phrase that only the library knows": "Op 5 mrt 2024 heeft Jane Doe het volgende geschreven:\n> old text",
    "a forwarded mail": "Begin forwarded message:\n\nold text",
}


@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER.keys())
def test_an_older_message_is_not_of_the_newest(older: str) -> None:
    own = "Fine with me.\n\nJohn Roe\nTel: 713-555-0101\n\n"
    assert _kept(own + older) == ["Fine with me.", "John Roe", "Tel: 713-555-0101"]


def test_an_answer_below_what_is_quoted_is_the_newest() -> None:
    text = "On Monday Jane Doe wrote:\n> Are you there?\n> Jane\n\nYes.\nJohn Roe"
    assert _kept(text) == ["Yes.", "John Roe"]


def test_lines_with_quote_marks_among_the_answers_are_left_out() -> None:
    assert _kept("> First?\nYes.\n> Second?\nNo.\nJohn") == ["Yes.", "No.", "John"]


@pytest.mark.parametrize(
    "text",
    ["Tel: 1\nFax: 2\nDate: tomorrow", "To: do\n- one", "Please note: it is late", "He wrote: a lot.", "A: x\nB: y"],
)
def test_text_that_only_looks_like_a_header_stays(text: str) -> None:
    assert newest.bounds(text) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [" " * 50_000, "\n" * 50_000, "> " * 20_000, ">\n" * 20_000, "-" * 50_000, "a b " * 20_000, "From:\n\n" * 9_000,
     "x\n" + " \n" * 30_000 + "to", "On " * 20_000, "1/1/01 1:00\n" * 5_000],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    newest.bounds(text)
    assert time.process_time() - begun < 2


def _kept(text: str) -> list[str]:
    return [line.text for line in document.of_text(text).lines]
