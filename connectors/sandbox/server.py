"""One port for all vendors: names the operation, counts it, lets scripted faults happen, then hands it over."""

from __future__ import annotations

import ipaddress
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cheroot import wsgi
from werkzeug.wrappers import Request, Response

from connectors.sandbox import control
from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import Action, FaultScript, LineCutError
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.store import Store
from connectors.sandbox.vendor import vendor, vendors

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
CONNECTION = "inbox_sync.connection"  # environ key: the server's connection, so that a fault can cut it


class Sandbox:
    """The whole of the emulated world. Drive it in process through `wsgi_app`, or serve it with `SandboxServer`.

    `allow_remote`: answer callers that are not on this machine. Off by default: there is no protection in here."""

    def __init__(self, db_path: str | Path | None = None, *, allow_remote: bool = False) -> None:
        self.store = Store(db_path)
        self.clock = Clock()
        self.faults = FaultScript()
        self.ledger = Ledger()
        self.allow_remote = allow_remote
        # an existing file keeps its content; the vendors' set-up is written to be repeatable
        for _, found in vendors():
            found.reset(self)

    def reset(self) -> None:
        """Empty state with each vendor's defaults, real time, no faults, counters at zero."""
        self.clock.real()
        self.faults.clear()
        self.ledger.reset()
        self.store.wipe()
        for _, found in vendors():
            found.reset(self)

    def dump(self, *, normalise: bool = False) -> dict[str, Any]:
        return {name: found.dump(self, normalise) for name, found in vendors()}

    def close(self) -> None:
        self.store.close()

    @property
    def wsgi_app(self) -> WSGIApplication:
        return self._serve

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if not (self.allow_remote or _from_here(request)):
            return Response("the sandbox serves this machine only\n", 403)(environ, start_response)
        name = request.path.lstrip("/").partition("/")[0]
        if name == "control":
            return control.handle(request, self)(environ, start_response)
        found = vendor(name)
        if found is None:
            self.ledger.call("unknown", request.path)
            return Response(f"the sandbox emulates no {name!r}\n", 501)(environ, start_response)
        operation = found.operation(request)
        self.ledger.call(name, operation)
        action = self.faults.take(operation, request.method, request.path)
        if action is not None and action.delay:
            time.sleep(action.delay)
        if action is not None and action.drop == "before":
            return self._cut(request, operation)
        if action is not None and action.answers:
            response = _scripted(action) if action.body else found.fault(request, self, action)
            response.headers.update(action.headers)
        else:
            try:
                response = found.handle(request, self)
            except LineCutError:
                return self._cut(request, operation)
        response.date = self.clock.now()
        if action is not None and action.late:
            time.sleep(action.late)
        if action is not None and action.drop == "after":
            return self._cut(request, operation)
        self.ledger.served(self.clock.now(), operation, request.method, request.path, response.status_code)
        if action is not None and action.truncate is not None:
            return _cut_short(response, action.truncate, environ, start_response)
        return response(environ, start_response)

    def _cut(self, request: Request, operation: str) -> Iterable[bytes]:
        self.ledger.served(self.clock.now(), operation, request.method, request.path, 0)
        _sever(request.environ)
        raise ConnectionResetError("the sandbox was told to cut this connection")


def _scripted(action: Action) -> Response:
    kind = "text/html" if action.body.lstrip().startswith("<") else "application/json"
    return Response(action.body, action.status or 500, content_type=f"{kind};charset=UTF-8")


def _from_here(request: Request) -> bool:
    """Both ends must be this machine: the peer's address, and the Host it thinks it talks to (a web page on a rebound
    name would otherwise get through). Without a peer address the caller is in this process."""
    peer = request.environ.get("REMOTE_ADDR")
    return (peer is None or _is_loopback(peer)) and _is_loopback(_host_only(request.host))


def _host_only(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sever(environ: WSGIEnvironment) -> None:
    """Cut the TCP connection with a reset, so that the client sees a failure and not a polite end."""
    connection = environ.get(CONNECTION)
    if connection is None:
        return
    raw: socket.socket = connection.socket
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.shutdown(socket.SHUT_RDWR)


def _cut_short(
    response: Response, size: int, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterator[bytes]:
    """Promise the full length, deliver a part, cut."""
    data = response.get_data()
    response.headers["Content-Length"] = str(len(data))
    start_response(response.status, response.headers.to_wsgi_list())
    yield data[:size]
    _sever(environ)
    raise ConnectionResetError("the sandbox was told to cut this answer short")


class _Gateway(wsgi.Gateway_10):
    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # cheroot's stub forgets the answer
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        environ[CONNECTION] = self.req.conn
        return environ


class _Server(wsgi.Server):
    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        log.log(level if not traceback else logging.DEBUG, msg, exc_info=traceback)


class SandboxServer:
    """Serves a sandbox in the background for as long as the `with` block runs. Port 0 takes a free one.

    Raises ValueError for a host that is not loopback unless the sandbox allows remote callers."""

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, threads: int = 16) -> None:
        if not (sandbox.allow_remote or _is_loopback(host)):
            raise ValueError(f"{host} is not loopback; the sandbox has no protection, allow remote callers explicitly")
        self.sandbox = sandbox
        self.host = host
        self._server = _Server((host, port), sandbox.wsgi_app, numthreads=threads, request_queue_size=128, timeout=60)
        self._server.gateway = _Gateway
        self._server.nodelay = True
        self._server.shutdown_timeout = 1
        self._server.expiration_interval = 0.02  # it stops within this many seconds; by default it takes half a one
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._server.bind_addr[1])

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> SandboxServer:
        self._server.prepare()
        self._thread = threading.Thread(target=self._server.serve, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 8900, *, ready: threading.Event | None = None) -> None:
    """Serve in the foreground until interrupted; `ready` is set once the port is open."""
    with SandboxServer(sandbox, host, port) as server:
        log.info("sandbox at %s", server.url)
        if ready is not None:
            ready.set()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            log.info("sandbox stopped")
