"""Changing the keys of the installation while it runs: a new one seals, the old ones are read until nothing needs them.

What a rotation has to put under the new key is one table, `SEALED`. It goes on in small steps that prove what they
replace, so it may be killed and begun again, and whoever writes meanwhile wins: what is written is under the new key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sync_tasks.bootstrap import FINGERPRINTS, App
from sync_tasks.security.keys import add_key, drop_keys
from sync_tasks.security.vault import (
    RUN_CONTEXT,
    VaultError,
    consent_context,
    credential_context,
    head,
    kept_context,
    push_context,
    secret_context,
)
from sync_tasks.stages import disputes, imaging, intents, threads, unresolved

STEP = 200  # values in one transaction


class KeyInUseError(Exception):
    """A key cannot be retired yet; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of values under the keys of the installation. `context`: what a value is bound to, from the columns
    `bound` of its row."""

    table: str
    column: str
    bound: tuple[str, ...]
    context: Callable[..., bytes]

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


def _kept(context: Callable[..., str], user_id: int, *bound: str) -> bytes:
    return kept_context(user_id, context(*bound))


SEALED = (
    Sealed("credential", "sealed", ("connection_id", "name"), credential_context),
    Sealed("sync_run", "run_key", (), lambda: RUN_CONTEXT),
    Sealed("conflict", "sealed", ("user_id", "key", "field"), partial(_kept, disputes.context_of)),
    Sealed("unresolved", "sealed", ("user_id", "name"), partial(_kept, unresolved.context_of)),
    Sealed("intent", "sealed", ("user_id", "key", "item"), partial(_kept, intents.context_of)),
    Sealed("thread_follower", "sealed", ("user_id",), partial(_kept, lambda: threads.VALUES)),
    Sealed("journal", "key", ("user_id", "run_id"), partial(_kept, imaging.context_of)),
    Sealed("consent", "sealed", ("state",), consent_context),
    Sealed("push_subscription", "sealed", ("address",), push_context),
    Sealed("kept_secret", "sealed", ("name",), secret_context),
)
# under the key of their run, which stands wrapped in `sync_run.run_key`: a rotation has nothing to do with them
UNDER_RUN_KEYS = ("staged_item.sealed", "operation.sealed", "before_image.sealed")


@dataclass(slots=True)
class Rotation:
    """`key`: what seals now; `made`: it is new. By column: `resealed`, and `unreadable`, which no key opens."""

    key: str
    made: bool
    resealed: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """`held`: among the keys of this installation. `values`: how many it seals, by column."""

    id: str
    writes: bool
    held: bool
    values: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.values.values())


def rotate(app: App) -> Rotation:
    """Make a new key, where the keys stand in the file, and put everything under it; or go on with what was left.

    Keys that stand in a setting are not ours to make: then everything is put under the first of them.
    """
    _keep_fingerprints(app)
    fresh = not app.settings.secret_keys and not _unfinished(app)
    if fresh:
        add_key(app.settings.key_file)
    told = Rotation(app.vault.writing_key, fresh)
    for sealed in SEALED:
        _reseal(app, sealed, told)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), "console", "keys.rotate", told.key, **dict(told.resealed))
    return told


def uses(app: App) -> list[KeyUse]:
    """Each key of the installation, the one that seals first, then those that values name but nobody holds."""
    ids, writing = app.vault.key_ids, app.vault.writing_key
    return [_use(app, key, held=True, writes=key == writing) for key in ids] + [
        _use(app, key, held=False) for key in missing(app)
    ]


def missing(app: App) -> list[str]:
    """Ids of keys that values were sealed with, and that this installation does not hold."""
    known, found = list(app.vault.key_ids), []
    with app.store.reading() as unit:
        for each in SEALED:
            while rows := unit.sealed.rest(each.table, each.column, (), map(head, known), limit=1):
                found.append(app.vault.key_id(rows[0].sealed))
                known.append(found[-1])
    return found


def retire(app: App, key_id: str) -> bool:
    """Take a key out of the key file; False when the keys stand in a setting, from which it may be taken now.

    Raises KeyInUseError while it is needed, LookupError when there is no such key.
    """
    if key_id not in app.vault.key_ids:
        raise LookupError(key_id)
    if key_id == app.vault.writing_key:
        raise KeyInUseError(f"{key_id} is the key that seals now; `inbox-sync keys rotate` makes another one")
    _keep_fingerprints(app)
    still = _use(app, key_id, held=True)
    if still.total:
        columns = ", ".join(f"{name} {count}" for name, count in still.values.items())
        raise KeyInUseError(f"{key_id} still seals {columns}; run `inbox-sync keys rotate` first")
    in_file = not app.settings.secret_keys
    if in_file:
        drop_keys(app.settings.key_file, [key for key in app.vault.key_ids if key != key_id])
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), "console", "keys.retire", key_id, dropped=in_file)
    return in_file


def _keep_fingerprints(app: App) -> None:
    """Keep what fingerprints are made with, before the key it comes from can go."""
    sealed = app.vault.seal(app.vault.fingerprint_root, secret_context(FINGERPRINTS))
    with app.store.writing() as unit:
        unit.sealed.keep_secret(FINGERPRINTS, sealed)


def _unfinished(app: App) -> bool:
    """Is anything sealed with a key that is held, but not the one that seals now?"""
    return any(use.total for use in uses(app) if use.held and not use.writes)


def _use(app: App, key_id: str, *, held: bool, writes: bool = False) -> KeyUse:
    with app.store.reading() as unit:
        found = {each.name: unit.sealed.count(each.table, each.column, head(key_id)) for each in SEALED}
    return KeyUse(key_id, writes, held, {name: count for name, count in found.items() if count})


def _reseal(app: App, each: Sealed, told: Rotation) -> None:
    after: tuple[object, ...] = ()
    while True:
        with app.store.writing() as unit:
            rows = unit.sealed.rest(
                each.table, each.column, each.bound, [head(told.key)], after=after, limit=STEP
            )  # fmt: skip
            for row in rows:
                try:
                    sealed = app.vault.reseal(row.sealed, each.context(*row.bound))
                except VaultError:
                    told.unreadable[each.name] += 1
                    continue
                if sealed is not None and unit.sealed.replace(each.table, each.column, row, sealed):
                    told.resealed[each.name] += 1
        if len(rows) < STEP:
            return
        after = rows[-1].key
