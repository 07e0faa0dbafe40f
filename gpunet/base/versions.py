"""Versions of the packages that are installed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["package_versions"]


def package_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """``{package: its version}``, in their order; None for one that is missing."""
    return {package: _version_of(package) for package in packages}


@cache
def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
