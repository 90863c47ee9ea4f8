"""The vault: sealing with rotating master keys, and run keys that are thrown away with what they sealed.

A sealed value is `version | length of key id | key id | nonce | AES-256-GCM ciphertext`. The head and the caller's
context are authenticated with it, so a value moved to another row or another key's name does not open.

Nonces are random 96-bit numbers, which bounds one key to 2^32 seals. Content of runs is sealed with keys of its own,
so what counts towards the bound is credentials, open conflicts and one wrapped key a run: decades, and every rotation
starts anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync_tasks.security.keys import KEY_BYTES, MasterKey, SecretKeyError

_VERSION = 1
_NONCE = 12
_TAG = 16
_RUN_CONTEXT = b"run key"


class VaultError(Exception):
    """A sealed value can't be opened. The text never holds content."""


class DamagedError(VaultError):
    """The value was changed, cut, or belongs to another context."""


class UnknownKeyError(VaultError):
    """The value was sealed with a key that this vault does not hold."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"secret key {key_id!r} is not among the keys of this installation")
        self.key_id = key_id


class RunBox:
    """Seals what one run stages. Without the wrapped key in the run's row nothing of it can be read again."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, context: bytes = b"") -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, context)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes:
        return _decrypt(self._cipher, sealed, 0, context)


class KeptBox:
    """Seals what must outlive a run, of one user: under the keys of the installation, and of no use with another's."""

    __slots__ = ("_user", "_vault")

    def __init__(self, vault: Vault, user: int) -> None:
        self._vault, self._user = vault, user

    def seal(self, content: bytes, context: str) -> bytes:
        return self._vault.seal(content, self._of(context))

    def open(self, sealed: bytes, context: str) -> bytes:
        return self._vault.open(sealed, self._of(context))

    def _of(self, context: str) -> bytes:
        return f"user\0{self._user}\0{context}".encode()


class Vault:
    """Seals with the first key, opens with whichever key the value names."""

    __slots__ = ("_ciphers", "_oldest", "_writing")

    def __init__(self, keys: Iterable[MasterKey]) -> None:
        ring = tuple(keys)
        if not ring:
            raise SecretKeyError("there is no secret key")
        # The master keys themselves seal nothing: each purpose has a key derived for it alone.
        self._ciphers = {key.id: AESGCM(_derive(key.secret, b"seal")) for key in ring}
        self._writing = ring[0].id
        self._oldest = ring[-1].secret

    @property
    def writing_key(self) -> str:
        """Id of the key that new values are sealed with."""
        return self._writing

    def seal(self, content: bytes, context: bytes) -> bytes:
        key_id = self._writing.encode("ascii")
        head = bytes((_VERSION, len(key_id))) + key_id
        nonce = os.urandom(_NONCE)
        return head + nonce + self._ciphers[self._writing].encrypt(nonce, content, _bound(head, context))

    def open(self, sealed: bytes, context: bytes) -> bytes:
        key_id = self.key_id(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKeyError(key_id)
        start = 2 + len(key_id)
        return _decrypt(cipher, sealed, start, _bound(sealed[:start], context))

    @staticmethod
    def key_id(sealed: bytes) -> str:
        """Which key a value was sealed with."""
        if len(sealed) < 2 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1]:
            raise DamagedError("this is not a sealed value")
        try:
            return sealed[2 : 2 + sealed[1]].decode("ascii")
        except UnicodeDecodeError:
            raise DamagedError("this is not a sealed value") from None

    def reseal(self, sealed: bytes, context: bytes) -> bytes | None:
        """The value under the writing key, or None when it is there already. Rotating walks all rows with this."""
        if self.key_id(sealed) == self._writing:
            return None
        return self.seal(self.open(sealed, context), context)

    def run_key(self) -> bytes:
        """A new data key for one run, wrapped. Only this form may be stored."""
        return self.seal(os.urandom(KEY_BYTES), _RUN_CONTEXT)

    def run_box(self, wrapped: bytes) -> RunBox:
        return RunBox(self.open(wrapped, _RUN_CONTEXT))

    def kept_box(self, user: int) -> KeptBox:
        return KeptBox(self, user)

    def fingerprint_key(self, user: str | int) -> bytes:
        """The key of a user's baselines.

        It comes from the oldest key, because fingerprints can't be made anew without the values: a key that joins at
        the front must not make every item look changed. When the oldest key is dropped the baselines lose their
        meaning once, and the next run compares the two sides directly, as a first run does.
        """
        return _derive(self._oldest, f"fingerprint\0{user}".encode())


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"inbox-sync\0" + purpose).derive(secret)


def _bound(head: bytes, context: bytes) -> bytes:
    return head + b"\0" + context


def _decrypt(cipher: AESGCM, sealed: bytes, start: int, context: bytes) -> bytes:
    if len(sealed) < start + _NONCE + _TAG:
        raise DamagedError("a sealed value was cut short")
    try:
        return cipher.decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE :], context)
    except InvalidTag:
        raise DamagedError("a sealed value was changed or belongs elsewhere") from None
