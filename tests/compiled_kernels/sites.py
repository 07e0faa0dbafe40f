"""Places in the source, and the LLVM IR of a kernel with one at every barrier, index and access."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Site", "Sites", "with_sites"]

#: What a line says whose accesses may meet others' without a barrier, since any order will do. check_any_order.py has a
#: list of these lines.
_ANY_ORDER = re.compile(r"\bany order\b", re.IGNORECASE)

_ATOMIC = 1 << 19


@dataclass(frozen=True)
class Site:
    """A place in the source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def text(self) -> str:
        """The line."""
        return linecache.getline(self.file, self.line).strip()

    def has_any_order(self) -> bool:
        """Whether the line, or a comment right above it, says that any order will do."""
        said = self.text
        line = self.line - 1
        while (above := linecache.getline(self.file, line).strip()).startswith("#"):
            said += f" {above}"
            line -= 1
        return _ANY_ORDER.search(said) is not None


class Sites:
    """Numbers of places in the source, from 1 on."""

    def __init__(self) -> None:
        self.of: dict[str, Site] = {}
        self._number: dict[str, int] = {}

    def number(self, place: str, site: Site) -> int:
        if place not in self._number:
            self._number[place] = len(self._number) + 1
            self.of[place] = site
        return self._number[place]


_POINTER = r"ptr ((?:%|@)[^\s,]+|getelementptr [^(]*\(.*?\))"
_ACCESSES = (
    (re.compile(rf"^\s+%\S+ = load (?!atomic)\S.*?, {_POINTER}(?:,|$)"), "read", 0),
    (re.compile(rf"^\s+store .*, {_POINTER}(?:, align|, !|$)"), "write", 0),
    (re.compile(rf"^\s+%\S+ = atomicrmw (?:volatile )?\w+ {_POINTER},"), "change", _ATOMIC),
    (re.compile(rf"^\s+%\S+ = cmpxchg (?:weak )?{_POINTER},"), "change", _ATOMIC),
)


def with_sites(text: str, sites: Sites, checked: bool) -> Iterator[str]:
    """The program's lines with a site at every barrier, and in the checked build at every index and access."""
    places = _places(text)
    barriers = 0
    for line in text.splitlines():
        if line.startswith(("!llvm.dbg.cu", "!nvvm", "declare void @lane_bounds", "declare void @lane_barrier")):
            continue
        found = re.search(r", !dbg !(\d+)", line)
        place = found[1] if found else ""
        bare = re.sub(r",? !dbg !\d+", "", line)
        if "call void @lane_barrier()" in bare:
            barriers += 1
            site = sites.number(f"barrier {barriers}", places.get(place, Site("", 0)))
            yield f"  call void @lane_wait(i64 {site})"
        elif "call void @lane_bounds(" in bare:
            if checked:
                site = sites.number(place, places.get(place, Site("", 0)))
                yield re.sub(r"@lane_bounds\((.*)\).*", rf"@lane_index(\1, i64 {site})", bare)
        else:
            if checked:
                for pattern, what, flag in _ACCESSES:
                    if access := pattern.match(bare):
                        site = sites.number(place, places.get(place, Site("", 0)))
                        if place in places and places[place].has_any_order():
                            flag |= _ATOMIC
                        yield f"  call void @lane_{what}(ptr {access[1]}, i64 {site | flag})"
            yield bare
    yield "declare void @lane_wait(i64)"
    if checked:
        yield "declare void @lane_index(i64, i64, i64)"
        for what in ("read", "write", "change"):
            yield f"declare void @lane_{what}(ptr, i64)"


def _places(text: str) -> dict[str, Site]:
    """The places in the source that numbers of debug information stand for."""
    files = dict[str, str]()
    scopes = dict[str, str]()
    for number, body in re.findall(r"^!(\d+) = (?:distinct )?(!DI(?:File|Subprogram|LexicalBlock)\(.*\))$", text, re.M):
        if body.startswith("!DIFile"):
            name, folder = (re.search(rf'{key}: "([^"]*)"', body) for key in ("filename", "directory"))
            files[number] = str(Path(folder[1] if folder else "") / (name[1] if name else ""))
        elif found := re.search(r"\bfile: !(\d+)", body):
            scopes[number] = found[1]
    return {
        number: Site(files.get(scopes.get(scope, ""), ""), int(line))
        for number, line, scope in re.findall(
            r"^!(\d+) = (?:distinct )?!DILocation\(line: (\d+).*?scope: !(\d+)", text, re.M
        )
    }
