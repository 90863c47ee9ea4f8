"""Signatures as a whole: what is read from a mail, and from whom."""

from __future__ import annotations

import pytest

from mapping.signatures.block import Sender
from mapping.signatures.model import Kind
from mapping.signatures.read import read

JANE = Sender("Jane Doe", "jane.doe@northwind.com")
TEXT = """Hi John,

please find the offer attached. Let me know if you have any questions.

Best regards,

Jane Doe
Sales Manager
Northwind Traders Ltd.
12 Harbour Street
Boston, MA 02110
Tel: (617) 555-0142
Mobile: (617) 555-0177
Fax: (617) 555-0199
jane.doe@northwind.com
www.northwind.com
"""
READ = {
    Kind.NAME: "Jane Doe", Kind.TITLE: "Sales Manager", Kind.ORGANISATION: "Northwind Traders Ltd.",
    Kind.ADDRESS: "12 Harbour Street\nBoston, MA 02110", Kind.PHONE: "(617) 555-0142", Kind.MOBILE: "(617) 555-0177",
    Kind.FAX: "(617) 555-0199", Kind.MAIL: "jane.doe@northwind.com", Kind.WEBSITE: "www.northwind.com",
}  # fmt: skip


def told(text: str, html: str = "", sender: Sender = JANE) -> dict[Kind, str]:
    return {value.kind: value.text for value in read(text, html, sender).values}


def test_all_fields_of_a_plain_signature_are_read() -> None:
    assert told(TEXT) == READ


def test_values_are_what_stands_in_the_text() -> None:
    for value in read(TEXT, "", JANE).values:
        assert TEXT[value.start : value.end] == value.text


def test_a_table_in_html_is_read_as_well() -> None:
    html = (
        "<p>Hi John,</p><p>please find the offer attached.</p><p>Best regards</p><table><tr><td><img src='cid:1'></td>"
        "<td><b>Jane Doe</b><br>Sales Manager<br>Northwind Traders Ltd.</td></tr><tr><td>T</td><td>+1 617 555 0142</td>"
        "</tr><tr><td>M</td><td>+1 617 555 0177</td></tr></table>"
    )
    found = told("", html)
    assert (found[Kind.NAME], found[Kind.TITLE]) == ("Jane Doe", "Sales Manager")
    assert (found[Kind.PHONE], found[Kind.MOBILE]) == ("+1 617 555 0142", "+1 617 555 0177")


def test_bars_part_values() -> None:
    found = told(
        "Hello John,\n\nsee you on Monday.\n\nRegards\nJane Doe | Sales Manager | Northwind Traders Ltd.\n"
        "T: +1 617 555 0142 | M: +1 617 555 0177\njane.doe@northwind.com | www.northwind.com\n"
    )
    assert (found[Kind.NAME], found[Kind.TITLE]) == ("Jane Doe", "Sales Manager")
    assert (found[Kind.PHONE], found[Kind.MOBILE]) == ("+1 617 555 0142", "+1 617 555 0177")


def test_a_german_signature_is_read() -> None:
    found = told(
        "Sehr geehrter Herr Meier,\n\nanbei das Angebot.\n\nMit freundlichen Grüßen\n\nPetra Schulze\n"
        "Vertriebsleiterin\n"
        "Muster Maschinenbau GmbH\nHauptstraße 12\n80331 München\nTelefon: +49 89 1234567\nTelefax: +49 89 1234568\n",
        sender=Sender("Petra Schulze", "p.schulze@muster.de"),
    )
    assert found[Kind.NAME] == "Petra Schulze" and found[Kind.TITLE] == "Vertriebsleiterin"
    assert found[Kind.ORGANISATION] == "Muster Maschinenbau GmbH"
    assert found[Kind.PHONE] == "+49 89 1234567" and found[Kind.FAX] == "+49 89 1234568"
    assert found[Kind.ADDRESS] == "Hauptstraße 12\n80331 München"


def test_the_signature_of_a_quoted_mail_is_not_the_senders() -> None:
    quoted = "\n".join(f"> {line}" for line in TEXT.splitlines())
    answer = f"Thanks, I will have a look.\n\nOn Monday Jane Doe <jane.doe@northwind.com> wrote:\n{quoted}\n"
    assert told(answer, sender=Sender("John Roe", "john@contoso.com")) == {}


def test_the_signature_of_a_forwarded_mail_is_not_the_senders() -> None:
    header = "From: Jane Doe <jane.doe@northwind.com>\nSent: Monday\nTo: John Roe\nSubject: Offer\n\n"
    forwarded = f"FYI\n\n-----Original Message-----\n{header}{TEXT}"
    assert told(forwarded, sender=Sender("John Roe", "john@contoso.com")) == {}


def test_somebody_elses_particulars_in_a_text_are_no_signature() -> None:
    text = (
        "Hi John,\n\nplease call the new supplier:\n\nMax Power\nHead of Sales\nPower Tools Inc.\n(212) 555-0123\n\n"
        "He knows about the order and waits for your call. Let me know how it went.\n\nThanks\nJane\n"
    )
    assert Kind.PHONE not in told(text) and Kind.ORGANISATION not in told(text)


def test_particulars_to_which_the_text_leads_are_no_signature_whosever_they_are() -> None:
    text = (
        "To all who answer surveys,\n\nplease send us the forms by Friday. If you have any questions about them, "
        "please contact the survey desk at:\n\nBoston: 617.555.0142, Option 4\nLondon: 44.207.555.0177, Option 4\n"
        "Email: desk@northwind.com\n\nThank you for taking part in this important survey.\n"
    )
    assert told(text, sender=Sender("Survey Desk", "desk@northwind.com")) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "Thanks!\n\nJane",
        "Please review.\n\nSent from my iPhone",
        "Monday 10:00\nTuesday 11:00\n\n12,000\n13,500",
    ],
)
def test_where_nobody_signs_nothing_is_read(text: str) -> None:
    assert told(text) == {}


def test_what_is_not_sure_enough_is_not_said() -> None:
    signature = read(TEXT, "", JANE)
    assert signature.sure(1.01).values == ()
    assert signature.sure(0.9).first(Kind.NAME) is not None
