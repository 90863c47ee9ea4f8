"""Settings: one catalogue, layers over each other, and clear words when something is wrong."""

from __future__ import annotations

import pytest

from mapping.rules.settings import LEVELS, SETTINGS, find, parse, resolve


def test_without_layers_the_defaults_hold() -> None:
    effective = resolve([])

    assert effective.bool("autosave.meetings") is True
    assert effective.int("autosave.future_days") == 60
    assert effective.text("deletion.events") == "off"
    assert effective.list("blocklist.org") == ()
    assert effective.optional_int("scope.future_days") is None


def test_the_strongest_layer_that_says_something_prevails() -> None:
    effective = resolve(
        [("organization", {"scope.past_days": 30}), ("profile", {}), ("user", {"scope.past_days": "7"})]
    )
    told = effective.explain("scope.past_days")

    assert (told.value, told.layer) == (7, "user")
    assert told.chain == (("default", 14), ("organization", 30), ("user", 7))
    assert effective.explain("scope.future_days").layer == "default"


def test_names_of_another_product_are_understood() -> None:
    effective = resolve([("organization", {"ServiceSyncNotRespondedInvitations": 1})])

    assert effective.bool("invitations.unanswered") is True
    assert effective.bool("ServiceSyncNotRespondedInvitations") is True


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("autosave.emails", "On", True),
        ("autosave.emails", "0", False),
        ("scope.past_days", " 30 ", 30),
        ("scope.future_days", "none", None),
        ("scope.future_days", "90", 90),
        ("deletion.events", "own", "own"),
        ("blocklist.org", "a.example, b@c.example ,", ("a.example", "b@c.example")),
        ("blocklist.org", "", ()),
    ],
)
def test_texts_are_read_as_their_setting_means(name: str, text: str, value: object) -> None:
    assert parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("autosave.emails", "maybe", "must be true or false"),
        ("scope.past_days", "two weeks", "must be a whole number"),
        ("scope.past_days", "", "must be a whole number"),
        ("scope.past_days", "-1", "must not be below 0"),
        ("scope.future_days", "far", "or none"),
        ("deletion.events", "everything", "must be one of off, own, all"),
        ("autosave.email_mode", "5", "must be one of 0, 1, 2, 3, 4"),
    ],
)
def test_a_wrong_text_is_refused_with_what_is_allowed(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(name, text)


@pytest.mark.rule("FLT-4")
@pytest.mark.parametrize("entry", ["*.example", "a b", ".example", "@"])
def test_block_lists_take_no_wildcards(entry: str) -> None:
    with pytest.raises(ValueError, match="without wildcards"):
        parse("blocklist.user", entry)


@pytest.mark.parametrize("value", [1.5, ["x"], None, 2])
def test_a_value_of_the_wrong_type_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"organization: autosave\.meetings must be true or false"):
        resolve([("organization", {"autosave.meetings": value})])


@pytest.mark.parametrize("value", [True, 1.5, ["x"], None])
def test_a_truth_value_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        resolve([("organization", {"scope.past_days": value})])


def test_lists_may_be_given_as_lists() -> None:
    assert resolve([("user", {"blocklist.user": ["a.example"]})]).list("blocklist.user") == ("a.example",)


def test_a_setting_is_refused_where_it_may_not_be_set() -> None:
    with pytest.raises(ValueError, match=r"user: blocklist\.org may be set for organization, preset, profile only"):
        resolve([("user", {"blocklist.org": ()})])


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match=r"there is no setting autosave\.meeting; did you mean autosave\.meetings"):
        find("autosave.meeting")
    with pytest.raises(ValueError, match=r"there is no setting zzzzqqq$"):
        find("zzzzqqq")


def test_asking_for_another_type_is_a_mistake_in_the_program() -> None:
    with pytest.raises(TypeError, match=r"autosave\.meetings is no int"):
        resolve([]).int("autosave.meetings")
    with pytest.raises(TypeError, match=r"scope\.future_days is no int"):
        resolve([]).int("scope.future_days")


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=str)
def test_every_setting_is_described_and_its_default_is_allowed(setting: object) -> None:
    assert setting.text.endswith((".", "limit.", "known."))  # type: ignore[attr-defined]
    assert set(setting.levels) <= set(LEVELS)  # type: ignore[attr-defined]
    allowed = setting.allowed  # type: ignore[attr-defined]
    assert not allowed or setting.default in allowed  # type: ignore[attr-defined]
    assert setting.default is None or type(setting.default) is setting.type  # type: ignore[attr-defined]


def test_no_alias_means_two_settings() -> None:
    names = [*SETTINGS, *(alias for setting in SETTINGS.values() for alias in setting.aliases)]

    assert len(names) == len(set(names))


def test_a_list_of_columns_takes_api_names_only() -> None:
    assert parse("events.appended", "Outcome__c, Type") == ("Outcome__c", "Type")
    with pytest.raises(ValueError, match=r"events\.appended takes API names of Salesforce columns, not 'Out come'"):
        parse("events.appended", "Type, Out come")
