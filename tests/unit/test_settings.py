"""Where settings come from, which are refused, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from sync_tasks.security.keys import MasterKey
from sync_tasks.settings import SecretsMissingError, Settings, UnknownSettingError


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_anything_the_embedded_default(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.home == tmp_path / ".inbox-sync"
    assert settings.database_url == f"sqlite:///{tmp_path}/.inbox-sync/inbox-sync.db"
    assert settings.redis_url == "embedded"
    assert not settings.home.exists()  # reading settings leaves no trace


def test_the_home_takes_the_database_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_HOME", "elsewhere")
    assert Settings().database_url == f"sqlite:///{tmp_path}/elsewhere/inbox-sync.db"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inbox-sync.toml").write_text("shards = 8\ninterval_seconds = 600\n")
    monkeypatch.setenv("INBOX_SYNC_SHARDS", "2")
    settings = Settings()
    assert (settings.shards, settings.interval_seconds) == (2, 600)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_REDIS_URL", "")
    assert Settings().redis_url == "embedded"


def test_a_mistyped_variable_is_answered_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_DATABSE_URL", "sqlite:///x.db")
    with pytest.raises(UnknownSettingError, match=r"DATABSE_URL.*did you mean INBOX_SYNC_DATABASE_URL"):
        Settings()


def test_a_mistyped_key_of_the_file_likewise(tmp_path: Path) -> None:
    (tmp_path / "inbox-sync.toml").write_text("lease_second = 8\n")
    with pytest.raises(UnknownSettingError, match=r"inbox-sync\.toml sets lease_second.*did you mean lease_seconds"):
        Settings()


@pytest.mark.parametrize("name", ["VENDOR_SCHEMAS", "CUMULUSCI_WHEEL", "TEST_PROFILE"])
def test_variables_of_tests_and_tools_are_let_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"INBOX_SYNC_{name}", "x")
    Settings()


def test_clocks_must_outlast_one_another() -> None:
    with pytest.raises(ValidationError, match="stage_hard_seconds must be less than visibility_timeout"):
        Settings(visibility_timeout=900)


def test_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = MasterKey.generate("new"), MasterKey.generate("old")
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", f"{new.text()},{old.text()}")
    assert Settings().master_keys() == (new, old)


def test_keys_are_made_once_when_nobody_gives_any() -> None:
    assert Settings().master_keys() == Settings().master_keys()


def test_a_key_that_is_none_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", "main:c2VjcmV0")
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert "c2VjcmV0" not in str(raised.value)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = MasterKey.generate("main").text()
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", key)
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", "postgresql://sync:hunter2@db:5432/sync")
    monkeypatch.setenv("INBOX_SYNC_REDIS_URL", "redis://:hunter2@cache:6379/0")
    monkeypatch.setenv("INBOX_SYNC_FLOWER_PASSWORD", "hunter2")
    settings = Settings()
    for text in (repr(settings), str(settings), str(settings.shown())):
        assert "hunter2" not in text
        assert key.partition(":")[2] not in text
    assert settings.shown()["database_url"] == "postgresql://sync:***@db:5432/sync"


def test_settings_stay_as_they_are() -> None:
    with pytest.raises(ValidationError):
        Settings().shards = 9


def test_a_folder_of_files_gives_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "inbox_sync_redis_url").write_text("redis://:word@redis:6379/0\n")
    (folder / "inbox_sync_flower_password").write_text("open sesame\n")
    monkeypatch.setenv("INBOX_SYNC_SECRETS_DIR", str(folder))
    settings = Settings()
    assert settings.redis_url == "redis://:word@redis:6379/0"
    assert settings.flower_password.get_secret_value() == "open sesame"
    assert {"word", "open sesame"} <= set(settings.secret_texts())
    monkeypatch.setenv("INBOX_SYNC_REDIS_URL", "redis://other")
    assert Settings().redis_url == "redis://other"


def test_a_mistyped_file_of_a_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inbox_sync_secret_key").write_text("x")
    monkeypatch.setenv("INBOX_SYNC_SECRETS_DIR", str(tmp_path))
    with pytest.raises(UnknownSettingError, match=r"SECRET_KEY.*did you mean INBOX_SYNC_SECRET_KEYS"):
        Settings()


def test_a_folder_of_secrets_that_is_not_there_is_no_reason_to_go_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_SYNC_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SecretsMissingError, match="nowhere"):
        Settings()
