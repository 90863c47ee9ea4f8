"""What an administrator and a user do in Google's own pages, as JSON: /control/google/...; and the dump of all state.

Items are given in the words of Google's API: {"mailbox": address, "values": {"summary": .., "start": {"date": ..}}}.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.sandbox import rounds
from connectors.sandbox.control import body, route
from connectors.sandbox.google import calendar, drive, gmail, mime, oauth, people, tasks
from connectors.sandbox.google.errors import GoogleError
from connectors.sandbox.google.instances import instance_id
from connectors.sandbox.google.state import Directory, Docs, Json, merged
from mapping.model.series import read_stamp

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

SCOPES = (
    "https://www.googleapis.com/auth/calendar", "https://www.googleapis.com/auth/gmail.modify",
    "https://www.googleapis.com/auth/tasks", "https://www.googleapis.com/auth/contacts",
    "https://www.googleapis.com/auth/drive.readonly",
)  # fmt: skip
Act = Callable[[Docs, Json], Any]
# differ between two runs that end in the same state
_PASSING = frozenset({"created", "updated", "iCalUID", "sequence", "internalDate", "threadId", "id", "completed"})


def docs_of(sandbox: Sandbox, address: str) -> Docs:
    """Everything of one user. Raises ValueError."""
    return Docs(sandbox.store, Directory(sandbox.store).user(address), sandbox.clock.now())


# --- the administrator


@route("POST", "/control/google/accounts")
def _accounts(request: Request, sandbox: Sandbox) -> Any:
    """{"email", "domains": [], "scopes": [] (default: all)}: a service account that may act for the users of these
    domains; answers its key file"""
    given = body(request)
    Directory(sandbox.store).add_account(
        given["email"], oauth.key_pair()[1], given.get("domains", []), given.get("scopes", SCOPES)
    )
    return oauth.key_file(given["email"], f"{request.host_url.rstrip('/')}/google/token")


@route("POST", "/control/google/users")
def _users(request: Request, sandbox: Sandbox) -> Any:
    """{"address", "name", "aliases": [], "timezone": IANA name}"""
    given = body(request)
    directory = Directory(sandbox.store)
    user = directory.add_user(
        given["address"], given.get("name", ""), aliases=given.get("aliases", []),
        timezone=given.get("timezone", "UTC"),
    )  # fmt: skip
    return {"address": user.address, "name": user.name, "aliases": directory.aliases(user)}


@route("GET", "/control/google/users")
def _user(request: Request, sandbox: Sandbox) -> Any:
    """All users, or ?address= one with everything that he has."""
    address = request.args.get("address", "")
    if not address:
        return {"users": [user.address for user in Directory(sandbox.store).users()]}
    return content(docs_of(sandbox, address))


@route("GET", "/control/google/calendar")
def _agenda(request: Request, sandbox: Sandbox) -> Any:
    """?address=&start=&end=: what a calendar shows between two moments, occurrence by occurrence"""
    low, high = (datetime.fromisoformat(request.args[name]) for name in ("start", "end"))
    return {"items": calendar.agenda(docs_of(sandbox, request.args["address"]), low, high)}


@route("POST", "/control/google/clients")
def _clients(request: Request, sandbox: Sandbox) -> Any:
    """{"client_id", "client_secret", "redirects": [], "blocked": the administrator does not let users consent to it}"""
    given = body(request)
    Directory(sandbox.store).add_client(
        given["client_id"], given["client_secret"], given.get("redirects", []), blocked=bool(given.get("blocked"))
    )
    return {"client_id": given["client_id"]}


@route("POST", "/control/google/suspended")
def _suspended(request: Request, sandbox: Sandbox) -> Any:
    """{"address"}: the administrator suspends the user"""
    directory = Directory(sandbox.store)
    directory.suspend(directory.user(body(request)["address"]))
    return {"ok": True}


@route("POST", "/control/google/off")
def _off(request: Request, sandbox: Sandbox) -> Any:
    """{"service": calendar | gmail | tasks | people, "address": ...}: the service is off for that user; without an
    address its API is not enabled in the project"""
    given = body(request)
    directory = Directory(sandbox.store)
    directory.switch_off(given["service"], directory.user(given["address"]) if given.get("address") else None)
    return {"ok": True}


@route("POST", "/control/google/consents")
def _consents(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "client_id", "client_secret", "scopes": []}: the user lets a client act for him"""
    given = body(request)
    directory = Directory(sandbox.store)
    token = directory.consent(
        directory.user(given["mailbox"]), given["client_id"], given["client_secret"], given.get("scopes", SCOPES)
    )
    return {"refresh_token": token}


@route("POST", "/control/google/revoke")
def _revoke(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    """No token that was given out is good any more."""
    Directory(sandbox.store).revoke_tokens()
    return {"ok": True}


@route("POST", "/control/google/expire")
def _expire(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "service": calendar | gmail | people}: its cursors are of no use any more"""
    given = body(request)
    if given["service"] not in ("calendar", "gmail", "people"):
        raise ValueError(f"no service {given['service']!r} has cursors")
    docs_of(sandbox, given["mailbox"]).expire(given["service"])
    return {"ok": True}


@route("POST", "/control/google/topics")
def _topics(request: Request, sandbox: Sandbox) -> Any:
    """{"name": projects/P/topics/T, "endpoint", "audience", "account"}: a topic of Pub/Sub, and where its messages are
    posted, with a token of that account for that audience"""
    given = body(request)
    values = tuple(given[name] for name in ("name", "endpoint", "audience", "account"))
    sandbox.store.run("INSERT OR REPLACE INTO google_topic VALUES (?, ?, ?, ?)", values)
    return {"name": given["name"]}


@route("GET", "/control/google/channels")
def _channels(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    """Channels and watches that there are."""
    channels, watches = (
        [dict(row) for row in sandbox.store.all(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608
        for table in ("google_channel", "google_watch")
    )
    return {"channels": channels, "watches": watches}


# --- the user


def _entry(path: str, act: Act) -> None:
    """A control entry that does something in one mailbox, as its owner would."""

    def handle(request: Request, sandbox: Sandbox) -> Any:
        given = body(request)
        docs = docs_of(sandbox, given["mailbox"])
        try:
            with sandbox.store.transaction():
                return act(docs, given)
        except GoogleError as error:
            raise ValueError(error.message) from error
        finally:
            rounds.start(sandbox)

    handle.__doc__ = act.__doc__
    route("POST", f"/control/google/{path}")(handle)


def _add_event(docs: Docs, given: Json) -> Json:
    """{"mailbox", "values", "id", "calendar": name, '' for the user's first one}"""
    ident = given.get("id") or f"own{docs.step():029d}"
    home = _calendar_named(docs, given.get("calendar", ""))
    return calendar.event(docs, calendar.add_event(docs, ident, merged({}, given["values"]), home))


def _calendar_named(docs: Docs, name: str) -> str:
    """The calendar of that name; '' is the user's first one. Raises ValueError."""
    homes = {"": "", **{doc.values["summary"]: doc.id for doc in docs.all(calendar.CALENDAR)}}
    if name not in homes:
        raise ValueError(f"no calendar {name!r}")
    return homes[name]


def _named(docs: Docs, given: Json) -> Any:
    """`original`: the occurrence of the series that starts there by the rule, `20261124T090000Z` or `20261124`."""
    original = given.get("original")
    return calendar.occurrence(docs, instance_id(given["id"], read_stamp(original)) if original else given["id"])


def _change_event(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "original", "values"}: a patch"""
    old = _named(docs, given)
    return calendar.event(docs, calendar.change_event(docs, old, merged(old.values, given["values"])))


def _delete_event(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "original"}"""
    return calendar.event(docs, calendar.cancel_event(docs, _named(docs, given)))


def _add_calendar(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name"}"""
    return {"id": calendar.add_calendar(docs, given["name"]).id}


def _move_event(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "calendar": name, '' for the user's first one}: from whichever calendar of his it stands in"""
    homes = ("", *(doc.id for doc in docs.all(calendar.CALENDAR)))
    places = [docs.find(calendar.KIND, given["id"], parent=home) for home in homes]
    there = next((doc for doc in places if doc is not None and not doc.gone), None)
    home = _calendar_named(docs, given["calendar"])
    return {"id": calendar.carry_event(docs, there or _named(docs, given), home).id}


def _add_message(docs: Docs, given: Json) -> Json:
    """{"mailbox", "message": {from, to, subject, text, ...}, "labels": names, "at": ISO moment, "thread"}"""
    at = datetime.fromisoformat(given.get("at") or docs.now)
    raw = mime.written(given["message"], at)
    made = gmail.add_message(docs, raw, _label_ids(docs, given.get("labels", ["INBOX"])), at, given.get("thread", ""))
    return {"id": made.id, "threadId": made.values["threadId"]}


def _label_message(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "add": names, "remove": names}"""
    add, remove = (_label_ids(docs, given.get(name, [])) for name in ("add", "remove"))
    made = gmail.relabel(docs, docs.get(gmail.KIND, given["id"]), add, remove)
    return {"id": made.id, "labels": _label_names(docs, made.values["labelIds"])}


def _delete_message(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id"}: for good"""
    gmail.remove_message(docs, docs.get(gmail.KIND, given["id"]))
    return {"id": given["id"]}


def _add_label(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name"}"""
    return gmail.add_label(docs, given["name"])


def _delete_label(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name"}"""
    gmail.drop_label(docs, _label_ids(docs, [given["name"]])[0])
    return {"deleted": given["name"]}


def _add_file(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name", "type", "text" or "bytes": their number; neither: Google's own editors made it}"""
    content = b"x" * int(given["bytes"]) if "bytes" in given else given["text"].encode() if "text" in given else None
    return {"id": drive.add_file(docs, given["name"], given.get("type", "text/plain"), content)}


def _label_ids(docs: Docs, names: list[str]) -> list[str]:
    known = {each["name"].casefold(): each["id"] for each in gmail.labels(docs)}
    return [known.get(name.casefold()) or gmail.add_label(docs, name)["id"] for name in names]


def _label_names(docs: Docs, idents: list[str]) -> list[str]:
    known = {each["id"]: each["name"] for each in gmail.labels(docs)}
    return [known[ident] for ident in idents]


def _list_named(docs: Docs, name: str) -> str:
    """The list of that title; '' is the user's first one. Raises ValueError."""
    home = tasks.first_list(docs)
    if not name:
        return home.id
    found = [doc.id for doc in docs.all(tasks.LIST) if doc.values["title"] == name]
    if not found:
        raise ValueError(f"no list {name!r}")
    return found[0]


def _task_named(docs: Docs, ident: str) -> Any:
    for home in docs.all(tasks.LIST):
        found = docs.find(tasks.KIND, ident, parent=home.id)
        if found is not None and not found.gone:
            return found
    raise ValueError(f"no task {ident!r}")


def _add_list(docs: Docs, given: Json) -> Json:
    """{"mailbox", "title"}"""
    return {"id": tasks.add_list(docs, given["title"]).id}


def _delete_list(docs: Docs, given: Json) -> Json:
    """{"mailbox", "title"}: with all tasks in it"""
    home = _list_named(docs, given["title"])
    for doc in docs.all(tasks.KIND, parent=home, gone=True):
        docs.drop(tasks.KIND, doc.id, parent=home)
    docs.drop(tasks.LIST, home)
    return {"deleted": given["title"]}


def _add_task(docs: Docs, given: Json) -> Json:
    """{"mailbox", "list": title, "values"}"""
    return tasks.task(tasks.add_task(docs, _list_named(docs, given.get("list", "")), given["values"]))


def _change_task(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "values"}: a patch"""
    return tasks.task(tasks.change_task(docs, _task_named(docs, given["id"]), given["values"]))


def _delete_task(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id"}"""
    tasks.drop_task(docs, _task_named(docs, given["id"]))
    return {"id": given["id"]}


def _move_task(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "list": title}"""
    home = _list_named(docs, given.get("list", ""))
    return tasks.task(tasks.carry_task(docs, _task_named(docs, given["id"]), home))


def _add_contact(docs: Docs, given: Json) -> Json:
    """{"mailbox", "values", "groups": names}"""
    values = {**given["values"], **_memberships(docs, given.get("groups", []))}
    made = people.add_contact(docs, values)
    return people.person(made, made.values)


def _memberships(docs: Docs, names: list[str]) -> Json:
    groups = {each["name"]: each["resourceName"] for each in people.groups(docs)}
    wanted = [people.MY_CONTACTS, *(groups[name] for name in names)]
    return {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": each}} for each in wanted]}


def _change_contact(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id", "values": whole fields, "groups": names}"""
    groups = _memberships(docs, given["groups"]) if "groups" in given else {}
    old = docs.get(people.KIND, given["id"])
    made = people.change_contact(docs, old, {**given.get("values", {}), **groups})
    return people.person(made, made.values)


def _delete_contact(docs: Docs, given: Json) -> Json:
    """{"mailbox", "id"}"""
    people.drop_contact(docs, docs.get(people.KIND, given["id"]))
    return {"id": given["id"]}


def _add_group(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name"}"""
    return people.add_group(docs, given["name"], [])


def _delete_group(docs: Docs, given: Json) -> Json:
    """{"mailbox", "name"}: its members stay contacts"""
    named = next(each for each in people.groups(docs) if each["name"] == given["name"])
    people.drop_group(docs, named["resourceName"].rpartition("/")[2])
    return {"deleted": given["name"]}


for _path, _act in {
    "events": _add_event, "events/update": _change_event, "events/delete": _delete_event, "events/move": _move_event,
    "calendars": _add_calendar, "messages": _add_message, "messages/labels": _label_message,
    "messages/delete": _delete_message, "files": _add_file,
    "labels": _add_label, "labels/delete": _delete_label, "lists": _add_list, "lists/delete": _delete_list,
    "tasks": _add_task, "tasks/update": _change_task, "tasks/delete": _delete_task, "tasks/move": _move_task,
    "contacts": _add_contact, "contacts/update": _change_contact, "contacts/delete": _delete_contact,
    "groups": _add_group, "groups/delete": _delete_group,
}.items():  # fmt: skip
    _entry(_path, _act)


# --- what is there


def content(docs: Docs) -> Json:
    """{"events", "calendars": {name: [...]}, "messages", "labels", "tasks": {list: [...]}, "contacts", "groups",
    "deleted"} of one user."""
    groups = {each["resourceName"]: each["name"] for each in people.groups(docs)}
    return {
        "events": [calendar.event(docs, doc) for doc in docs.all(calendar.KIND)],
        "messages": [
            {"id": doc.id, "threadId": doc.values["threadId"], "labels": _label_names(docs, doc.values["labelIds"]),
             "payload": mime.payload(doc.values["raw"])}
            for doc in docs.all(gmail.KIND)
        ],
        "labels": [each["name"] for each in gmail.labels(docs) if each["type"] == "user"],
        "tasks": {
            home.values["title"]: [tasks.task(doc) for doc in docs.all(tasks.KIND, parent=home.id)]
            for home in (tasks.first_list(docs), *docs.all(tasks.LIST))
        },
        "contacts": [
            {**people.person(doc, doc.values), "id": doc.id,
             "groups": [groups[each["contactGroupMembership"]["contactGroupResourceName"]]
                        for each in doc.values["memberships"]]}
            for doc in docs.all(people.KIND)
        ],
        "groups": [name for name in groups.values() if name != "myContacts"],
        "calendars": {
            home.values["summary"]: [calendar.event(docs, doc) for doc in docs.all(calendar.KIND, parent=home.id)]
            for home in docs.all(calendar.CALENDAR)
        },
        "deleted": {
            "tasks": [doc.id for home in docs.all(tasks.LIST) for doc in docs.all(tasks.KIND, parent=home.id, gone=True)
                      if doc.gone],
            "contacts": [doc.id for doc in docs.all(people.KIND, gone=True) if doc.gone],
        },
    }  # fmt: skip


def dump(sandbox: Sandbox, *, normalise: bool) -> Any:
    """{address: what the user has}. Normalised: without ids, versions and system times, in an order of its own."""
    found = {user.address: content(docs_of(sandbox, user.address)) for user in Directory(sandbox.store).users()}
    return _lasting(found) if normalise else found


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        passing = _PASSING | {"etag", "htmlLink", "resourceName", "metadata", "recurringEventId", "contactGroupId"}
        return {name: _lasting(each) for name, each in value.items() if name not in passing}
    if isinstance(value, list):
        return sorted((_lasting(each) for each in value), key=repr)
    return value
