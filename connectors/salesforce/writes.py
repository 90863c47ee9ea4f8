"""Writes: up to 200 rows in one collections request, their new versions read in the same HTTP call.

| write | request |
|---|---|
| create with a key, the org has the key field | upsert by external id: writing twice leaves one record |
| the same, with values that cannot be updated later | insert with the key; DUPLICATE_VALUE on it means: there |
| create without a key, or of objects without the field | insert; when retried, a look for the record's likeness first |
| the same of people and companies, refused by a duplicate rule | see `alike.py` |
| update | collections update; with a `version`: one PATCH a row with If-Unmodified-Since, 24 a call |
| delete | see `deletes.py` |
| restore | see `undelete.py` |

A composite call runs its parts in order, so a last part that asks for SystemModstamp by key or id sees what the parts
before it wrote. Texts with `@{` would be taken for references inside composite; those rows travel alone.

Conditions have the grain of a second, the vendor's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import OrgShape, Outcome, Verb, Write
from connectors.salesforce.alike import INSISTING, SAVE, Alikes, is_refused_as_alike
from connectors.salesforce.codec import VERSION_FIELD, http_date, id18, version_of
from connectors.salesforce.composite import MOST_PARTS, Answer, Part, batched
from connectors.salesforce.config import ROWS_PER_COLLECTION, SalesforceConfig
from connectors.salesforce.deletes import Deletes
from connectors.salesforce.faults import GONE, SCHEMA_MOVED
from connectors.salesforce.likes import Likes
from connectors.salesforce.relations import RELATION, are_shared, invitations, withdrawals
from connectors.salesforce.results import Result, all_of, in_turn, of_part, of_rows
from connectors.salesforce.rows import Entry, entry_of, for_item, portions
from connectors.salesforce.soql import one_of, select
from connectors.salesforce.undelete import undelete
from connectors.salesforce.wire import Query, Wire

# Mirrored both ways, so their versions are worth knowing; others are written once.
VERSIONED = frozenset({"Event", "Task", "Contact"})

# Sent mail cannot be changed, so an upsert that finds its record would fail.
IMMUTABLE = frozenset({"EmailMessage"})

# By default a REST write runs the assignment rules of these and may hand the record to somebody else.
_ASSIGNED = frozenset({"Lead", "Account"})

_COLLECTIONS = "composite/sobjects"
_NOT_ALL_OR_NONE = {"allOrNone": False}


class Writer:
    """`forget`: called when the vendor contradicts the describe that the rows were built from."""

    def __init__(
        self, wire: Wire, config: SalesforceConfig, shape: OrgShape, dropped: Counter[str], forget: Callable[[], None]
    ) -> None:
        self._wire = wire
        self._config = config
        self._shape = shape
        self._dropped = dropped
        self._forget = forget
        self._likes = Likes(wire, shape)
        self._alikes = Alikes(wire, shape)
        self._deletes = Deletes(wire)

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Endpoint.write`. Raises ConnectorError when nothing at all was written."""
        if not writes:
            return []
        verb, target = writes[0].verb, writes[0].target
        if any(w.verb is not verb or w.target != target for w in writes) or len(writes) > self._config.rows_per_call:
            raise ValueError("one verb and one target a call, and no more writes than batch_size")
        outcomes: dict[int, Outcome] = {}
        entries = self._prepare(writes, outcomes)
        step = {
            Verb.CREATE: self._create, Verb.UPDATE: self._update, Verb.DELETE: self._delete,
            Verb.RESTORE: self._restore,
        }[verb]  # fmt: skip
        results = step(target, entries) if entries else {}
        refused = [r for r in results.values() if isinstance(r, ConnectorError)]
        if refused and len(refused) == len(entries):
            self._look_at(refused)
            raise refused[0]
        for place, result in results.items():
            told = Outcome(error=for_item(result)) if isinstance(result, ConnectorError) else result
            outcomes[place] = told
        self._look_at([o.error for o in outcomes.values() if o.error])
        return [outcomes[place] for place in range(len(writes))]

    def _prepare(self, writes: Sequence[Write], outcomes: dict[int, Outcome]) -> list[Entry]:
        entries = []
        for place, write in enumerate(writes):
            try:
                entry = entry_of(place, write, self._shape, self._key_field(write.target), self._dropped)
            except ConnectorError as error:
                outcomes[place] = Outcome(error=error)
                continue
            if write.verb is Verb.UPDATE and not entry.body:
                outcomes[place] = Outcome(write.id, write.version)  # nothing of it may be written
            else:
                entries.append(entry)
        return entries

    # --- create

    def _create(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        key_field = self._key_field(target)
        keyed = [e for e in entries if key_field and e.write.key]
        results = self._adopt([e for e in keyed if e.write.retrying], target)
        open_keyed = [e for e in keyed if e.place not in results]
        inserted = [e for e in open_keyed if not self._can_upsert(target, e)]
        results |= self._collections("POST", _COLLECTIONS, target, inserted)
        upserted = [e for e in open_keyed if e not in inserted]
        results |= self._collections("PATCH", f"{_COLLECTIONS}/{target}/{key_field}", target, upserted)
        results |= self._create_keyless(target, [e for e in entries if e not in keyed])
        nameless = [e for e in keyed if isinstance(o := results[e.place], Outcome) and o.adopted and not o.id]
        results |= self._adopt(nameless, target)
        for entry in nameless:
            if isinstance(o := results[entry.place], Outcome) and not o.id:
                error = ConnectorError(Fault.DUPLICATE, "the key is taken by a record that cannot be seen")
                results[entry.place] = Outcome(error=for_item(error))
        return results

    def _create_keyless(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        """Inserts of what has no key: when an earlier try may have happened, or a record takes the place that can be
        taken once only, the one that is like it is adopted. What a duplicate rule refuses is the caller's business,
        unless he said what to do."""
        results: dict[int, Result] = {**self._likes.find(target, [e for e in entries if e.write.retrying])}
        rest = [e for e in entries if e.place not in results]
        for insisting in (False, True):
            some = [e for e in rest if (e.alike == SAVE) is insisting]
            results |= self._collections("POST", _COLLECTIONS, target, some)
        results |= self._alikes.find(target, [e for e in rest if is_refused_as_alike(e, results[e.place])])
        taken = [
            e for e in entries
            if isinstance(o := results[e.place], Outcome) and o.error and o.error.vendor_code == "DUPLICATE_VALUE"
        ]  # fmt: skip
        try:
            results |= self._likes.find(target, taken)
        except ConnectorError:
            return results  # the rows that were written must be told, so the refusals stay as they are
        if target == RELATION and are_shared(self._shape):
            invited = self._collections("PATCH", _COLLECTIONS, target, invitations(entries, results, self._shape))
            results |= {
                place: replace(o, adopted=True) if isinstance(o, Outcome) else o for place, o in invited.items()
            }
        return results

    def _adopt(self, entries: list[Entry], target: str) -> dict[int, Result]:
        """Outcomes for the creates whose key a record bears already."""
        if not entries:
            return {}
        key_field = self._key_field(target)
        where = [one_of(key_field, [e.write.key for e in entries])]
        statement = select(("Id", VERSION_FIELD, key_field), target, where)
        rows = self._wire.queries([Query(statement)], f"write.look.{target}")[0]
        by_key = {str(row[key_field]).casefold(): row for row in rows}
        return {
            e.place: Outcome(id18(row["Id"]), version_of(row), adopted=True)
            for e in entries
            if (row := by_key.get(e.write.key.casefold())) is not None
        }

    # --- update

    def _update(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        plain = [e for e in entries if not e.write.version]
        results = self._collections("PATCH", _COLLECTIONS, target, plain)
        guarded = [e for e in entries if e.write.version]
        together = batched([e for e in guarded if not e.refers], MOST_PARTS - 1)
        results |= in_turn(together, lambda chunk: self._guarded_call(target, chunk))
        alone = batched([e for e in guarded if e.refers], 1)
        return results | in_turn(alone, lambda chunk: self._guarded_alone(target, chunk[0]))

    def _guarded_call(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        parts = [
            Part("PATCH", self._path(f"sobjects/{target}/{e.write.id}"), e.body, self._guard(target, e))
            for e in entries
        ]
        try:
            answers, versions = self._with_versions(parts, target, entries, "update", {})
        except ConnectorError as error:
            return all_of(entries, error)
        versions = versions or {}
        return {
            e.place: Outcome(e.write.id, versions.get(id18(e.write.id), "")) if a.ok else of_part(a)
            for e, a in zip(entries, answers, strict=True)
        }

    def _guarded_alone(self, target: str, entry: Entry) -> dict[int, Result]:
        try:
            self._wire.send(
                "PATCH",
                f"sobjects/{target}/{quote(entry.write.id, safe='')}",
                f"write.update.{target}",
                entry.body,
                self._guard(target, entry),
            )
        except ConnectorError as error:
            if error.fault is not Fault.UNKNOWN and error.scope is Scope.CONTAINER:
                return {entry.place: Outcome(error=for_item(error))}  # the row's own error
            return all_of([entry], error)
        return self._versioned(target, {entry.place: Outcome(entry.write.id)})

    def _guard(self, target: str, entry: Entry) -> dict[str, str]:
        return {**self._headers(target, [entry]), "If-Unmodified-Since": http_date(entry.write.version)}

    # --- delete

    def _delete(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        kept: list[Entry] = []
        if target == RELATION and are_shared(self._shape):
            kept = withdrawals(self._wire, entries, self._shape)
        results = self._collections("PATCH", _COLLECTIONS, target, kept)
        return results | self._deletes.write(target, [e for e in entries if e.place not in results])

    def _restore(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        return self._versioned(target, undelete(self._wire, target, entries))

    # --- what they share

    def _collections(self, method: str, path: str, target: str, entries: list[Entry]) -> dict[int, Result]:
        """Rows through collections requests. Together in composite calls when versions are wanted or when there is
        more than one request; directly otherwise, and for rows that composite would misread."""
        results: dict[int, Result] = {}
        alone = [e for e in entries if e.refers]
        others = [e for e in entries if not e.refers]
        together = self._wants_versions(target) or len(others) > ROWS_PER_COLLECTION
        if together and others:
            results |= self._composite_call(method, path, target, others)
        direct = portions(alone if together else entries)
        results |= in_turn(direct, lambda chunk: self._direct_call(method, path, target, chunk))
        mirrored = [e for e in entries if e.write.key or e.write.id]  # what has no key is written once and never again
        return results | self._versioned(target, {e.place: results[e.place] for e in mirrored})

    def _composite_call(self, method: str, path: str, target: str, entries: list[Entry]) -> dict[int, Result]:
        chunks = list(batched(entries, ROWS_PER_COLLECTION))
        headers = self._headers(target, entries)
        parts = [Part(method, self._path(path), self._records(target, chunk), headers) for chunk in chunks]
        operation = "update" if entries[0].write.verb is Verb.UPDATE else "create"
        try:
            answers, versions = self._with_versions(parts, target, entries, operation, headers)
        except ConnectorError as error:
            return all_of(entries, error)
        results: dict[int, Result] = {}
        for chunk, answer in zip(chunks, answers, strict=True):
            results |= of_rows(chunk, answer, self._key_field(target))
        for entry in entries:
            outcome = results[entry.place]
            if not isinstance(outcome, Outcome):
                continue
            if outcome.error is None:
                results[entry.place] = replace(outcome, version=(versions or {}).get(outcome.id, ""))
            elif self._is_gone(entry, outcome, versions):
                gone = ConnectorError(Fault.NOT_FOUND, "the record is gone", outcome.error.vendor_code, Scope.ITEM)
                results[entry.place] = Outcome(error=gone)
        return results

    @staticmethod
    def _is_gone(entry: Entry, outcome: Outcome, versions: Mapping[str, str] | None) -> bool:
        """The code for a purged record is that for a stale reference too; the versions read beside it tell them
        apart."""
        if versions is None or entry.write.verb is not Verb.UPDATE or outcome.error is None:
            return False
        return outcome.error.vendor_code in GONE and id18(entry.write.id) not in versions

    def _direct_call(self, method: str, path: str, target: str, entries: list[Entry]) -> dict[int, Result]:
        verb = "update" if entries[0].write.verb is Verb.UPDATE else "create"
        try:
            body = self._wire.send(
                method, path, f"write.{verb}.{target}", self._records(target, entries), self._headers(target, entries)
            )
        except ConnectorError as error:
            return all_of(entries, error)
        return of_rows(entries, Answer(200, body), self._key_field(target))

    def _with_versions(
        self, parts: list[Part], target: str, entries: list[Entry], verb: str, headers: Mapping[str, str]
    ) -> tuple[list[Answer], dict[str, str] | None]:
        """A composite call of these parts and, as the last one, the query for versions; versions by id, or None
        when they were not asked for or not told."""
        operation = f"write.{verb}.{target}"
        query = self._version_query(target, entries)
        all_parts = [*parts, self._wire.query_part(query)] if query else parts
        answers = self._wire.composite(all_parts, operation, headers)
        if query is None:
            return answers, None
        try:
            rows = self._wire.rows_of(answers[-1], operation)
        except ConnectorError:
            return answers[:-1], None  # the writes are done and told; the application reads again when it must
        return answers[:-1], {id18(row["Id"]): version_of(row) for row in rows}

    def _version_query(self, target: str, entries: Iterable[Entry]) -> Query | None:
        """Asks by id for updates and by key for creates; creates without a key have no name to ask by."""
        if not self._wants_versions(target):
            return None
        key_field = self._key_field(target)
        ids = [e.write.id for e in entries if e.write.verb is Verb.UPDATE]
        keys = [e.write.key for e in entries if e.write.verb is Verb.CREATE and e.write.key and key_field]
        if not ids and not keys:
            return None
        where = one_of("Id", ids) if ids else one_of(key_field, keys)
        return Query(select(("Id", VERSION_FIELD), target, [where]))

    def _versioned(self, target: str, results: dict[int, Result]) -> dict[int, Result]:
        """Fills in the versions that could not be read with the write itself: one more call."""
        bare = [o.id for o in results.values() if isinstance(o, Outcome) and o.id and not o.error and not o.version]
        if not bare or not self._wants_versions(target):
            return results
        try:
            query = Query(select(("Id", VERSION_FIELD), target, [one_of("Id", bare)]))
            rows = self._wire.queries([query], f"write.versions.{target}")[0]
        except ConnectorError:
            return results  # as in _with_versions
        versions = {id18(row["Id"]): version_of(row) for row in rows}
        return {
            place: replace(o, version=versions.get(o.id, o.version)) if isinstance(o, Outcome) and not o.error else o
            for place, o in results.items()
        }

    def _records(self, target: str, entries: Iterable[Entry]) -> dict[str, object]:
        records: list[dict[str, object]] = []
        for entry in entries:
            record: dict[str, object] = {"attributes": {"type": target}, **entry.body}
            if entry.write.verb is Verb.UPDATE:
                record["Id"] = entry.write.id
            records.append(record)
        return {**_NOT_ALL_OR_NONE, "records": records}

    def _key_field(self, target: str) -> str:
        name = self._config.key_field
        return name if name and self._shape.can_create(target, name) else ""

    def _can_upsert(self, target: str, entry: Entry) -> bool:
        """An upsert that finds its record updates it, which must not fail for a value that is there to be created
        with (the rule of a series)."""
        fields = self._shape.objects.get(target, {})
        key = fields.get(self._config.key_field, {})
        fixed = any(fields.get(name, {}).get("updateable") is False for name in entry.body)
        return target not in IMMUTABLE and bool(key.get("externalId") or key.get("idLookup")) and not fixed

    def _wants_versions(self, target: str) -> bool:
        return self._config.want_versions and target in VERSIONED

    def _path(self, path: str) -> str:
        return f"/services/data/v{self._config.version}/{path}"

    @staticmethod
    def _headers(target: str, entries: Sequence[Entry]) -> dict[str, str]:
        headers = {"Sforce-Auto-Assign": "FALSE"} if target in _ASSIGNED else {}
        return {**headers, **INSISTING} if entries and all(e.alike == SAVE for e in entries) else headers

    def _look_at(self, errors: Iterable[ConnectorError]) -> None:
        if any(e.vendor_code in SCHEMA_MOVED for e in errors):
            self._forget()
