"""How items were linked, shown to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mapping.rules.candidates import PERSON
from sync_tasks.cli.shell import say, table

_SHOWN = {"PersonAccount": "Person account", "": "Record"}


def show(linkings: Sequence[Mapping[str, Any]]) -> None:
    """The same for people."""
    for linking in linkings:
        say(f"How run {linking['run']} linked it for {linking['user']}", "bold")
        for step in linking["steps"]:
            say("  " + step["sentence"] + (f" [{step['setting']}]" if step["setting"] else ""))
        for part, title in ((PERSON, "With whom"), ("business", "About what")):
            rows = [_row(each) for each in linking["candidates"] if each["part"] == part]
            table(title, ("Chosen", "Record", "Where", "Why", "Score", "Setting"), rows)
        if linking["further"]:
            more = ", ".join(each["name"] or each["id"] for each in linking["further"])
            say(f"  It is also about {more}; Salesforce takes one record.")


def _row(each: Mapping[str, Any]) -> tuple[object, ...]:
    kind = _SHOWN.get(each["object"], each["object"])
    record = f"{kind} {each['name']} ({each['id']})" if each["name"] else f"{kind} {each['id']}"
    return (
        "yes" if each["chosen"] else "no", record, each["place"] or None, " ".join(each["sentences"]), each["score"],
        each["settings"],
    )  # fmt: skip
