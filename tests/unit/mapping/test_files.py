"""Which attachments become files, as what, and how they are called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.model import fields
from mapping.model.codec import dump_item, load_item
from mapping.model.item import Attachment, Form, Item
from mapping.model.reasons import Reason
from mapping.rules.files import (
    ATTACHMENT,
    FILE,
    LONGEST_NAME,
    NOWHERE,
    choose,
    copy_of,
    extension,
    kept_as,
    media_type,
    safe_name,
)
from mapping.rules.settings import parse
from tests.support.items import mail, settings

KILO, MEGA = 1024, 1024 * 1024


def one(name: str, size: int = 50 * KILO, **more: Any) -> Attachment:
    return Attachment("id", name, size=size, **more)


def judged(*attached: Attachment, html: str = "", forced: bool = False, **setting: Any) -> dict[str, Reason | None]:
    """By name: None when it is chosen, else why not."""
    item = mail(attachments=attached, html=html)
    chosen, left = choose(item, settings(**setting), forced=forced)
    found: dict[str, Reason | None] = {each.attachment.name: None for each in chosen}
    return found | {attached[each.number - 1].name: each.reason for each in left}


@pytest.mark.rule("FIL-1")
@pytest.mark.parametrize(
    ("store", "files", "attachments", "kept"),
    [
        ("auto", True, True, FILE), ("auto", False, True, ATTACHMENT), ("auto", False, False, NOWHERE),
        ("file", True, True, FILE), ("file", False, True, NOWHERE),
        ("attachment", True, True, ATTACHMENT), ("attachment", True, False, NOWHERE), ("off", True, True, NOWHERE),
    ],
)  # fmt: skip
def test_files_win_unless_the_setting_says_otherwise(store: str, files: bool, attachments: bool, kept: str) -> None:
    assert kept_as(settings(files__store=store), files=files, attachments=attachments) == kept


@pytest.mark.rule("FIL-3")
def test_sizes_count_to_the_byte() -> None:
    sizes = {"fits.pdf": 25 * MEGA, "over.pdf": 25 * MEGA + 1, "logo.png": 10 * KILO - 1, "photo.png": 10 * KILO,
             "tiny.pdf": 1, "unknown.png": 0}  # fmt: skip

    told = judged(*(one(name, size) for name, size in sizes.items()))

    assert {name for name, reason in told.items() if reason is None} == {
        "fits.pdf", "photo.png", "tiny.pdf", "unknown.png"
    }  # fmt: skip
    assert (told["over.pdf"], told["logo.png"]) == (Reason.FILE_TOO_LARGE, Reason.FILE_TOO_SMALL)


@pytest.mark.rule("FIL-4")
def test_types_are_compared_without_case_and_dots() -> None:
    wanted = {"files__types": ".PDF, docx", "files__blocked_types": "exe"}
    names = ("a.Pdf", "b.DOCX", "c.txt", "d.pdf.exe", "noextension")

    told = judged(*map(one, names), **wanted)

    assert [name for name, reason in told.items() if reason is None] == ["a.Pdf", "b.DOCX"]
    assert told["d.pdf.exe"] is Reason.FILE_TYPE_BLOCKED
    assert told["noextension"] is Reason.FILE_TYPE_UNLISTED


@pytest.mark.rule("FIL-4")
def test_a_mark_lifts_the_list_of_wanted_types_and_not_that_of_blocked_ones() -> None:
    told = judged(one("a.txt"), one("b.exe"), forced=True, files__types="pdf")

    assert told == {"a.txt": None, "b.exe": Reason.FILE_TYPE_BLOCKED}


@pytest.mark.rule("FIL-4")
def test_a_type_is_not_hidden_by_what_nobody_sees() -> None:
    told = judged(one("report\u202efdp.exe"), one("a.exe. "), one("b.e\u200bxe"), one("c.exe\x00"))

    assert set(told.values()) == {Reason.FILE_TYPE_BLOCKED}


@pytest.mark.rule("FIL-5")
def test_what_the_text_shows_is_no_attachment_and_what_is_only_declared_so_is() -> None:
    html = "<img src=\"cid:Logo%401\"> <img src='CID:scan@2'>"
    told = judged(
        one("logo.png", content_id="logo@1"), one("scan.pdf", content_id="scan@2"),
        one("other.gif", inline=True, content_id="x@3"), one("terms.pdf", inline=True, content_id="y@4"),
        one("note", inline=True, form=Form.ITEM), one("cloud.docx", form=Form.LINK),
        html=html,
    )  # fmt: skip

    assert told == {
        "logo.png": Reason.FILE_IN_TEXT, "scan.pdf": Reason.FILE_IN_TEXT, "other.gif": Reason.FILE_IN_TEXT,
        "terms.pdf": None, "note": None, "cloud.docx": Reason.FILE_IN_CLOUD,
    }  # fmt: skip
    assert judged(one("photo.jpg", inline=True, content_id="p@1")) == {"photo.jpg": None}


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/a.txt", "a.txt"),
        ("C:\\a.txt", "a.txt"),
        ("a\r\nb.txt", "ab.txt"),
        ("a\x00.txt", "a.txt"),
        ("..", "attachment"),
        ("", "attachment"),
        (" .hidden ", "hidden"),
        ('<"what|is*this?>.txt', "__what_is_this__.txt"),
        ("offer   2026 .pdf", "offer 2026 .pdf"),
        ("Übergabe 提案.pdf", "Übergabe 提案.pdf"),
        ("U\u0308bergabe.pdf", "Übergabe.pdf"),
        ("\ud800.pdf", "pdf"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
    ],
)
def test_a_name_is_a_name_and_leads_nowhere(given: str, plain: str) -> None:
    assert safe_name(given) == plain


@given(st.text(max_size=600))
def test_no_name_at_all_leads_anywhere_or_grows_too_long(name: str) -> None:
    for form in Form:
        plain = safe_name(name, form)
        assert 0 < len(plain) <= LONGEST_NAME
        assert not set(plain) & set('/\\<>:"|?*\x00\r\n\t')
        assert plain.isprintable() or all(not char.isspace() or char == " " for char in plain)
        assert plain == plain.strip(" .")
        assert safe_name(plain, form) == plain
        plain.encode()


def test_long_names_keep_their_type() -> None:
    assert safe_name("x" * 400 + ".pdf") == "x" * 251 + ".pdf"
    assert extension(safe_name("x" * 300 + "." + "y" * 300)) != "pdf"


@pytest.mark.rule("FIL-9")
def test_items_and_copies_of_mails_are_called_by_their_subject() -> None:
    assert safe_name("Re: offer 1/2", Form.ITEM) == "Re_ offer 1_2.eml"
    assert safe_name("", Form.ITEM) == "attachment.eml"
    copy = copy_of(mail(subject="Offer"))
    assert (copy.number, copy.name, copy.attachment.form) == (0, "Offer.eml", Form.MAIL)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("Application/PDF; name=a.pdf", "application/pdf"),
        ("text/html", "text/html"),
        ("x", ""),
        ("a/b c", ""),
        ("", ""),
    ],
)
def test_a_media_type_is_passed_on_when_it_is_one(declared: str, told: str) -> None:
    assert media_type(one("a", type=declared)) == told


def test_attachments_survive_between_stages() -> None:
    attached = (one("ä.pdf", type="application/pdf", inline=True, content_id="c@1"), one("b", 0, form=Form.LINK))
    item: Item = mail(attachments=attached)

    assert load_item(dump_item(item)).get(fields.ATTACHMENTS) == attached


def test_lists_of_types_take_extensions_only() -> None:
    assert parse("files.types", "pdf, .docx") == ("pdf", ".docx")
    with pytest.raises(ValueError, match="extensions of file names"):
        parse("files.types", "*.pdf")
