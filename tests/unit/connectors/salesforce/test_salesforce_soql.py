"""SOQL text: whatever the content is, it stays inside its quotes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce import soql

_ESCAPED = re.compile(r"\\(u[0-9a-f]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def _unquote(text: str) -> str:
    """What the SOQL grammar reads out of a literal; fails when the literal ends early or has an unknown escape."""
    assert text.startswith("'")
    assert text.endswith("'")
    inner = text[1:-1]
    assert "'" not in _ESCAPED.sub("", inner)

    def plain(match: re.Match[str]) -> str:
        told = match[1]
        return chr(int(told[1:], 16)) if len(told) > 1 else _PLAIN[told]

    return _ESCAPED.sub(plain, inner)


@given(st.text())
def test_a_text_literal_reads_back_as_the_text(text: str) -> None:
    assert _unquote(soql.literal(text)) == text


@given(st.text())
def test_a_literal_holds_no_raw_control_character(text: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f]", soql.literal(text))


@given(st.text(alphabet=st.sampled_from("%_\\'ab")))
def test_wildcards_of_the_text_are_escaped_in_a_like_pattern(text: str) -> None:
    pattern = soql.like("Email", text).removeprefix("Email LIKE '%").removesuffix("%'")
    unescaped = re.sub(r"\\(.)", "", pattern)
    assert not set(unescaped) & set("%_'")


@given(st.lists(st.text(min_size=1, max_size=30)), st.integers(1, 3))
def test_chunks_keep_every_value_once_in_order_and_stay_under_their_size(values: list[str], repeats: int) -> None:
    chunks = list(soql.chunks(values, most_chars=200, repeats=repeats))
    assert [v for chunk in chunks for v in chunk] == list(dict.fromkeys(values))
    for chunk in chunks:
        listed = ",".join(soql.literal(v) for v in chunk)
        assert len(chunk) == 1 or len(listed) * repeats <= 200


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), "2026-03-01T09:00:00Z"),
        (datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T07:00:00Z"),
    ],
)
def test_other_values_have_the_literals_of_the_reference(value: object, text: str) -> None:
    assert soql.literal(value) == text  # type: ignore[arg-type]


def test_a_moment_without_a_zone_has_no_literal() -> None:
    with pytest.raises(ValueError, match="zone"):
        soql.literal(datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "Id FROM User --", "Id'", "a b", "1Id", "Who..Name", "Näme"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        soql.name(text)


def test_a_statement_joins_conditions_and_puts_alternatives_in_parentheses() -> None:
    where = ["IsChild = false", soql.any_of(["A = 1", "B = 2"])]
    text = soql.select(["Id", "Who.Name"], "Event", where, ["SystemModstamp", "Id"], limit=3)
    assert text == (
        "SELECT Id, Who.Name FROM Event WHERE IsChild = false AND (A = 1 OR B = 2) ORDER BY SystemModstamp, Id LIMIT 3"
    )


def test_an_empty_list_is_refused_instead_of_matching_everything() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        soql.one_of("Id", [])


def test_a_query_path_escapes_the_statement() -> None:
    path = soql.query_path("66.0", "SELECT Id FROM Lead WHERE Email = 'a+b@x.com'", deleted=True)
    assert path == "/services/data/v66.0/queryAll?q=SELECT+Id+FROM+Lead+WHERE+Email+%3D+%27a%2Bb%40x.com%27"
