"""Presets, profiles, locks and the history of settings at the console."""

from __future__ import annotations

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console

pytestmark = pytest.mark.rule("TOP-16")


@pytest.fixture
def sales(console: Console, company: Company) -> Console:
    """Ann is in profile Sales, which starts from a shipped preset."""
    console.done("profile", "create", "Sales", "--preset", "mail-on-request", "--text", "Who sells")
    console.done("profile", "assign", "Sales", ANN)
    return console


@pytest.mark.point("1.10.1")
def test_the_layer_that_decides_is_named_with_what_the_others_say(sales: Console) -> None:
    sales.done("config", "set", "threads.enabled", "no")
    sales.done("config", "set", "threads.enabled", "no", "--profile", "Sales")
    sales.done("config", "set", "threads.enabled", "yes", "--user", ANN)
    told = sales.json("config", "explain", "threads.enabled", "--user", ANN)
    assert (told["value"], told["from"], told["lock"], told["fixed"]) == (True, "user", "", "")
    assert [(each["layer"], each["value"]) for each in told["chain"]] == [
        ("default", False), ("organization", False), ("preset", True), ("profile", False), ("user", True),
    ]  # fmt: skip
    assert sales.json("config", "explain", "threads.enabled", "--preset", "mail-on-request")["from"] == "preset"
    assert sales.json("config", "explain", "threads.enabled", "--profile", "Sales")["from"] == "profile"


@pytest.mark.point("1.10.4")
def test_a_lock_is_told_and_refuses_with_what_to_do(sales: Console) -> None:
    sales.done("config", "set", "threads.enabled", "yes", "--user", ANN)
    locked = sales.json("config", "set", "threads.enabled", "no", "--profile", "Sales", "--lock")
    assert (locked["value"], locked["lock"]) == (False, "profile")

    said = sales.done("config", "explain", "threads.enabled", "--user", ANN)
    assert "locked by the profile" in said
    assert "not heard: locked" in said
    assert sales.json("config", "effective", "--user", ANN)["threads.enabled"] == {
        "value": False, "from": "profile", "lock": "profile",
    }  # fmt: skip
    for words in (("config", "set", "threads.enabled", "yes"), ("config", "unset", "threads.enabled")):
        refused = sales(*words, "--user", ANN)
        assert refused.code == 2
        assert "locked by the profile; an administrator has to unlock it" in refused.err
    assert sales.json("config", "unlock", "threads.enabled", "--profile", "Sales")["lock"] == ""
    assert sales.json("config", "explain", "threads.enabled", "--user", ANN)["value"] is True

    assert sales.json("config", "lock", "autosave.meetings")["lock"] == "organization"
    assert sales("config", "set", "autosave.meetings", "no", "--profile", "Sales").code == 2
    assert sales("config", "unlock", "autosave.emails").code == 3
    assert sales("config", "set", "autosave.emails", "no", "--user", ANN, "--lock").code == 2
    sales.done("config", "lock", "blocklist.user")
    refused = sales("block", "add", ANN, "rival.example")
    assert (refused.code, "locked by the organization" in refused.err) == (2, True)


def test_two_of_anything_are_compared(sales: Console) -> None:
    rows = sales.json("config", "diff", ANN, "profile:Sales")
    assert rows == []
    assert "do not differ" in sales.done("config", "diff", ANN, "profile:Sales")
    sales.done("config", "set", "scope.past_days", "90", "--user", ANN)
    (row,) = sales.json("config", "diff", ANN, "profile:Sales")
    assert (row["name"], row["left"], row["left_from"], row["right"], row["right_from"]) == (
        "scope.past_days", 90, "user", 14, "default",
    )  # fmt: skip
    differing = {row["name"] for row in sales.json("config", "diff", "preset:everything", "preset:read-only")}
    assert {"events.way", "tasks.enabled", "autosave.emails"} <= differing
    assert {row["name"] for row in sales.json("config", "diff", "organization")} == {"domains.internal"}
    assert "scope.past_days" in sales.done("config", "diff", ANN)
    for word, code, words in (
        ("Sales", 2, "no ADDRESS, profile:NAME"), ("profile:Sails", 3, "did you mean Sales"),
        ("preset:every", 3, "did you mean everything"), ("eve@acme.example", 3, "user list"),
    ):  # fmt: skip
        refused = sales("config", "diff", word)
        assert (refused.code, words in refused.err) == (code, True), refused


@pytest.mark.point("1.10.6")
def test_what_was_changed_is_told_and_taken_back(sales: Console) -> None:
    sales.done("config", "set", "scope.past_days", "30", "--profile", "Sales", "--lock")
    sales.done("config", "set", "scope.past_days", "60", "--profile", "Sales", "--unlock")
    first, second = sales.json("config", "history", "scope.past_days", "--profile", "Sales")[::-1]
    assert (first["before"], first["after"], first["locked"], first["of"]) == (None, 30, True, "profile Sales")
    assert (second["before"], second["was_locked"], second["after"], second["by"]) == (30, True, 60, "console")
    assert "30 (locked)" in sales.done("config", "history")

    undone = sales.json("config", "undo", str(second["number"]))
    assert (undone["value"], undone["lock"]) == (30, "profile")
    assert sales.json("config", "undo", str(first["number"]))["from"] == "default"
    assert sales("config", "undo", "9999").code == 3


def test_own_values_go_when_somebody_resets_them_or_a_profile_is_applied_over_them(sales: Console) -> None:
    sales.done("block", "add", ANN, "rival.example")
    for how in (
        ("config", "reset", ANN), ("profile", "apply", "Sales", "--override"),
        ("profile", "assign", "Sales", "--all", "--override"),
    ):  # fmt: skip
        sales.done("config", "set", "scope.past_days", "90", "--user", ANN)
        sales.done("profile", "apply", "Sales")
        assert sales.json("config", "explain", "scope.past_days", "--user", ANN)["value"] == 90
        sales.done(*how)
        assert sales.json("config", "explain", "scope.past_days", "--user", ANN)["value"] == 14
    assert sales.json("config", "explain", "blocklist.user", "--user", ANN)["value"] == ["rival.example"]
    assert "had set nothing" in sales.done("config", "reset", ANN)


@pytest.mark.point("1.10.2")
def test_presets_are_made_of_what_is_there(sales: Console) -> None:
    sales.done("config", "set", "scope.past_days", "90", "--user", ANN)
    made = sales.json("preset", "create", "As Ann", "--from-user", ANN)
    assert made["values"] == {
        "scope.past_days": 90, "autosave.meetings": True, "autosave.emails": False, "threads.enabled": True,
        "threads.by_default": False, "domains.internal": ["acme.example"],
    }  # fmt: skip
    sales.done("preset", "create", "Like it", "--copy", "As Ann")
    sales.done("preset", "create", "Sales", "--from-profile", "Sales", "--text", "As Sales was")
    sales.done("config", "set", "scope.past_days", "10", "--preset", "As Ann")
    assert sales.json("preset", "show", "Like it")["values"]["scope.past_days"] == 90
    sales.done("profile", "set", "Sales", "--preset", "As Ann")
    assert sales.json("profile", "show", "Sales")["preset"] == "As Ann"
    assert {row["name"]: row["profiles"] for row in sales.json("preset")}["As Ann"] == ["Sales"]
    assert "As Sales was" in sales.done("preset", "list")

    assert "starts from preset" in sales("preset", "delete", "As Ann").err
    assert "comes with the product" in sales("preset", "delete", "everything").err
    assert "make a copy" in sales("config", "set", "scope.past_days", "9", "--preset", "everything").err
    sales.done("preset", "delete", "Like it")
    assert sales("preset", "show", "Like it").code == 3
    assert sales("preset", "create", "everything").code == 2
    assert sales("preset", "create", "x", "--copy", "everything", "--from-user", ANN).code == 2


def test_a_new_user_may_begin_in_a_profile(sales: Console) -> None:
    sales.done("user", "add", "ben@acme.example", "--crm-user", "005000000000002AAA", "--profile", "Sales")
    assert sales.json("profile", "show", "Sales")["users"] == [ANN, "ben@acme.example"]
    assert sales("user", "add", "cem@acme.example", "--crm-user", "005", "--profile", "Sails").code == 3
    assert sales("user", "show", "cem@acme.example").code == 3


@pytest.mark.point("1.4.3")
def test_a_profile_goes_only_when_nobody_is_left_in_it(sales: Console) -> None:
    assert sales.json("profile")[0]["users"] == [ANN]
    assert "Who sells" in sales.done("profile", "show", "Sales")
    refused = sales("profile", "delete", "Sales")
    assert (refused.code, "1 user is in profile Sales" in refused.err) == (2, True)
    assert "no profile" in sales.done("profile", "unassign", ANN)
    sales.done("profile", "delete", "Sales")
    sales.done("profile", "create", "Service")
    sales.done("profile", "assign", "Service", ANN)
    sales.done("profile", "delete", "Service", "--force")
    assert sales.json("profile") == []
    assert "no profile yet" in sales.done("profile")


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        (("profile", "create", "Sales"), 2, "there is a profile Sales already"),
        (("profile", "create", " "), 2, "1 to 80 characters"),
        (("profile", "create", "New", "--preset", "all"), 2, "known: calendar-only"),
        (("profile", "set", "Sales"), 2, "--preset NAME, --text TEXT"),
        (("profile", "assign", "Sales"), 2, "name the users, or say --all"),
        (("profile", "assign", "Sails", ANN), 3, "did you mean Sales"),
        (("config", "explain", "scope.past_days", "--user", ANN, "--profile", "Sales"), 2, "exclude each other"),
        (("config", "set", "blocklist.removed", "x.example"), 2, "may be set for user only"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_with_what_would_be_right(
    sales: Console, words: tuple[str, ...], code: int, advice: str
) -> None:
    refused = sales(*words)
    assert (refused.code, advice in refused.err) == (code, True), refused
