"""The EWS operations on folders, in the manner of `wire`: they are found and made, and told apart by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exchangelib import services
from exchangelib.errors import ResponseMessageError
from exchangelib.fields import FieldPath
from exchangelib.folders import Folder
from exchangelib.items import ID_ONLY
from exchangelib.properties import FieldURI, FolderId
from exchangelib.util import TNS, create_element

from connectors.exchange.folders import Managed
from connectors.exchange.wire import AnyOf, Plain, raise_first


@dataclass(frozen=True, slots=True)
class FoundFolder:
    """A folder as FindFolder tells it. `role`: the distinguished name, empty for folders that people made."""

    id: str
    parent: str
    name: str
    folder_class: str
    role: str


class FindFolder(Plain, services.FindFolder):  # type: ignore[misc]
    _FIELDS = ("parent_folder_id", "name", "folder_class", "_distinguished_id")

    def named(self, parents: Sequence[FolderId], names: Sequence[str]) -> list[FoundFolder]:
        """The folders right under any of the parents that have one of the names."""
        return self._found(parents, "Shallow", AnyOf(FieldURI(field_uri="folder:DisplayName"), names))

    def below(self, parent: FolderId) -> list[FoundFolder]:
        """All folders under the parent, at any depth."""
        return self._found([parent], "Deep", None)

    def _found(self, parents: Sequence[FolderId], depth: str, restriction: Any) -> list[FoundFolder]:
        fields = {FieldPath(field=Folder.get_field_by_fieldname(name)) for name in self._FIELDS}
        found = list(
            self._elems_to_objs(
                self._paged_call(
                    payload_func=self.get_payload, max_items=None, folders=parents, additional_fields=fields,
                    restriction=restriction, shape=ID_ONLY, depth=depth, page_size=1000, offset=0,
                )
            )
        )  # fmt: skip
        raise_first(found)
        return found

    def _elem_to_obj(self, elem: Any) -> FoundFolder:
        def told(name: str) -> str:
            return str(elem.findtext(f"{{{TNS}}}{name}") or "")

        parent = elem.find(f"{{{TNS}}}ParentFolderId")
        return FoundFolder(
            _folder_id(elem), "" if parent is None else str(parent.get("Id")), told("DisplayName"),
            told("FolderClass"), told("DistinguishedFolderId"),
        )  # fmt: skip

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return list(container)


class CreateFolder(Plain, services.CreateFolder):  # type: ignore[misc]
    def under(self, parent: FolderId, folders: Sequence[Managed]) -> list[str]:
        """Create folders under a parent and give their ids. Raises `RefusedError`."""
        created = list(self._get_elements(self.get_payload([_folder(each) for each in folders], parent)))
        raise_first(created)
        return [_folder_id(each) for each in created]


def _folder(managed: Managed) -> Any:
    folder = create_element(managed.element)
    for tag, text in (("t:FolderClass", managed.folder_class), ("t:DisplayName", managed.name)):
        child = create_element(tag)
        child.text = text
        folder.append(child)
    return folder


def _folder_id(element: Any) -> str:
    found = element.find(FolderId.response_tag())
    if found is None:
        raise ResponseMessageError("a folder without id")
    return str(found.get(FolderId.ID_ATTR))
