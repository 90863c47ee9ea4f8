"""What is looked after in a mailbox once a day: our entries in the list of categories, which its owner may have removed
(WAY-14), and the further mail folders that he wants looked at, of which new ones may have come (WAY-9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from mapping.model.item import MORE_MAIL
from sync_tasks.stages.context import StageContext

EVERY = timedelta(days=1)

Folders = Mapping[str, str]  # role -> vendor id


def tend(ctx: StageContext) -> list[str]:
    """Look after the mailbox if it is time; returns the roles of its further mail folders. A setting that changed is
    looked at right away, and costs one call."""
    with ctx.store.reading() as unit:
        learnt = unit.accounts.learnt(ctx.user.org_id, ctx.user.id)
    wanted, without = ctx.settings.list("email.folders"), ctx.settings.list("email.folders_excluded")
    asked = learnt.get("mail_folders", [[], []]) == [list(wanted), list(without)]
    kept: Folders = learnt.get("folders", {})
    due = "tended_at" not in learnt or ctx.now() - datetime.fromisoformat(learnt["tended_at"]) >= EVERY
    if ctx.preview or not (due or not asked):
        return _further(kept) if asked else []
    if due and kept:  # the first run makes them anyway
        kept = {**kept, **ctx.mailbox.folders(())}  # one that was made again stands elsewhere
    found = ctx.mailbox.mail_folders(wanted, without) if wanted else {}
    own = {role: place for role, place in kept.items() if not role.startswith(MORE_MAIL)}
    with ctx.fenced() as unit:
        unit.accounts.remember_tending(
            ctx.user.org_id, ctx.user.id, {**own, **found}, (wanted, without), ctx.now()
        )  # fmt: skip
    return _further(found)


def lost(ctx: StageContext, folder: str) -> None:
    """A further mail folder is gone: forget it."""
    with ctx.fenced() as unit:
        learnt = unit.accounts.learnt(ctx.user.org_id, ctx.user.id)
        kept = {role: place for role, place in learnt.get("folders", {}).items() if role != folder}
        unit.accounts.remember_folders(ctx.user.org_id, ctx.user.id, kept)


def _further(folders: Folders) -> list[str]:
    return sorted(role for role in folders if role.startswith(MORE_MAIL))
