"""Mail of a user: `gmail/v1/users/me`. Messages are kept as they were transported; only their labels ever change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from connectors.sandbox.google.call import Call, page
from connectors.sandbox.google.errors import GoogleError, invalid, not_found
from connectors.sandbox.google.mime import attachment, body_of, encoded, payload, threading
from connectors.sandbox.google.state import Directory, Doc, Docs, Json, fresh_id

KIND, LABEL, SERVICE = "message", "label", "gmail"
SYSTEM = (
    "INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "CHAT", "UNREAD", "STARRED", "IMPORTANT", "CATEGORY_PERSONAL",
    "CATEGORY_UPDATES", "CATEGORY_PROMOTIONS",
)  # fmt: skip
_TYPES = {
    "messageAdded": "messagesAdded", "messageDeleted": "messagesDeleted", "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}  # fmt: skip
_MOST_LABELS, _MOST_IDS = 100, 1000
_EXCLUDED = {"-in:chats": "CHAT", "-in:inbox": "INBOX", "-in:sent": "SENT", "-in:drafts": "DRAFT"}
_DAYS = re.compile(r"(\d+)d")


def head(docs: Docs) -> int:
    found = docs.store.scalar("SELECT max(seq) FROM google_history WHERE user = ?", (docs.user.id,))
    return max(int(found or 1), docs.floor(SERVICE))


def profile(call: Call) -> Json:
    messages = call.docs.all(KIND)
    return {
        "emailAddress": call.user.address, "messagesTotal": len(messages), "historyId": str(head(call.docs)),
        "threadsTotal": len({doc.values["threadId"] for doc in messages}),
    }  # fmt: skip


def list_history(call: Call) -> Json:
    docs, start = call.docs, call.param("startHistoryId")
    if not start.isdigit():
        raise invalid("Invalid startHistoryId")
    now = head(docs)
    if not docs.floor(SERVICE) <= int(start) <= now:
        raise not_found()
    wanted = {_TYPES[name] for name in call.params.get("historyTypes", list(_TYPES)) if name in _TYPES}
    found = []
    for row in docs.histories(int(start)):
        if row["what"] not in wanted:
            continue
        message = {"id": row["message"], "threadId": row["thread"]}
        told: Json = {"message": message | {"labelIds": json.loads(row["labels"])}}
        if row["what"].startswith("labels"):
            told["labelIds"] = json.loads(row["changed"])
        found.append({"id": str(row["seq"]), "messages": [message], row["what"]: [told]})
    chosen, more = page(call, found, 100, 500)
    answer: Json = {"historyId": str(now)}
    if chosen:
        answer["history"] = chosen
    return answer | {"nextPageToken": more} if more else answer


# --- labels


def labels(docs: Docs) -> list[Json]:
    system = [{"id": name, "name": name, "type": "system"} for name in SYSTEM]
    return [*system, *({"id": doc.id, "type": "user", **doc.values} for doc in docs.all(LABEL))]


def list_labels(call: Call) -> Json:
    return {"labels": labels(call.docs)}


def create_label(call: Call) -> Json:
    name = call.body.get("name")
    if not isinstance(name, str) or not name:
        raise invalid("Invalid label name")
    return add_label(call.docs, name)


def add_label(docs: Docs, name: str) -> Json:
    if any(each["name"].casefold() == name.casefold() for each in labels(docs)):
        raise GoogleError(409, "aborted", "Label name exists or conflicts")
    shown = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
    doc = docs.put(LABEL, f"Label_{docs.step()}", shown)
    return {"id": doc.id, "type": "user", **shown}


def delete_label(call: Call) -> None:
    drop_label(call.docs, call.parts["id"])


def drop_label(docs: Docs, ident: str) -> None:
    """It goes from all messages, too."""
    docs.get(LABEL, ident)
    for message in docs.all(KIND):
        if ident in message.values["labelIds"]:
            relabel(docs, message, (), [ident])
    docs.drop(LABEL, ident)


# --- messages


def list_messages(call: Call) -> Json:
    wanted = set(call.params.get("labelIds", []))
    hidden = set() if call.flag("includeSpamTrash") else {"SPAM", "TRASH"}
    found = []
    for doc in call.docs.all(KIND):
        borne = set(doc.values["labelIds"])
        if borne >= wanted and not borne & hidden and _matches(call, doc):
            found.append(doc)
    found.sort(key=lambda doc: (int(doc.values["internalDate"]), doc.id), reverse=True)
    chosen, more = page(call, [{"id": doc.id, "threadId": doc.values["threadId"]} for doc in found], 100, 500)
    answer: Json = {"resultSizeEstimate": len(found)}
    if chosen:
        answer["messages"] = chosen
    return answer | {"nextPageToken": more} if more else answer


def _matches(call: Call, doc: Doc) -> bool:
    """The few words of the search box that are understood; another one is refused rather than passed over."""
    borne = {_searched(each["name"]) for each in labels(call.docs) if each["id"] in doc.values["labelIds"]}
    at = datetime.fromtimestamp(int(doc.values["internalDate"]) / 1000, UTC)
    for word in call.param("q").split():
        name, _, value = word.partition(":")
        if name == "newer_than" and (days := _DAYS.fullmatch(value)):
            if at < call.sandbox.clock.now() - timedelta(days=int(days[1])):
                return False
        elif name == "-label":
            if value in borne:
                return False
        elif word == "has:nouserlabels":
            if not set(doc.values["labelIds"]) <= {*SYSTEM}:
                return False
        elif word in _EXCLUDED:
            if _EXCLUDED[word] in doc.values["labelIds"]:
                return False
        else:
            raise invalid(f"the sandbox does not search for {word}")
    return True


def _searched(label: str) -> str:
    """The name of a label as the search box takes it."""
    return label.casefold().replace(" ", "-").replace("/", "-")


def get_message(call: Call) -> Json:
    doc, form = call.docs.get(KIND, call.parts["id"]), call.param("format", "full")
    values = doc.values
    told: Json = {
        "id": doc.id, "threadId": values["threadId"], "labelIds": values["labelIds"], "historyId": str(doc.seq),
        "internalDate": values["internalDate"], "sizeEstimate": len(values["raw"]) * 3 // 4, "snippet": "",
    }  # fmt: skip
    if form == "raw":
        return told | {"raw": values["raw"]}
    if form == "full":
        return told | {"payload": payload(values["raw"])}
    if form == "metadata":
        return told | {"payload": body_of(values["raw"], call.params.get("metadataHeaders", []))}
    if form == "minimal":
        return told
    raise invalid(f"Invalid format {form}")


def get_thread(call: Call) -> Json:
    found = [doc for doc in call.docs.all(KIND) if doc.values["threadId"] == call.parts["id"]]
    if not found:
        raise not_found()
    told = [{"id": doc.id, "threadId": call.parts["id"], "labelIds": doc.values["labelIds"]} for doc in found]
    return {"id": call.parts["id"], "historyId": str(max(doc.seq for doc in found)), "messages": told}


def get_attachment(call: Call) -> Json:
    doc = call.docs.get(KIND, call.parts["messageId"])
    content = attachment(doc.values["raw"], call.parts["id"])
    if content is None:
        raise not_found()
    return {"size": len(content), "data": encoded(content)}


def modify(call: Call) -> Json:
    with call.docs.store.transaction():
        doc = _relabelled(call, [call.parts["id"]], _MOST_LABELS)[0]
    call.sandbox.ledger.write("google", "message", "update")
    return {"id": doc.id, "threadId": doc.values["threadId"], "labelIds": doc.values["labelIds"]}


def batch_modify(call: Call) -> None:
    ids = call.body.get("ids") or []
    if len(ids) > _MOST_IDS:
        raise invalid("Too many ids")
    with call.docs.store.transaction():
        _relabelled(call, [ident for ident in ids if call.docs.find(KIND, ident)], _MOST_LABELS)
    call.sandbox.ledger.write("google", "message", "update", len(ids))


def _relabelled(call: Call, ids: Iterable[str], most: int) -> list[Doc]:
    add, remove = (list(call.body.get(name) or []) for name in ("addLabelIds", "removeLabelIds"))
    if len(add) > most or len(remove) > most:
        raise invalid("Too many labels")
    known = {each["id"] for each in labels(call.docs)}
    unknown = [each for each in (*add, *remove) if each not in known]
    if unknown:
        raise GoogleError(400, "invalidArgument", f"labelId not found: {unknown[0]}")
    return [relabel(call.docs, call.docs.get(KIND, ident), add, remove) for ident in ids]


def relabel(docs: Docs, message: Doc, add: Iterable[str], remove: Iterable[str]) -> Doc:
    """Put labels on and take labels off; what is so already is no change."""
    before = message.values["labelIds"]
    after = [each for each in before if each not in set(remove)]
    after += [each for each in dict.fromkeys(add) if each not in after]
    if set(after) == set(before):
        return message
    made = docs.put(KIND, message.id, {**message.values, "labelIds": after})
    for what, changed in (("labelsAdded", set(after) - set(before)), ("labelsRemoved", set(before) - set(after))):
        if changed:
            docs.history(what, made, changed)
    return made


def add_message(docs: Docs, raw: str, labels: Iterable[str], at: datetime, thread: str = "") -> Doc:
    """A message that comes in, or that was sent. `raw`: base64url of its source. It joins the thread of what it answers
    under the same subject."""
    ident = fresh_id("message", docs.user.address, docs.step())[:16]
    moment = str(int(at.timestamp() * 1000))
    own, topic, answered = threading(raw)
    values = {
        "threadId": thread or _answered(docs, topic, answered) or ident, "labelIds": list(labels),
        "internalDate": moment, "raw": raw, "messageId": own, "topic": topic,
    }  # fmt: skip
    made = docs.put(KIND, ident, values)
    docs.history("messagesAdded", made)
    return made


def _answered(docs: Docs, topic: str, answered: frozenset[str]) -> str:
    """The thread of a message that is answered under its subject; '' for none."""
    known = (doc.values for doc in docs.all(KIND) if answered)
    return next((each["threadId"] for each in known if each["messageId"] in answered and each["topic"] == topic), "")


def remove_message(docs: Docs, message: Doc) -> None:
    """For good, which a user does from the trash only."""
    docs.put(KIND, message.id, message.values, gone=True)
    docs.history("messagesDeleted", message)


def list_send_as(call: Call) -> Json:
    own = call.user.address
    addresses = [own, *(each for each in Directory(call.docs.store).aliases(call.user) if each != own)]
    return {
        "sendAs": [
            {"sendAsEmail": each, "displayName": call.user.name, "isPrimary": each == own, "isDefault": each == own,
             **({} if each == own else {"verificationStatus": "accepted", "treatAsAlias": True})}
            for each in addresses
        ]
    }  # fmt: skip
