"""The page of a folder of results: which sections it has, by the command that made the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpunet.base.errors import InputError
from gpunet.report.figure import Page, Section
from gpunet.report.source import Source

__all__ = ["page_of"]

#: What makes a section of what lies in the folder; None where there is nothing to say.
SectionOf = Callable[[Source], Section | None]

_SECTIONS: Mapping[str, tuple[SectionOf, ...]] = {}

_TITLES: Mapping[str, str] = {}


def page_of(source: Source) -> Page:
    """The page of a folder.

    Raises
    ------
    InputError
        If what it holds has no page.
    """
    if source.kind not in _SECTIONS:
        raise InputError(f"{source.folder}: gpunet {source.kind} has no report; there is one of {', '.join(_SECTIONS)}")
    sections = [section for of in _SECTIONS[source.kind] if (section := of(source)) is not None]
    return Page(_TITLES[source.kind], (sections[0].lead,), tuple(sections))
