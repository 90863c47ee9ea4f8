"""New people's records completed from the signatures under their mails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Person
from mapping.rules import signing
from mapping.rules.resolving import Creation, provenance
from mapping.signatures.block import Sender
from mapping.signatures.document import Document, of_html, of_text
from mapping.signatures.model import Signature
from mapping.signatures.read import read_document
from mapping.tables.email_message import is_incoming
from sync_tasks.stages.context import StageContext

MOST = 5  # mails of one person that are compared

Signed = tuple[Item, Document, Signature]


def complete(ctx: StageContext, creation: Creation, target: str, person: Person, items: Iterable[Item]) -> Creation:
    """`items`: those on which the person was met. Of them only mails that he sent to the user can be signed by him;
    of several, what they have in common counts."""
    if not ctx.settings.bool("signature.read"):
        return creation
    found = list(islice(_signed(ctx, person, items), MOST))
    if not found:
        return creation
    best, signature = signing.borne_out([signature for _, _, signature in found])
    item, document, _ = found[best]
    sender = item.get(f.FROM)
    assert isinstance(sender, Person)
    columns, used = signing.fill(creation.person, sender, signature, target, lambda c: _takes(ctx, target, c))
    if not used:
        return creation
    told = f"{provenance(item, ctx.me.addresses)} {signing.provenance(used, document.text)}"
    return replace(creation, person={**columns, "Description": told})


def _signed(ctx: StageContext, person: Person, items: Iterable[Item]) -> Iterator[Signed]:
    """Mails of the person with what is read of his signature below them, as far as it is sure."""
    for item in items:
        sender = item.get(f.FROM)
        if not isinstance(sender, Person) or sender.address != person.address or not _is_mail_to(ctx, item):
            continue
        document = _document(item)
        signature = read_document(document, Sender(sender.name, sender.address))
        signature = signature.sure(ctx.settings.int("signature.confidence") / 100)
        if signature.values and signing.is_theirs(signature, sender, ctx.book):
            yield item, document, signature


def _is_mail_to(ctx: StageContext, item: Item) -> bool:
    return item.ref.kind is ItemKind.EMAIL and is_incoming(item, ctx.me.addresses)


def _document(item: Item) -> Document:
    return of_html(item.text(f.HTML)) if item.text(f.HTML).strip() else of_text(item.text(f.BODY))


def _takes(ctx: StageContext, target: str, column: str) -> bool:
    """Where states and countries are picked from a list, a text that is not on it would be refused with the record."""
    crm_object = "Account" if target == "PersonAccount" else target
    return ctx.shape.can_create(crm_object, column) and not ctx.shape.can_create(crm_object, f"{column}Code")
