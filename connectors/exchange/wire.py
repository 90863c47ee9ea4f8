"""The EWS operations in use, as thin subclasses of exchangelib's services.

They differ from their parents in what a synchroniser needs: the answers of one call stay together whatever happened to
single items, errors carry their code and nothing of the content, a call is sent once and never again, and folders are
named by id so that no GetFolder precedes a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from exchangelib import services
from exchangelib.errors import MalformedResponseError, SOAPError
from exchangelib.fields import FieldPath
from exchangelib.folders import BaseFolder
from exchangelib.items import ID_ONLY, CalendarItem, Item
from exchangelib.properties import BaseItemId, DistinguishedFolderId, FolderId, ItemId, Mailbox
from exchangelib.util import ENS, MNS, SOAPNS, TNS, ParseError, add_xml_child, create_element, safe_xml_value, to_xml

from connectors import calls
from connectors.exchange.attached import take_attachments
from connectors.exchange.faults import AnsweredError, RefusedError
from connectors.exchange.properties import InboxSyncKey
from connectors.exchange.rows import SEPARATOR, path_of
from connectors.exchange.series import take_series
from connectors.exchange.session import MailboxAccount
from connectors.exchange.zones import pin_dates, take_times

_WARNINGS_AND_ERRORS = (RefusedError,)
PAGE = 512  # the most that SyncFolderItems gives


class Plain:
    """What all operations share."""

    ERRORS_TO_CATCH_IN_RESPONSE = _WARNINGS_AND_ERRORS
    WARNINGS_TO_CATCH_IN_RESPONSE = _WARNINGS_AND_ERRORS
    returns_elements = True
    account: MailboxAccount
    _version_hint: Any
    SERVICE_NAME: str

    def _api_versions_to_try(self) -> tuple[str, ...]:
        # exchangelib answers a refused request by sending it again with each of its ten API versions
        return (self._version_hint.api_version,)

    def _get_response(self, payload: Any, api_version: str) -> Any:
        with calls.call("exchange", self.SERVICE_NAME, self.account.on_call) as seen:
            try:
                answer = super()._get_response(payload, api_version)  # type: ignore[misc]
            except AnsweredError as error:
                seen.status, seen.pause = error.status, error.retry_after
                raise
            seen.status = answer.status_code
            return answer

    def _get_elements(self, payload: Any) -> Iterator[Any]:
        # without exchangelib's loop, which repeats calls on errors when the pool holds several connections
        yield from self._response_generator(payload=payload)  # type: ignore[attr-defined]

    @classmethod
    def _get_soap_parts(cls, response: Any) -> tuple[Any, Any]:
        """Header and body of an answer, parsed at once: exchangelib feeds its parser single bytes of what already lies
        in memory, a quarter of the work of a large run."""
        try:
            root = to_xml(response.content)
        except ParseError:
            raise SOAPError("the answer is not XML") from None
        body = root.find(f"{{{SOAPNS}}}Body")
        if body is None:
            raise MalformedResponseError("the answer has no SOAP body")
        return root.find(f"{{{SOAPNS}}}Header"), body

    @staticmethod
    def _get_exception(code: str | None, text: Any, msg_xml: Any = None, rule_errors: Any = None) -> RefusedError:  # noqa: ARG004
        return _refusal(code or "", msg_xml)

    @classmethod
    def _raise_soap_errors(cls, fault: Any) -> None:
        detail = fault.find("detail")
        code = detail.findtext(f"{{{ENS}}}ResponseCode") if detail is not None else None
        code = code or (fault.findtext("faultcode") or "").rpartition(":")[2]
        raise _refusal(code.strip(), detail.find(f"{{{TNS}}}MessageXml") if detail is not None else None)

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        # an empty container is an answer too (MoveItem across mailboxes, some UpdateItem): positions must not shift
        return list(container) or [True] if cls.returns_elements else [True]


def _refusal(code: str, details: Any) -> RefusedError:
    back_off: timedelta | None = None
    fields: tuple[str, ...] = ()
    if details is not None:
        for value in details.findall(f"{{{TNS}}}Value"):
            if value.get("Name") == "InnerErrorResponseCode" and value.text:
                code = value.text.strip()
            elif value.get("Name") == "BackOffMilliseconds" and (value.text or "").strip().isdigit():
                back_off = timedelta(milliseconds=int(value.text))
        fields = tuple(uri.get("FieldURI", "") for uri in details.findall(f"{{{TNS}}}FieldURI"))
    return RefusedError(code, back_off, fields)


def _parsed(element: Any, account: MailboxAccount | None) -> Any:
    """The item, or None for a kind of item that exchangelib does not know and nobody here wants."""
    model = BaseFolder.ITEM_MODEL_MAP.get(element.tag)
    if model is None:
        return None
    if model is CalendarItem:
        return _event(element, account)
    pin_dates(element, account and account.zone)
    attached = take_attachments(element)
    item = model.from_xml(elem=element, account=account)
    item.attachments = attached
    return item


def _event(element: Any, account: MailboxAccount | None) -> Any:
    series = take_series(element, account and account.zone)
    times = take_times(element)
    item = CalendarItem.from_xml(elem=element, account=account)
    item.recurrence = series
    if times is not None:
        item.start, item.end, item.original_start = times.start, times.end, times.original
    return item


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of SyncFolderItems: `changes` are pairs of what happened and the item (or, deleted, its id)."""

    changes: tuple[tuple[str, Any], ...]
    state: str
    last: bool


class SyncFolderItems(Plain, services.SyncFolderItems):  # type: ignore[misc]
    def page(self, folder: FolderId, fields: Iterable[FieldPath], state: str | None) -> Page:
        """The next page of changes. Raises `RefusedError`."""
        payload = self.get_payload(folder, ID_ONLY, set(fields), state, None, PAGE, None)
        changes: list[tuple[str, Any]] = []
        for change in self._elems_to_objs(self._get_elements(payload)):
            if isinstance(change, Exception):
                raise change
            if change is not True:
                changes.append(change)
        if not self.sync_state:
            raise RefusedError("ErrorInvalidSyncStateData")
        return Page(tuple(changes), self.sync_state, bool(self.includes_last_item_in_range))

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        # some servers leave the state out of an error, where exchangelib takes it for granted
        if message.find(f"{{{MNS}}}SyncState") is None:
            return services.common.EWSAccountService._get_element_container(self, message, name)  # noqa: SLF001
        return super()._get_element_container(message, name)

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return list(container)

    def _elem_to_obj(self, elem: Any) -> tuple[str, Any]:
        kind = self.change_types_map[elem.tag]
        if kind in (self.CREATE, self.UPDATE):
            return kind, _parsed(elem[0], self.account)
        found: tuple[str, Any] = super()._elem_to_obj(elem)
        return found


class GetItem(Plain, services.GetItem):  # type: ignore[misc]
    def items(self, ids: Sequence[str | BaseItemId], fields: Iterable[FieldPath]) -> list[Any]:
        """One answer for each id, in order: an item, None, or a `RefusedError`."""
        payload = self.get_payload([_item_id(one) for one in ids], set(fields), ID_ONLY)
        return list(self._elems_to_objs(self._get_elements(payload)))

    def _elem_to_obj(self, elem: Any) -> Any:
        return None if elem is True else _parsed(elem, self.account)


class CreateItem(Plain, services.CreateItem):  # type: ignore[misc]
    def items(self, folder: FolderId, items: Sequence[Item]) -> list[Any]:
        """Create without mailing anybody. One answer for each: what bears id and changekey, True, or an error."""
        return list(self._elems_to_objs(self._get_elements(self.get_payload(items, folder, "SaveOnly", "SendToNone"))))


class UpdateItem(Plain, services.UpdateItem):  # type: ignore[misc]
    def items(self, changes: Sequence[tuple[Item, Sequence[str]]], conflicts: str) -> list[Any]:
        """Change single fields without mailing anybody. One answer for each: (id, changekey), True, or an error."""
        payload = self.get_payload(changes, conflicts, "SaveOnly", "SendToNone", True)
        return list(self._elems_to_objs(self._get_elements(payload)))

    def _elem_to_obj(self, elem: Any) -> Any:
        return True if elem is True else super()._elem_to_obj(elem)

    def _update_elems(self, target: Item, fieldnames: Sequence[str]) -> Iterator[Any]:
        # one change for each entry that is named; exchangelib would write the list whole, and empty what is not in it
        model = type(target)
        yield from super()._update_elems(target, [name for name in fieldnames if SEPARATOR not in name])
        for path in [path_of(model, name) for name in fieldnames if SEPARATOR in name]:
            content = path.get_value(target)
            if content:
                entry = path.field.value_cls(label=path.label, **{path.subfield.name: content})
                yield self._set_field_elem(model, path, entry)
            else:
                yield self._delete_field_elem(path)


class DeleteItem(Plain, services.DeleteItem):  # type: ignore[misc]
    returns_elements = False

    def items(self, ids: Sequence[str | BaseItemId]) -> list[Any]:
        """Move to Deleted Items without mailing anybody. One answer for each: True or a `RefusedError`."""
        items = [_item_id(one) for one in ids]
        payload = self.get_payload(items, "MoveToDeletedItems", "SendToNone", "AllOccurrences", True)
        return list(self._get_elements(payload))


class MoveItem(Plain, services.MoveItem):  # type: ignore[misc]
    def items(self, ids: Sequence[str], folder: FolderId) -> list[Any]:
        """One answer for each: the new (id, changekey), True, or a `RefusedError`."""
        payload = self.get_payload([ItemId(id=one) for one in ids], folder)
        return list(self._elems_to_objs(self._get_elements(payload)))

    def _elem_to_obj(self, elem: Any) -> Any:
        return True if elem is True else super()._elem_to_obj(elem)


class AnyOf:
    """A restriction: the field has one of the values. Stands in for exchangelib's, which needs folder objects."""

    def __init__(self, field: Any, values: Sequence[str]) -> None:
        self._field = field
        self._values = values

    def to_xml(self, version: Any) -> Any:
        tests = [self._test(value, version) for value in self._values]
        restriction = create_element("m:Restriction")
        into = restriction
        if len(tests) > 1:
            into = create_element("t:Or")
            restriction.append(into)
        into.extend(tests)
        return restriction

    def _test(self, value: str, version: Any) -> Any:
        test = create_element("t:IsEqualTo")
        test.append(self._field.to_xml(version=version))
        other = create_element("t:FieldURIOrConstant")
        other.append(create_element("t:Constant", attrs={"Value": safe_xml_value(value)}))
        test.append(other)
        return test


class FindItem(Plain, services.FindItem):  # type: ignore[misc]
    def by_key(self, folder: FolderId, keys: Sequence[str], fields: Iterable[FieldPath]) -> list[Any]:
        """The items of a folder that bear one of the keys."""
        found = self.bearing([folder], keys, fields)
        raise_first(found)
        return found

    def bearing(self, folders: Sequence[FolderId], keys: Sequence[str], fields: Iterable[FieldPath]) -> list[Any]:
        """The items of these folders that bear one of the keys, and a `RefusedError` for each folder that refuses."""
        return self._found(folders, set(fields), AnyOf(InboxSyncKey.as_object(), keys), None)

    def first(self, folder: FolderId) -> list[Any]:
        """At most one item: proves that the folder can be read."""
        self.page_size = 1
        found = self._found([folder], set(), None, 1)
        raise_first(found)
        return found

    def _found(
        self, folders: Sequence[FolderId], fields: set[FieldPath], restriction: Any, most: int | None
    ) -> list[Any]:
        self.additional_fields, self.shape = fields, ID_ONLY
        return list(
            self._elems_to_objs(
                self._paged_call(
                    payload_func=self.get_payload, max_items=most, folders=folders, additional_fields=fields,
                    restriction=restriction, order_fields=None, query_string=None, shape=ID_ONLY, depth="Shallow",
                    calendar_view=None, page_size=self.page_size, offset=0,
                )
            )
        )  # fmt: skip

    def _elem_to_obj(self, elem: Any) -> Any:
        return _parsed(elem, self.account)

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return list(container)


class GetUserConfiguration(Plain, services.GetUserConfiguration):  # type: ignore[misc]
    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return services.GetUserConfiguration._get_elements_in_container(container)  # type: ignore[no-any-return]  # noqa: SLF001


class UpdateUserConfiguration(Plain, services.UpdateUserConfiguration):  # type: ignore[misc]
    returns_elements = False


class CreateUserConfiguration(Plain, services.CreateUserConfiguration):  # type: ignore[misc]
    returns_elements = False


class ResolveNames(Plain, services.common.EWSAccountService):  # type: ignore[misc]
    # exchangelib's own acts for nobody, and a server shows its directory to whom it knows
    SERVICE_NAME = "ResolveNames"
    element_container_name = f"{{{MNS}}}ResolutionSet"

    def proxies(self, address: str) -> list[set[str]]:
        """The addresses of each entry of the directory that the address leads to, as the server spells them: the
        primary one, and up to three others."""
        payload = create_element(
            "m:ResolveNames", attrs={"ReturnFullContactData": "true", "SearchScope": "ActiveDirectory"}
        )
        add_xml_child(payload, "m:UnresolvedEntry", f"smtp:{address}")
        found = []
        for resolution in self._get_elements(payload):
            if isinstance(resolution, Exception):
                raise resolution
            primary = [each.text for each in resolution.findall(f"{{{TNS}}}Mailbox/{{{TNS}}}EmailAddress")]
            others = [each.text for each in resolution.iter(f"{{{TNS}}}Entry")]
            found.append({text for text in (*primary, *others) if text})
        return found

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        # several results are a warning, which comes with the results
        found = message.find(self.element_container_name)
        return found if found is not None else super()._get_element_container(message, name)


def folder_id(account: MailboxAccount, distinguished: str) -> DistinguishedFolderId:
    """A well-known folder of the mailbox, named without asking for it."""
    return DistinguishedFolderId(id=distinguished, mailbox=Mailbox(email_address=account.primary_smtp_address))


def paths(model: type[Item], names: Iterable[str]) -> set[FieldPath]:
    """exchangelib's names of a model's fields and entries as what a request asks for."""
    return {path_of(model, name) for name in names}


def _item_id(one: str | BaseItemId) -> BaseItemId:
    return ItemId(id=one) if isinstance(one, str) else one


def raise_first(answers: Iterable[Any]) -> None:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
