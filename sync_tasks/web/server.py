"""The socket and the server below the web application."""

from __future__ import annotations

import gc
import socket

import uvicorn
from fastapi import FastAPI

# Longer than what stands before us holds a connection: whoever closes first must not be us, in the moment of a post.
KEEP_ALIVE_SECONDS = 75


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that its address is known before the first answer. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(web: FastAPI, listener: socket.socket, *, log_level: str = "INFO") -> None:
    """Answer on the socket until the process is told to stop. No access log: addresses of pages name people."""
    config = uvicorn.Config(
        web, log_config=None, log_level=log_level.lower(), access_log=False, server_header=False, lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )  # fmt: skip
    gc.collect()
    gc.freeze()  # what was loaded stays: looking through it would hold up every answer for a fifth of a second
    uvicorn.Server(config).run(sockets=[listener])
