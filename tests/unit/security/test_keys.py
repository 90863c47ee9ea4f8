"""Master keys as text and as a file."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync_tasks.security.keys import MasterKey, SecretKeyError, add_key, drop_keys, file_keys, parse_keys


def test_written_and_read_again() -> None:
    key = MasterKey.generate("main")
    assert MasterKey.parse(key.text()) == key


@pytest.mark.parametrize(
    "text",
    [
        "", "nocolon", ":" + base64.b64encode(b"x" * 32).decode(), "Upper:" + base64.b64encode(b"x" * 32).decode(),
        "a:not base64!", "a:" + base64.b64encode(b"x" * 31).decode(),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SecretKeyError) as raised:
        MasterKey.parse(text)
    encoded = text.partition(":")[2]
    assert not encoded or encoded not in str(raised.value)


def test_no_secret_in_a_representation() -> None:
    key = MasterKey("main", b"s3cr3t" * 5 + b"xx")
    assert "s3cr3t" not in repr(key)


def test_an_id_stands_for_one_key() -> None:
    with pytest.raises(SecretKeyError, match="main"):
        parse_keys([MasterKey.generate("main").text(), MasterKey.generate("main").text()])


def test_the_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    first = file_keys(path)
    assert file_keys(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_many_starters_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(file_keys, [path] * 32))) == 1


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    file_keys(path)
    path.chmod(0o640)
    with pytest.raises(SecretKeyError, match="chmod 600"):
        file_keys(path)


def test_a_new_key_comes_first_and_old_ones_can_be_dropped(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    (old,) = file_keys(path)
    new = add_key(path)
    assert file_keys(path) == (new, old)
    drop_keys(path, [new.id])
    assert file_keys(path) == (new,)
    with pytest.raises(SecretKeyError, match="last"):
        drop_keys(path, [])


def test_of_keys_added_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    (first,) = file_keys(path)

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: add_key(path), range(24)))

    assert set(file_keys(path)) == {first, *added}
