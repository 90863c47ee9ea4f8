"""The vault: sealing with rotating master keys, and run keys that are thrown away with what they sealed.

A sealed value is `version | length of key id | key id | nonce | AES-256-GCM ciphertext`. The head and the caller's
context are authenticated with it, so a value moved to another row or another key's name does not open.

Nonces are random 96-bit numbers, which bounds one key to 2^32 seals. Content of runs is sealed with keys of its own,
so what counts towards the bound is credentials, open conflicts and one wrapped key a run: decades, and every rotation
starts anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync_tasks.security.keys import KEY_BYTES, MasterKey, SecretKeyError

_VERSION = 1
_NONCE = 12
_TAG = 16
RUN_CONTEXT = b"run key"


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
        return self._vault.seal(content, kept_context(self._user, context))

    def open(self, sealed: bytes, context: str) -> bytes:
        return self._vault.open(sealed, kept_context(self._user, context))


def kept_context(user: int, context: str) -> bytes:
    """What a value is bound to that a `KeptBox` sealed."""
    return f"user\0{user}\0{context}".encode()


def credential_context(connection_id: int, name: str) -> bytes:
    """What a credential of a connection is bound to."""
    return f"credential:{connection_id}:{name}".encode()


def consent_context(state: str) -> bytes:
    """What the secrets of a consent under way are bound to."""
    return f"consent:{state}".encode()


def push_context(address: str) -> bytes:
    """What the secret that a vendor shows us is bound to: the hash under which it is looked up."""
    return f"push:{address}".encode()


def secret_context(name: str) -> bytes:
    """What a secret of the installation itself is bound to."""
    return f"secret:{name}".encode()


class _Ring:
    """Keys as ciphers. The master keys themselves seal nothing: each purpose has a key derived for it alone."""

    __slots__ = ("ciphers", "oldest", "writing")

    def __init__(self, keys: Iterable[MasterKey]) -> None:
        ring = tuple(keys)
        if not ring:
            raise SecretKeyError("there is no secret key")
        self.ciphers = {key.id: AESGCM(_derive(key.secret, b"seal")) for key in ring}
        self.writing = ring[0].id
        self.oldest = ring[-1].secret


def _never() -> None:
    """The keys of a process that is told of no others while it lives."""


class Vault:
    """Seals with the first key, opens with whichever key the value names.

    `newer`: the keys, when they are not those it was asked for last; None while they are. It is asked before each seal
    and when a value names a key nobody knows, so that a rotation reaches the processes that are running.
    """

    __slots__ = ("_newer", "_ring")

    def __init__(self, keys: Iterable[MasterKey], newer: Callable[[], Iterable[MasterKey] | None] = _never) -> None:
        self._ring = _Ring(keys)
        self._newer = newer

    @property
    def writing_key(self) -> str:
        """Id of the key that new values are sealed with."""
        return self._catch_up().writing

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all keys, the one for writing first."""
        return tuple(self._catch_up().ciphers)

    def seal(self, content: bytes, context: bytes) -> bytes:
        ring = self._catch_up()
        start = head(ring.writing)
        nonce = os.urandom(_NONCE)
        return start + nonce + ring.ciphers[ring.writing].encrypt(nonce, content, _bound(start, context))

    def open(self, sealed: bytes, context: bytes) -> bytes:
        key_id = self.key_id(sealed)
        cipher = self._ring.ciphers.get(key_id) or self._catch_up().ciphers.get(key_id)
        if cipher is None:
            raise UnknownKeyError(key_id)
        start = 2 + len(key_id)
        return _decrypt(cipher, sealed, start, _bound(sealed[:start], context))

    def _catch_up(self) -> _Ring:
        keys = self._newer()
        if keys is not None:
            self._ring = _Ring(keys)
        return self._ring

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
        if self.key_id(sealed) == self.writing_key:
            return None
        return self.seal(self.open(sealed, context), context)

    def run_key(self) -> bytes:
        """A new data key for one run, wrapped. Only this form may be stored."""
        return self.seal(os.urandom(KEY_BYTES), RUN_CONTEXT)

    def run_box(self, wrapped: bytes) -> RunBox:
        return RunBox(self.open(wrapped, RUN_CONTEXT))

    def kept_box(self, user: int) -> KeptBox:
        return KeptBox(self, user)

    @property
    def fingerprint_root(self) -> bytes:
        """What the keys of fingerprints are made of as long as no other root is kept; see `fingerprint_key`."""
        return _derive(self._ring.oldest, b"fingerprint")


def fingerprint_key(root: bytes, whose: str | int) -> bytes:
    """The key of a user's baselines, or of another set of fingerprints.

    The root comes from the oldest key, because fingerprints can't be made anew without the values: a key that joins at
    the front must not make every item look changed. A rotation keeps the root, sealed, so that it outlives that key.
    """
    return _derive(root, f"fingerprint\0{whose}".encode())


def head(key_id: str) -> bytes:
    """How every value begins that was sealed with this key."""
    encoded = key_id.encode("ascii")
    return bytes((_VERSION, len(encoded))) + encoded


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"inbox-sync\0" + purpose).derive(secret)


def _bound(start: bytes, context: bytes) -> bytes:
    return start + b"\0" + context


def _decrypt(cipher: AESGCM, sealed: bytes, start: int, context: bytes) -> bytes:
    if len(sealed) < start + _NONCE + _TAG:
        raise DamagedError("a sealed value was cut short")
    try:
        return cipher.decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE :], context)
    except InvalidTag:
        raise DamagedError("a sealed value was changed or belongs elsewhere") from None
