"""What the console says of users that do not run, and what it can do about them."""

from __future__ import annotations

import pytest

from mapping.rules.errors import CATALOGUE
from tests.e2e.cli.conftest import ANN, Company, Console

REFUSED = "MAILBOX.PERMANENT.AUTH_REVOKED"


@pytest.mark.rule("TOP-11", "TOP-25")
@pytest.mark.point("1.6.4")
def test_a_suspended_user_is_shown_with_code_words_and_cure_and_resumes_when_connected_anew(
    console: Console, company: Company
) -> None:
    console.done("org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=wrong")
    assert console("run", ANN).code == 1

    told = console.json("user", "status", ANN)
    assert (told["state"], told["cause"], told["error"]["code"]) == ("suspended", "engine", REFUSED)
    assert told["probe_at"] is None
    text = console.done("user", "status", ANN)
    failing = "the connection to mailbox (exchange) is failing"
    for part in (REFUSED, CATALOGUE[REFUSED].user, CATALOGUE[REFUSED].cure, failing):
        assert part in text.replace("\n", " ")
    (notice,) = console.json("notices")
    assert (notice["cause"], notice["address"], notice["times"]) == (REFUSED, "", 0)
    assert "INBOX_SYNC_SMTP_HOST is not set" in console.done("notices")

    console.done("org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=sandbox")

    told = console.json("user", "status", ANN)
    assert (told["status"], told["failures"]) == ("enabled", 0)
    assert console.json("notices") == []
    console.done("run", ANN)
    assert console.json("user", "status", ANN)["state"] == "active"


@pytest.mark.rule("TOP-25")
@pytest.mark.point("1.13.4")
def test_the_states_of_a_life(console: Console, company: Company) -> None:
    assert console.json("user", "status", ANN)["state"] == "not_initialized"
    console.done("run", ANN)
    seen = [console.json("user", "status", ANN)]
    for verb in ("suspend", "pause", "disable"):
        console.done("user", verb, ANN)
        seen.append(console.json("user", "status", ANN))
    for verb in ("pause", "disable"):
        console.done("org", verb, "acme")
        seen.append(console.json("user", "status", ANN))

    assert [(each["state"], each["cause"]) for each in seen] == [
        ("active", ""), ("suspended", "engine"), ("paused", "user"), ("disabled", "administrator"),
        ("paused", "organization"), ("disabled", "organization"),
    ]  # fmt: skip
    assert "acme: disabled" in console.done("org", "show", "acme")
    for verb in ("enable", "resume"):
        console.done("org", verb, "acme")
        console.done("user", verb, ANN)
    assert console.json("user", "status", ANN)["status"] == "enabled"
    done = [action for action, _ in company.audit()]
    assert done[-9:] == [
        "user.suspend", "user.pause", "user.disable", "org.pause", "org.disable", "org.enable", "user.enable",
        "org.resume", "user.resume",
    ]  # fmt: skip


@pytest.mark.rule("TOP-24", "TOP-25")
def test_a_user_is_deleted_once_his_mailbox_holds_nothing_of_ours(console: Console, company: Company) -> None:
    company.appointment("Lunch")
    console.done("run", ANN)

    refused = console("user", "delete", ANN)
    assert refused.code == 1
    assert "--force" in refused.err
    assert console.json("user", "delete", ANN, "--take", "records", "--preview")["operations"]
    assert console.json("user", "reset", ANN, "--take", "links", "--preview")["trigger"] == "parting.look"
    assert "no item and no record would be touched" in console.done("user", "reset", ANN, "--preview")
    assert "taken out: links" in console.done("user", "delete", ANN, "--take", "links")

    assert console("user", "show", ANN).code == 3
    assert company.audit()[-1] == ("user.delete", ANN)


@pytest.mark.rule("TOP-7", "TOP-25")
def test_an_item_that_failed_is_put_back_and_its_cure_is_told(console: Console, company: Company) -> None:
    item = company.appointment("Trip", End="2030-01-01T00:00:00Z")
    console.done("run", ANN)
    assert CATALOGUE["ITEM.DATA.TOO_LONG"].cure in console.done("issues").replace("\n", " ")
    (issue,) = console.json("issues")
    assert issue["error"]["code"] == "ITEM.DATA.TOO_LONG"

    (back,) = console.json("replay", item)

    assert (back["user"], back["kind"]) == (ANN, "event")
    assert item in console.done("replay", item, "--user", ANN).replace("\n", "")
    assert company.audit()[-1] == ("item.replay", ANN)
    assert console("replay", "nothing").code == 3
    assert console("replay", "1").code == 3  # nothing of it failed


@pytest.mark.rule("TOP-11")
@pytest.mark.point("1.8.2")
def test_the_catalogue_of_errors_is_listed_and_looked_up(console: Console) -> None:
    assert len(console.json("errors")) == len(CATALOGUE)
    assert {each["class"] for each in console.json("errors", "salesforce.transient")} == {"TRANSIENT"}
    (found,) = console.json("errors", "UNABLE_TO_LOCK_ROW")
    assert (found["code"], found["retryable"]) == ("ITEM.TRANSIENT.BUSY", True)
    text = console.done("errors", REFUSED.lower())
    assert f"({REFUSED})" in text
    assert "cure: Give the credentials anew" in text
    assert "RUN.BUG.UNEXPECTED" in console.done("errors")
    assert "did you mean" in console("errors", "MAILBOX.PERMANENT.AUTH_REVOKE_").err
