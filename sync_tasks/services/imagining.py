"""What if a setting were another one: a user's next run planned twice over the same data, with the settings as they are
and with those changed, and what the second plan does that the first does not.

Nothing is written anywhere, but that somebody looked: both sides are only read, each thing once, and what the two runs
note for themselves stays in memory. Neither is a run, so whatever run of the user is open goes on undisturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.errors import ConnectorError
from connectors.remembering import remembering
from mapping.merge.plan import Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side
from mapping.rules import once
from mapping.rules.columns import Mappings
from mapping.rules.compare import Comparison, Difference, Fate, Plan, Word, compare, counts
from mapping.rules.decision import Outcome, is_private
from mapping.rules.rollout import share_of
from mapping.rules.settings import Effective, Layer, find, laid_over
from sync_tasks.bootstrap import App, Ends, NotConnectedError, settings_of
from sync_tasks.services import configured, configuring
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.services.pipeline import BODIES
from sync_tasks.services.previewing import shown_change
from sync_tasks.services.run_facts import general
from sync_tasks.stages import looking_back
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.payload import Payload
from sync_tasks.state.aside import Aside
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import DecisionView, UserView
from sync_tasks.state.store import Unit

DAYS, MOST_DAYS = 7, 90
SHOWN = 200  # items of each part that a report lists; all of them are counted
PRIVATE = "(private)"

_FATES: Mapping[str, Fate] = {
    **dict.fromkeys((Outcome.MIRROR, Outcome.SHARE, Outcome.JOIN, Outcome.CANDIDATE), Fate.KEPT),
    **dict.fromkeys((Outcome.SKIP, Outcome.WAIT), Fate.LEFT),
    **dict.fromkeys((Outcome.RELEASE, Outcome.GONE, Outcome.UNSYNC, Outcome.DISOWN), Fate.LET_GO),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings as they might be at a level: by name the value, None for taking back what is set there."""

    scope: Scope
    values: Mapping[str, object]
    lock: bool = False


@dataclass(frozen=True, slots=True)
class Imagined:
    """What a wish comes to for a user. `settings`: those that would hold otherwise, as `configured.differences` tells
    them. `looked_at`: how many items. `titles`: what people call an item, by its id. `held`: what the guards say to
    the plans of now and of then, '' for nothing. `problem`: why nothing can be told of him."""

    user: UserView
    settings: tuple[Mapping[str, Any], ...] = ()
    looked_at: int = 0
    comparison: Comparison = field(default_factory=Comparison)
    titles: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, str] = ("", "")
    problem: str = ""


def checked(unit: Unit, wish: Wish) -> Wish:
    """The wish with the names and values that settings know; raises as `configuring.checked` does."""
    return replace(wish, values=configuring.checked(unit, wish.scope, wish.values))


def nearest(user: UserView, names: Iterable[str]) -> Scope:
    """Where all of these settings may be set, as near to the user as can be: for himself, or for his organization.
    Raises ValueError for an unknown one."""
    own = all("user" in find(name).levels for name in names)
    return configuring.of_user(user) if own else Scope(user.org_id)


def for_user(app: App, user: UserView, wish: Wish, *, days: int = DAYS, by: str) -> Imagined:
    """Plan twice and compare, over what is from the last days and what lies ahead. Raises ValueError and
    SettingRefusedError for a wish that cannot be, ConnectorError and NotConnectedError."""
    with app.store.writing() as unit:
        wish = checked(unit, wish)
        unit.accounts.audit(app.clock(), by, "user.what-if", user.address, settings=sorted(wish.values), days=days)
    with app.store.reading() as unit:
        layers = unit.accounts.settings(user.org_id, user.id)
    mappings, can = app.mappings(user.org_id), app.mailbox(user).can
    now, then = settings_of(layers, can), settings_of(_wished(layers, wish), can)
    if told := once.objection(then):
        raise SettingRefusedError(told)
    differing = tuple(configured.differences(now, then))
    if not differing:
        return Imagined(user)
    ends = app.ends(user, (now, then), mappings)
    ends = Ends(remembering(ends.mailbox), remembering(ends.crm), ends.shape)
    since = app.clock() - timedelta(days=days)
    before, after = (_plan(app, user, ends, each, mappings, since) for each in (now, then))
    return Imagined(
        user, differing, max(before.looked_at, after.looked_at), compare(before.plan, after.plan),
        {**before.titles, **after.titles}, (before.held, after.held),
    )  # fmt: skip


def for_many(
    app: App, users: Sequence[UserView], wish: Wish, *, days: int = DAYS, by: str,
    on_user: Callable[[UserView], None] = lambda _user: None,
) -> list[Imagined]:  # fmt: skip
    """The same for each of several users; of one whose sides do not answer it is told why. Raises as `for_user` does
    for a wish that cannot be."""
    found: list[Imagined] = []
    for user in users:
        on_user(user)
        try:
            found.append(for_user(app, user, wish, days=days, by=by))
        except (ConnectorError, NotConnectedError) as error:
            found.append(Imagined(user, problem=str(error)))
    return found


def concerned(unit: Unit, scope: Scope) -> list[UserView]:
    """Whom a change at a level reaches, as far as nobody says something else."""
    if scope.level == "user":
        return unit.accounts.users_numbered([scope.id or 0])
    if scope.level == "profile":
        return unit.accounts.users_numbered(unit.configuration.members(scope.id or 0))
    everybody = unit.accounts.users(scope.org_id)
    if scope.level == "organization":
        return everybody
    preset = unit.configuration.preset_numbered(scope.id or 0)
    starting = [each.id for each in unit.configuration.profiles(scope.org_id) if preset and each.preset == preset.name]
    ids = {user for profile in starting for user in unit.configuration.members(profile)}
    return [user for user in everybody if user.id in ids]


def some(users: Sequence[UserView], most: int | None) -> list[UserView]:
    """At most so many of the users, always the same ones, spread over them all by chance; without those who have no
    Salesforce user yet, as long as there are others."""
    ready = [user for user in users if user.crm_user_id] or list(users)
    return ready if most is None else sorted(ready, key=lambda user: share_of("what-if", user.address))[:most]


def _wished(layers: Sequence[Layer], wish: Wish) -> list[Layer]:
    return laid_over(layers, wish.scope.level, wish.values, lock=wish.lock)


# --- planning


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: Plan
    titles: Mapping[str, str]
    looked_at: int
    held: str


def _plan(
    app: App, user: UserView, ends: Ends, settings: Effective, mappings: Mappings, since: datetime
) -> _Planned:  # fmt: skip
    store = Aside(app.store)
    try:
        ctx = app.imagined(user, ends, settings, mappings, store)
        operations: list[Operation] = []
        ctx.on_plan = operations.extend
        look = partial(looking_back.run, since=since)
        bodies: dict[str, Callable[[StageContext], StageReport]] = {**BODIES, "fetch": look}
        titles: Mapping[str, str] = {}
        looked_at, held = 0, ""
        for stage, body in bodies.items():
            report = body(ctx)
            if stage == "fetch":
                titles, looked_at = _titles(ctx), report.counts["staged"]
            held = report.held[1] if report.held else held
            if not report.more:
                break
        with store.reading() as unit:
            sealed = {op.op_id: blob for step in Step for op, blob in unit.plans.open(ctx.ref.id, step.value)}
            words = _words(unit.trail.of_run(ctx.ref.id))
    finally:
        store.close()
    origins = {op_id: Payload.load(ctx.box.open(blob)).origin.id for op_id, blob in sealed.items()}
    plan = Plan([op for op in operations if op.id in sealed], words, origins)
    return _Planned(plan, titles, looked_at, held)


def _titles(ctx: StageContext) -> dict[str, str]:
    """What people call the items that were read, by id; of what is private not that."""
    return {work.ref.id: _title(work.item) for work in ctx.load_works() if work.item is not None}


def _title(item: Item) -> str:
    if item.ref.side is Side.CRM:
        return PRIVATE if item.flag("IsPrivate") else item.text("Subject") or item.text("Name")
    name = " ".join(filter(None, (item.text(f.GIVEN_NAME), item.text(f.SURNAME))))
    return PRIVATE if is_private(item) else item.text(f.SUBJECT) or name


def _words(decisions: Iterable[DecisionView]) -> list[Word]:
    """The last word on each item."""
    last = {(each.side, each.kind, each.ref): each for each in decisions}
    return [
        Word(Side(d.side), ItemKind(d.kind), d.ref, d.key, _FATES[d.outcome], d.reason, d.rule) for d in last.values()
    ]


# --- telling


def report(wish: Wish, found: Sequence[Imagined], *, days: int, content: Callable[[UserView], bool]) -> dict[str, Any]:
    """As values that the console, the pages and the REST interface tell alike. `content`: may this user's subjects and
    values be shown to whoever asks?"""
    parts = ("more", "less", "other")
    every = {part: [each for told in found for each in getattr(told.comparison, part)] for part in parts}
    return {
        "settings": dict(wish.values), "days": days, "users": [_of_user(each) for each in found],
        "looked_at": sum(each.looked_at for each in found),
        "counts": {part: counts(every[part]) for part in parts},
        **{part: [row for told in found for row in _rows(told, part, content=content(told.user))] for part in parts},
    }  # fmt: skip


def _of_user(told: Imagined) -> dict[str, Any]:
    return {
        "user": told.user.address, "looked_at": told.looked_at, "settings": [dict(each) for each in told.settings],
        "held_now": told.held[0], "held_then": told.held[1], "problem": told.problem,
        "differences": sum(len(part) for part in (told.comparison.more, told.comparison.less, told.comparison.other)),
    }  # fmt: skip


def _rows(told: Imagined, part: str, *, content: bool) -> list[dict[str, Any]]:
    differences: Sequence[Difference] = getattr(told.comparison, part)
    return [_row(told, each, content=content) for each in differences[:SHOWN]]


def _row(told: Imagined, each: Difference, *, content: bool) -> dict[str, Any]:
    subject = told.titles.get(each.ref, "")
    # of what has no title nobody knows whether it is private
    shown = [shown_change(change) for change in each.fields] if content and subject not in ("", PRIVATE) else []
    return {
        "user": told.user.address, "what": each.doing.value, "side": each.side.value, "kind": each.kind.value,
        "target": each.target, "item": each.ref, "key": each.key, "subject": subject if content else "",
        "rule": each.rule, "reason": each.reason, "sentence": general(each.reason),
        "fields": [change.name for change in each.fields],
        "values": [{"field": value.field, "before": value.before, "after": value.after} for value in shown],
    }  # fmt: skip
