"""Series: `recurrence` lines and exceptions of Google to and from the neutral `Series`.

A series is one event with RRULE and EXDATE lines. What differs from it is an event of its own, told apart by where it
stands by the rule (`originalStartTime`) and cancelled by its status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from connectors.google.times import original, span, written
from mapping.model.item import Moved, Original, Series
from mapping.model.series import read_stamp, split_id, stamp
from mapping.recurrence.expand import moment_of, originals, rule_of, span_of, with_rule, zone_of
from mapping.recurrence.rules import parse

Json = Mapping[str, Any]

_LINE = re.compile(r"(?P<name>[A-Z]+)(?P<parameters>(?:;[^:]*)?):(?P<value>.*)")


def instance_id(identifier: str) -> str:
    """Google's id for `master#original`: the id of the master and the original start, which is the same for ever."""
    master, at = split_id(identifier)
    return identifier if at is None else f"{master}_{stamp(at)}"


def series_of(master: Json, exceptions: Iterable[Json]) -> Series | None:
    """The series that an event is; None for a rule that cannot be read (with extra dates, or more than one rule)."""
    try:
        return _series(master, exceptions)
    except (ValueError, LookupError):
        return None


def _series(master: Json, exceptions: Iterable[Json]) -> Series:
    when = span(master)
    if when is None:
        raise ValueError("the series does not say when it begins")
    zone = "" if when.all_day else str(master["start"].get("timeZone") or "UTC")
    lines = [_LINE.fullmatch(line.strip()) for line in master["recurrence"]]
    rules = [line["value"] for line in lines if line is not None and line["name"] == "RRULE"]
    others = [line for line in lines if line is None or line["name"] not in ("RRULE", "EXDATE")]
    if len(rules) != 1 or others:
        raise ValueError("the series is not of one rule")
    series = with_rule(Series("", when, zone), parse(rules[0]))
    first = next(originals(series), None)
    if first is None:
        raise ValueError("the series has no occurrence")
    series = replace(series, first=span_of(series, first))
    gone = {at for line in lines if line is not None and line["name"] == "EXDATE" for at in _dates(line, series)}
    moved: list[Moved] = []
    for each in exceptions:
        at, stands = original(each.get("originalStartTime")), span(each)
        if at is None:
            continue
        if each.get("status") == "cancelled":
            gone.add(at)
        elif stands is not None:
            moved.append(Moved(at, stands, str(each["id"])))
    there = (each for each in moved if each.original not in gone)
    return replace(
        series, cancelled=tuple(sorted(gone, key=moment_of)),
        moved=tuple(sorted(there, key=lambda each: moment_of(each.original))),
    )  # fmt: skip


def _dates(line: re.Match[str], series: Series) -> Iterable[Original]:
    """The days or moments of an EXDATE line; a moment without an offset is meant in the zone that the line names."""
    named = re.search(r"TZID=([^;:]+)", line["parameters"])
    zone = zone_of(named[1] if named else series.zone)
    for text in line["value"].split(","):
        at = _date(text.strip(), zone)
        yield at.date() if series.all_day and isinstance(at, datetime) else at


def _date(text: str, zone: Any) -> Original:
    if "T" not in text:
        return date.fromisoformat(text)
    if text.endswith("Z"):
        return read_stamp(text)
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def lines_of(series: Series) -> list[str]:
    """The `recurrence` of a series, with what is cancelled in it. Raises ValueError for a rule without sense."""
    rule_of(series)
    lines = [f"RRULE:{series.rule}"]
    if series.cancelled:
        kind = ";VALUE=DATE" if series.all_day else ""
        lines.append(f"EXDATE{kind}:{','.join(stamp(at) for at in series.cancelled)}")
    return lines


def pattern_values(series: Series) -> dict[str, Any]:
    """What is written of a series in its master: rule, cancelled occurrences, and when it begins."""
    return {"recurrence": lines_of(series), **written(series.first, series.zone or "UTC")}


def alike(one: Series, other: Series) -> bool:
    """Do the two repeat in the same way, their exceptions aside?"""
    try:
        return (rule_of(one), one.first, one.zone) == (rule_of(other), other.first, other.zone)
    except ValueError:
        return False
