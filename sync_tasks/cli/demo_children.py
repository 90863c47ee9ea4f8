"""The processes of the demo beside its own: worker, beat, pages and Flower."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path

import requests

from sync_tasks.cli.shell import CommandError
from sync_tasks.services.embedded import free_port
from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.settings import Settings


class Child:
    """A process of the demo, with its log and, where it has one, its address."""

    def __init__(self, stack: ExitStack, name: str, argv: list[str], log: Path, url: str = "") -> None:
        self.name, self.log, self.url = name, log, url
        self.process = stack.enter_context(GuardedProcess([sys.executable, "-m", *argv], log=log))

    def check(self) -> None:
        if not self.process.running:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise CommandError(f"the {self.name} ended; its last words in {self.log}: " + " | ".join(lines))


def start(stack: ExitStack, home: Path) -> dict[str, Child]:
    port = free_port()
    addresses = {"flower": f"http://127.0.0.1:{port}", "web": Settings().public_url}
    console = "sync_tasks.cli.main"
    argvs = {
        "worker": [console, "worker", "--concurrency", "2"],
        "beat": [console, "beat"],
        "web": [console, "web"],
        "flower": [console, "flower", "--port", str(port)],
    }
    return {
        name: Child(stack, name, argv, home / f"{name}.log", addresses.get(name, "")) for name, argv in argvs.items()
    }


def flower_answers(url: str) -> bool:
    """Whether Flower is up and lets in who knows the password, and nobody else."""
    settings = Settings()
    user, password = settings.flower_user, settings.flower_password.get_secret_value()
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        try:
            stranger = requests.get(f"{url}/workers", timeout=2).status_code
            known = requests.get(f"{url}/workers", auth=(user, password), timeout=5).status_code
        except requests.RequestException:
            time.sleep(0.3)
            continue
        return (stranger, known) == (401, 200)
    return False


def web_answers(url: str) -> bool:
    """Whether the pages are up and can do their work."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        try:
            return requests.get(f"{url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            time.sleep(0.3)
    return False
