"""What only one run of an organization may make at a time: people, companies and the links of messages have no key that
Salesforce would hold unique, so two runs that look for the same at once would both make it."""

from __future__ import annotations

from mapping.model.item import Fields
from mapping.model.people import domain_of, normalise
from mapping.rules.names import registrable

RELATION = "EmailMessageRelation"
PEOPLE = {"Lead": "Email", "Contact": "Email", "PersonAccount": "PersonEmail"}


def claim_of(target: str, values: Fields) -> str:
    """The name under which the creation of a record is claimed, the same for whatever kind of record the person gets:
    'person:' and the address, 'company:' and the domain (or, without one, the name), 'relation:' and what it links.
    '' where nothing is to be claimed."""
    if target in PEOPLE:
        address = normalise(_text(values, PEOPLE[target]))
        return f"person:{address}" if address else ""
    if target == "Account":
        site = _text(values, "Website").partition("://")[2] or _text(values, "Website")
        domain = registrable(domain_of(f"@{site.partition('/')[0].strip().lower()}"))
        company = domain or _text(values, "Name").strip().casefold()
        return f"company:{company}" if company else ""
    if target == RELATION:
        parts = (
            *(_text(values, name)[:15] for name in ("EmailMessageId", "RelationId")),
            _text(values, "RelationType"),
        )
        return f"relation:{':'.join(parts)}"
    return ""


def _text(values: Fields, name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
