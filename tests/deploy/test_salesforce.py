"""The metadata for Salesforce: well-formed, named as the tools expect, and about the fields that the engine uses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from connectors.salesforce.config import SalesforceConfig
from connectors.sandbox.salesforce.facts import KEY_OBJECTS
from mapping.rules.catalogue import SETTINGS
from mapping.rules.identity import email_key
from mapping.rules.once import clone_key, own_key
from sync_tasks.services.consent import CALLBACK
from sync_tasks.settings import Settings
from tests.deploy.commands import DEPLOY

PROJECT = DEPLOY / "salesforce"
FORCE_APP = PROJECT / "force-app" / "main" / "default"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"

# by folder: what files in it end in, and their root element
KINDS = {
    "fields": ("field-meta.xml", "CustomField"),
    "permissionsets": ("permissionset-meta.xml", "PermissionSet"),
    "externalClientApps": ("eca-meta.xml", "ExternalClientApplication"),
    "extlClntAppOauthSettings": ("ecaOauth-meta.xml", "ExtlClntAppOauthSettings"),
    "extlClntAppGlobalOauthSets": ("ecaGlblOauth-meta.xml", "ExtlClntAppGlobalOauthSettings"),
    "extlClntAppOauthPolicies": ("ecaOauthPlcy-meta.xml", "ExtlClntAppOauthConfigurablePolicies"),
}
FILES = sorted(FORCE_APP.rglob("*.xml"))
KEY = Settings.model_fields["salesforce_key_field"].default
(CREATED,) = SETTINGS["resolve.made_flags"].default
ACTIVITY = {"Event": "Activity", "Task": "Activity"}  # fields of both are kept with what they have in common


def root(path: Path) -> etree._Element:
    return etree.fromstring(path.read_bytes())


def text(element: etree._Element, name: str) -> str:
    return element.findtext(f"{{{NAMESPACE}}}{name}") or ""


def member(path: Path) -> tuple[str, str]:
    """Kind and full name of what a file defines."""
    name = path.name.partition(".")[0]
    kind = KINDS[path.parent.name][1]
    return kind, f"{path.parents[1].name}.{name}" if kind == "CustomField" else name


def fields() -> Iterator[tuple[str, etree._Element]]:
    for path in FILES:
        if path.parent.name == "fields":
            yield member(path)[1], root(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_named_and_placed_as_the_tools_expect(path: Path) -> None:
    ending, element = KINDS[path.parent.name]
    assert path.name.partition(".")[2] == ending
    assert root(path).tag == f"{{{NAMESPACE}}}{element}"
    if element == "CustomField":
        assert text(root(path), "fullName") == path.name.partition(".")[0]


def test_the_fields_are_those_that_the_engine_writes() -> None:
    assert SalesforceConfig(client_id="x").key_field == KEY
    keyed = {f"{ACTIVITY.get(each, each)}.{KEY}" for each in KEY_OBJECTS}
    assert {name for name, _ in fields()} == keyed | {f"{each}.{CREATED}" for each in ("Lead", "Contact", "Account")}


def test_a_key_field_makes_creations_repeatable_and_takes_the_longest_key() -> None:
    longest = clone_key(own_key(email_key("acme", "<x@y.example>"), 2**31), 99)
    for name, element in fields():
        if name.endswith(KEY):
            said = {each: text(element, each) for each in ("type", "externalId", "unique", "caseSensitive")}
            assert said == {"type": "Text", "externalId": "true", "unique": "true", "caseSensitive": "false"}
            assert int(text(element, "length")) >= len(longest) + len("nomid:")
        else:
            assert (text(element, "type"), text(element, "defaultValue")) == ("Checkbox", "false")


def test_the_permission_set_opens_every_field_for_event_and_task_alike() -> None:
    """A deployment that names a field of activities for one of the two closes it for the other."""
    granted = root(FORCE_APP / "permissionsets" / "InboxSync.permissionset-meta.xml")
    opened = {
        text(each, "field")
        for each in granted.findall(f"{{{NAMESPACE}}}fieldPermissions")
        if (text(each, "readable"), text(each, "editable")) == ("true", "true")
    }
    wanted = {name for name, _ in fields() if not name.startswith("Activity.")}
    wanted |= {f"{each}.{KEY}" for each in ACTIVITY}
    assert opened == wanted
    assert "ApiEnabled" in {text(each, "name") for each in granted.findall(f"{{{NAMESPACE}}}userPermissions")}


def test_the_elements_of_a_permission_set_stand_together_by_kind() -> None:
    """Salesforce refuses a file in which they do not."""
    tags = [
        etree.QName(each).localname for each in root(FORCE_APP / "permissionsets" / "InboxSync.permissionset-meta.xml")
    ]
    assert tags == sorted(tags)


def test_the_app_is_tied_together_and_asks_for_no_more_than_it_needs() -> None:
    app = FORCE_APP / "externalClientApps" / "InboxSync.eca-meta.xml"
    assert text(root(app), "label") == "Inbox Sync"
    for folder in ("extlClntAppOauthSettings", "extlClntAppGlobalOauthSets", "extlClntAppOauthPolicies"):
        (path,) = (FORCE_APP / folder).glob("*.xml")
        assert text(root(path), "externalClientApplication") == "InboxSync"
    (settings,) = (FORCE_APP / "extlClntAppOauthSettings").glob("*.xml")
    scopes = text(root(settings), "commaSeparatedOauthScopes").split(", ")
    assert scopes == ["Api", "RefreshToken", "OpenID"]
    (shared,) = (FORCE_APP / "extlClntAppGlobalOauthSets").glob("*.xml")
    assert urlsplit(text(root(shared), "callbackUrl")).path == CALLBACK
    (policy,) = (FORCE_APP / "extlClntAppOauthPolicies").glob("*.xml")
    assert text(root(policy), "commaSeparatedPermissionSet") == "InboxSync"


def test_no_secret_of_an_app_is_shipped() -> None:
    for path in FILES:
        assert {"consumerKey", "consumerSecret", "certificate"} & {
            etree.QName(each).localname for each in root(path)
        } == set()


def test_the_manifests_name_every_file_and_nothing_else() -> None:
    named = []
    for path in sorted((PROJECT / "manifest").glob("*.xml")):
        package = root(path)
        assert text(package, "version") == version()
        for types in package.findall(f"{{{NAMESPACE}}}types"):
            named += [(text(types, "name"), each.text) for each in types.findall(f"{{{NAMESPACE}}}members")]
    assert sorted(named) == sorted(member(path) for path in FILES)


def test_the_project_is_of_the_version_that_the_program_speaks() -> None:
    assert version() == Settings.model_fields["salesforce_version"].default


def version() -> str:
    project = json.loads((PROJECT / "sfdx-project.json").read_text())
    assert [each["path"] for each in project["packageDirectories"]] == ["force-app"]
    return str(project["sourceApiVersion"])
