"""Generated neutral fields of tasks and contacts, such as people enter in a mailbox program."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from connectors.exchange.codec import SENSITIVITIES
from connectors.exchange.codec_contacts import WRITERS as CONTACT_WRITERS
from connectors.exchange.codec_tasks import IMPORTANCES, STATUSES
from mapping.model import fields as f

TEXT = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=60)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MINUTES = st.integers(0, 19_000_000).map(lambda count: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=count))
ADDRESSES = st.builds("{}@{}.example".format, st.text(string.ascii_lowercase, min_size=1), st.sampled_from("abc"))
PAGES = st.builds("https://crm.example/{}?x={}".format, st.text(string.ascii_letters), st.integers(0, 99))

_EVERY = {
    f.SUBJECT: TEXT,
    f.BODY: TEXT,
    f.SENSITIVITY: st.sampled_from(sorted(SENSITIVITIES.values())),
    f.CATEGORIES: st.lists(TEXT.filter(str.strip), max_size=4).map(tuple),
}
TASKS = st.fixed_dictionaries(
    {},
    optional={
        **_EVERY,
        f.DUE: st.one_of(st.none(), DAYS),
        f.STATUS: st.sampled_from(sorted(STATUSES.values())),
        f.IMPORTANCE: st.sampled_from(sorted(IMPORTANCES.values())),
        f.REMINDER_AT: st.one_of(st.none(), MINUTES),
    },
)
CONTACTS = st.fixed_dictionaries(
    {},
    optional={
        **_EVERY,
        **dict.fromkeys(CONTACT_WRITERS, TEXT),
        f.EMAIL: st.one_of(st.just(""), ADDRESSES),
        f.BIRTHDAY: st.one_of(st.none(), DAYS),
        f.WEB_PAGE: st.one_of(st.just(""), PAGES),
    },
)
