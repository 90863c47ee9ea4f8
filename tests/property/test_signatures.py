"""Whatever a body holds, reading its signature raises nothing and invents nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.signatures import document
from mapping.signatures.block import Sender
from mapping.signatures.read import read, read_document
from tests.signatures.generate import examples

SENDERS = st.builds(Sender, st.text(max_size=20), st.sampled_from(["", "jane.doe@acme.com", "x@y"]))
PIECES = st.sampled_from(
    [
        "Jane Doe", "Sales Manager", "Acme Ltd.", "Tel: +49 (0) 89 1234567", "M: 713-555-0101", "jane.doe@acme.com",
        "www.acme.com", "1 Main St., Boston, MA 02110", "Best regards,", "--", "> Hi", "On Monday X wrote:", "\n",
        "<table><tr><td>", "</td>", "<br>", "<div class=gmail_signature>", "\t", "   ", "@", "((((", "+", "\x00", "|",
        "\n\n", "\u202e",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=30).map("\n".join), st.lists(PIECES).map("".join))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS, SENDERS)
def test_every_value_is_a_span_of_the_mail(text: str, sender: Sender) -> None:
    for seen in (document.of_text(text), document.of_html(text)):
        for value in read_document(seen, sender).values:
            assert value.text == seen.text[value.start : value.end] and value.text.strip()
            assert 0 <= value.confidence <= 1
        for line in seen.lines:
            assert seen.text[line.start : line.end] == line.text


@pytest.mark.parametrize(
    "body",
    ["a" * 100_000, "x" + " " * 100_000 + "y", "1 " * 50_000, "a@" * 50_000, "a." * 50_000, "Tel: 1 | " * 20_000,
     "Jane Doe\n" * 20_000, "<div>" * 20_000, "(" * 100_000],
    ids=lambda body: body[:6],
)  # fmt: skip
def test_no_body_takes_long(body: str) -> None:
    begun = time.process_time()
    for text, html in ((body, ""), ("", body)):
        read(text, html, Sender("Jane Doe", "jane@acme.com"))
    assert time.process_time() - begun < 4


def test_every_value_of_generated_mails_is_a_span_of_them() -> None:
    count = 0
    for each in examples(60, 5):
        seen = document.of_html(each.html) if each.html else document.of_text(each.body)
        for value in read_document(seen, each.sender).values:
            assert value.text == seen.text[value.start : value.end]
            count += 1
    assert count > 100
