"""Which versions of a series are of our own making.

All occurrences share the version of their master, so writing one outdates what is known of the others, although nobody
touched them.
"""

from __future__ import annotations


class Lineage:
    """For each series the versions between which only we wrote, oldest first. An empty one was not told by the server:
    it is the next that is seen."""

    def __init__(self) -> None:
        self._chains: dict[str, list[str]] = {}

    def wrote(self, master: str, before: str, after: str) -> None:
        chain = self._chains.get(master, [])
        # several occurrences are written at one version that was looked at before all of them
        self._chains[master] = [*(chain if before in chain else [before]), after]

    def seen(self, master: str, version: str) -> None:
        chain = self._chains.get(master)
        if chain and not chain[-1]:
            chain[-1] = version

    def latest(self, master: str, known: str) -> str:
        """What became of a version by our own writing, as far as it was told."""
        chain = self._chains.get(master, [])
        return chain[-1] or known if known in chain else known

    def holds(self, master: str, known: str, now: str) -> bool:
        """Is what somebody knows at a version still so, but for what we wrote ourselves?"""
        chain = self._chains.get(master, [])
        return known in ("", now) or (known in chain and chain[-1] == now)
