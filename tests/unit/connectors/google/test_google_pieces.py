"""The small parts of the Google connector: batches on the wire, text out of HTML, what stands below notes, answers."""

from __future__ import annotations

import ssl
from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from google.auth.exceptions import RefreshError, TransportError
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Fault, Scope
from connectors.google.codec_tasks import Notes
from connectors.google.config import ROOTS, Service, roots_under
from connectors.google.drive import linked
from connectors.google.faults import fault_of_answer, fault_of_error, reason_of
from connectors.google.html import is_html, plain
from connectors.google.mails import label_of, role_of, version_of
from connectors.google.multipart import Answer, Ask, decode, encode, parsed
from connectors.google.shared import Shared
from mapping.model.item import Form
from mapping.rules.marks import ERROR, SALESFORCE, TRACKED, status

# --- batches

_PART = (
    "--b\r\nContent-Type: application/http\r\nContent-ID: <response-{}>\r\n\r\nHTTP/1.1 {}\r\n"
    "Content-Type: application/json\r\n{}\r\n{}\r\n"
)


def test_a_batch_names_each_request_by_its_place() -> None:
    asks = [
        Ask("x", "GET", "/a/b", {"flag": True, "many": ["1", "2"]}),
        Ask("x", "PATCH", "/c", {}, {"name": "Größe"}, '"7"'),
    ]
    text = encode(asks, "/google").decode()
    assert text.count("--inbox-sync-batch\r\n") == 2
    assert "Content-ID: <0>\r\n\r\nGET /google/a/b?flag=true&many=1&many=2 HTTP/1.1\r\n" in text
    assert 'PATCH /google/c HTTP/1.1\r\nContent-Type: application/json\r\nIf-Match: "7"\r\nContent-Length: 27' in text
    assert text.endswith("--inbox-sync-batch--\r\n")


def test_answers_are_put_back_into_the_order_of_the_requests() -> None:
    body = _PART.format(1, "412 Precondition Failed", "", '{"error": {"code": 412}}')
    body += _PART.format(0, "429 Too Many", "Retry-After: 3\r\n", "") + "--b--\r\n"
    first, second = decode("multipart/mixed; boundary=b", body.encode(), 2)
    assert (first.status, first.body, first.retry_after) == (429, {}, "3")
    assert (second.status, second.body) == (412, {"error": {"code": 412}})


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", _PART.format(0, "200 OK", "", "{}").encode()])
def test_a_batch_that_is_answered_for_other_requests_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="other requests"):
        decode("multipart/mixed; boundary=b", content, 2)


def test_an_answer_is_an_object_or_nothing() -> None:
    assert parsed(b" ") == {}
    for content in (b"[]", b"<html>"):
        with pytest.raises(ValueError, match=r"object|Expecting"):
            parsed(content)


# --- text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>x</li><li>y</li></ul>", "x\n\ny"),
        ("<style>p {}</style><title>t</title>seen<script>no()</script>", "seen"),
        ("line\nends   mean nothing", "line ends mean nothing"),
        ("<b>never closed", "never closed"),
    ],
)
def test_html_is_told_as_people_read_it(html: str, text: str) -> None:
    assert plain(html) == text


def test_a_text_with_angles_in_it_is_no_html() -> None:
    assert not is_html("1 < 2 and <ann@globex.example> says 3 > 2")
    assert is_html("plain but for one <b>word</b>")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.from_regex(r"\A[a-z]{2}:[0-9a-f]{8}\Z"))
def test_what_stands_below_the_notes_never_mixes_with_them(text: str, key: str) -> None:
    text = text.strip()
    assert Notes.read(Notes(text, key).written()) == Notes(text, key)
    assert Notes.read(Notes(text).written()).text in (text, Notes.read(text).text)


# --- labels


def test_ours_are_labels_of_three_names_and_reasons_are_none() -> None:
    named = [label_of(each) for each in (SALESFORCE, TRACKED, ERROR, status("No person found"), "Family")]
    assert named == ["Salesforce Emails", "Tracked successfully", "Salesforce Emails/Sync Error", None, "Family"]


@pytest.mark.parametrize(
    ("labels", "role"),
    [
        (["INBOX", "UNREAD"], "inbox"), (["INBOX", "Label_1"], "inbox"), (["SENT"], "sent"), (["Label_1"], "emails"),
        (["Label_2"], ""), (["TRASH", "Label_1"], ""), (["SPAM"], ""), (["DRAFT"], ""),
    ],
)  # fmt: skip
def test_a_message_stands_in_one_folder(labels: list[str], role: str) -> None:
    assert role_of(labels, "Label_1") == role


def test_the_version_of_a_message_is_that_of_its_labels_but_for_what_readers_do() -> None:
    assert version_of(["INBOX", "Label_1"]) == version_of(["Label_1", "UNREAD", "CATEGORY_UPDATES", "INBOX"])
    assert version_of(["INBOX", "Label_1"]) != version_of(["INBOX"])


# --- one answer for several folders


def test_each_folder_gets_an_answer_once_and_a_new_question_a_new_one() -> None:
    asked: list[int] = []
    shared: Shared[int] = Shared()

    def ask() -> int:
        asked.append(len(asked))
        return asked[-1]

    assert [shared.of(folder, "cursor", ask) for folder in ("inbox", "sent", "emails")] == [0, 0, 0]
    assert shared.of("inbox", "cursor", ask) == 1
    assert shared.of("sent", "other", ask) == 2


# --- faults


def _answer(status: int, reason: str = "", *, newer: bool = False) -> Answer:
    if newer:
        return Answer(status, {"error": {"code": status, "status": "X", "details": [{"reason": reason}]}})
    return Answer(status, {"error": {"code": status, "errors": [{"reason": reason}]}} if reason else {})


@pytest.mark.parametrize(
    ("service", "answer", "fault"),
    [
        (Service.CALENDAR, _answer(403, "rateLimitExceeded"), Fault.THROTTLED),
        (Service.CALENDAR, _answer(403, "forbidden"), Fault.FORBIDDEN),
        (Service.CALENDAR, _answer(410, "fullSyncRequired"), Fault.CURSOR_LOST),
        (Service.CALENDAR, _answer(410, "deleted"), Fault.NOT_FOUND),
        (Service.CALENDAR, _answer(409), Fault.DUPLICATE),
        (Service.PEOPLE, _answer(400, "EXPIRED_SYNC_TOKEN", newer=True), Fault.CURSOR_LOST),
        (Service.PEOPLE, _answer(400, "FAILED_PRECONDITION", newer=True), Fault.STALE),
        (Service.GMAIL, _answer(400, "failedPrecondition"), Fault.FORBIDDEN),
        (Service.TASKS, _answer(418), Fault.UNAVAILABLE),
    ],
)
def test_a_reason_decides_before_its_status(service: Service, answer: Answer, fault: Fault) -> None:
    assert fault_of_answer(service, answer, Scope.ITEM).fault is fault


def test_what_may_have_been_written_is_not_known() -> None:
    for code in (500, 502, 503, 504):
        assert fault_of_answer(Service.TASKS, Answer(code, {}), Scope.ITEM, writing=True).fault is Fault.UNKNOWN
    assert fault_of_answer(Service.TASKS, Answer(429, {}), Scope.ITEM, writing=True).fault is Fault.THROTTLED
    lost = requests.ConnectionError("anna@corp.example")
    assert fault_of_error(lost, writing=True).fault is Fault.UNKNOWN
    assert "anna" not in str(fault_of_error(lost))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (RefreshError("x", {"error": "invalid_grant"}), Fault.AUTH_REVOKED),
        (RefreshError("x", {"error": "unauthorized_client"}), Fault.FORBIDDEN),
        (RefreshError("x", {"error": "something_new"}), Fault.AUTH_REVOKED),
        (RefreshError("x", retryable=True), Fault.UNAVAILABLE),
        (RefreshError("<html>"), Fault.UNAVAILABLE),
        (TransportError("x"), Fault.UNAVAILABLE),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("x")), Fault.UNAVAILABLE),
    ],
)
def test_a_token_that_does_not_come_says_why(error: Exception, fault: Fault) -> None:
    found = fault_of_error(error, writing=True)
    assert (found.fault, found.scope) == (fault, Scope.CONNECTION)


def test_reasons_are_found_in_every_form_of_a_body() -> None:
    assert reason_of({"error": "invalid_grant"}) == "invalid_grant"
    assert reason_of({"error": {"errors": [{"reason": "notFound"}]}}) == "notFound"
    assert reason_of({"error": {"status": "NOT_FOUND"}}) == "NOT_FOUND"
    assert reason_of({}) == ""


def test_an_emulator_stands_in_by_its_root() -> None:
    assert roots_under("http://127.0.0.1:8900/google/") == {
        Service.CALENDAR: "http://127.0.0.1:8900/google", Service.GMAIL: "http://127.0.0.1:8900/google",
        Service.TASKS: "http://127.0.0.1:8900/google", Service.PEOPLE: "http://127.0.0.1:8900/google/people",
        Service.DRIVE: "http://127.0.0.1:8900/google",
    }  # fmt: skip
    assert all(root.startswith("https://") for root in ROOTS.values())


def test_days_and_moments() -> None:
    from connectors.google.times import moment, original, span, written
    from mapping.model.item import Span

    assert moment("2026-03-02T10:00:00+01:00") == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (moment("2026-03-02T10:00:00"), moment("soon"), moment(None)) == (None, None, None)
    assert original({"date": "2026-03-02"}) == date(2026, 3, 2)
    assert span({"start": {"date": "2026-03-02"}, "end": {"dateTime": "2026-03-02T10:00:00Z"}}) is None
    day = Span(date(2026, 3, 2), date(2026, 3, 3))
    assert written(day, "UTC")["end"] == {"date": "2026-03-03", "dateTime": None, "timeZone": None}
    with pytest.raises(ValueError, match="before"):
        written(Span(day.end, day.start - timedelta(days=1)), "UTC")


CHIP = '<div class="gmail_chip gmail_drive_chip"><a href="{href}" aria-label="{name}"><span>x</span></a></div>'


@pytest.mark.rule("FIL-5")
def test_files_of_drive_are_known_by_how_the_newest_message_shows_them() -> None:
    file, document = (
        "https://drive.google.com/file/d/1a-B_c/view?usp=drive_web",
        "https://docs.google.com/document/d/9/e",
    )
    shown = CHIP.format(href=file, name="plan.pdf") + CHIP.format(href=document, name="Notes")
    quoted = f'<div class="gmail_quote">{CHIP.format(href=file.replace("1a", "2b"), name="old")}</div>'

    found = linked(f"<p>See <a href='{file}'>this</a></p>{shown}{shown}{quoted}")

    assert [(each.id, each.name) for each in found] == [("drive:1a-B_c", "plan.pdf"), (document, "Notes")]
    assert {each.form for each in found} == {Form.LINK}
    assert linked("<p>gmail_drive_chip</p>") == linked("") == ()
