"""What a vendor emulation offers to the server. A vendor is a module `connectors.sandbox.<name>.routes` with these
functions; it is imported when it is first needed."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from werkzeug.wrappers import Request, Response

from connectors.sandbox.faults import Action

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

NAMES = ("salesforce", "ews", "graph", "google", "oidc")


class Vendor(Protocol):
    def operation(self, request: Request) -> str:
        """Name of what is asked, from the request alone (`sf.query`, `ews.SyncFolderItems`); counted and fault-matched.
        Must never raise."""
        ...

    def handle(self, request: Request, sandbox: Sandbox) -> Response:
        """Do it. Vendor errors are answers, not exceptions."""
        ...

    def fault(self, request: Request, sandbox: Sandbox, action: Action) -> Response:
        """Render a scripted fault that names a `code` of this vendor, or a bare status, the way the vendor would."""
        ...

    def reset(self, sandbox: Sandbox) -> None:
        """Create tables and default state; called on an empty store."""
        ...

    def dump(self, sandbox: Sandbox, normalise: bool) -> Any:
        """All state as JSON values in a stable order. normalise: without ids, versions and system timestamps, with
        references replaced by what they name, so that two end states can be compared."""
        ...


@cache
def vendor(name: str) -> Vendor | None:
    """The vendor's module, None when this installation has none of that name."""
    if name not in NAMES:
        return None
    package = f"connectors.sandbox.{name}"
    if importlib.util.find_spec(package) is None or importlib.util.find_spec(f"{package}.routes") is None:
        return None
    return cast("Vendor", importlib.import_module(f"{package}.routes"))


def vendors() -> list[tuple[str, Vendor]]:
    return [(name, found) for name in NAMES if (found := vendor(name)) is not None]
