"""A message and the Salesforce EmailMessage: written once, upwards only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mapping.model import fields
from mapping.model.item import MISSING, Fields, Item, ItemKind, Person, Value
from mapping.model.lens import addresses, clipped, clipped_html, identity, truncated
from mapping.model.table import ONE, TEXT, Columns, Direction, Field, Form, Table

# Facts about a message that no single mailbox field tells.
INCOMING = "incoming"
MAIL_AT = "mail_at"

SENT = "3"  # EmailMessage.Status; a message that is not a draft can never be changed again


def _write_person(columns: Columns, view: Value) -> Fields:
    address, name = columns
    person = view if isinstance(view, Person) else Person("")
    return {address: person.address or None, name: person.name or None}


def _read_person(columns: Columns, row: Fields) -> Value:
    address, name = (row.get(column, MISSING) for column in columns)
    return Person(str(address or ""), str(name or "")) if address is not MISSING else MISSING


PERSON = Form("person", _read_person, _write_person)

_UP = Direction.UP_ONCE

EMAIL_MESSAGE = Table(
    ItemKind.EMAIL,
    "EmailMessage",
    (
        Field(fields.SUBJECT, ("Subject",), truncated(4_000), TEXT, _UP),
        Field(fields.BODY, ("TextBody",), clipped(131_072), TEXT, _UP),
        Field(fields.HTML, ("HtmlBody",), clipped_html(131_072), TEXT, _UP),
        Field(fields.FROM, ("FromAddress", "FromName"), identity(), PERSON, _UP),
        Field(fields.TO, ("ToAddress",), addresses(4_000), TEXT, _UP),
        Field(fields.CC, ("CcAddress",), addresses(4_000), TEXT, _UP),
        Field(fields.BCC, ("BccAddress",), addresses(4_000), TEXT, _UP),
        Field(MAIL_AT, ("MessageDate",), identity(), ONE, _UP),
        Field(INCOMING, ("Incoming",), identity(), ONE, _UP),
        Field(fields.MESSAGE_ID, ("MessageIdentifier",), identity(), TEXT, _UP),
        Field(fields.CONVERSATION, ("ThreadIdentifier",), identity(), TEXT, _UP),
    ),
    fixed={"Status": SENT},
)


def email_message(
    item: Item,
    *,
    me_addresses: Collection[str],
    key_field: str = "",
    key: str = "",
    table: Table = EMAIL_MESSAGE,
) -> dict[str, Value]:
    """The columns of the EmailMessage that a message becomes; empty ones are left out."""
    columns = filled(table.project(mail_facts(item, me_addresses)))
    return {**columns, key_field: key} if key_field else columns


def filled(columns: Fields) -> dict[str, Value]:
    """The columns that say something; a new record needs no others."""
    return {name: value for name, value in columns.items() if value is not None}


def mail_facts(item: Item, me_addresses: Collection[str]) -> dict[str, Value]:
    """The fields of a message with its direction and the instant it was sent or received."""
    facts = dict(item.fields)
    facts[INCOMING] = is_incoming(item, me_addresses)
    facts[MAIL_AT] = mail_instant(item, me_addresses) or MISSING
    return facts


def is_incoming(item: Item, me_addresses: Collection[str]) -> bool:
    """Outbound is what lies in Sent or comes from the user himself; all else came in."""
    sender = item.get(fields.FROM)
    from_me = isinstance(sender, Person) and sender.address in me_addresses
    return not from_me and item.ref.container != "sent"


def mail_instant(item: Item, me_addresses: Collection[str]) -> datetime | None:
    """When the user got the message, or sent it."""
    order = [fields.RECEIVED_AT, fields.SENT_AT]
    names = order if is_incoming(item, me_addresses) else order[::-1]
    return next((at for at in map(item.get, names) if isinstance(at, datetime)), None)
