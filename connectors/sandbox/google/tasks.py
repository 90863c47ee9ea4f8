"""Task lists and tasks of a user: `tasks/v1`. Nothing tells changes but the time at which a task was updated."""

from __future__ import annotations

from datetime import datetime

from connectors.sandbox.google.call import Call, page
from connectors.sandbox.google.errors import invalid, moved_on, not_found
from connectors.sandbox.google.state import Doc, Docs, Json, fresh_id, merged

LIST, KIND = "tasklist", "task"
DEFAULT = "@default"
_OWN = ("kind", "id", "etag", "updated", "selfLink", "position", "parent", "links", "webViewLink", "hidden")
_TITLE, _NOTES = 1024, 8192
_STATUSES = ("needsAction", "completed")


def first_list(docs: Docs) -> Doc:
    """The list that every user has."""
    found = docs.find(LIST, "My_Tasks")
    return found or docs.put(LIST, "My_Tasks", {"title": "My Tasks"})


def list_id(docs: Docs, named: str) -> str:
    """Raises notFound."""
    home = first_list(docs)
    return home.id if named in (DEFAULT, home.id) else docs.get(LIST, named).id


def list_lists(call: Call) -> Json:
    first_list(call.docs)
    chosen, more = page(call, [_list(doc) for doc in call.docs.all(LIST)], 20, 100)
    answer: Json = {"kind": "tasks#taskLists", "etag": f'"{call.docs.head()}"', "items": chosen}
    return answer | {"nextPageToken": more} if more else answer


def insert_list(call: Call) -> Json:
    title = call.body.get("title")
    if not isinstance(title, str) or not title:
        raise invalid("Invalid title")
    return _list(add_list(call.docs, title))


def add_list(docs: Docs, title: str) -> Doc:
    return docs.put(LIST, fresh_id("list", docs.user.address, docs.step()), {"title": title, "updated": docs.now})


def _list(doc: Doc) -> Json:
    return {"kind": "tasks#taskList", "id": doc.id, "etag": doc.etag, **doc.values}


def list_tasks(call: Call) -> Json:
    docs, since = call.docs, call.param("updatedMin")
    home = list_id(docs, call.parts["tasklist"])
    low = _moment(since) if since else None
    found = [
        task(doc) for doc in docs.all(KIND, parent=home, gone=call.flag("showDeleted"))
        if (low is None or _moment(doc.values["updated"]) >= low)
        and (call.param("showCompleted", "true") == "true" or doc.values.get("status") != "completed")
    ]  # fmt: skip
    chosen, more = page(call, found, 20, 100)
    answer: Json = {"kind": "tasks#tasks", "etag": f'"{docs.head()}"', "items": chosen}
    return answer | {"nextPageToken": more} if more else answer


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Invalid updatedMin") from None


def task(doc: Doc) -> Json:
    gone = {"deleted": True} if doc.gone else {}
    return {"kind": "tasks#task", "id": doc.id, "etag": doc.etag, **doc.values, **gone}


def get_task(call: Call) -> Json:
    return task(_there(call))


def _there(call: Call) -> Doc:
    home = list_id(call.docs, call.parts["tasklist"])
    found = call.docs.find(KIND, call.parts["task"], parent=home)
    if found is None:
        raise not_found()
    return found


def insert_task(call: Call) -> Json:
    made = add_task(call.docs, list_id(call.docs, call.parts["tasklist"]), _own(call.body))
    call.sandbox.ledger.write("google", "task", "create")
    return task(made)


def add_task(docs: Docs, home: str, values: Json) -> Doc:
    ident = fresh_id("task", docs.user.address, docs.step())
    return docs.put(KIND, ident, _checked(docs, {"status": "needsAction", **values}), parent=home)


def patch_task(call: Call) -> Json:
    old = _there(call)
    if call.condition and call.condition != old.etag:
        raise moved_on()
    made = change_task(call.docs, old, _own(call.body))
    call.sandbox.ledger.write("google", "task", "update")
    return task(made)


def change_task(docs: Docs, old: Doc, given: Json) -> Doc:
    gone = bool(given.get("deleted", old.gone))
    values = {name: value for name, value in merged(old.values, given).items() if name != "deleted"}
    return docs.put(KIND, old.id, _checked(docs, values), parent=old.parent, gone=gone)


def delete_task(call: Call) -> None:
    old = _there(call)
    if old.gone:
        raise not_found()
    if call.condition and call.condition != old.etag:
        raise moved_on()
    drop_task(call.docs, old)
    call.sandbox.ledger.write("google", "task", "delete")


def drop_task(docs: Docs, old: Doc) -> None:
    docs.put(KIND, old.id, {**old.values, "updated": docs.now}, parent=old.parent, gone=True)


def move_task(call: Call) -> Json:
    made = carry_task(call.docs, _there(call), list_id(call.docs, call.param("destinationTasklist", DEFAULT)))
    call.sandbox.ledger.write("google", "task", "move")
    return task(made)


def carry_task(docs: Docs, old: Doc, home: str) -> Doc:
    """Into another list. It keeps its id; in the list that it came from it is deleted."""
    if old.parent == home:
        return old
    drop_task(docs, old)
    return docs.put(KIND, old.id, {**old.values, "updated": docs.now}, parent=home)


def _checked(docs: Docs, values: Json) -> Json:
    if len(str(values.get("title", ""))) > _TITLE or len(str(values.get("notes", ""))) > _NOTES:
        raise invalid("Value too long")
    if values["status"] not in _STATUSES:
        raise invalid("Invalid status")
    values = {"title": "", **values, "updated": docs.now}
    if values.get("due"):
        values["due"] = f"{_moment(str(values['due'])).date()}T00:00:00.000Z"
    if values["status"] == "completed":
        return {"completed": docs.now, **values}
    return {name: value for name, value in values.items() if name != "completed"}


def _own(given: Json) -> Json:
    return {name: value for name, value in given.items() if name not in _OWN}
