"""Ask pip whether gpunet[gpu], with the group dev beside it, can be installed; print the versions it would choose.

    python scripts/resolve_gpu_extra.py [--without-dev] [PYTHON ...]

PYTHON are interpreters to ask for, which need nothing installed; by default this one and those of python3.11,
python3.12 and python3.13 that are on the path. Nothing is installed. What pip has to read to decide is some tens of
megabytes the first time. pip 25.1 or later is needed, in the Python that runs this.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13")

#: Printed beside what the extra itself names: their versions say most about what else fits.
ALSO = ("numba", "numpy", "pandas", "pyarrow", "polars", "xgboost", "scikit-learn", "dask")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--without-dev", action="store_true", help="leave out the group dev")
    asked = parser.parse_args()
    pythons = asked.pythons or [sys.executable, *filter(None, map(shutil.which, PYTHONS))]
    failed = False
    seen: set[str] = set()
    for python in pythons:
        number = python_version(python)
        if number in seen:
            continue
        seen.add(number)
        chosen = resolve(python, dev=not asked.without_dev)
        if isinstance(chosen, str):
            print(f"Python {number}: pip finds no versions that fit together\n{chosen}")
            failed = True
            continue
        wrong = unfit(chosen, number)
        failed |= bool(wrong)
        print(f"Python {number}: {len(chosen)} packages")
        for name in sorted({canonicalize_name(r.name) for r in requirements()} | set(ALSO)):
            print(f"  {name} {chosen.get(name, 'missing')}")
        for line in wrong:
            print(f"  WRONG: {line}")
    sys.exit(failed)


def python_version(python: str) -> str:
    code = "import sys; print(*sys.version_info[:2], sep='.')"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def resolve(python: str, *, dev: bool) -> dict[str, str] | str:
    """Package to version, as pip would install them for that interpreter; or what pip says if it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--dry-run", "--ignore-installed"]
        command += ["--quiet", "--disable-pip-version-check", "--report", str(report), f"{ROOT}[gpu]"]
        if dev:
            command += ["--group", f"{ROOT / 'pyproject.toml'}:dev"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return "\n".join(line for line in done.stderr.splitlines() if not line.startswith("WARNING"))
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonicalize_name(one["metadata"]["name"]): one["metadata"]["version"] for one in found}


def requirements() -> list[Requirement]:
    """What the package and its extra ask for themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["gpu"]]


def unfit(chosen: dict[str, str], python: str) -> list[str]:
    """What pyproject.toml asks for and is not among the chosen, or not in that version."""
    lines = []
    for requirement in requirements():
        if requirement.marker and not requirement.marker.evaluate({"python_version": python}):
            continue
        version = chosen.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            lines.append(f"{requirement} is asked for, and {version} chosen")
    return lines


if __name__ == "__main__":
    main()
