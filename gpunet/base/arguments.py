"""Arguments of the public functions, checked alike: what cannot be used is an error of one sentence that names it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import date
from numbers import Real
from typing import Any, ParamSpec, TypeAlias, TypeVar

from gpunet.base.errors import ConfigError, GpunetError, InputError
from gpunet.base.threads import available_threads
from gpunet.base.words import shortened

__all__ = ["Check", "checked", "given", "instance_of", "number_of_threads", "text"]

P = ParamSpec("P")
R = TypeVar("R")

#: Given the name and the value of an argument, the value to use; a GpunetError if it cannot be used.
Check: TypeAlias = Callable[[str, Any], Any]


def given(value: Any) -> str:
    """What was given, in an error message: of texts, numbers and days the value, else (it may be a table) the type."""
    kind = type(value).__name__
    if value is None:
        return "None"
    if not isinstance(value, str | Real | date):
        return f"an object ({kind})"
    try:
        return f"{shortened(repr(value))} ({kind})"
    except ValueError:  # a whole number of thousands of digits
        return f"a number ({kind})"


def instance_of(kind: type, made_by: str, error: type[GpunetError] = InputError) -> Check:
    """A check that an argument is a `kind`; `made_by` says in words what that is and where it comes from."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise error(f"{name}: expected {made_by}, not {given(value)}")
        return value

    return check


def number_of_threads(name: str, value: Any) -> Any:
    """A check that an argument is a number of threads."""
    if value is None:
        raise ConfigError(f"{name}: expected a whole number, not None")
    return available_threads(value)


def _threads(name: str, value: Any) -> Any:
    return value if value is None else number_of_threads(name, value)


def _function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ConfigError(f"{name}: expected a function or None, not {given(value)}")
    return value


_flag = instance_of(bool, "True or False", ConfigError)


def _names(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    try:
        names = [value] if isinstance(value, Mapping | bytes) else list(value)
    except TypeError:
        names = [value]
    if wrong := [one for one in names if not isinstance(one, str)]:
        raise InputError(f"{name}: expected a name or several, as texts, not {given(wrong[0])}")
    return names


#: A check that an argument is a text.
text = instance_of(str, "a text", ConfigError)

#: What parameters of these names are checked by, in whichever function they are.
_BY_NAME: Mapping[str, Check] = {
    "threads": _threads, "progress": _function, "notice": _function, "keep_going": _flag, "show_values": _flag,
    "families": _names, "sets": _names,
}  # fmt: skip


def checked(**checks: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function check its arguments before it does anything: those of known names, and by `checks` others."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        of_each = {name: check for name, check in {**_BY_NAME, **checks}.items() if name in signature.parameters}

        @functools.wraps(function)
        def checking(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            for name, check in of_each.items():
                if name in bound.arguments:
                    bound.arguments[name] = check(name, bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return checking

    return decorate
