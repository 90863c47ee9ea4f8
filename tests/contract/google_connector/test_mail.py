"""Mail: one history for all folders, labels as marks, and what a message says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import gmail
from connectors.protocols import Changes, Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Attachment, Form, Item, ItemKind, ItemRef, Person
from tests.support.google import ADDRESS, World, email

ROLES = ("inbox", "sent", "emails")
MARKED = ("Salesforce", "Status: Tracked successfully")
AT = "2026-11-24T08:30:00+00:00"


def read(world: World, identifier: str, detail: Detail = Detail.BODY) -> Item:
    found = world.mailbox.read([email(identifier)], detail)[email(identifier)]
    assert isinstance(found, Item), found
    return found


def mark(identifier: str, *categories: str, target: str = "inbox") -> Write:
    return Write(Verb.UPDATE, ItemKind.EMAIL, target, identifier, values={f.CATEGORIES: categories})


def done(world: World, *writes: Write) -> list[Outcome]:
    outcomes = world.mailbox.write(writes)
    assert [outcome.error for outcome in outcomes] == [None] * len(writes)
    return outcomes


def labels(world: World, identifier: str) -> set[str]:
    return set(next(each for each in world.content()["messages"] if each["id"] == identifier)["labels"])


@pytest.fixture
def cursors(world: World) -> dict[str, str]:
    """Our labels are there, and every folder has been read once."""
    world.mailbox.folders(["emails"])
    return {role: world.mailbox.changes(role, None).cursor for role in ROLES}


def look(world: World, cursors: dict[str, str]) -> dict[str, Changes]:
    return {role: world.mailbox.changes(role, cursor) for role, cursor in cursors.items()}


def test_the_first_look_lists_the_young_and_the_marked_ones(world: World) -> None:
    world.mailbox.folders(["emails"])
    now = datetime.now(UTC)
    letter = {"subject": "Old", "from": {"address": "ann@globex.example"}, "text": ""}
    ago = (now - timedelta(days=90)).isoformat()
    young = world.has_mail("Young")
    old = world.acts("messages", message=letter, labels=["INBOX"], at=ago)["id"]
    marked = world.acts("messages", message=letter, labels=["INBOX", "Salesforce Emails"], at=ago)["id"]
    archived = world.has_mail("Archived", labels=("Salesforce Emails",))
    sent = world.has_mail("Sent", labels=("SENT",))
    world.has_mail("Junk", labels=("SPAM",))
    found = {role: {change.ref.id for change in world.mailbox.changes(role, None).changes} for role in ROLES}
    assert found == {"inbox": {young, marked}, "sent": {sent}, "emails": {archived}}
    assert old not in found["inbox"]


def test_a_full_folder_is_told_part_by_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gmail, "AT_ONCE", 2)
    world.mailbox.folders(["emails"])
    mails = {world.has_mail(f"Mail {number}") for number in range(5)}
    mails.add(world.has_mail("Marked", labels=("INBOX", "Salesforce Emails")))
    looks: list[Changes] = []
    cursor = None
    while not looks or looks[-1].more:
        looks.append(world.mailbox.changes("inbox", cursor))
        cursor = looks[-1].cursor
        assert len(looks[-1].changes) <= 3
    assert {change.ref.id for look in looks for change in look.changes} == mails
    assert not any(look.complete for look in looks), "no part says what is missing"
    # what came meanwhile is told afterwards
    late = {world.has_mail(f"Late {number}") for number in range(3)}
    first = world.mailbox.changes("inbox", cursor)
    second = world.mailbox.changes("inbox", first.cursor)
    assert (first.more, second.more) == (True, False)
    assert {change.ref.id for look in (first, second) for change in look.changes} == late


def test_reading_stops_where_the_quota_does(world: World) -> None:
    mails = [world.has_mail(f"Mail {number}") for number in range(3)]
    world.goes_wrong("part.gmail.users.messages.get", nth=2, code="rateLimitExceeded")
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.read([email(each) for each in mails], Detail.HEAD)
    assert (caught.value.fault, caught.value.scope) == (Fault.THROTTLED, Scope.CONNECTION)
    assert len(world.mailbox.read([email(each) for each in mails], Detail.HEAD)) == 3


def test_all_folders_together_cost_one_call_when_nothing_is_new(world: World, cursors: dict[str, str]) -> None:
    assert world.counted(lambda: look(world, cursors)) == {"gmail.users.history.list": 1}
    # a later look is a look of its own
    world.has_mail()
    assert len(look(world, cursors)["inbox"].changes) == 1


def test_a_message_is_told_where_it_stands(world: World, cursors: dict[str, str]) -> None:
    came = world.has_mail("Came")
    archived = world.has_mail("Archived")
    world.acts("messages/labels", id=archived, add=["Salesforce Emails"], remove=["INBOX"])
    world.has_mail("Draft", labels=("DRAFT",))
    trashed = world.has_mail("Trashed")
    world.acts("messages/labels", id=trashed, add=["TRASH"], remove=["INBOX"])
    found = look(world, cursors)
    assert {role: [change.ref.id for change in told.changes] for role, told in found.items()} == {
        "inbox": [came], "sent": [], "emails": [archived],
    }  # fmt: skip
    told = found["emails"].changes[0].item
    assert told is not None
    assert told.get(f.CATEGORIES) == ("Salesforce",)


def test_looking_at_a_message_is_no_change(world: World, cursors: dict[str, str]) -> None:
    one = world.has_mail()
    cursor = look(world, cursors)["inbox"].cursor
    world.acts("messages/labels", id=one, add=["STARRED"], remove=["UNREAD"])
    world.acts("messages/labels", id=one, add=["UNREAD"])
    assert world.mailbox.changes("inbox", cursor).changes == ()


def test_what_is_deleted_for_good_is_told_as_gone(world: World, cursors: dict[str, str]) -> None:
    one = world.has_mail()
    cursor = look(world, cursors)["inbox"].cursor
    world.acts("messages/delete", id=one)
    (change,) = world.mailbox.changes("inbox", cursor).changes
    assert (change.ref.id, change.deleted) == (one, True)
    assert world.mailbox.read([email(one)], Detail.HEAD) == {}


@pytest.mark.parametrize("trouble", ["too old", "nonsense"])
def test_a_point_of_the_history_that_is_gone_means_reading_from_the_start(world: World, trouble: str) -> None:
    cursor = world.mailbox.changes("inbox", None).cursor
    world.acts("expire", service="gmail")
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("inbox", cursor if trouble == "too old" else "bm90IGEgY3Vyc29y")
    assert (caught.value.fault, caught.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)


def test_a_message_says_all_that_the_neutral_fields_ask_for(world: World) -> None:
    one = world.acts(
        "messages", at=AT, thread="t1", labels=["INBOX", "Salesforce Emails", "Family"],
        message={
            "subject": "Größe", "from": {"address": "Ann@Globex.example", "name": "Änn"},
            "to": [{"address": ADDRESS, "name": "Anna"}], "cc": [{"address": "bob@corp.example"}],
            "message_id": "<m1@globex.example>", "text": "Hello\nthere", "html": "<p>Hello <b>there</b></p>",
            "headers": {
                "Sensitivity": "Private", "In-Reply-To": "<m0@globex.example>",
                "References": "<m9@globex.example> <m0@globex.example>",
            },
            "attachments": [{"name": "offer.txt", "text": "secret"}],
        },
    )["id"]  # fmt: skip
    item = read(world, one)
    headers = dict(item.get(f.HEADERS))
    assert headers["In-Reply-To"] == "<m0@globex.example>"
    assert {name: value for name, value in item.fields.items() if name != f.HEADERS} == {
        f.SUBJECT: "Größe", f.FROM: Person("ann@globex.example", "Änn"), f.TO: (Person(ADDRESS, "Anna"),),
        f.CC: (Person("bob@corp.example"),), f.BCC: (), f.MESSAGE_ID: "<m1@globex.example>", f.CONVERSATION: "t1",
        f.IN_REPLY_TO: "<m0@globex.example>", f.REFERENCES: ("<m9@globex.example>", "<m0@globex.example>"),
        f.CATEGORIES: ("Salesforce", "Family"), f.SENSITIVITY: "private", f.ITEM_CLASS: "IPM.Note", f.IS_DRAFT: False,
        f.SENT_AT: datetime.fromisoformat(AT), f.RECEIVED_AT: datetime.fromisoformat(AT), f.HAS_ATTACHMENTS: True,
        f.BODY: "Hello\nthere", f.HTML: "<p>Hello <b>there</b></p>",
        f.ATTACHMENTS: (Attachment("1", "offer.txt", "text/plain", 6),),
    }  # fmt: skip


def test_a_conversation_is_listed_with_the_folders_of_its_messages(world: World) -> None:
    world.mailbox.folders(["emails"])

    def part(*labels: str, thread: str = "t1") -> str:
        letter = {"from": {"address": "ann@globex.example"}}
        return str(world.acts("messages", message=letter, labels=list(labels), thread=thread)["id"])

    came, sent, kept = part("INBOX"), part("SENT"), part("Salesforce Emails")
    part("TRASH")
    part("DRAFT")
    other = part("INBOX", thread="t2")
    told: dict[str, tuple[ItemRef, ...]] = {}
    calls = world.counted(lambda: told.update(world.mailbox.conversations(["t1", "t2", "t3", "t1"])))
    assert calls == {"gmail.batch": 1}
    assert {thread: {(ref.id, ref.container) for ref in found} for thread, found in told.items()} == {
        "t1": {(came, "inbox"), (sent, "sent"), (kept, "emails")}, "t2": {(other, "inbox")},
    }  # fmt: skip


def test_attachments_are_fetched_one_by_one_by_their_place(world: World) -> None:
    files = [{"name": "a.txt", "text": "first"}, {"name": "b.txt", "text": ""}]
    one = world.has_mail(attachments=files)
    first, second = read(world, one).get(f.ATTACHMENTS)
    mail = Attachment("", "", form=Form.MAIL)
    wanted = [(email(one), each) for each in (first, second, mail, replace(first, id="9"))]
    *found, missing = world.mailbox.contents(wanted)
    assert found[:2] == [b"first", b""]
    assert b"Subject: Offer" in found[2]
    assert (missing.fault, missing.scope) == (Fault.NOT_FOUND, Scope.ITEM)
    (gone,) = world.mailbox.contents([(email("0123456789abcdef"), first)])
    assert gone.fault is Fault.NOT_FOUND
    world.goes_wrong("gmail.users.messages.attachments.get", code="rateLimitExceeded")
    with pytest.raises(ConnectorError):
        list(world.mailbox.contents(wanted[:1]))


def test_a_message_that_is_attached_is_one_file_and_its_parts_are_its_own(world: World) -> None:
    parts = ("--x", "", "inner", "--x", 'Content-Disposition: attachment; filename="a.pdf"', "", "x", "--x--", "")
    inner = "\r\n".join(('Content-Type: multipart/mixed; boundary="x"', "", *parts))
    attached = {"name": "old.eml", "type": "message/rfc822", "text": inner}
    item = read(world, world.has_mail(text="Outer", attachments=[attached]))

    assert item.text(f.BODY) == "Outer"
    (one,) = item.get(f.ATTACHMENTS)
    assert (one.name, one.form) == ("old.eml", Form.ITEM)
    (content,) = world.mailbox.contents([(item.ref, one)])
    assert isinstance(content, bytes)
    assert b"inner" in content
    assert len(content) == one.size


def test_a_first_look_fetches_no_content(world: World, wire: list) -> None:
    one = world.has_mail("Offer", text="very secret", attachments=[{"name": "offer.txt", "text": "x"}])
    item = read(world, one, Detail.HEAD)
    assert (item.text(f.SUBJECT), item.get(f.HAS_ATTACHMENTS)) == ("Offer", True)
    assert not {f.BODY, f.HTML, f.HEADERS} & item.fields.keys()
    assert '"data"' not in wire[-1].answer.decode()


def test_a_message_that_has_html_only_is_told_as_text_too(world: World) -> None:
    one = world.has_mail(text="", html="<div>One<br>two</div><style>p{}</style>")
    assert read(world, one).text(f.BODY) == "One\ntwo"


def test_an_invitation_is_known_by_its_calendar_part(world: World) -> None:
    one = world.has_mail(invitation="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    assert read(world, one, Detail.HEAD).text(f.ITEM_CLASS) == "IPM.Schedule.Meeting.Request"


# --- marks


@pytest.mark.rule("MRK-8")
@pytest.mark.parametrize(
    ("letter", "told"),
    [
        ({"headers": {"Auto-Submitted": "auto-replied"}}, "IPM.Note.Rules.OofTemplate.Microsoft"),
        ({"headers": {"Auto-Submitted": "no"}}, "IPM.Note"),
        ({"type": "multipart/report; report-type=delivery-status"}, "REPORT.IPM.Note.NDR"),
        ({"type": 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'}, "IPM.Note.SMIME"),
        ({"attachments": [{"name": "invite.ics", "type": "text/calendar", "text": "x"}]}, "IPM.Note"),
    ],
)
def test_what_kind_of_message_it_is_is_known_without_its_content(
    world: World, letter: dict[str, Any], told: str
) -> None:  # fmt: skip
    made = world.acts("messages", message={"from": {"address": "ann@globex.example"}, "text": "x", **letter})
    assert read(world, made["id"], Detail.HEAD).text(f.ITEM_CLASS) == told


def test_marks_are_labels_and_those_of_people_stay(world: World) -> None:
    world.mailbox.folders(["emails"])
    one = world.has_mail(labels=("INBOX", "UNREAD", "Family"))
    (saved,) = done(world, mark(one, *MARKED))
    assert labels(world, one) == {"INBOX", "UNREAD", "Family", "Salesforce Emails", "Tracked successfully"}
    item = read(world, one)
    assert (set(item.get(f.CATEGORIES)), item.version) == ({"Family", *MARKED}, saved.version)

    done(world, mark(one, "Family", "Salesforce", "Sync Error", "Status: No person found"))
    assert labels(world, one) == {
        "INBOX", "UNREAD", "Family", "Salesforce Emails", "Salesforce Emails/Sync Error",
    }  # fmt: skip
    done(world, mark(one))
    assert labels(world, one) == {"INBOX", "UNREAD", "Family"}


def test_our_own_mark_comes_back_at_the_version_that_the_write_told(world: World, cursors: dict[str, str]) -> None:
    one = world.has_mail()
    cursor = look(world, cursors)["inbox"].cursor
    (saved,) = done(world, mark(one, *MARKED))
    (change,) = world.mailbox.changes("inbox", cursor).changes
    assert change.item is not None
    assert change.item.version == saved.version


def test_many_messages_get_the_same_labels_in_one_call(world: World) -> None:
    world.mailbox.folders(["emails"])
    mails = [world.has_mail(f"Mail {number}") for number in range(12)]
    world.mailbox.read([email(each) for each in mails], Detail.HEAD)
    writes = [mark(each, *MARKED) for each in mails]
    outcomes: list[Outcome] = []
    calls = world.counted(lambda: outcomes.extend(done(world, *writes)))
    assert calls == {"gmail.users.messages.batchModify": 1}
    assert all("Tracked successfully" in labels(world, each) for each in mails)
    assert {read(world, each, Detail.HEAD).version for each in mails} == {outcome.version for outcome in outcomes}


def test_a_label_that_is_missing_is_made(world: World) -> None:
    one = world.has_mail()
    done(world, mark(one, "Salesforce"))
    assert labels(world, one) == {"INBOX", "Salesforce Emails"}


@pytest.mark.rule("MRK-1")
def test_our_label_that_somebody_deletes_is_missed_and_made_again(world: World, cursors: dict[str, str]) -> None:
    world.has_mail(labels=("Salesforce Emails",))
    found = look(world, cursors)
    world.acts("labels/delete", name="Salesforce Emails")
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("emails", found["emails"].cursor)
    assert (caught.value.fault, caught.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
    assert "emails" not in world.mailbox.known_folders()
    world.mailbox.folders(["emails"])
    assert world.mailbox.changes("emails", None).changes == ()
    assert "Salesforce Emails" in world.content()["labels"]


def test_our_label_that_its_owner_has_made_again_is_another_one(world: World, cursors: dict[str, str]) -> None:
    old = world.mailbox.folders(["emails"])["emails"]
    mail = world.has_mail("Order")
    world.acts("labels/delete", name="Salesforce Emails")
    world.acts("messages/labels", id=mail, add=["Salesforce Emails"], remove=["INBOX"])

    with pytest.raises(ConnectorError) as gone:
        look(world, cursors)

    assert (gone.value.fault, gone.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
    new = world.mailbox.folders(["emails"])["emails"]
    assert new != old
    assert [change.ref.id for change in world.mailbox.changes("emails", None).changes] == [mail]


def test_of_a_message_only_labels_are_written(world: World) -> None:
    one = world.has_mail()
    writes = [
        Write(Verb.UPDATE, ItemKind.EMAIL, "inbox", one, values={f.SUBJECT: "Other"}),
        mark("0123456789abcdef", "Salesforce"),
    ]
    world.mailbox.folders(["emails"])
    first, second = world.mailbox.write(writes)
    assert (first.error and first.error.fault, second.error and second.error.fault) == (Fault.INVALID, Fault.NOT_FOUND)


def test_taking_leave_removes_our_labels_but_the_one_that_people_use(world: World) -> None:
    world.mailbox.folders(["emails"])
    one = world.has_mail(labels=("INBOX", "Salesforce Emails", "Tracked successfully"))
    world.mailbox.withdraw()
    assert world.content()["labels"] == ["Salesforce Emails"]
    assert labels(world, one) == {"INBOX", "Salesforce Emails"}


def test_the_addresses_of_a_user_are_those_that_gmail_sends_as(world: World) -> None:
    assert world.mailbox.aliases() == {ADDRESS, "a.b@corp.example"}


@pytest.mark.rule("WAY-9")
def test_labels_stand_for_further_folders_and_what_bears_none_for_the_archive(world: World) -> None:
    for name in ("Projects", "Projects/Alpha", "Projects/Old", "Private"):
        world.acts("labels", name=name)
    world.mailbox.folders(["emails"])
    letter = {"subject": "Filed", "from": {"address": "ann@globex.example"}, "text": ""}
    now = datetime.now(UTC).isoformat()
    filed = {
        name: world.acts("messages", message=letter, labels=[name] if name else [], at=now)["id"]
        for name in ("Projects/Alpha", "Projects/Old", "Private", "")
    }
    world.acts("messages", message=letter, labels=["INBOX", "Projects"], at=now)
    world.acts("messages", message=letter, labels=["Salesforce Emails", "Projects"], at=now)

    found = world.mailbox.mail_folders(["projects", "SyncArchiveFolder", "Salesforce Emails"], ["Projects/Old"])

    assert len(found) == 3
    assert set(found) <= world.mailbox.known_folders()
    told = {change.ref.id for role in found for change in world.mailbox.changes(role, None).changes}
    assert told == {filed["Projects/Alpha"], filed[""]}


@pytest.mark.rule("WAY-9")
def test_what_is_filed_under_a_further_label_is_told_and_the_label_that_goes_is_missed(world: World) -> None:
    world.acts("labels", name="Projects")
    (role,) = world.mailbox.mail_folders(["Projects"], [])
    cursors = {each: world.mailbox.changes(each, None).cursor for each in ("inbox", role)}
    mail = world.has_mail("Order")
    world.acts("messages/labels", id=mail, add=["Projects"], remove=["INBOX"])

    changes = look(world, cursors)

    assert [change.ref.id for change in changes[role].changes] == [mail]
    assert changes["inbox"].changes == ()
    world.acts("labels/delete", name="Projects")
    with pytest.raises(ConnectorError) as gone:
        world.mailbox.changes(role, changes[role].cursor)
    assert (gone.value.fault, gone.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
    assert role not in world.mailbox.known_folders()
