"""How well the package's models read layouts that they never saw, and that the tools that measure and train work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mapping.signatures.tagging import models
from tests.signatures import evaluate, train
from tests.signatures.evaluate import INSIDE, LINES, WHOLE, WRITTEN, Tally, measure
from tests.signatures.example import BLOCK, FIELDS, read
from tests.signatures.generate import examples


@pytest.fixture(scope="module")
def tally() -> Tally:
    found = Tally()
    measure(examples(250, 3, held_out=True), models(), found, FIELDS, 0.9)
    return found


@pytest.mark.parametrize(
    ("way", "field", "precision", "recall"),
    [
        (INSIDE, "Name", 0.95, 0.95), (INSIDE, "Position", 0.93, 0.93), (INSIDE, "Organisation", 0.9, 0.9),
        (INSIDE, "Phone", 0.95, 0.95), (INSIDE, "Fax", 0.92, 0.9), (INSIDE, "Mail", 0.99, 0.98),
        (INSIDE, "Address", 0.92, 0.85), (WHOLE, "Name", 0.94, 0.93), (WHOLE, "Phone", 0.93, 0.93),
        (WRITTEN, "Name", 0.97, 0.9), (WRITTEN, "Position", 0.97, 0.8), (WRITTEN, "Organisation", 0.95, 0.7),
        (WRITTEN, "Phone", 0.95, 0.9), (WRITTEN, "Mail", 0.99, 0.95), (WRITTEN, "Address", 0.95, 0.7),
        (LINES, LINES, 0.97, 0.94),
    ],
)  # fmt: skip
def test_unseen_layouts_are_read_this_well_at_least(
    tally: Tally, way: str, field: str, precision: float, recall: float
) -> None:
    figures = tally.figures(way, field)
    assert figures is not None and figures[0] >= precision and figures[1] >= recall


def test_generated_mails_tell_where_their_signature_is() -> None:
    seen = 0
    for each in examples(80, 11):
        for block in each.blocks():
            assert block.start < each.own_end
            assert all(each.body[span.start : span.end].strip() for span in block.fields)
            seen += bool(block.fields)
        assert all(span.start < each.own_end for span in each.spans if span.type.startswith(BLOCK))
    assert seen > 40


def test_the_same_seed_makes_the_same_mails() -> None:
    assert list(examples(5, 4)) == list(examples(5, 4))


def test_labelled_mails_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    made = list(examples(5, 4))
    (tmp_path / "mails.jsonl").write_text("".join(each.dumped() + "\n" for each in made), "utf-8")
    assert read(tmp_path) == made


def test_the_sender_of_a_labelled_mail_is_found_in_the_mail_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "x.jsonl").write_text(json.dumps({"mail": "a.eml", "body": "Hi", "spans": []}), "utf-8")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "a.eml").write_text("From: Jane Doe <jane@acme.com>\n\nHi", "utf-8")
    assert read(folder)[0].sender.address == "jane@acme.com"


def test_labelled_mails_are_measured_in_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mails.jsonl").write_text("".join(each.dumped() + "\n" for each in examples(30, 8)), "utf-8")
    assert evaluate.main(["--data", str(tmp_path), "--folds", "2", "--count", "60"]) == 0
    shown = capsys.readouterr().out
    assert all(field in shown for field in FIELDS) and LINES in shown


def test_training_makes_models_that_read() -> None:
    base = train.Prepared.of(examples(150, 1))
    by = train.models_of(train.fit(base, list(examples(20, 2)), list(examples(40, 3))))
    found = Tally()
    measure(examples(40, 9), by, found, FIELDS, 0.5)
    figures = found.figures(INSIDE, "Mail")
    assert figures is not None and figures[2] > 0.8
