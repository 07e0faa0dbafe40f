"""Docstrings as the site shows them: what they name by the roles of Sphinx becomes Markdown, a link if it has a place.

mkdocs.yml gives this file to mkdocstrings.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

import gpunet

_ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`(~?)([\w.]+)`")


def in_markdown(text: str) -> str:
    """The text without roles: ``:func:`gpunet.score``` is a link, another name is code."""
    return _ROLE.sub(_named, text)


def _named(role: re.Match[str]) -> str:
    short = role[2].rpartition(".")[2]
    shown = short if role[1] else role[2]
    public = f"gpunet.{short}" if short in gpunet.__all__ and role[2].startswith("gpunet.") else None
    return f"[`{shown}`][{public}]" if public else f"`{shown}`"


class Roles(griffe.Extension):
    """Changes every docstring before it is read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change that of one object."""
        if obj.docstring is not None:
            obj.docstring.value = in_markdown(obj.docstring.value)
