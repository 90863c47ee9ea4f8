"""Addresses and messages behind which nobody in particular is found: offices, machines, lists.

Everything here is read from an address or from the headers of a message; nobody is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.people import domain_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Nobody in particular reads these, or nobody at all.
_ROLES = _words("""
    abuse accounting accounts admin administrator alerts billing bounce bounces careers contact customerservice daemon
    donotreply enquiries feedback finance hello help helpdesk hostmaster hr info inquiries invoice invoices it jobs list
    lists mail mailer mailer-daemon mailerdaemon marketing media news newsletter newsletters no-reply noreply
    notification notifications office orders postmaster press privacy receipts recruiting root sales security service
    subscribe subscriptions support system team unsubscribe updates webmaster
""")
_ROBOT = re.compile(r"(^|[._+-])(no|do-?not|dont)[._-]?reply([._+-]|$)|^(bounces?|mailer-daemon)([._+=-]|$)")

# Return paths that carry whom a mail went to (`ann=globex.example@`), forwarders' rewritten senders, and the one-time
# addresses of trackers: a word of the trade, then something that no person would choose.
_RETURN_PATH = re.compile(
    r"""
    [^=]=[\w-]+(\.[\w-]+)+$                       # news+ann=globex.example@
  | ^(srs[01]|prvs|msprvs\d*|btv\d)[=+-]          # rewritten by a forwarder
  | ^(b|e|m|em|rp|return|returns|envelope|owner|delivery|track|tracking|reply|notify)[+=-]+(?=.*\d)[\w.=+-]{10,}$
    """,
    re.VERBOSE,
)
_TOKEN = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}|(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{28,}")
# sub-domains that senders in bulk send from
_SENDING = re.compile(r"bounces?|em\d+|mktg|newsletters?|notifications?|no-?reply")


def is_role(address: str) -> bool:
    """Is this the address of a robot or of an office, not of a person?"""
    local = address.rpartition("@")[0].split("+")[0]
    return local.replace(".", "").replace("_", "") in _ROLES or local in _ROLES or bool(_ROBOT.search(local))


def is_tracking(address: str) -> bool:
    """Was the address made up by a machine, for one mail or one recipient?"""
    local = address.rpartition("@")[0]
    if _RETURN_PATH.search(local) or _TOKEN.search(local):
        return True
    return any(_SENDING.fullmatch(label) for label in domain_of(address).split(".")[:-2])


# --- messages


def _said(_value: str) -> bool:
    return True


# What headers say that a message is no letter of one person to another: the header, and the values that say so.
_BULK: Mapping[str, Callable[[str], bool]] = {
    "list-id": _said,
    "list-unsubscribe": _said,
    "auto-submitted": lambda value: value != "no",
    "precedence": lambda value: value in ("bulk", "list", "junk"),
    "x-auto-response-suppress": lambda value: value != "none",
    "feedback-id": _said,
}


def bulk_sign(item: Item) -> str:
    """The header, as it is usually spelt, that says that a message was sent to many or by a machine; else ''."""
    headers = item.get(fields.HEADERS)
    for pair in headers if isinstance(headers, tuple) else ():
        if not isinstance(pair, tuple):
            continue
        name, value = str(pair[0]).strip().lower(), str(pair[1])
        says_so = _BULK.get(name)
        # a value may have parameters and comments behind it
        if says_so is not None and says_so(re.split(r"[;\s(]", value.strip().lower(), maxsplit=1)[0]):
            return "-".join(word.capitalize() for word in name.split("-")).replace("Id", "ID")
    return ""
