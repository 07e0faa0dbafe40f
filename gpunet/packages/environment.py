"""What a package says of where it was made: the machine, the versions, and the code itself by its SHA-256."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from gpunet.base._version import __version__
from gpunet.base.versions import package_versions
from gpunet.tables.files import sha256_of

__all__ = ["CODE", "code_section", "environment_of"]

#: The file of a package that :func:`code_section` is in.
CODE = "code.json"

_ROOT = Path(__file__).parents[1]


def environment_of(manifest: Mapping[str, Any], *, public: bool = False) -> dict[str, Any]:
    """Where the run was made, as its manifest tells, and where the package was; `public`: without a cluster's address.

    Examples
    --------
    >>> from gpunet.packages.environment import environment_of
    >>> environment_of({"gpunet": "run", "engine": "cpu", "versions": {"gpunet": "0.1.0"}})["run"]["engine"]
    'cpu'
    """
    execution = manifest.get("execution", {})
    return {
        "run": {
            "versions": manifest.get("versions", {}),
            "engine": manifest.get("engine"),
            "threads": execution.get("threads"),
            "machine": execution.get("machine"),
            "gpu": execution.get("gpu"),
            "cluster": None if public else execution.get("cluster"),
        },
        "package": {
            "versions": {"gpunet": __version__, "python": platform.python_version(), **_packages()},
            "platform": {
                "system": platform.system(),
                "processor": platform.machine(),
                "python": platform.python_implementation(),
            },
        },
    }


@cache
def code_section() -> dict[str, Any]:
    """The version of the code at work, and SHA-256 of each of its files; ``sha256`` is that of the list of these."""
    files = {path.relative_to(_ROOT).as_posix(): sha256_of(path) for path in sorted(_ROOT.rglob("*.py"))}
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return {"version": __version__, "sha256": sha256(listed.encode()).hexdigest(), "files": files}


def _packages() -> dict[str, str | None]:
    """Versions of what gpunet requires, without its extras."""
    try:
        needed = requires("gpunet") or []
    except PackageNotFoundError:  # it lies in a folder, and was not installed
        needed = ["numpy", "numba", "polars", "pyarrow", "scikit-learn", "xgboost"]
    names = {re.split(r"[ ;<>=!~\[(]", one, maxsplit=1)[0] for one in needed if "extra ==" not in one}
    return package_versions(sorted(names))
