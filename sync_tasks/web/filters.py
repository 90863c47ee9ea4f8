"""Which users a list, an export or an act for many is about, as queries and forms of pages say it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form

from sync_tasks.state.overview import STATUSES, Filter


def _asked(
    text: str = "", status: str = "", org: str = "", profile_name: str = "", mailbox: str = "", troubled: bool = False
) -> Filter:  # fmt: skip
    return Filter(text.strip(), status if status in STATUSES else "", org, troubled, profile_name, mailbox)


def _sent(
    text: Annotated[str, Form()] = "", status: Annotated[str, Form()] = "", org: Annotated[str, Form()] = "",
    profile_name: Annotated[str, Form()] = "", mailbox: Annotated[str, Form()] = "",
    troubled: Annotated[bool, Form()] = False,
) -> Filter:  # fmt: skip
    return _asked(text, status, org, profile_name, mailbox, troubled)


Asked = Annotated[Filter, Depends(_asked)]
Sent = Annotated[Filter, Depends(_sent)]
