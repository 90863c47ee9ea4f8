"""Links between the documents lead somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"(?ms)^```.*?^```|`[^`\n]*`")


def documents() -> list[Path]:
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in told.stdout.splitlines()]


def anchors(path: Path) -> set[str]:
    """The names under which headings can be linked to, as the usual viewers make them."""
    prose = re.sub(r"(?ms)^```.*?^```", "", path.read_text(encoding="utf-8"))
    headings = re.findall(r"(?m)^#+ +(.+?) *#*$", prose)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    prose = FENCE.sub("", path.read_text(encoding="utf-8"))
    found = []
    for target in (one or other for one, other in LINK.findall(prose)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            found.append(target)
    return found


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def targets(path: Path) -> set[Path]:
    linked = (one or other for one, other in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))))
    return {(path.parent / each.partition("#")[0]).resolve() for each in linked if not re.match(r"[a-z]+:", each)}


def test_every_guide_is_reached_from_the_readme() -> None:
    reached, waiting = set(), {ROOT / "README.md"}
    while waiting:
        path = waiting.pop()
        reached.add(path)
        waiting |= {each for each in targets(path) if each.suffix == ".md"} - reached
    assert [path.name for path in (ROOT / "docs").glob("*.md") if path not in reached] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Here\n[x](#here) [y](#there) [z](b.md) `[code](c.md)` [web](https://example.com)")
    assert broken(tmp_path / "a.md") == ["#there", "b.md"]
