"""Which events are ours: the rules in the order in which they are asked, the first that answers decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from mapping.model import fields
from mapping.model.item import ELSEWHERE, Item, Response, Series, Side, Span, Value
from mapping.model.moment import DAY_MINUTES, length_minutes, tidy
from mapping.model.reasons import Reason
from mapping.recurrence import classic, lex
from mapping.recurrence.expand import moment_of
from mapping.recurrence.refusals import Refusal
from mapping.rules import roles, series
from mapping.rules.addresses import AddressBook, others
from mapping.rules.columns import holds
from mapping.rules.decision import Decision, Me, Outcome, PairFacts, is_marked, is_private
from mapping.rules.kinds import is_meeting, organizer_of
from mapping.rules.marks import UNSYNC
from mapping.rules.roles import Leader
from mapping.rules.settings import Effective
from mapping.rules.windows import before, left_window, outside_window
from mapping.tables.event import EVENT

LONGEST_DAYS = 14  # Salesforce takes no longer event, whatever its settings

_ANSWERED_YES = frozenset({Response.ACCEPTED, Response.TENTATIVE, Response.ORGANIZER})


@dataclass(frozen=True, slots=True)
class _Case:
    """One calendar item with all that its rules look at."""

    item: Item
    pair: PairFacts | None
    book: AddressBook
    me: Me
    settings: Effective
    now: datetime
    leader: Leader | None = None  # the colleague, if any, whose run writes the record of this meeting

    @property
    def saved(self) -> bool:
        """Does this user's run write the record?"""
        return self.pair is not None and self.pair.saved_before and not self.pair.unsynced and not self.pair.guest

    @property
    def takes_part(self) -> bool:
        """Does a colleague's?"""
        return self.pair is not None and self.pair.saved_before and self.pair.guest

    @property
    def marked(self) -> bool:
        """Does somebody ask for it? A mark on one date asks for the whole series (REC-2), unless that would open all of
        it to others, or bring back what was taken out on purpose."""
        taken_out = self.pair is not None and self.pair.unsynced
        in_part = self.item.flag(fields.ASKED_IN_PART) and not self.closed and not taken_out
        return in_part or is_marked(self.item)

    @property
    def closed(self) -> bool:
        """Is it saved only if somebody says that others may see it?"""
        return is_private(self.item) and self.settings.text("private_mode") != "full"

    @property
    def span(self) -> Span | None:
        """When it takes place; of a series the occurrence by which the whole is judged."""
        value = self.item.get(fields.SPAN)
        rule = series.series_of(self.item)
        if series.is_master(self.item):
            back = max(self.settings.int("scope.past_days"), self.settings.int("autosave.past_days"))
            value = _judged(rule, self.now - timedelta(days=back)) if rule is not None else None
        return tidy(value) if isinstance(value, Span) else None

    @property
    def organizer(self) -> str:
        """The organizer's address when it is not the user himself."""
        found = organizer_of(self.item)
        return "" if found in self.me.addresses else found

    @property
    def others(self) -> tuple[str, ...]:
        return others(self.item, self.me.addresses)

    @property
    def only_down(self) -> bool:
        """May nothing of the calendar be carried to Salesforce?"""
        return self.settings.text("events.way") == "down"

    @property
    def among_colleagues(self) -> bool:
        return bool(self.others) and all(map(self.book.is_internal, self.others))


_Rule = Callable[[_Case], Decision | None]


def _skip(reason: Reason, rule: str, **detail: str) -> Decision:
    return Decision(Outcome.SKIP, reason, rule, detail)


# --- for every item


def _is_moved_out(case: _Case) -> Decision | None:
    if case.item.ref.container == ELSEWHERE and (case.saved or case.takes_part):
        return Decision(Outcome.RELEASE, Reason.MOVED_OUT, "DEL-4")
    return None


def _is_refused_series(case: _Case) -> Decision | None:
    if not series.is_master(case.item):
        return None
    if not case.settings.bool("recurrence.enabled"):
        return _skip(Reason.RECURRING_OFF, "REC-1")
    mode, rule = case.settings.text("recurrence.mode"), series.series_of(case.item)
    if mode == "expand" or rule is None or case.saved:
        return None
    if case.organizer:
        return _skip(Reason.SERIES_OF_OTHERS, "REC-16")
    refusal = _refused(rule, mode, case)
    return None if refusal is None else _skip(refusal.reason, refusal.rule)


def _refused(rule: Series, mode: str, case: _Case) -> Refusal | None:
    """Why Salesforce cannot keep the series as one."""
    since = case.now - timedelta(days=case.settings.int("scope.past_days"))
    try:
        if mode == "classic":
            found: object = classic.part(rule, since, case.me.series_zones)
        else:
            found = lex.columns(rule, since, case.settings.text("recurrence.lex_zone") or rule.zone)
    except ValueError:
        return None  # a rule without sense is told as such
    return found if isinstance(found, Refusal) else None


def _is_converted(case: _Case) -> Decision | None:
    """Salesforce cannot turn a single event into a series or back, so where series are series there it stays."""
    if not case.saved or case.pair is None or case.pair.series is series.is_master(case.item):
        return None
    expands = case.settings.text("recurrence.mode") == "expand"
    return None if expands or series.is_part(case.item) else _skip(Reason.RECURRING_CONVERTED, "REC-9")


def _asks_to_unsync(case: _Case) -> Decision | None:
    if not is_marked(case.item, UNSYNC) or case.only_down:
        return None
    if case.saved or case.takes_part:
        return Decision(Outcome.UNSYNC, Reason.UNSYNC_MARKED, "DEL-8")
    return _skip(Reason.UNSYNC_NOTHING, "DEL-8")


def _is_cancelled(case: _Case) -> Decision | None:
    if not case.item.flag(fields.IS_CANCELLED):
        return None
    if case.saved or case.takes_part:
        return Decision(Outcome.GONE, Reason.CANCELLED, "DEL-1")
    return _skip(Reason.CANCELLED_UNSAVED, "DEL-1")


def _has_no_time(case: _Case) -> Decision | None:
    return None if case.span else _skip(Reason.NO_TIME, "FLD-1")


def _is_too_long(case: _Case) -> Decision | None:
    minutes = length_minutes(case.span) if case.span else 0
    if minutes <= LONGEST_DAYS * DAY_MINUTES:
        return None
    days = -(-minutes // DAY_MINUTES)
    return _skip(Reason.TOO_LONG, "SCP-14", days=str(days), limit=str(LONGEST_DAYS))


def _is_too_long_for_a_group(case: _Case) -> Decision | None:
    if not case.item.flag(fields.OF_GROUP) or case.span is None or length_minutes(case.span) <= DAY_MINUTES:
        return None
    return _skip(Reason.GROUP_TOO_LONG, "SCP-17")


# --- for saved items


def _is_taken_over(case: _Case) -> Decision | None:
    if case.organizer in case.me.sync_users and roles.leads_by_right(case.leader, case.organizer):
        return Decision(Outcome.RELEASE, Reason.TAKEN_OVER, "ROL-7")
    return None


def _has_left_window(case: _Case) -> Decision | None:
    return left_window(case.span, case.pair, case.settings, case.now)


def _stays(_case: _Case) -> Decision | None:
    return Decision(Outcome.MIRROR, Reason.LINKED, "FLD-1")


# --- for items not saved yet


def _is_one_way(case: _Case) -> Decision | None:
    return _skip(Reason.ONE_WAY_DOWN, "ONE-3") if case.only_down else None


def _was_unsynced(case: _Case) -> Decision | None:
    if case.pair is not None and case.pair.unsynced and not case.marked:
        return _skip(Reason.UNSYNCED, "DEL-8")
    return None


def _is_not_answered(case: _Case) -> Decision | None:
    if not case.organizer or case.settings.bool("invitations.unanswered"):
        return None
    if case.item.text(fields.MY_RESPONSE) in _ANSWERED_YES:
        return None
    return Decision(Outcome.WAIT, Reason.INVITATION_OPEN, "SCP-2")


def _joins_organizer(case: _Case) -> Decision | None:
    if roles.leads_by_right(case.leader, case.organizer):
        return Decision(Outcome.JOIN, Reason.ORGANIZER_WRITES, "ROL-1")
    return None


def _joins_colleague(case: _Case) -> Decision | None:
    if case.leader is None or not case.organizer:
        return None  # nobody leads, or the user himself organizes it and takes it over
    return Decision(Outcome.JOIN, Reason.COLLEAGUE_WRITES, "ROL-5")


def _waits_for_organizer(case: _Case) -> Decision | None:
    if case.organizer in case.me.sync_users:
        return Decision(Outcome.WAIT, Reason.WAITING_FOR_ORGANIZER, "ROL-2")
    return None


def _has_ended(case: _Case) -> Decision | None:
    """A mark saves a single event however old it is; of a series only what lies within the dates is ever saved."""
    if not series.is_master(case.item) or case.span is None:
        return None
    days = case.settings.int("scope.past_days")
    if moment_of(case.span.end) > case.now - timedelta(days=days):
        return None
    return _skip(Reason.SERIES_ENDED, "SCP-7", days=str(days))


def _is_marked_alone(case: _Case) -> Decision | None:
    if is_meeting(case.item) and not all(map(case.book.is_internal, case.others)):
        return None
    rule = "PRV-2" if is_private(case.item) else "SCP-9" if is_meeting(case.item) else "SCP-7"
    return Decision(Outcome.MIRROR, Reason.MARKED, rule)


def _is_marked_with_people(case: _Case) -> Decision | None:
    return Decision(Outcome.CANDIDATE, Reason.MARKED, "PRV-2" if is_private(case.item) else "SCP-12")


def _is_not_wanted(case: _Case) -> Decision | None:
    name, rule = ("meetings", "SCP-1") if is_meeting(case.item) else ("appointments", "SCP-4")
    return None if case.settings.bool(f"autosave.{name}") else _skip(Reason.AUTOSAVE_OFF, rule)


def _is_older_than_activation(case: _Case) -> Decision | None:
    return before(case.item.get(fields.CREATED), case.me, "SCP-5")


def _is_private_series(case: _Case) -> Decision | None:
    if case.item.flag(fields.ASKED_IN_PART) and case.settings.text("private_mode") == "skip":
        return _skip(Reason.PRIVATE_SERIES, "REC-3")
    return None


def _is_private(case: _Case) -> Decision | None:
    skips = case.settings.text("private_mode") == "skip"
    return _skip(Reason.PRIVATE, "PRV-1") if skips and is_private(case.item) else None


def _is_switched_off(case: _Case) -> Decision | None:
    """What Salesforce showed in the calendar goes when it is no longer to be shown."""
    born_there = case.pair is not None and case.pair.born is Side.CRM
    if born_there and not case.settings.bool("events.down"):
        return Decision(Outcome.RELEASE, Reason.DOWN_OFF, "SCP-16")
    return None


def _is_shown_as_placeholder(case: _Case) -> Decision | None:
    if is_private(case.item) and case.settings.text("private_mode") == "placeholder":
        return Decision(Outcome.MIRROR, Reason.PRIVATE_PLACEHOLDER, "PRV-4")
    return None


def _is_outside_window(case: _Case) -> Decision | None:
    return outside_window(case.span, case.settings, case.now)


def _is_internal(case: _Case) -> Decision | None:
    if not case.among_colleagues or case.settings.bool("autosave.internal_events"):
        return None
    return _skip(Reason.ALL_INTERNAL, "SCP-9")


def _is_blocked(case: _Case) -> Decision | None:
    if case.others and not case.among_colleagues and not any(map(case.book.eligible, case.others)):
        return _skip(Reason.ALL_BLOCKED, "SCP-10")
    return None


def _is_saved_automatically(case: _Case) -> Decision | None:
    if case.among_colleagues:
        return Decision(Outcome.MIRROR, Reason.AUTOSAVED_INTERNAL, "SCP-9")
    if is_meeting(case.item):
        return Decision(Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "SCP-11")
    return Decision(Outcome.MIRROR, Reason.AUTOSAVED, "SCP-4")


_ALWAYS: tuple[_Rule, ...] = (
    _is_moved_out,
    _asks_to_unsync,
    _is_cancelled,
    _is_refused_series,
    _is_converted,
    _has_no_time,
    _is_too_long,
    _is_too_long_for_a_group,
)
_SAVED: tuple[_Rule, ...] = (_is_switched_off, _is_taken_over, _has_left_window, _stays)
_MARKED: tuple[_Rule, ...] = (
    _is_one_way,
    _has_ended,
    _joins_organizer,
    _waits_for_organizer,
    _is_not_answered,
    _joins_colleague,
    _is_marked_alone,
    _is_marked_with_people,
)
_AUTOMATIC: tuple[_Rule, ...] = (
    _is_one_way,
    _was_unsynced,
    _is_private_series,
    _joins_organizer,
    _is_not_wanted,
    _is_older_than_activation,
    _is_private,
    _is_outside_window,
    _is_shown_as_placeholder,
    _is_internal,
    _is_blocked,
    _waits_for_organizer,
    _is_not_answered,
    _joins_colleague,
    _is_saved_automatically,
)


def event_from_mailbox(
    item: Item, pair: PairFacts | None, book: AddressBook, me: Me, settings: Effective, now: datetime,
    leader: Leader | None = None,
) -> Decision:  # fmt: skip
    """Is this calendar item ours? `leader`: the colleague whose pair writes the record of this meeting, if any."""
    case = _Case(item, pair, book, me, settings, now, leader)
    rules = _SAVED if case.saved else _MARKED if case.marked else _AUTOMATIC
    return next(decision for rule in (*_ALWAYS, *rules) if (decision := rule(case)) is not None)


def part_from_mailbox(item: Item, master: Decision, pair: PairFacts | None, settings: Effective) -> Decision:
    """Is this occurrence ours, when its series is? It follows the series unless something of its own forbids it."""
    if item.flag(fields.IS_CANCELLED):
        return Decision(Outcome.GONE, Reason.CANCELLED, "REC-13")
    span = item.get(fields.SPAN)
    if not isinstance(span, Span):
        return _skip(Reason.NO_TIME, "FLD-1")
    if length_minutes(tidy(span)) > LONGEST_DAYS * DAY_MINUTES:
        days = -(-length_minutes(tidy(span)) // DAY_MINUTES)
        return _skip(Reason.TOO_LONG, "SCP-14", days=str(days), limit=str(LONGEST_DAYS))
    if pair is not None and pair.saved_before and not pair.unsynced:
        return Decision(master.outcome, Reason.LINKED, "REC-12")
    if is_private(item) and settings.text("private_mode") == "skip" and master.reason is not Reason.MARKED:
        return _skip(Reason.PRIVATE, "PRV-1")
    return Decision(master.outcome, Reason.SERIES_FOLLOWS, "REC-2")


def _judged(rule: Series, after: datetime) -> Span | None:
    try:
        return series.stand_in(rule, after)
    except ValueError:
        return None


def event_from_crm(
    item: Item, pair: PairFacts | None, me: Me, settings: Effective, now: datetime,
    unwanted: Mapping[str, Value] = MappingProxyType({}),
) -> Decision:  # fmt: skip
    """Is this Salesforce event ours? A private one is: it is the user's own calendar that shows it. `unwanted`: values
    of columns that keep an event out of the calendar (`deletion.unsync_when`)."""
    owner = item.text("OwnerId")
    if item.flag("IsChild"):
        return _skip(Reason.CHILD_EVENT, "ROL-1")
    if item.flag("IsRecurrence2"):
        return _skip(Reason.LIGHTNING_SERIES, "REC-6")
    saved = pair is not None and pair.saved_before and not pair.unsynced
    rule = classic.read(item.fields) if item.flag("IsRecurrence") else None
    if isinstance(rule, Refusal):
        return _skip(rule.reason, rule.rule)
    if rule is None and item.text("RecurrenceActivityId") and not saved:
        return _skip(Reason.PART_OF_SERIES, "REC-5")
    if owner and me.user_id and owner[:15] != me.user_id[:15]:
        if saved and pair is not None and pair.kind_letter != "E":
            return Decision(Outcome.RELEASE, Reason.LEFT_SCOPE, "ROL-9")
        return _skip(Reason.NOT_MINE, "SCP-15")
    row = EVENT.row(fields.SPAN)
    span = row.crm_view(item.fields) if row else None
    if rule is not None:
        span = _judged(rule, now - timedelta(days=settings.int("scope.past_days")))
    if not isinstance(span, Span):
        return _skip(Reason.NO_TIME, "FLD-1")
    if holds(unwanted, item.fields):
        return Decision(Outcome.RELEASE if saved else Outcome.SKIP, Reason.CONDITION_MET, "DEL-3")
    if saved:
        left = None if rule is not None else left_window(span, pair, settings, now)
        return left or Decision(Outcome.MIRROR, Reason.LINKED, "FLD-1")
    return _new_from_crm(item, span, pair, me, settings, now)


def _new_from_crm(
    item: Item, span: Span, pair: PairFacts | None, me: Me, settings: Effective, now: datetime
) -> Decision:
    if pair is not None and pair.unsynced:
        return _skip(Reason.UNSYNCED, "DEL-7")
    if not settings.bool("events.down"):
        return _skip(Reason.DOWN_OFF, "SCP-16")
    return (
        before(item.get("CreatedDate"), me, "SCP-6")
        or outside_window(span, settings, now)
        or Decision(Outcome.MIRROR, Reason.FROM_SALESFORCE, "ROL-10")
    )


def confirm_event(decision: Decision, item: Item, resolved: frozenset[str], settings: Effective) -> Decision:
    """A candidate becomes ours once somebody on it is found or will be made; `resolved` are their addresses."""
    if decision.outcome is not Outcome.CANDIDATE:
        return decision
    if any(address in resolved for address in others(item, frozenset())):
        return Decision(Outcome.MIRROR, Reason.PERSON_FOUND, decision.rule)
    if decision.reason is Reason.MARKED:
        return _skip(Reason.NO_PERSON_MARKED, "SCP-12")
    if settings.bool("autosave.unlinked_events"):
        return Decision(Outcome.MIRROR, Reason.AUTOSAVED_UNLINKED, "SCP-11")
    return _skip(Reason.NO_PERSON, "SCP-11")
