"""Pieces of lines, kinds of numbers, parts of addresses."""

from __future__ import annotations

import pytest

from mapping.signatures.model import Kind
from mapping.signatures.numbers import is_possible, region_of
from mapping.signatures.postal import Postal, parts
from mapping.signatures.tokens import Line, segments, tokenize
from mapping.signatures.values import closing_name, values


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("Jane Doe | Sales Manager", ["Jane Doe", "Sales Manager"]),
        ("Jane Doe • Acme", ["Jane Doe", "Acme"]),
        ("Director                  Tel: 1", ["Director", "Tel: 1"]),
        ("Phone:     713-555-0101", ["Phone:     713-555-0101"]),
        ("T | +1 617 555 0142 | M | +1 617 555 0177", ["T | +1 617 555 0142", "M | +1 617 555 0177"]),
        ("| Acme |", ["Acme"]),
        ("Houston, Texas   77002-7361", ["Houston, Texas   77002-7361"]),
        ("Head of Sales/Marketing", ["Head of Sales/Marketing"]),
    ],
)
def test_bars_and_gaps_part_a_line_but_no_label_from_its_value(line: str, pieces: list[str]) -> None:
    found = segments(Line(line, 5))
    assert [piece.text for piece in found] == pieces
    assert [line[piece.start - 5 : piece.end - 5] for piece in found] == pieces


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("Tel: 713-555-0101", [Kind.PHONE]),
        ("713-555-0101 (fax)", [Kind.FAX]),
        ("Ph: 713-555-0101   Fx: 713-555-0102", [Kind.PHONE, Kind.FAX]),
        ("713-555-0101 office 713-555-0102 cell", [Kind.PHONE, Kind.MOBILE]),
        ("M +49 171 1234567", [Kind.MOBILE]),
        ("Home: 713-555-0101", [Kind.HOME]),
        ("Durchwahl: 089 1234567", [Kind.DIRECT]),
    ],
)
def test_labels_tell_what_a_number_is_for(line: str, kinds: list[Kind]) -> None:
    row = tokenize(line, 0)
    tags = [("B-phone", 1.0) if token.kind == "phone" else ("O", 1.0) for token in row]
    assert [found.kind for found in values([Line(line, 0)], [row], tags)] == kinds


@pytest.mark.parametrize("text", ["77002-7361", "12.03.2024", "1000-001", "12345"])
def test_codes_and_dates_are_no_numbers_to_call(text: str) -> None:
    assert [token.kind for token in tokenize(text, 0)] != ["phone"]


@pytest.mark.parametrize(
    ("line", "name"),
    [("Jane Doe", "Jane Doe"), ("/ Jane M. Doe", "Jane M. Doe"), ("Jane", None), ("JD", None), ("see you soon", None)],
)
def test_a_closing_names_somebody_only_in_full(line: str, name: str | None) -> None:
    found = closing_name(Line(line, 0), 1.0)
    assert [line[f.start : f.end] for f in found] == ([name] if name else [])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("12 High Street, Suite 3\nBoston, MA 02110", Postal("12 High Street, Suite 3", "Boston", "MA", "02110")),
        ("1 Main St.\nHouston, Texas 77002-7361\nUSA", Postal("1 Main St.", "Houston", "Texas", "77002-7361", "USA")),
        ("Hauptstr. 5 | 80331 München", Postal("Hauptstr. 5", "München", "", "80331")),
        ("Keizersgracht 1\n1012 AB Amsterdam\nThe Netherlands",
         Postal("Keizersgracht 1", "Amsterdam", "", "1012 AB", "The Netherlands")),
        ("10 Low Road, London SW1A 2AA", Postal("10 Low Road", "London", "", "SW1A 2AA")),
        ("Rua das Flores 12", Postal("Rua das Flores 12")),
    ],
)  # fmt: skip
def test_an_address_is_taken_apart_as_far_as_it_shows_its_parts(address: str, told: Postal) -> None:
    assert parts(address) == told


def test_a_number_is_possible_where_its_owner_is() -> None:
    assert is_possible("(713) 555-0101") and is_possible("+49 89 1234567")
    assert is_possible("0171 12345678", region_of("acme.de")) and not is_possible(
        "0171 12345678", region_of("acme.com")
    )
    assert not is_possible("713-555-010199") and not is_possible("none")
