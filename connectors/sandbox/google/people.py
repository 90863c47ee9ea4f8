"""Contacts and contact groups of a user: `people/v1`. Sync tokens live seven days from the full listing on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from connectors.sandbox.google.call import Call, page
from connectors.sandbox.google.errors import GoogleError
from connectors.sandbox.google.state import Doc, Docs, Json, merged

KIND, GROUP, SERVICE = "person", "group", "people"
MY_CONTACTS = "contactGroups/myContacts"
LIVES = timedelta(days=7)
_NEVER_STORED = ("resourceName", "etag", "metadata")


def _refused(message: str, info: str = "INVALID_ARGUMENT") -> GoogleError:
    return GoogleError(400, "", message, info=info)


def _missing() -> GoogleError:
    return GoogleError(404, "", "Requested entity was not found.", info="NOT_FOUND")


# --- contacts


def list_connections(call: Call) -> Json:
    docs, fields = call.docs, _fields(call, "personFields")
    about, token = ",".join(fields), call.param("syncToken")
    now = call.sandbox.clock.now()
    since, head, born = 0, docs.head(), now.timestamp()
    if token:
        text, _, moment = token.rpartition(".")
        found = docs.read_token(SERVICE, text, about)
        if found is None or now.timestamp() - float(moment) > LIVES.total_seconds():
            raise _refused("Sync token is expired. Clear local cache and retry call without the sync token.",
                           "EXPIRED_SYNC_TOKEN")  # fmt: skip
        since, born = found, float(moment)
    people = [person(doc, fields) for doc in docs.all(KIND, since=since, gone=bool(token))]
    chosen, more = page(call, people, 100, 1000, "pageSize")
    answer: Json = {"totalPeople": len(people), "totalItems": len(people)}
    if chosen:
        answer["connections"] = chosen
    if more:
        return answer | {"nextPageToken": more}
    if call.flag("requestSyncToken") or token:
        answer["nextSyncToken"] = f"{docs.token(SERVICE, head, about)}.{int(born)}"
    return answer


def _fields(call: Call, name: str) -> list[str]:
    fields = [each for each in call.param(name).split(",") if each]
    if not fields:
        raise _refused(f"{name} mask is required. Please specify one or more valid paths.")
    return fields


def person(doc: Doc, fields: Collection[str]) -> Json:
    # it follows what is asked about, as on the real server; that of the source does not
    etag = f"%{doc.seq}.{len(set(fields))}"
    source: Json = {"type": "CONTACT", "id": doc.id, "etag": f"#{doc.seq}"}
    if "updated" in doc.values:
        source["updateTime"] = doc.values["updated"]
    told: Json = {"resourceName": f"people/{doc.id}", "etag": etag}
    wanted = set(fields) - {"updated"}
    if doc.gone:
        return told | {"metadata": {"sources": [source], "deleted": True, "objectType": "PERSON"}}
    told |= {name: value for name, value in doc.values.items() if name in wanted}
    return told | {"metadata": {"sources": [source], "objectType": "PERSON"}}


def batch_get(call: Call) -> Json:
    fields, answers = _fields(call, "personFields"), []
    for name in call.params.get("resourceNames", [])[:200]:
        doc = call.docs.find(KIND, name.removeprefix("people/"))
        told: Json = {"requestedResourceName": name}
        if doc is None or doc.gone:
            answers.append(told | {"httpStatusCode": 404, "status": {"code": 5, "message": "Not found"}})
        else:
            answers.append(told | {"httpStatusCode": 200, "person": person(doc, fields)})
    return {"responses": answers}


def create_contact(call: Call) -> Json:
    made = add_contact(call.docs, call.body)
    call.sandbox.ledger.write("google", "person", "create")
    return person(made, call.param("personFields").split(",") if call.param("personFields") else made.values)


def add_contact(docs: Docs, given: Json) -> Doc:
    values = {name: value for name, value in given.items() if name not in _NEVER_STORED}
    return docs.put(KIND, f"c{docs.step()}", _checked(docs, values))


def _checked(docs: Docs, values: Json) -> Json:
    listed = values.get("memberships") or [{"contactGroupMembership": {"contactGroupResourceName": MY_CONTACTS}}]
    names = [each["contactGroupMembership"]["contactGroupResourceName"] for each in listed]
    known = {each["resourceName"] for each in groups(docs)}
    if any(name not in known for name in names):
        raise _refused("Contact group does not exist.")
    values["memberships"] = [
        {"contactGroupMembership": {"contactGroupId": n.rpartition("/")[2], "contactGroupResourceName": n}}
        for n in dict.fromkeys(names)
    ]
    for each in values.get("names") or ():
        shown = (each.get(name, "") for name in ("givenName", "familyName"))
        first, last = (text.strip() for text in shown)
        each["displayName"] = f"{first} {last}".strip()
        each["displayNameLastFirst"] = f"{last}, {first}".strip(", ")
    return {**values, "updated": docs.now}


def update_contact(call: Call) -> Json:
    given, fields = call.body, _fields(call, "updatePersonFields")
    with call.docs.store.transaction():
        old = call.docs.find(KIND, call.parts["id"])
        if old is None or old.gone:
            raise _missing()
        sources = (given.get("metadata") or {}).get("sources") or ()
        etags = {given.get("etag"), *(each.get("etag") for each in sources)} - {None}
        if not etags:
            raise _refused("Request must set person.etag or person.metadata.sources.etag.")
        if not any(each == f"#{old.seq}" or each.startswith(f"%{old.seq}.") for each in etags):
            message = "Request person.etag is different than the current person.etag. Clear local cache and get it."
            raise _refused(message, "FAILED_PRECONDITION")
        made = change_contact(call.docs, old, {name: given.get(name) for name in fields})
    call.sandbox.ledger.write("google", "person", "update")
    return person(made, call.param("personFields").split(",") if call.param("personFields") else made.values)


def change_contact(docs: Docs, old: Doc, given: Json) -> Doc:
    """The named fields are written anew, each as a whole."""
    values = {**old.values, **given}
    return docs.put(KIND, old.id, _checked(docs, merged({}, values)))


def delete_contact(call: Call) -> Json:
    doc = call.docs.find(KIND, call.parts["id"])
    if doc is None or doc.gone:
        raise _missing()
    drop_contact(call.docs, doc)
    call.sandbox.ledger.write("google", "person", "delete")
    return {}


def drop_contact(docs: Docs, doc: Doc) -> None:
    docs.put(KIND, doc.id, doc.values, gone=True)


# --- groups


def groups(docs: Docs) -> list[Json]:
    system = {"resourceName": MY_CONTACTS, "groupType": "SYSTEM_CONTACT_GROUP", "name": "myContacts",
              "formattedName": "My Contacts"}  # fmt: skip
    return [system, *map(_group, docs.all(GROUP))]


def _group(doc: Doc) -> Json:
    return {
        "resourceName": f"contactGroups/{doc.id}", "etag": f"g{doc.seq}", "groupType": "USER_CONTACT_GROUP",
        "formattedName": doc.values["name"], **doc.values,
    }  # fmt: skip


def list_groups(call: Call) -> Json:
    found = groups(call.docs)
    chosen, more = page(call, [_masked(each, call.param("groupFields")) for each in found], 30, 1000, "pageSize")
    answer: Json = {"contactGroups": chosen, "totalItems": len(found)}
    return answer | {"nextPageToken": more} if more else answer


def _masked(group: Json, fields: str) -> Json:
    """Client data is told only to those who ask for it."""
    wanted = fields.split(",") if fields else []
    return {name: value for name, value in group.items() if name != "clientData" or name in wanted}


def create_group(call: Call) -> Json:
    given = call.body.get("contactGroup") or {}
    return add_group(call.docs, str(given.get("name", "")), given.get("clientData") or [])


def add_group(docs: Docs, name: str, kept: list[Json]) -> Json:
    if not name:
        raise _refused("Contact group name is required.")
    if any(each["name"].casefold() == name.casefold() for each in groups(docs)):
        raise GoogleError(409, "", "Contact group name already exists.", info="ALREADY_EXISTS")
    return _group(docs.put(GROUP, f"{docs.step():x}", {"name": name, **({"clientData": kept} if kept else {})}))


def update_group(call: Call) -> Json:
    doc = call.docs.find(GROUP, call.parts["id"])
    if doc is None or doc.gone:
        raise _missing()
    given = call.body.get("contactGroup") or {}
    if given.get("etag", f"g{doc.seq}") != f"g{doc.seq}":
        raise _refused("Contact group etag is out of date.", "FAILED_PRECONDITION")
    fields = [each for each in (call.body.get("updateGroupFields") or "name").split(",") if each]
    return _group(call.docs.put(GROUP, doc.id, {**doc.values, **{name: given.get(name) or [] for name in fields}}))


def modify_members(call: Call) -> Json:
    """Put contacts into a group, and take them out of it."""
    docs, group = call.docs, call.docs.find(GROUP, call.parts["id"])
    if group is None or group.gone:
        raise _missing()
    add, remove = (call.body.get(name) or [] for name in ("resourceNamesToAdd", "resourceNamesToRemove"))
    if len(add) + len(remove) > 1000:
        raise _refused("Must not modify more than 1000 members at once.")
    own = {"contactGroupMembership": {"contactGroupResourceName": f"contactGroups/{group.id}"}}
    unknown = []
    for name in (*add, *remove):
        doc = docs.find(KIND, name.removeprefix("people/"))
        if doc is None or doc.gone:
            unknown.append(name)
            continue
        others = [each for each in doc.values["memberships"] if each != own]
        change_contact(docs, doc, {"memberships": [*others, *([own] if name in add else [])]})
    return {"notFoundResourceNames": unknown} if unknown else {}


def drop_group(docs: Docs, ident: str) -> None:
    """Its members stay contacts."""
    docs.get(GROUP, ident)
    name = f"contactGroups/{ident}"
    for doc in docs.all(KIND):
        kept = [each for each in doc.values["memberships"]
                if each["contactGroupMembership"]["contactGroupResourceName"] != name]  # fmt: skip
        if len(kept) < len(doc.values["memberships"]):
            change_contact(docs, doc, {"memberships": kept})
    docs.drop(GROUP, ident)
