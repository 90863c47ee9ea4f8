"""How items were linked, in words: who and what came into question, what was chosen, and which settings decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.errors import ConnectorError
from connectors.protocols import Detail
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules.behind import said
from mapping.rules.candidates import DECIDED_BY, SENTENCES, Candidate, Code
from mapping.rules.settings import Effective
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.state.linkings import LinkingView
from sync_tasks.state.records import UserView

Names = Mapping[str, str]

_OBJECTS = {"PersonAccount": "Contact"}  # where the name of such a person stands
_PLACES = {"from": "sender", "to": "recipient", "cc": "copied in", "bcc": "copied in unseen", "organizer": "organizer",
           "attendees": "guest"}  # fmt: skip


def told(
    views: Iterable[LinkingView], users: Mapping[int, UserView], settings: Mapping[int, Effective], names: Names
) -> list[dict[str, Any]]:
    """What was linked, as JSON values."""
    return [
        {
            "run": view.run_id, "user": users[view.user_id].address, "item": view.ref,
            "steps": [_step(step, settings[view.user_id]) for step in view.steps],
            "candidates": [_candidate(each, settings[view.user_id], names) for each in view.candidates],
            "further": [{"id": each, "name": names.get(each, "")} for each in view.further],
        }
        for view in views if view.user_id in users
    ]  # fmt: skip


def _step(code: Code, settings: Effective) -> dict[str, str]:
    return {"code": code.value, "sentence": SENTENCES[code], "setting": _setting(code, settings)}


def _candidate(each: Candidate, settings: Effective, names: Names) -> dict[str, Any]:
    return {
        "part": each.part, "object": each.object, "id": each.id, "name": names.get(each.id, ""),
        "place": _PLACES.get(each.place, each.place), "chosen": each.chosen, "score": each.score,
        "reasons": [reason.value for reason in each.reasons],
        "sentences": [SENTENCES[reason] for reason in each.reasons],
        "settings": [text for reason in each.reasons if (text := _setting(reason, settings))],
    }  # fmt: skip


def _setting(code: Code, settings: Effective) -> str:
    return said(DECIDED_BY[code], settings) if code in DECIDED_BY else ""


def names_of(app: App, views: Sequence[LinkingView], users: Mapping[int, UserView]) -> dict[str, str]:
    """What Salesforce calls the records today, by id: they are not kept here. One vendor call a user; none of their
    names when it does not answer."""
    found: dict[str, str] = {}
    for user in users.values():
        mine = [each for view in views if view.user_id == user.id for each in view.candidates if each.object]
        refs = {
            ItemRef(Side.CRM, ItemKind.CONTACT, each.id, _OBJECTS.get(each.object, each.object)) for each in mine
        }  # fmt: skip
        if not refs:
            continue
        try:
            crm = app.crm(user, app.effective(user), app.mappings(user.org_id))
            answers = crm.read(sorted(refs, key=str), Detail.HEAD)
        except (ConnectorError, NotConnectedError):
            continue
        for ref, answer in answers.items():
            if isinstance(answer, Item):
                found[ref.id] = answer.text("Name") or answer.text("CaseNumber")
    return found
