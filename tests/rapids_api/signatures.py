"""Signatures of what libraries hold, compiled things among it, without a device and without a call."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from rapids_api.table import Call


def resolve(name: str) -> Any:
    """What a dotted name stands for: as much of it as is a module imported, the rest looked up."""
    parts = name.split(".")
    found = import_module(parts[0])
    for i, part in enumerate(parts[1:], 2):
        found = getattr(found, part) if hasattr(found, part) else import_module(".".join(parts[:i]))
    return found


def bind(call: Call) -> None:
    """Raise TypeError if what the call passes does not fit the signature, LookupError if there is none to be had."""
    found = resolve(call.name)
    if call.positions is not None:
        signature_of(found).bind(*[...] * call.positions, **dict.fromkeys(call.keywords, ...))


def signature_of(found: Any) -> inspect.Signature:
    """From the object itself, else from the Cython source beside it, else from the first line of its documentation.

    CuPy's element-wise functions tell only how many arrays they take.
    """
    if isinstance(takes := getattr(found, "nin", None), int):
        return parsed(", ".join(f"x{i}" for i in range(takes)))
    try:
        return inspect.signature(found)
    except ValueError:
        pass
    parameters = from_pyx(found) if inspect.isclass(found) else None
    if parameters is None:
        first = (inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " ")
        written = re.match(rf"(?:\w+\.)*{re.escape(found.__name__)}\((.*)\)", first)
        if written is None:
            raise LookupError(
                f"{found!r} tells its parameters nowhere: read its source, and write a test for this call"
            )
        parameters = written[1]
    return parsed(parameters)


def from_pyx(found: type) -> str | None:
    """The parameters of ``__cinit__`` or ``__init__`` in the .pyx that the package brings, without self."""
    package = import_module(found.__module__.partition(".")[0])
    assert package.__file__
    source = Path(package.__file__).parent.joinpath(*found.__module__.split(".")[1:]).with_suffix(".pyx")
    if not source.exists():
        return None
    text = source.read_text(encoding="utf-8")
    body = re.search(rf"^cdef class {found.__name__}\b.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    start = re.search(r"def __c?init__\(\s*self\s*,?(.*?)\)\s*(?:except \*)?:", body[0], re.DOTALL) if body else None
    return start[1] if start else None


def parsed(parameters: str) -> inspect.Signature:
    """``DeviceMemoryResource upstream_mr, initial_pool_size=None`` and the like; types are passed over."""
    found, kind = [], inspect.Parameter.POSITIONAL_OR_KEYWORD
    for written in filter(None, (part.strip() for part in split_at_commas(parameters))):
        if written in ("*", "/", "self"):
            kind = inspect.Parameter.KEYWORD_ONLY if written == "*" else kind
            continue
        name, equals, _ = written.partition("=")
        name = name.partition(":")[0].split()[-1]
        if name.startswith("**"):
            found.append(inspect.Parameter(name[2:], inspect.Parameter.VAR_KEYWORD))
        elif name.startswith("*"):
            found.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            found.append(inspect.Parameter(name, kind, default=None if equals else inspect.Parameter.empty))
    return inspect.Signature(found)


def split_at_commas(text: str) -> list[str]:
    """Split at the commas that are in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
