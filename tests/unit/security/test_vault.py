"""What is sealed opens only whole, in its own context, and while its key exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_tasks.security.keys import KeyFile, MasterKey, SecretKeyError, add_key, drop_keys, file_keys
from sync_tasks.security.vault import DamagedError, UnknownKeyError, Vault, fingerprint_key

OLD, NEW = MasterKey("old", b"o" * 32), MasterKey("new", b"n" * 32)


@given(content=st.binary(max_size=400), context=st.binary(max_size=40))
def test_opens_what_it_sealed(content: bytes, context: bytes) -> None:
    vault = Vault([OLD])
    assert vault.open(vault.seal(content, context), context) == content


def test_two_seals_of_one_value_differ() -> None:
    vault = Vault([OLD])
    assert vault.seal(b"same", b"row") != vault.seal(b"same", b"row")


@given(data=st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    vault = Vault([OLD, NEW])
    sealed = bytearray(vault.seal(b"refresh token", b"credential 7"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((DamagedError, UnknownKeyError)):
        vault.open(bytes(sealed), b"credential 7")


@given(length=st.integers(0, 50))
def test_a_cut_value_is_noticed(length: int) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"twenty bytes of text", b"row")
    with pytest.raises(DamagedError):
        vault.open(sealed[: min(length, len(sealed) - 1)], b"row")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    vault = Vault([OLD])
    with pytest.raises(DamagedError):
        vault.open(vault.seal(b"secret", b"credential 7"), b"credential 8")


def test_a_value_renamed_to_another_key_does_not_open() -> None:
    vault = Vault([OLD, NEW])
    with pytest.raises(DamagedError):
        vault.open(vault.seal(b"secret", b"row").replace(b"old", b"new", 1), b"row")


def test_an_unknown_key_is_named_but_shows_nothing_else() -> None:
    sealed = Vault([NEW]).seal(b"secret", b"row")
    with pytest.raises(UnknownKeyError, match="'new'") as raised:
        Vault([OLD]).open(sealed, b"row")
    assert raised.value.key_id == "new"


def test_rotation_keeps_old_values_readable_until_they_are_sealed_again() -> None:
    sealed = Vault([OLD]).seal(b"secret", b"row")
    both = Vault([NEW, OLD])
    assert both.writing_key == "new"
    assert both.open(sealed, b"row") == b"secret"

    resealed = both.reseal(sealed, b"row")
    assert resealed is not None
    assert Vault([NEW]).open(resealed, b"row") == b"secret"
    assert both.reseal(resealed, b"row") is None


def test_run_content_dies_with_the_wrapped_key() -> None:
    vault = Vault([OLD])
    wrapped = vault.run_key()
    staged = vault.run_box(wrapped).seal(b"mail", b"work:1")
    assert vault.run_box(wrapped).open(staged, b"work:1") == b"mail"
    with pytest.raises(DamagedError):
        vault.run_box(vault.run_key()).open(staged, b"work:1")
    with pytest.raises(DamagedError):
        vault.run_box(wrapped).open(staged, b"work:2")


def test_a_run_key_survives_the_rotation_of_its_master() -> None:
    wrapped = Vault([OLD]).run_key()
    staged = Vault([OLD]).run_box(wrapped).seal(b"mail")
    assert Vault([NEW, OLD]).run_box(wrapped).open(staged) == b"mail"


def test_a_credential_does_not_pass_for_a_run_key() -> None:
    vault = Vault([OLD])
    with pytest.raises(DamagedError):
        vault.run_box(vault.seal(b"k" * 32, b"credential"))


def test_fingerprint_keys_differ_by_user_and_outlive_a_rotation() -> None:
    before, after = Vault([OLD]).fingerprint_root, Vault([NEW, OLD]).fingerprint_root
    assert fingerprint_key(before, 1) == fingerprint_key(after, 1)
    assert fingerprint_key(before, 1) != fingerprint_key(before, 2)
    assert len(fingerprint_key(before, 1)) == 32


def test_keys_that_come_and_go_while_a_process_lives_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    held = KeyFile(path)
    vault = Vault(held.keys(), held.newer)
    first = vault.writing_key
    before = vault.seal(b"secret", b"row")

    second = add_key(path)
    elsewhere = Vault(file_keys(path)).seal(b"of another process", b"row")

    assert vault.open(elsewhere, b"row") == b"of another process"
    assert vault.key_id(vault.seal(b"more", b"row")) == second.id
    assert vault.open(before, b"row") == b"secret"
    drop_keys(path, [second.id])
    assert vault.key_ids == (second.id,)
    with pytest.raises(UnknownKeyError, match=first):
        vault.open(before, b"row")


def test_a_key_file_that_is_gone_leaves_a_living_process_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    held = KeyFile(path)
    vault = Vault(held.keys(), held.newer)
    path.unlink()

    assert vault.open(vault.seal(b"secret", b"row"), b"row") == b"secret"
    assert not path.exists()


def test_a_vault_without_keys_is_refused() -> None:
    with pytest.raises(SecretKeyError):
        Vault([])


def test_what_is_kept_of_a_user_opens_for_that_user_alone_and_after_a_rotation() -> None:
    sealed = Vault([OLD]).kept_box(1).seal(b"both values", "conflict 7")
    rotated = Vault([NEW, OLD])
    assert rotated.kept_box(1).open(sealed, "conflict 7") == b"both values"
    with pytest.raises(DamagedError):
        rotated.kept_box(2).open(sealed, "conflict 7")
    with pytest.raises(DamagedError):
        rotated.kept_box(1).open(sealed, "conflict 8")
