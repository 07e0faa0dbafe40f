"""What Pydantic refuses in a configuration, said in one line an error that names the key."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import ConfigDict, ValidationError, WrapValidator

from gpunet.base.errors import ConfigError
from gpunet.base.words import shortened

__all__ = ["AS_GIVEN", "CHECKED", "lines_of", "names_keys", "shown"]

T = TypeVar("T", bound=type)

#: How every class of settings is checked.
CHECKED = ConfigDict(extra="forbid", validate_default=True, allow_inf_nan=False)


def _unchanged(value: Any, check: Callable[[Any], Any]) -> Any:
    checked = check(value)
    return value if type(value) in (int, float) else checked  # of NumPy's, say, JSON would know nothing


#: Last in an annotation: a value stays what it was; 1 does not become 1.0, which would be other bytes in ``run.json``.
AS_GIVEN = WrapValidator(_unchanged)


def names_keys(*path: str) -> Callable[[T], T]:
    """Make a Pydantic dataclass raise :class:`ConfigError`, one line an error: ``[model] folds: must be ...``.

    `path` are the section and, if there is any, the key that the class is the value of.
    """

    def changed(cls: T) -> T:
        make = cls.__init__  # type: ignore[misc]

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            fields = cls.__pydantic_fields__  # type: ignore[attr-defined]
            if len(args) <= len(fields):  # an error of what has no name would tell its number
                args, kwargs = (), {**dict(zip(fields, args, strict=False)), **kwargs}
            try:
                make(self, *args, **kwargs)
            except ValidationError as error:
                raise ConfigError("\n".join(lines_of(path, cls, error))) from None

        cls.__init__ = __init__  # type: ignore[misc]
        return cls

    return changed


def lines_of(path: tuple[str, ...], cls: Any, error: ValidationError) -> list[str]:
    """One line an error of what a class of settings refused, which is the value of the section and keys `path`."""
    return list(dict.fromkeys(_line(path, cls, details) for details in error.errors()))


def _line(path: tuple[str, ...], cls: Any, details: Mapping[str, Any]) -> str:
    where = [str(part) for part in details["loc"] if part != "[key]"]
    section, *keys = *path, *where
    name = " ".join(filter(None, [f"[{shortened(section)}]", ".".join(map(shortened, keys))]))
    if details["type"] == "unexpected_keyword_argument":
        for part in where[:-1]:
            values = get_args(cls)  # of a mapping
            cls = values[-1] if values else cls.__pydantic_fields__[part].annotation
        return f"unknown key {name}; known are {', '.join(cls.__pydantic_fields__)}"
    return name + (": " if keys else " ") + _reason(details)


#: Words for what TOML has.
_WORDS = {
    "a valid tuple": "a list", "a valid dictionary": "a table", "a valid integer": "a whole number",
    "a valid boolean": "true or false", "a valid string": "a text", "a valid number": "a number",
    "greater than or equal to": "at least", "less than or equal to": "at most", " after validation": "",
}  # fmt: skip


def _reason(details: Mapping[str, Any]) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    if details["type"] == "dataclass_type":
        return "must be a table"
    text = re.sub(r"^\w+ should ", "must ", details["msg"])
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    if details["type"].startswith("date_"):
        return f'must be a day: write it as "2027-06-30", not {shown(details["input"])}'
    return text if ", not " in text else f"{text}, not {shown(details['input'])}"


def shown(value: Any) -> str:
    """A value in an error message: whole if it is short, and with advice if it is a date of TOML."""
    if isinstance(value, dt.date | dt.time):
        return f"{value.isoformat()} without quotation marks"
    try:
        return shortened(repr(value))
    except (ValueError, RecursionError):  # a whole number of thousands of digits; lists that hold each other
        return f"what is too large to show (type {type(value).__name__})"
