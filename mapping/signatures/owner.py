"""Whose signature is it? Of a mail only the sender's own counts."""

from __future__ import annotations

from mapping.signatures.block import Sender
from mapping.signatures.model import Kind, Signature
from mapping.signatures.tokens import squeeze


def is_theirs(signature: Signature, sender: Sender) -> bool:
    """Do its addresses and names fit the sender? One that names nobody may bear no address but the sender's."""
    mails = {value.text.casefold() for value in signature.of(Kind.MAIL)}
    if not (sender.address or sender.name) or sender.address.casefold() in mails:
        return True
    names = [_words(value.text) for value in signature.of(Kind.NAME)]
    shown, local = _words(sender.name), squeeze(sender.address.partition("@")[0])
    named = any(shown & name or any(len(word) > 2 and word in local for word in name) for name in names)
    return named or not (names or mails)


def _words(name: str) -> frozenset[str]:
    return frozenset(squeeze(word) for word in name.replace(",", " ").split()) - {""}
