"""How a mailbox is opened, and what is kept in it for its owner to see."""

from __future__ import annotations

import logging
import ssl
from dataclasses import replace

import pytest
from exchangelib.protocol import BaseProtocol
from exchangelib.util import to_xml

from connectors.exchange.marks import with_categories
from connectors.exchange.session import AtOnce, Auth, ExchangeConfig, open_account
from connectors.outlook.facts import CATEGORIES

CONFIG = ExchangeConfig("https://mail.example/EWS/Exchange.asmx", "svc", "secret", "anna@corp.example")
LIST = '<?xml version="1.0"?><categories default="Own" xmlns="CategoryList.xsd">{}</categories>'


def _names(listing: bytes) -> dict[str, str]:
    return {entry.get("name"): entry.get("color") for entry in to_xml(listing).getroot()}


@pytest.mark.parametrize("auth", list(Auth))
def test_an_account_is_opened_without_asking_the_server(auth: Auth) -> None:
    account = open_account(replace(CONFIG, auth=auth), lambda operation: pytest.fail(operation))

    assert account.version.api_version == "Exchange2016"
    assert account.default_timezone.key == "UTC"
    assert isinstance(account.protocol.retry_policy, AtOnce)


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    adapter = BaseProtocol.get_adapter()

    context = adapter.poolmanager.connection_pool_kw["ssl_context"]
    proxied = adapter.proxy_manager_for("http://proxy.example:3128").connection_pool_kw["ssl_context"]

    assert {context.minimum_version, proxied.minimum_version} == {ssl.TLSVersion.TLSv1_2}
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_library_cannot_log_requests_whatever_the_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    for name in ("exchangelib.util", "exchangelib.util.xml"):
        logging.getLogger(name).error("Request XML: secret")
    logging.getLogger("exchangelib.fields").info("Cannot convert value 'secret'")

    assert "secret" not in caplog.text


def test_our_categories_join_those_of_the_user() -> None:
    done = with_categories(LIST.format('<category name="Own" color="3"/>').encode())

    assert done is not None
    assert _names(done) == {"Own": "3", **{name: str(color) for name, color in CATEGORIES.items()}}
    assert with_categories(done) is None


def test_a_category_of_ours_that_the_user_changed_stays_as_it_is() -> None:
    done = with_categories(LIST.format('<category name="salesforce" color="21"/>').encode())

    assert done is not None
    assert _names(done)["salesforce"] == "21"
    assert "Salesforce" not in _names(done)
